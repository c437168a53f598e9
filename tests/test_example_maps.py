"""The example label maps of the demo: what the files hold, and that the scripts still draw them."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.maps import draw
from demo.maps.street import CENTRE, FINE, FOCAL_X, Street
from demo.subjects import SUBJECTS
from pix2pix.labels import CITYSCAPES, FACADES, PALETTES

FOLDER = Path(draw.__file__).parent
FACADE_FILES = sorted((FOLDER / "facades").glob("*.png"))
STREET_FILES = sorted((FOLDER / "cityscapes").glob("*.png"))
DRAWINGS = [(dataset, drawing) for dataset, drawings in draw.DRAWINGS.items() for drawing in drawings]


def label_map_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def shares_of(path: Path) -> dict[str, float]:
    """The share of every class that the map holds."""
    label_map, names = label_map_of(path), PALETTES[path.parent.name].names
    return {names[index]: float((label_map == index).mean()) for index in np.unique(label_map)}


def test_there_are_enough_and_every_one_has_its_drawing():
    assert len(FACADE_FILES) >= 8 and len(STREET_FILES) >= 6
    assert set(FACADE_FILES + STREET_FILES) == {draw.path_of(*drawing) for drawing in DRAWINGS}


@pytest.mark.parametrize("path", FACADE_FILES + STREET_FILES, ids=lambda path: path.stem)
def test_an_example_is_an_indexed_256x256_png_in_the_colours_of_the_palette(path):
    palette = PALETTES[path.parent.name]
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "P", (256, 256))
        assert bytes(image.getpalette()[: 3 * len(palette)]) == palette.rgb.tobytes()
        label_map = np.array(image)
        np.testing.assert_array_equal(np.array(image.convert("RGB")), palette.to_image(label_map))


@pytest.mark.parametrize("path", FACADE_FILES, ids=lambda path: path.stem)
def test_a_facade_looks_like_a_building(path):
    """At least six classes, and shares of wall, windows and sky as buildings have them."""
    shares = shares_of(path)
    assert len(shares) >= 6
    assert 0.2 < shares["facade"] < 0.6
    assert 0.05 < shares["window"] < 0.3
    assert shares["background"] < 0.4


@pytest.mark.parametrize("path", STREET_FILES, ids=lambda path: path.stem)
def test_a_street_looks_like_a_street(path):
    """Road below, shares as in the training maps, somebody or something on it, and the bonnet in its usual place."""
    shares, label_map = shares_of(path), label_map_of(path)
    assert len(shares) >= 9
    assert 0.25 < shares["road"] < 0.6
    assert shares.get("building", 0) + shares["vegetation"] > 0.15
    assert (
        shares["car"] > 0.002
        and shares["person"] > 0.0005
        and shares["pole"] > 0.001
        and shares["traffic sign"] > 0.0005
    )
    assert (label_map[:90] != CITYSCAPES.index("road")).all()
    assert (label_map[255] == CITYSCAPES.index("unlabeled")).all() and label_map[224, 144] == CITYSCAPES.index(
        "unlabeled"
    )


def test_what_is_twice_as_far_is_half_as_wide_in_a_street():
    widths = {}
    for z in (20, 40):
        street = Street("road")
        street.upright("car", -2, 2, 1.5, 2.5, z)
        widths[z] = np.ptp(np.nonzero(street.label_map() == CITYSCAPES.index("car"))[1]) + 1
    assert abs(widths[20] - 4 * FOCAL_X / 20) <= 1 and abs(widths[40] - 2 * FOCAL_X / 20) <= 1
    assert street.seen(0, 1, 5)[0] == FINE * CENTRE


@pytest.mark.parametrize(("dataset", "drawing"), DRAWINGS, ids=lambda value: getattr(value, "__name__", value))
def test_the_script_draws_what_the_file_holds(dataset, drawing):
    np.testing.assert_array_equal(drawing(), label_map_of(draw.path_of(dataset, drawing)))


@pytest.mark.parametrize("paths", [FACADE_FILES, STREET_FILES], ids=["facades", "cityscapes"])
def test_the_examples_are_all_different(paths):
    assert all((a != b).mean() > 0.1 for a, b in combinations([label_map_of(path) for path in paths], 2))


def test_the_facades_together_use_every_class_and_the_streets_all_that_the_page_shows_first():
    assert len(np.unique([label_map_of(path) for path in FACADE_FILES])) == len(FACADES)
    used = {name for path in STREET_FILES for name in shares_of(path)}
    assert set(SUBJECTS["cityscapes"].first_classes) <= used
