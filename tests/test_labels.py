"""Palettes: known colours, round trips, and nearest-colour reading against brute force."""

import io

import numpy as np
import pytest
from PIL import Image

from pix2pix.labels import CITYSCAPES, FACADES, FAR_DISTANCE, PALETTES, Palette
from tests.helpers.tiny import draw_label_map

RED_AND_BLACK = Palette(("red", "black"), ("#ff0000", "#000000"))


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_every_class_survives_the_way_to_an_image_and_back(palette):
    label_map = np.random.default_rng(0).integers(0, len(palette), (40, 60))
    image = palette.to_image(label_map)
    assert image.shape == (40, 60, 3) and image.dtype == np.uint8
    read, far = palette.from_image(image)
    np.testing.assert_array_equal(read, label_map)
    assert read.dtype == np.uint8
    assert far == 0


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_reading_finds_the_nearest_colour_and_the_far_pixels_as_brute_force_does(palette):
    image = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    difference = image[:, :, None].astype(np.int64) - palette.rgb.astype(np.int64)  # [H, W, classes, 3]
    squared = (difference**2).sum(-1)
    read, far = palette.from_image(image)
    np.testing.assert_array_equal(read, squared.argmin(-1))
    assert far == (squared.min(-1) > FAR_DISTANCE**2).mean()


def test_the_share_of_far_pixels_equals_a_count_by_hand():
    # At distances 0, 60, 61 and 255.
    image = np.array([[[255, 0, 0], [255, 60, 0], [255, 61, 0], [0, 255, 0]]], np.uint8)
    read, far = RED_AND_BLACK.from_image(image)
    np.testing.assert_array_equal(read, [[0, 0, 0, 1]])
    assert far == 0.5


def test_an_image_that_is_no_label_image_is_mostly_far():
    noise = np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)
    grey = np.tile(np.arange(60, 200, dtype=np.uint8)[:, None, None], (1, 64, 3))
    assert FACADES.from_image(noise)[1] > 0.5
    assert FACADES.from_image(grey)[1] > 0.9


def test_classes_are_read_through_jpeg_noise_away_from_edges():
    label_map = draw_label_map(3)
    file = io.BytesIO()
    Image.fromarray(FACADES.to_image(label_map)).save(file, "JPEG", quality=75)
    image = np.array(Image.open(file))
    assert (image != FACADES.to_image(label_map)).mean() > 0.1  # there is noise to read through
    read, far = FACADES.from_image(image)
    # Chroma is stored at half size and in blocks of 16x16 pixels, so edges spread that far.
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(label_map, 16, "edge"), (33, 33))[:256, :256]
    inside = windows.min((2, 3)) == windows.max((2, 3))
    assert inside.mean() > 0.05
    np.testing.assert_array_equal(read[inside], label_map[inside])
    assert (read == label_map).mean() > 0.95
    assert far < 0.05


def test_the_palettes_are_those_of_the_datasets():
    facades = "0000de 0030ff 0080ff 01cfff 20ffe0 70fe8e c0ff3f fff001 ff9f00 ff5000 fe0000 ae0001"
    names = "background facade window door cornice sill balcony blind deco molding pillar shop"
    assert FACADES == Palette(tuple(names.split()), tuple("#" + color for color in facades.split()))
    assert len(CITYSCAPES) == 29
    known = {
        "road": (128, 64, 128),
        "sky": (70, 130, 180),
        "person": (220, 20, 60),
        "car": (0, 0, 142),
        "vegetation": (107, 142, 35),
    }
    assert {name: tuple(CITYSCAPES.rgb[CITYSCAPES.index(name)].tolist()) for name in known} == known
    assert PALETTES == {"facades": FACADES, "cityscapes": CITYSCAPES}


def test_colours_are_read_as_red_green_blue():
    np.testing.assert_array_equal(Palette(("one", "two"), ("#010203", "#fffefd")).rgb, [[1, 2, 3], [255, 254, 253]])


@pytest.mark.parametrize(
    "names, colors, sentence",
    [
        ((), (), "1 to 256 classes"),
        (("a",), ("#000000", "#000001"), "1 names"),
        (tuple(map(str, range(257))), tuple(f"#{number:06x}" for number in range(257)), "1 to 256 classes"),
        (("a",), ("#00000",), "'#00000' is not of the form"),
        (("a",), ("0000000",), "is not of the form"),
        (("a",), ("#ABCDEF",), "lower case"),
        (("a",), ("#00 0ff",), "is not of the form"),
        (("a", "b", "a"), ("#000000", "#000001", "#000002"), "names repeat: a$"),
        (("a", "b"), ("#000000", "#000000"), "colours repeat"),
    ],
)
def test_a_malformed_palette_is_refused(names, colors, sentence):
    with pytest.raises(ValueError, match=sentence):
        Palette(names, colors)


def test_256_classes_fit():
    palette = Palette(tuple(map(str, range(256))), tuple(f"#{number:06x}" for number in range(256)))
    label_map = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(palette.from_image(palette.to_image(label_map))[0], label_map)


@pytest.mark.parametrize("index", [-1, 12])
def test_an_index_that_is_no_class_is_refused(index):
    label_map = np.full((4, 4), 3)
    label_map[2, 1] = index
    with pytest.raises(ValueError, match="the palette has 0 to 11"):
        FACADES.to_image(label_map)


def test_a_name_that_is_no_class_is_refused():
    assert FACADES.index("window") == 2
    with pytest.raises(ValueError, match="no class 'chimney'"):
        FACADES.index("chimney")
