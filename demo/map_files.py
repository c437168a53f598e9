"""Reads label maps and photos from image files that people open, as the painter and training do; writes maps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pix2pix.data.label_images import input_half_of_pair, is_constant, read_label_image
from pix2pix.image_files import ImageFileError, ImageLimits, encode_image, read_image
from pix2pix.labels import Palette
from pix2pix.release_config import DRAWING_CLASSES

MAX_SIDE = 1024
"""Pixels are read at up to this resolution; each pixel of the map takes the majority of those that fall on it."""
UPLOADS = ImageLimits(max_pixels=25_000_000, max_side=MAX_SIDE, formats=("PNG", "JPEG", "WEBP"))
WORTH_SAYING = 0.0005
"""Report when more than this share of pixels is far from every palette colour; it is shown as 0.1%."""
SAME_SHAPE = 0.02
"""A relative difference in shape that is no other shape, such as that of a scan."""
WHITE = "#ffffff"


@dataclass(frozen=True)
class Opened:
    """A label map or an image from a file.

    Attributes:
        input: A label map, uint8 [H, W], or an image, uint8 RGB [H, W, 3].
        words: What was done with the file, in sentences; empty if nothing is worth saying.
        is_fitted: Whether the file has another shape than the canvas and was not stretched.
    """

    input: np.ndarray
    words: str
    is_fitted: bool


def open_label_map(
    path: Path, palette: Palette, background: int, size: tuple[int, int] = (256, 256), stretch: bool = False
) -> Opened:
    """Read an untrusted file: a label image, class numbers, or a pair, whose input is read.

    Args:
        path: A PNG, JPEG or WebP file of any size and shape.
        palette: Classes and colours.
        background: The class of transparent pixels, and of the rest of the map around a file of another shape.
        size: Width and height of the map.
        stretch: Stretch a file of another shape over the whole map, as the datasets were made, instead of fitting it.

    Raises:
        ValueError: The file cannot be read, is too large, or is no label image; the message is a sentence for people.
    """
    with _sentences(path):
        read = read_label_image(path, palette, palette.colors[background], size, limits=UPLOADS)
    classes, far = palette.from_image(read.pixels)
    inner = size if stretch else fitted_size((classes.shape[1], classes.shape[0]), size)
    what = "drawing" if palette.names == DRAWING_CLASSES else "label map"
    words = [
        f"This file is read as {read.kind}." if read.kind else "",
        f"This file is a pair; the {what}, its {read.half} half, is on the canvas." if read.half else "",
        f"Its shape differs from the canvas, so it is fitted, with {palette.names[background]} around it."
        if inner != size
        else "",
        f"{far:.1%} of the pixels were far from every colour of the palette and became the class of the nearest colour."
        if far >= WORTH_SAYING
        else "",
    ]
    label_map = _place(_resize(classes, inner, len(palette)), size, background)
    return Opened(label_map, " ".join(filter(None, words)), inner != size)


def open_image(
    path: Path,
    size: tuple[int, int] = (256, 256),
    output: Palette | None = None,
    side: int = 0,
    stretch: bool = False,
) -> Opened:
    """Read an untrusted file as an image, such as a photo; what is transparent becomes white.

    Args:
        path: A PNG, JPEG or WebP file of any size and shape. Of another shape, the middle is used.
        size: Width and height of the image.
        output: Classes of the label images that the models make; None for other images.
        side: Which half of a pair is the input, A (0) or B (1), if the models make no label images.
        stretch: Stretch a file of another shape instead.

    Raises:
        ValueError: The file cannot be read, is too large, or has one colour throughout; the message is a sentence.
    """
    with _sentences(path):
        pixels = read_image(path, WHITE, UPLOADS)
        if is_constant(pixels):
            raise ImageFileError(path, "has one colour throughout; choose an image that shows something")
    pixels, half = input_half_of_pair(pixels, output, size, side, palette_of="output")
    image = Image.fromarray(pixels)
    outer = image.width * size[1] / (image.height * size[0])  # above 1 if the file is wider than the canvas
    is_other = abs(outer - 1) > SAME_SHAPE
    words = [
        f"This file is a pair; the input, its {half} half, is used." if half else "",
        "Its shape differs from the canvas, so its middle is used." if is_other and not stretch else "",
        "If it is a pair of photos, open the input alone." if abs(outer - 2) < SAME_SHAPE and not stretch else "",
    ]
    image = image.resize(size) if stretch or not is_other else ImageOps.fit(image, size)
    return Opened(np.asarray(image), " ".join(filter(None, words)), is_other and not stretch)


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Raise errors that do not name the file's place on the server."""
    if not path.is_file():  # an upload that was deleted meanwhile
        raise ValueError("This file is no longer available. Choose it again.")
    try:
        yield
    except ImageFileError as error:
        raise ValueError(f"This file {error.problem}.") from error


def fitted_size(shape: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return the largest width and height in the proportions of `shape` that fit into `size`, both (width, height)."""
    scale = min(size[0] / shape[0], size[1] / shape[1])
    width, height = (max(1, round(side * scale)) for side in shape)
    is_same = width >= (1 - SAME_SHAPE) * size[0] and height >= (1 - SAME_SHAPE) * size[1]
    return size if is_same else (width, height)


def to_png(label_map: np.ndarray, palette: Palette) -> bytes:
    """Encode an indexed PNG file of a few kilobytes whose pixel values are the classes."""
    picture = Image.fromarray(label_map)
    picture.putpalette(palette.rgb.tobytes())
    return encode_image(picture, "PNG", optimize=True)


def _resize(classes: np.ndarray, size: tuple[int, int], num_classes: int) -> np.ndarray:
    """Resize classes [H, W] to uint8 of this width and height; where they shrink, the majority decides."""
    width, height = size
    fine = max(1, MAX_SIDE // max(size))
    pixels = np.asarray(Image.fromarray(classes).resize((fine * width, fine * height), Image.Resampling.NEAREST))
    parts = pixels.reshape(height, fine, width, fine)
    votes = np.stack([(parts == label).sum((1, 3), dtype=np.uint16) for label in range(num_classes)])
    return votes.argmax(0).astype(np.uint8)


def _place(part: np.ndarray, size: tuple[int, int], background: int) -> np.ndarray:
    """Put a map into the middle of a larger one."""
    label_map = np.full((size[1], size[0]), background, np.uint8)
    top, left = ((whole - side) // 2 for whole, side in zip(label_map.shape, part.shape, strict=True))
    label_map[top : top + part.shape[0], left : left + part.shape[1]] = part
    return label_map
