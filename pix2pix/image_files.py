"""Image files from anywhere: one reader and one lister for the page, the painter, training and scoring; one writer.

The reader returns what an image viewer shows, as uint8 RGB, or raises one sentence. It trusts nothing: it refuses
damaged files, decompression bombs, and progressive JPEGs that would take minutes.
"""

import base64
import io
import os
import re
import unicodedata
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
OTHER_SUFFIXES = (".avif", ".bmp", ".gif", ".heic", ".pgm", ".ppm", ".tif", ".tiff")
"""Images that `list_images` refuses to leave out in silence."""
MAX_BYTES = 500_000_000
MAX_SCANS = 64
"""Scans of a JPEG file, each of which visits all pixels; progressive files have about ten."""


@dataclass(frozen=True)
class ImageLimits:
    """What images may be; the page of a public server sets narrower ones.

    Attributes:
        max_pixels: Larger images are refused before they are decoded.
        max_side: Images with a longer side are shrunk in proportion, without blending, so that no colour is made up.
        formats: Pillow's names of the file formats, whatever the suffix of a file.
    """

    max_pixels: int = 80_000_000
    max_side: int | None = None
    formats: tuple[str, ...] = ("PNG", "JPEG", "WEBP", "TIFF")


ANY = ImageLimits()

warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # `_decode` refuses earlier, with a sentence


class ImageFileError(ValueError):
    """An image file that cannot be used.

    Attributes:
        problem: The sentence without its subject and full stop, "is empty", for a page that does not show paths.
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{printable(path)} {problem}.")
        self.path, self.problem = path, problem

    def __reduce__(self) -> tuple[type, tuple[Path, str]]:  # a worker process sends it to the training process
        return type(self), (self.path, self.problem)


def printable(path: Path | str) -> str:
    """Return a path as one line of text that any terminal, log or JSON file takes, whatever its encoding."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def stem_key(path: Path) -> str:
    """Return the stem by which files belong together: macOS decomposes accents in names, other systems do not."""
    return unicodedata.normalize("NFC", path.stem)


def list_images(folder: Path) -> list[Path]:
    """List the images of a folder in numeric order, 2.jpg before 10.jpg.

    Names decide: `SUFFIXES` in upper or lower case. Hidden files, such as macOS's `._1.jpg`, and folders are skipped.

    Raises:
        ValueError: If the folder cannot be read, holds an image of `OTHER_SUFFIXES`, or two files of the same stem.
    """
    try:
        visible = [path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file()]
    except OSError as error:
        raise ValueError(f"{printable(folder)} cannot be listed: {error.strerror}.") from error
    if unread := sorted(path for path in visible if path.suffix.lower() in OTHER_SUFFIXES):
        raise ValueError(
            f"{printable(folder)} holds {printable(unread[0].name)}, an image that is not read; "
            "save such images as PNG, JPEG or WebP, or move them elsewhere."
        )
    files = [path for path in visible if path.suffix.lower() in SUFFIXES]
    files.sort(key=_numeric_order)
    by_stem: dict[str, Path] = {}
    for path in files:
        if (other := by_stem.setdefault(stem_key(path), path)) is not path:
            raise ValueError(
                f"{printable(folder)} holds both {printable(other.name)} and {printable(path.name)}; keep one of them, "
                "since the suffix does not distinguish images."
            )
    return files


def _numeric_order(path: Path) -> tuple[list[str | int], str]:
    parts = re.split(r"(\d+)", path.stem)  # text and digits in turn
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], path.name


def read_image(path: Path, background: str | None = None, limits: ImageLimits = ANY) -> np.ndarray:
    """Read an image as a viewer shows it: upright, 8-bit, RGB; of an animation, the first frame.

    16-bit values are divided by 256. Embedded colour profiles are not applied.

    Args:
        path: The file.
        background: "#rrggbb" behind transparent pixels; None refuses an image that has any.
        limits: What the image may be.

    Returns:
        uint8 RGB [H, W, 3].

    Raises:
        ImageFileError: A sentence that names the file: missing, no image, damaged, too large, or transparent.
    """
    image = _decode(path, limits)
    if image.mode in ("F", "I"):
        raise ImageFileError(path, "holds 32-bit values, whose white is unknown; save it with 8 or 16 bits per channel")
    try:
        transparent = image.has_transparency_data
        if image.mode.startswith("I;16"):
            image = _to_8_bit(image)
        if not transparent:
            return np.asarray(image.convert("RGB"))
        rgba = image.convert("RGBA")
        if background is None:
            if np.asarray(rgba)[..., 3].min(initial=255) < 255:
                raise ImageFileError(path, "has transparent pixels, which a photo must not have; save it without alpha")
            return np.asarray(rgba.convert("RGB"))
        return np.asarray(Image.alpha_composite(Image.new("RGBA", rgba.size, background), rgba).convert("RGB"))
    except ImageFileError:
        raise
    except Exception as error:  # such as a colour space that Pillow does not convert
        raise ImageFileError(path, f"has colours that cannot be read ({_reason(error)}); save it as RGB") from error


def read_numbers(path: Path, limits: ImageLimits = ANY) -> np.ndarray | None:
    """Read the stored numbers of a one-channel image: neither scaled nor looked up in its colour table.

    Returns:
        int64 [H, W], upright; None if the image has several channels or fractions.

    Raises:
        ImageFileError: As `read_image`.
    """
    image = _decode(path, limits)
    if image.mode not in ("L", "P", "I") and not image.mode.startswith("I;16"):
        return None
    return np.asarray(image).astype(np.int64)


def encode_image(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the content of an image file of a kind, such as "PNG"."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def data_url(content: bytes, kind: str = "PNG") -> str:
    """Return the content of an image file as a data URL."""
    return f"data:image/{kind.lower()};base64,{base64.b64encode(content).decode()}"


def image_size(path: Path) -> tuple[int, int]:
    """Return width and height in pixels, upright, from the file's header; raise ImageFileError if it has none."""
    try:
        with Image.open(path, formats=ANY.formats) as image:
            width, height = image.size
            turned = False
            with suppress(Exception):
                turned = image.getexif().get(0x0112) in (5, 6, 7, 8)
            return (height, width) if turned else (width, height)
    except Exception as error:
        raise ImageFileError(path, f"is not a readable image ({_reason(error)})") from error


def _decode(path: Path, limits: ImageLimits) -> Image.Image:
    """Return the first frame, upright, in the file's own mode; hostile files make Pillow raise nearly anything."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImageFileError(path, f"is larger than {MAX_BYTES // 10**6} MB, which is too much for an image")
        content = path.read_bytes()
    except OSError as error:
        raise ImageFileError(path, f"cannot be read: {error.strerror}") from error
    if not content:
        raise ImageFileError(path, "is empty; copy or download it again")
    if content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > MAX_SCANS:  # pixels never look like this marker
        raise ImageFileError(path, "would take too long to read; save it again as a JPEG that is not progressive")
    limit = f"an image may have {limits.max_pixels // 10**6} million pixels"
    try:
        with Image.open(io.BytesIO(content), formats=limits.formats) as image:
            if image.width * image.height > limits.max_pixels:
                raise ImageFileError(path, f"is too large with {image.width}x{image.height} pixels; {limit}")
            image.load()
            frame: Image.Image = image
            if (side := limits.max_side) is not None:  # before anything else needs memory for all of the pixels
                frame = _shrink(image, side)
            with suppress(Exception):  # viewers show an image whose EXIF is damaged as it is stored
                frame = ImageOps.exif_transpose(frame)
            return frame
    except ImageFileError:
        raise
    except Image.UnidentifiedImageError as error:
        raise ImageFileError(path, f"is not an image of a known format ({', '.join(limits.formats)})") from error
    except Image.DecompressionBombError as error:
        raise ImageFileError(path, f"is too large; {limit}") from error
    except Exception as error:
        raise ImageFileError(path, f"is damaged or incomplete ({_reason(error)}); save or copy it again") from error


def _shrink(image: Image.Image, max_side: int) -> Image.Image:
    scale = min(1, max_side / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.NEAREST)


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Scale 16-bit grey by its high byte, as Pillow reads 16-bit colours; keep a transparent grey."""
    values = np.asarray(image)
    grey = Image.fromarray((values >> 8).astype(np.uint8))
    if (clear := image.info.get("transparency")) is None:
        return grey
    return Image.merge("LA", [grey, Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))])


def _reason(error: Exception) -> str:
    """Return Pillow's own words in one line, without the address of a buffer."""
    words = " ".join(str(error).split()) or type(error).__name__
    return re.sub(r"<_io\.\w+ object at 0x[0-9a-f]+>", "the file", words)[:200].rstrip(".")
