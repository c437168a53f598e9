"""Reads label maps from image files that people open, and writes them."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from pix2pix.labels import Palette

SIZE = 256
FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 25_000_000
MAX_SCANS = 64
"""Maximum number of scans in a JPEG file. Each scan visits every pixel; progressive files have about ten."""
FINE = 4
"""Images are read at up to this many times the size of a map; each pixel of the map takes its majority class."""

EVEN_LEVELS = 6
NEAR_DISTANCE = 7.0
LEAST_NEAR = 0.2
"""Distinguishes label images from photos. At least this share of pixels within `EVEN_LEVELS` of their left neighbour
must be within `NEAR_DISTANCE` (Euclidean, RGB) of a palette colour. Measured on 250 pairs of facades and 796 of
Cityscapes:
label images have at least 0.22 (all but one 0.42), photos at most 0.13."""


def read_label_picture(path: Path, palette: Palette, clear_class: int) -> tuple[np.ndarray, float]:
    """Read an untrusted file. Any shape is squeezed to a square, as in training.

    Args:
        path: A PNG, JPEG or WebP file; the right half is read if it is a 512x256 pair of a dataset.
        palette: Classes and colours.
        clear_class: The class of transparent pixels.

    Returns:
        The label map, uint8 [256, 256], and the share of pixels, 0 to 1, that were far from every palette colour; these
        have the nearest class.

    Raises:
        ValueError: The file cannot be read, is too large, or is no label image; the message is for people.
    """
    pixels = _read_pixels(path, palette.colors[clear_class])
    if pixels.shape[:2] == (256, 512) and share_of_palette(pixels[:, :256], palette) < LEAST_NEAR:
        pixels = pixels[:, 256:]
    share = share_of_palette(pixels, palette)
    if share < LEAST_NEAR:
        raise ValueError(
            "This looks like a photograph, or a map in other colours: "
            f"{share:.0%} of its even areas have a colour of the palette. "
            "Choose a picture that is painted in the palette's colours."
        )
    label_map, far = palette.from_image(pixels)
    return _shrink(label_map, len(palette)), far


def share_of_palette(pixels: np.ndarray, palette: Palette) -> float:
    """Return the share, 0 to 1, of even areas in an image, uint8 RGB [H, W, 3], that has a palette colour.

    Exact colours count everywhere, because a map may change from pixel to pixel.
    """
    labels, _ = palette.from_image(pixels)
    distances = np.linalg.norm(pixels.astype(np.float32) - palette.rgb[labels], axis=2)
    is_even = np.abs(np.diff(pixels.astype(np.int16), axis=1, prepend=pixels[:, :1])).max(2) <= EVEN_LEVELS
    return float((distances[is_even | (distances == 0)] <= NEAR_DISTANCE).mean())


def to_png(label_map: np.ndarray, palette: Palette) -> bytes:
    """Encode an indexed PNG file of a few kilobytes whose pixel values are the classes."""
    picture = Image.fromarray(label_map)
    picture.putpalette(palette.rgb.tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _read_pixels(path: Path, background: str) -> np.ndarray:
    """Read upright pixels, uint8 RGB, at most `FINE` times the size of a map."""
    try:
        content = path.read_bytes()
    except OSError:  # such as an upload that was deleted meanwhile
        raise ValueError("This file is no longer available. Choose it again.") from None
    # Compressed pixels never contain this marker.
    if content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > MAX_SCANS:
        raise ValueError("This JPEG file would take too long to read. Save it once more, not as a progressive one.")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height <= MAX_PIXELS:
                # Without blending, which would invent colours, and before anything needs memory for all pixels.
                small = picture.resize((min(width, FINE * SIZE), min(height, FINE * SIZE)), Image.Resampling.NEAREST)
                upright = ImageOps.exif_transpose(small).convert("RGBA")
                return np.asarray(
                    Image.alpha_composite(Image.new("RGBA", upright.size, background), upright).convert("RGB")
                )
    except Image.UnidentifiedImageError:
        raise ValueError("This file is not a picture that can be read. Choose a PNG, JPEG or WebP file.") from None
    except Image.DecompressionBombError:
        raise ValueError(f"This picture is too large. It may have {MAX_PIXELS // 10**6} million pixels.") from None
    except Exception:  # hostile files make Pillow raise almost anything
        raise ValueError("This picture is damaged or incomplete. Save it once more, or choose another.") from None
    raise ValueError(
        f"This picture has {width} by {height} pixels, which is too large. "
        f"It may have {MAX_PIXELS // 10**6} million pixels."
    )


def _shrink(label_map: np.ndarray, num_classes: int) -> np.ndarray:
    """Shrink classes [H, W] to uint8 [256, 256] by majority."""
    fine = np.asarray(Image.fromarray(label_map).resize((FINE * SIZE, FINE * SIZE), Image.Resampling.NEAREST))
    parts = fine.reshape(SIZE, FINE, SIZE, FINE)
    votes = np.stack([(parts == label).sum((1, 3), dtype=np.uint8) for label in range(num_classes)])
    return votes.argmax(0).astype(np.uint8)
