"""Palettes of people's own label images: find the colours of the classes, write them to palette.json, read them back.

How colours are found, through JPEG noise and blurred edges alike:

1. True colours lie in the middle of flat 3x3 areas (all values within `FLAT_LEVELS`); edges, ramps and ringing drop
   out.
2. These pixels, over all images that look like label maps, are counted in bins of 4 levels per channel. True colours
   are sharp peaks.
3. The highest peak is a class; all bins within `MERGE_DISTANCE` belong to it. Repeat with what is left.
4. Peaks below `MIN_SHARE`, and faint ones beside strong ones (the rim of JPEG noise), are no classes.

Measured on 240 label images of each dataset: it finds all 12 colours of facades and 25 of the 29 of Cityscapes, each
within 2.4 (Euclidean, RGB), and no other; also after JPEG of quality 75. It misses caravan, traffic light and
trailer, with 2.9e-5, 1.7e-5 and 0.3e-5 of the flat pixels too rare to tell from noise, and guard rail, which did not
occur.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pix2pix.data import DataError
from pix2pix.data.label_images import looks_like_label_map
from pix2pix.files import replacing
from pix2pix.image_files import printable
from pix2pix.labels import FAR_DISTANCE, Palette

FLAT_LEVELS = 6
MERGE_DISTANCE = 14.0
"""Euclidean, RGB. Noise of JPEG at quality 75 reaches 13; truck, caravan and trailer of Cityscapes are 20 apart."""
MIN_SHARE = 5e-5
"""Smallest share of the flat pixels that makes a class; motorcycle and rider of Cityscapes have 8e-5 and 11e-5."""
RIMS = ((18.0, 0.05), (24.0, 0.005))
"""A peak is noise if it lies within this distance of a found colour and has less than this share of its pixels.

The noise of JPEG at quality 75 and 60 has a share of 0.031 within 17, and of 0.002 (quality 60: 0.012) around 20.
"""
MAX_CLASSES = 64
LEAST_LABEL_IMAGES = 0.5
"""Share of the images that must have few, flat colours: 0.99 or more of label images do, 0.08 or less of photos."""
MAX_BYTES = 1_000_000
MAX_NAME = 60
BACKGROUND_NAMES = ("background", "unlabeled", "unlabelled", "void", "other")


class PaletteError(DataError):
    """Images without a palette, or an unusable palette.json; one sentence says what is wrong and what to do."""


@dataclass(frozen=True)
class FoundPalette:
    """Colours found in label images.

    Attributes:
        palette: Most frequent class first; names are "class 1", "class 2" and so on, to be edited.
        shares: Share of the pixels nearest to each colour, 0 to 1.
        left_over: Share of the pixels far from all colours, 0 to 1. With `shares` it adds up to 1.
        left_out: Number of images that do not look like label maps, and count for nothing above.
    """

    palette: Palette
    shares: tuple[float, ...]
    left_over: float
    left_out: int

    def to_json(self) -> str:
        names, colors = self.palette.names, self.palette.colors
        classes = [
            {"name": name, "color": color, "share": round(share, 5)}
            for name, color, share in zip(names, colors, self.shares, strict=True)
        ]
        return json.dumps({"classes": classes, "left over": round(self.left_over, 5)}, indent=2) + "\n"


def find_palette(label_images: Iterable[np.ndarray]) -> FoundPalette:
    """Find the colours of the classes in label images, each uint8 RGB [H, W, 3]; 200 of them are plenty.

    Raises:
        PaletteError: If there are no images, or they are photos rather than a few flat colours.
    """
    flat, everything = _Histogram(), _Histogram()
    num_images = num_label_images = 0
    for image in label_images:
        num_images += 1
        if looks_like_label_map(image):  # not the photo of a pair that is the other way round
            num_label_images += 1
            flat.add(flat_pixels(image))
            everything.add(image.reshape(-1, 3))
    if not num_images:
        raise PaletteError("There are no images to find a palette in.")
    colors = _peaks(flat)
    if num_label_images < LEAST_LABEL_IMAGES * num_images or not colors:
        raise PaletteError(
            f"Only {num_label_images} of {num_images} images look like label maps, with few, flat colours; "
            "train without a palette, or give --direction if the other images are the label maps."
        )
    if len(colors) == 1:
        raise PaletteError(
            f"The images have only one flat colour, #{bytes(colors[0]).hex()}; train without a palette, or give "
            "--direction if the other images are the label maps."
        )
    counts, means = everything.occupied()
    distances = np.linalg.norm(means[:, None] - np.array(colors)[None], axis=2)  # [bins, classes]
    owner = np.where(distances.min(1) <= FAR_DISTANCE, distances.argmin(1), len(colors))
    shares = np.bincount(owner, counts, len(colors) + 1) / counts.sum()
    order = np.argsort(-shares[:-1], kind="stable")
    palette = Palette(
        tuple(f"class {number}" for number in range(1, len(colors) + 1)),
        tuple("#" + bytes(colors[index]).hex() for index in order),
    )
    found_shares = tuple(float(shares[index]) for index in order)
    return FoundPalette(palette, found_shares, float(shares[-1]), num_images - num_label_images)


def flat_pixels(image: np.ndarray) -> np.ndarray:
    """Return the pixels of uint8 RGB [H, W, 3] whose 3x3 area stays within `FLAT_LEVELS`; uint8 [number, 3]."""
    low, high = image, image
    for axis in (0, 1):
        length = image.shape[axis]
        if length < 3:
            return image[:0].reshape(-1, 3)
        parts = [(slice(None),) * axis + (slice(start, length - 2 + start),) for start in range(3)]
        low = np.minimum.reduce([low[part] for part in parts])
        high = np.maximum.reduce([high[part] for part in parts])
    return image[1:-1, 1:-1][((high - low) <= FLAT_LEVELS).all(2)]


class _Histogram:
    """Counts colours in bins of 4 levels per channel, and sums them, so that a bin knows its mean colour."""

    def __init__(self) -> None:
        self.counts = np.zeros(64**3, np.int64)
        self.sums = np.zeros((3, 64**3))

    def add(self, pixels: np.ndarray) -> None:
        red, green, blue = (pixels[:, channel].astype(np.int64) for channel in range(3))
        bins = red >> 2 << 12 | green >> 2 << 6 | blue >> 2
        self.counts += np.bincount(bins, minlength=64**3)
        for channel, values in enumerate((red, green, blue)):
            self.sums[channel] += np.bincount(bins, values, 64**3)

    def occupied(self) -> tuple[np.ndarray, np.ndarray]:
        """Return counts [n] of the bins in use, and their mean colours [n, 3]."""
        bins = np.flatnonzero(self.counts)
        return self.counts[bins], (self.sums[:, bins] / self.counts[bins]).T


def _peaks(histogram: _Histogram) -> list[tuple[int, ...]]:
    """Return the colours of the classes: steps 3 and 4."""
    counts, means = histogram.occupied()
    left = counts.copy()
    found: list[tuple[np.ndarray, int]] = []  # colour, pixels
    while len(found) < MAX_CLASSES and left.max(initial=0) > 0:
        peak = means[left.argmax()]
        near = np.linalg.norm(means - peak, axis=1) <= MERGE_DISTANCE
        pixels = left[near].sum()
        if pixels < MIN_SHARE * counts.sum():
            break
        left[near] = 0
        if not any(
            np.linalg.norm(color - peak) < distance and pixels < share * strong
            for color, strong in found
            for distance, share in RIMS
        ):
            found.append((peak, pixels))
    return [tuple(int(value) for value in color.round()) for color, _ in found]


def read_palette(path: Path) -> Palette:
    """Read a palette.json: {"classes": [{"name": "roof", "color": "#aa3300"}, ...]}; other keys are for people.

    Raises:
        PaletteError: If it is missing, no JSON, or no palette; one sentence that names the file and the class.
    """
    where = printable(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PaletteError(f"{where} is larger than {MAX_BYTES // 10**6} MB, which is too much for a palette.")
        content = json.loads(path.read_text(encoding="utf-8-sig"))  # Windows editors write a byte order mark
    except OSError as error:
        raise PaletteError(f"{where} cannot be read: {error.strerror}.") from error
    except PaletteError:
        raise
    except (ValueError, RecursionError) as error:
        raise PaletteError(
            f"{where} is not valid JSON ({str(error)[:100]}); correct it, or remove it and find the palette again."
        ) from error
    classes = content.get("classes") if isinstance(content, dict) else None
    if not isinstance(classes, list):
        raise PaletteError(f'{where} needs a list "classes" of objects with "name" and "color".')
    pairs = [_read_class(where, number, item) for number, item in enumerate(classes, 1)]
    if len(pairs) < 2:
        raise PaletteError(
            f"{where} has {len(pairs) or 'no'} class{'' if pairs else 'es'}, but a palette needs at least two; add the "
            "others, or remove the file to train without a palette."
        )
    try:
        return Palette(tuple(name for name, _ in pairs), tuple(color for _, color in pairs))
    except ValueError as error:
        raise PaletteError(f"{where} is no palette: {str(error)[:200]}.") from error


def _read_class(where: str, number: int, item: Any) -> tuple[str, str]:
    name, color = (item.get("name"), item.get("color")) if isinstance(item, dict) else (None, None)
    if not (isinstance(name, str) and name.strip() and len(name) <= MAX_NAME and name.isprintable()):
        raise PaletteError(f'{where}: class {number} needs a "name" of 1 to {MAX_NAME} letters.')
    if not (isinstance(color, str) and re.fullmatch("#[0-9a-f]{6}", color, re.IGNORECASE)):
        given = f", not {json.dumps(color)[:20]}" if "color" in item else ""
        raise PaletteError(f'{where}: class {number} needs a "color" such as "#aa3300"{given}.')
    return name.strip(), color.lower()


def write_palette(path: Path, found: FoundPalette) -> None:
    """Write palette.json, whole or not at all.

    Raises:
        PaletteError: If it exists, since its names may have been edited, or cannot be written.
    """
    if path.exists():
        raise PaletteError(
            f"{printable(path)} exists, and its names may be yours; remove it to find the colours again."
        )
    try:
        with replacing(path) as file:
            file.write(found.to_json().encode())
    except OSError as error:
        raise PaletteError(f"{printable(path)} cannot be written: {error.strerror}.") from error


def background_class(palette: Palette) -> int:
    """Return the index of the class that stands for "nothing here", by its name; else the first class."""
    names = [name.lower() for name in palette.names]
    return next((names.index(name) for name in BACKGROUND_NAMES if name in names), 0)
