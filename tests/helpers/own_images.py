"""Images that tests of people's own data draw: a house as a label image, and something like a photo."""

import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from pix2pix.data.pair_checks import PairChecks
from pix2pix.labels import FACADES, Palette


def house() -> np.ndarray:
    """Class indices [256, 256] without any symmetry, so that a turned or mirrored reading shows."""
    classes = np.zeros((256, 256), np.uint8)
    classes[40:, 30:230] = 1
    for row in (60, 120):
        for column in (50, 100, 180):
            classes[row : row + 35, column : column + 25] = 2
    classes[190:, 150:185] = 3
    classes[40:52, 30:230] = 9
    return classes


def house_image() -> np.ndarray:
    return FACADES.to_image(house())


def photo(seed: int) -> np.ndarray:
    """Smooth blotches with grain, uint8 RGB [256, 256, 3]."""
    rng = np.random.default_rng(seed)
    blotches = Image.fromarray(rng.integers(0, 255, (9, 9, 3), np.uint8)).resize((256, 256), Image.Resampling.BICUBIC)
    grain = rng.integers(-20, 20, (256, 256, 3))
    return np.clip(np.asarray(blotches).astype(int) + grain, 0, 255).astype(np.uint8)


def edges(seed: int) -> np.ndarray:
    """A drawing in black and white."""
    return np.where(photo(seed)[..., :1] > 128, 255, 0).astype(np.uint8).repeat(3, 2)


def on_white(number: int) -> np.ndarray:
    """A photo of something on white paper, whose flat areas look like those of a drawing."""
    image = np.full((256, 256, 3), 255, np.uint8)
    image[80:200, 60:220] = photo(number)[80:200, 60:220]
    return image


def save(pixels: np.ndarray, path: Path, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def save_pair(left: np.ndarray, right: np.ndarray, path: Path, **options: object) -> Path:
    return save(np.concatenate([left, right], 1), path, **options)


SIDE_BY_SIDE, OUTER, INNER = "train", "{side}/train", "train/{side}"


def fill(
    folder: Path,
    layout: str,
    numbers: range,
    left: Callable[[int], np.ndarray] = photo,
    right: Callable[[int], np.ndarray] = lambda number: house_image(),
) -> None:
    """Pairs in one layout: by default the photo is A, the label image B."""
    for number in numbers:
        if layout == SIDE_BY_SIDE:
            save_pair(left(number), right(number), folder / f"train/{number}.png")
        else:
            save(left(number), folder / layout.format(side="A") / f"{number}.png")
            save(right(number), folder / layout.format(side="B") / f"{number}.webp", lossless=True)


def png_16_bit(values: np.ndarray) -> bytes:
    """A PNG file of uint16 [H, W] grey, or [H, W, 3] colours, which Pillow cannot write."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    height, width = values.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, 0 if values.ndim == 2 else 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def check_pairs(
    pairs: Iterable[tuple[Path, np.ndarray, np.ndarray]], palette: Palette | None = None, direction: str = "BtoA"
) -> list[str]:
    """Return what is wrong with pairs: file, left image, right image."""
    checks = PairChecks(palette, direction)
    for pair in pairs:
        checks.add(*pair)
    return checks.problems()
