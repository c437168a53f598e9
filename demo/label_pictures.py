"""Label maps from and to picture files of people's own."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pix2pix.labels import Palette

SIZE = 256
FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 25_000_000
MAX_SCANS = 64
"""Of a JPEG file, each of which goes over all pixels; progressive ones have about ten."""
FINE = 4
"""Pictures are read at up to this many times the size of a map; a pixel of the map takes the class that most of its part has."""

EVEN_LEVELS = 6
NEAR_DISTANCE = 7.0
LEAST_NEAR = 0.2
"""How photographs are told from label pictures: of the pixels within `EVEN_LEVELS` of their neighbour, at least this share must be within
`NEAR_DISTANCE` (Euclidean, RGB) of a colour of the palette. Of the datasets' label pictures 0.22 and more are, of all but one 0.42; of
their photographs 0.13 and less (250 pairs of facades, 796 of Cityscapes)."""


def read_label_picture(path: Path, palette: Palette, clear_class: int) -> tuple[np.ndarray, float]:
    """Reads a file that may come from anywhere. Whatever shape it has is squeezed to a square, as in training.

    Args:
        path: A PNG, JPEG or WebP file; of a 512x256 pair of the datasets, the right half is read.
        palette: Colours to read it by.
        clear_class: What stands where the picture is transparent.

    Returns:
        The label map, uint8 [256, 256], and the share of pixels, 0 to 1, that were far from every colour; they have the nearest class.

    Raises:
        ValueError: A sentence for people: the file cannot be read, is too large, or is no label picture.
    """
    pixels = _read_pixels(path, palette.colors[clear_class])
    if pixels.shape[:2] == (256, 512) and share_of_palette(pixels[:, :256], palette) < LEAST_NEAR:
        pixels = pixels[:, 256:]
    share = share_of_palette(pixels, palette)
    if share < LEAST_NEAR:
        raise ValueError(
            f"This looks like a photograph, or a map in other colours: {share:.0%} of its even areas have a colour of the palette. "
            "Choose a picture that is painted in the palette's colours."
        )
    label_map, far = palette.from_image(pixels)
    return _shrink(label_map, len(palette)), far


def share_of_palette(pixels: np.ndarray, palette: Palette) -> float:
    """Which share, 0 to 1, of the even areas of a picture, uint8 RGB [H, W, 3], has a colour of the palette.

    Exact colours count wherever they are: a map may change from pixel to pixel.
    """
    labels, _ = palette.from_image(pixels)
    distances = np.linalg.norm(pixels.astype(np.float32) - palette.rgb[labels], axis=2)
    is_even = np.abs(np.diff(pixels.astype(np.int16), axis=1, prepend=pixels[:, :1])).max(2) <= EVEN_LEVELS
    return float((distances[is_even | (distances == 0)] <= NEAR_DISTANCE).mean())


def to_png(label_map: np.ndarray, palette: Palette) -> bytes:
    """An indexed PNG file, of a few kilobytes at most, whose pixel values are the classes."""
    picture = Image.fromarray(label_map)
    picture.putpalette(palette.rgb.tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _read_pixels(path: Path, background: str) -> np.ndarray:
    """Pixels as uint8 RGB, at most `FINE` times the size of a map, the right way up."""
    try:
        content = path.read_bytes()
    except OSError:  # such as an upload that has been deleted meanwhile
        raise ValueError("This file is not there any more. Choose it once more.") from None
    if (
        content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > MAX_SCANS
    ):  # its pixels never look like this marker
        raise ValueError("This JPEG file would take too long to read. Save it once more, not as a progressive one.")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height <= MAX_PIXELS:
                # Without blending, so that no colour is made up, and before anything else needs memory for all of the pixels.
                small = picture.resize((min(width, FINE * SIZE), min(height, FINE * SIZE)), Image.Resampling.NEAREST)
                upright = ImageOps.exif_transpose(small).convert("RGBA")
                return np.asarray(
                    Image.alpha_composite(Image.new("RGBA", upright.size, background), upright).convert("RGB")
                )
    except Image.UnidentifiedImageError:
        raise ValueError("This file is not a picture that can be read. Choose a PNG, JPEG or WebP file.") from None
    except Image.DecompressionBombError:
        raise ValueError(f"This picture is too large. It may have {MAX_PIXELS // 10**6} million pixels.") from None
    except Exception:  # hostile files make Pillow raise nearly anything
        raise ValueError("This picture is damaged or incomplete. Save it once more, or choose another.") from None
    raise ValueError(
        f"This picture has {width} by {height} pixels, which is too large. It may have {MAX_PIXELS // 10**6} million pixels."
    )


def _shrink(label_map: np.ndarray, num_classes: int) -> np.ndarray:
    """Classes [H, W] of any size → uint8 [256, 256], by majority."""
    fine = np.asarray(Image.fromarray(label_map).resize((FINE * SIZE, FINE * SIZE), Image.Resampling.NEAREST))
    parts = fine.reshape(SIZE, FINE, SIZE, FINE)
    votes = np.stack([(parts == label).sum((1, 3), dtype=np.uint8) for label in range(num_classes)])
    return votes.argmax(0).astype(np.uint8)
