"""Tells label images from photos, whatever their colours; `pair_checks.py` checks pairs with it.

Every problem is one sentence: the file, what is wrong, what to do. The thresholds were measured on 225 pairs of each
dataset, from train and val; the numbers beside them say how far label images and photos are from them. A pixel is even
if it differs from its neighbours by a few levels at most.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pix2pix.data.class_numbers import classes_from_numbers, looks_like_class_numbers
from pix2pix.data.drawings import BLACK, WHITE, is_drawing, is_grey
from pix2pix.image_files import ANY, ImageFileError, ImageLimits, read_image, read_numbers
from pix2pix.labels import Palette

EVEN_LEVELS = 6
NEAR_DISTANCE = 7.0
LEAST_NEAR = 0.3
"""A label image has at least this share of even pixels within `NEAR_DISTANCE` (Euclidean, RGB) of a palette colour.

Label images of facades: 0.49 at least, 0.84 for 99 % of them; of Cityscapes 0.86 at least. Photos: 0.00 and 0.15 at
most.
"""

BGR_GAIN = 0.06
"""An image is BGR if reversing its channels raises its share of palette colours by at least this.

Reversed label images gain 0.49 or more in facades, 0.02 or more in Cityscapes, where road and buildings look the same
both ways: 6 % of them pass unnoticed, but no folder of them. Right label images lose as much, so there is no false
alarm.
"""

FEW_EVEN_LEVELS = 4
MAX_FLAT_COLORS = 24
MAX_FLAT_GREYS = 32
LEAST_EVEN = 0.1
MAJORITY = 0.8
"""An image has few, flat colours if at most `MAX_FLAT_COLORS` bins of 8 levels make up 90 % of its even pixels.

Grey images have few such bins whatever they show, so single levels are counted. `MAX_FLAT_GREYS` of them suffice for
99 % of label images in grey (median 16 in both datasets), and for 1 % and 0 % of photos (median 110 and 84).

Label images need 17 at most in facades, 25 in Cityscapes (median 7 and 11); photos 87 and 44 in the median, but 8 % and
1 % of them, with a white sky, 24 or fewer. So one verdict is a guess; on the halves of a folder a `MAJORITY` decides:
0.99 or more of the label images against 0.08 or less of the photos. Grainy photos have hardly any even pixels; their
share is 0.20 at least in label images, 0.05 at least in photos.
"""

CONSTANT_DEVIATION = 2.0
"""Standard deviation, in levels, of the liveliest channel: photos have 22 at least, label images 29."""

SAMPLED_PIXELS = 8192
"""Pixels of an image that are compared with the palette: enough for the shares above, and ten times faster."""


def is_even(pixels: np.ndarray, levels: int) -> np.ndarray:
    """Return which pixels of uint8 RGB [H, W, 3] are this many levels or less from both neighbours; bool [H, W]."""
    values = pixels.astype(np.int16)
    even = np.ones(pixels.shape[:2], bool)
    even[:, 1:] &= np.abs(np.diff(values, axis=1)).max(2) <= levels
    even[1:] &= np.abs(np.diff(values, axis=0)).max(2) <= levels
    return even


def are_even(pixels: np.ndarray, places: np.ndarray, levels: int) -> np.ndarray:
    """Return what `is_even` finds at some places alone, which are counted row by row; bool [places]."""
    width, colors = pixels.shape[1], pixels.reshape(-1, 3)
    even = np.ones(len(places), bool)
    for distance, has_neighbour in ((1, places % width > 0), (width, places >= width)):
        differences = np.abs(colors[places].astype(np.int16) - colors[places - distance])  # unused without a neighbour
        even &= ~has_neighbour | (differences.max(1) <= levels)
    return even


def share_of_palette(pixels: np.ndarray, palette: Palette) -> float:
    """Return the share, 0 to 1, of the even pixels of uint8 RGB [H, W, 3] that have a palette colour up to noise.

    Exact colours count wherever they are: a map may change from pixel to pixel.
    """
    step = pixels.shape[0] * pixels.shape[1] // SAMPLED_PIXELS | 1  # odd, so that it meets all columns of JPEG's blocks
    places = np.arange(0, pixels.shape[0] * pixels.shape[1], step)
    even = are_even(pixels, places, EVEN_LEVELS)
    red, green, blue = pixels.reshape(-1, 3)[places].T.astype(np.int32)
    squared = np.full(red.shape, 3 * 255**2)
    for r, g, b in palette.rgb.tolist():  # no matrix product, whose threads wait for each other on a busy machine
        squared = np.minimum(squared, (red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2)
    counted = squared[even | (squared == 0)]
    return float((counted <= NEAR_DISTANCE**2).mean()) if len(counted) else 0.0


def has_few_colors(pixels: np.ndarray) -> bool:
    """Return whether the even pixels of uint8 RGB [H, W, 3] have few colours; greys if the image is grey."""
    even = pixels[is_even(pixels, FEW_EVEN_LEVELS)].astype(np.int32)
    grey = is_grey(pixels)
    bins = even[:, 1] if grey else even[:, 0] >> 3 << 10 | even[:, 1] >> 3 << 5 | even[:, 2] >> 3
    counts = np.sort(np.bincount(bins))[::-1]
    number = int(np.searchsorted(counts.cumsum(), 0.9 * counts.sum())) + 1
    return number <= (MAX_FLAT_GREYS if grey else MAX_FLAT_COLORS)


def looks_like_label_map(pixels: np.ndarray, palette: Palette | None = None) -> bool:
    """Return whether uint8 RGB [H, W, 3] is a label image; without a palette, whether its colours are few and flat."""
    if palette is not None:
        return share_of_palette(pixels, palette) >= LEAST_NEAR
    return has_few_colors(pixels) and bool(is_even(pixels, FEW_EVEN_LEVELS).mean() >= LEAST_EVEN)


def which_are_maps(a: np.ndarray, b: np.ndarray, palette: Palette | None = None) -> tuple[bool, bool]:
    """Return which images of a pair, uint8 RGB [H, W, 3] each, look like label images, or like drawings.

    If there may be drawings, they decide first: a photo of something on white paper has few colours, too.
    """
    if palette is None or set(palette.colors) == {BLACK, WHITE}:
        are_drawn = is_drawing(a), is_drawing(b)
        if are_drawn[0] != are_drawn[1]:
            return are_drawn
    return looks_like_label_map(a, palette), looks_like_label_map(b, palette)


def is_constant(pixels: np.ndarray) -> bool:
    """Return whether an image, uint8 [H, W, 3], has one colour throughout, but for JPEG noise."""
    return bool(pixels.reshape(-1, pixels.shape[-1]).std(0).max() < CONSTANT_DEVIATION)


def is_bgr(pixels: np.ndarray, palette: Palette, share: float | None = None) -> bool:
    """Return whether red and blue of a label image, uint8 RGB [H, W, 3], are exchanged, as OpenCV stores them.

    `share` is the image's share of palette colours, where it is known.
    """
    share = share_of_palette(pixels, palette) if share is None else share
    if share > 1 - BGR_GAIN:
        return False
    return share_of_palette(pixels[..., ::-1], palette) >= max(LEAST_NEAR, share + BGR_GAIN)


def label_image_from_numbers(
    pixels: np.ndarray, palette: Palette, path: Path | None = None, limits: ImageLimits = ANY
) -> tuple[np.ndarray, str] | None:
    """Paint class numbers in the palette's colours, where an image holds such numbers rather than colours.

    Args:
        pixels: An image by `read_image`, uint8 RGB [H, W, 3].
        palette: The classes.
        path: Its file, where a colour table or 16 bits may hide the numbers; None if the file holds more than this
            image.

    Returns:
        The label image, uint8 RGB [H, W, 3], and what the numbers were; None if the image holds colours.
    """
    grey = bool((pixels == pixels[..., :1]).all())
    if not grey and share_of_palette(pixels, palette) >= LEAST_NEAR:
        return None
    numbers = read_numbers(path, limits) if path else None
    if numbers is None and grey:
        numbers = pixels[..., 0].astype(np.int64)
    found = None if numbers is None else classes_from_numbers(numbers, palette, path.name if path else "")
    return None if found is None else (palette.to_image(found[0]), found[1])


def map_problem(pixels: np.ndarray, palette: Palette | None) -> str | None:
    """Return what is wrong with a label image, uint8 RGB [H, W, 3], as a sentence without its subject, or None."""
    if palette is None:
        return "has one colour throughout; choose an image that shows something" if is_constant(pixels) else None
    share = share_of_palette(pixels, palette)
    if is_bgr(pixels, palette, share):
        return "has red and blue exchanged (BGR); save it as RGB"
    if share >= LEAST_NEAR:
        return None
    if (pixels == pixels[..., :1]).all() and looks_like_class_numbers(pixels[..., 0]):
        return (
            f"holds numbers that are no classes of this palette of {len(palette)}; choose the coloured map, "
            "such as …_gtFine_color.png"
        )
    return (
        f"looks like a photo, or a map in other colours ({share:.0%} of its flat areas have a colour of the palette); "
        "choose an image painted in the palette's colours"
    )


def input_half_of_pair(
    pixels: np.ndarray,
    palette: Palette | None,
    size: tuple[int, int] = (256, 256),
    side: int = 1,
    palette_of: str = "input",
) -> tuple[np.ndarray, str]:
    """Find the input's half of a pair of label image and photo.

    The palette tells the input wherever it is, so pairs that were put together the other way round are read, too.

    Args:
        pixels: uint8 RGB [H, W, 3].
        palette: Classes of the label image; None if there are none, and drawings or few colours tell the halves.
        size: Width and height of a half; a pair may be larger or smaller in proportion.
        side: Which half is the input, A (0) on the left or B (1) on the right, where there is no palette.
        palette_of: Whether the label image is the "input" or the "output".

    Returns:
        The half and "left" or "right"; any other image, such as a wide map, as it is, with "".
    """
    height, width = pixels.shape[:2]
    if width * size[1] != 2 * height * size[0] or width % 2:
        return pixels, ""
    halves = pixels[:, : width // 2], pixels[:, width // 2 :]
    are_maps = which_are_maps(*halves, palette)
    if are_maps[0] == are_maps[1]:
        return pixels, ""
    side = side if palette is None else are_maps.index(palette_of == "input")
    return halves[side], ("left", "right")[side]


@dataclass(frozen=True)
class LabelImageFile:
    """A label image read from a file.

    Attributes:
        pixels: uint8 RGB [H, W, 3].
        kind: What class numbers it held, "Cityscapes trainIds"; empty if its colours were read.
        half: Which half of a pair it is, "left" or "right"; empty if it is a whole file.
        problem: What is wrong with it; a sentence, or empty. Not empty only if it was read by force.
    """

    pixels: np.ndarray
    kind: str = ""
    half: str = ""
    problem: str = ""


def read_label_image(
    path: Path,
    palette: Palette | None,
    background: str = "#000000",
    size: tuple[int, int] = (256, 256),
    force: bool = False,
    limits: ImageLimits = ANY,
    side: int = 1,
) -> LabelImageFile:
    """Read one input image for the page or the painter: colours or class numbers, alone or as half of a pair.

    Args:
        path: The image file.
        palette: Colours of the classes; None accepts any image that is not constant.
        background: "#rrggbb" behind transparent pixels: the background class's colour.
        size: Width and height of the model's images, which tell a pair by its shape.
        force: Return an image with a problem instead of raising.
        limits: What the image may be.
        side: Which half of a pair is the input, A (0) or B (1).

    Raises:
        ImageFileError: The file cannot be read, or holds no label image.
    """
    pixels = read_image(path, background, limits)
    if palette is not None and (found := label_image_from_numbers(pixels, palette, path, limits)):
        return LabelImageFile(found[0], kind=found[1])
    label_image, half = input_half_of_pair(pixels, palette, size, side)
    read = LabelImageFile(label_image, half=half)
    if (problem := map_problem(label_image, palette)) is None:
        return read
    error = ImageFileError(path, problem)
    if not force:
        raise error
    return replace(read, problem=str(error))
