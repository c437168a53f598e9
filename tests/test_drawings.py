"""Whether the input images of a training are line drawings, which people then draw in two colours."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from pix2pix.data.drawings import drawing_colors
from tests.helpers.own_images import edges, house, house_image, photo


def lines(seed: int, blur: float = 0, quality: int | None = None) -> np.ndarray:
    """Black lines on white, soft and through JPEG if asked for."""
    image = Image.new("L", (256, 256), 255)
    points = np.random.default_rng(seed).integers(0, 256, (8, 2)).tolist()
    ImageDraw.Draw(image).line([tuple(point) for point in points], 0, 2)
    image = image.filter(ImageFilter.GaussianBlur(blur)).convert("RGB")
    if quality:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        image = Image.open(buffer)
    return np.asarray(image)


@pytest.mark.parametrize(("blur", "quality"), [(0, None), (0.7, None), (0, 75), (0.7, 90)])
def test_black_lines_on_white_and_the_reverse_are_drawings(blur, quality):
    drawings = [lines(seed, blur, quality) for seed in range(4)]
    assert drawing_colors(drawings) == ("#ffffff", "#000000")
    assert drawing_colors(255 - drawing for drawing in drawings) == ("#000000", "#ffffff")


def test_areas_in_black_and_white_are_drawings_too():
    assert drawing_colors(edges(seed) for seed in range(1, 5)) is not None


@pytest.mark.parametrize(
    "image",
    [
        photo,
        lambda _: house_image(),
        lambda seed: photo(seed)[..., :1].repeat(3, 2),
        lambda _: np.full((256, 256, 3), 255, np.uint8),
        lambda _: house()[..., None].repeat(3, 2),
        lambda seed: np.where(lines(seed) < 128, np.uint8(255), np.array([0, 48, 255], np.uint8)),
    ],
    ids=["photo", "label map", "grey photo", "white", "class numbers", "white lines on blue"],
)
def test_other_images_are_no_drawings(image):
    assert drawing_colors(image(seed) for seed in range(4)) is None


def test_a_few_other_images_among_drawings_do_not_matter_and_none_are_no_drawings():
    assert drawing_colors([*map(lines, range(9)), photo(1)]) == ("#ffffff", "#000000")
    assert drawing_colors([*map(lines, range(3)), photo(1)]) is None
    assert drawing_colors([]) is None
