"""The example label maps of the demo: what the files hold, and that the script still draws them."""

from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from demo.examples import draw
from pix2pix.labels import FACADES

PATHS = sorted(draw.path_of(draw.haussmann).parent.glob("*.png"))


def label_map_of(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def test_there_are_at_least_eight_and_every_one_has_its_drawing():
    assert len(PATHS) >= 8
    assert PATHS == sorted(draw.path_of(drawing) for drawing in draw.DRAWINGS)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_example_is_an_indexed_256x256_png_in_the_colours_of_the_palette(path):
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "P", (256, 256))
        assert bytes(image.getpalette()[: 3 * len(FACADES)]) == FACADES.rgb.tobytes()
        label_map = np.array(image)
        np.testing.assert_array_equal(np.array(image.convert("RGB")), FACADES.to_image(label_map))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_example_looks_like_a_building(path):
    """At least six classes, and shares of wall, windows and sky as buildings have them."""
    shares = np.bincount(label_map_of(path).ravel(), minlength=len(FACADES)) / 256**2
    assert len(shares) == len(FACADES)
    assert (shares > 0).sum() >= 6
    assert 0.2 < shares[FACADES.index("facade")] < 0.6
    assert 0.05 < shares[FACADES.index("window")] < 0.3
    assert shares[FACADES.index("background")] < 0.4


@pytest.mark.parametrize("drawing", draw.DRAWINGS, ids=lambda drawing: drawing.__name__)
def test_the_script_draws_what_the_file_holds(drawing):
    np.testing.assert_array_equal(drawing(), label_map_of(draw.path_of(drawing)))


def test_the_examples_are_all_different_and_together_use_every_class():
    label_maps = [label_map_of(path) for path in PATHS]
    assert all((a != b).mean() > 0.1 for a, b in combinations(label_maps, 2))
    assert len(np.unique(label_maps)) == len(FACADES)
