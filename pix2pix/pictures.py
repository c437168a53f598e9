"""Pictures between files and networks: the one place where uint8 becomes [-1, 1] and back, and the look of archived label images.

Without torchvision, whose import would cost the web app two seconds of its start.
"""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def read_rgb(path: Path) -> np.ndarray:
    """Reads a picture file as uint8 RGB [H, W, 3].

    Raises:
        ValueError: If it is no picture, or a damaged one.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is not a readable picture: {error}") from error


def to_float(image: Tensor) -> Tensor:
    """8-bit values 0..255 on the CPU → float32 in [-1, 1]; any shape."""
    floats = image.numpy().astype(np.float32)  # NumPy and in place: the least work, and none for other threads
    floats /= 127.5
    floats -= 1
    return torch.from_numpy(floats)


def to_uint8(picture: Tensor) -> Tensor:
    """Values in [-1, 1] → nearest 8-bit values 0..255, clipped; any shape."""
    return ((picture.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def smooth(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of uint8 RGB [H, W, 3]; sigma in pixels, below 1 (five taps).

    In whole numbers: a level off at most in painted maps, two in noise.
    """
    weights = np.exp(-0.5 * (np.arange(3) / sigma) ** 2)
    near, far = np.round(256 * weights[1:] / (weights[0] + 2 * weights[1:].sum())).astype(np.uint16)
    centre = np.uint16(256 - 2 * (near + far))
    blurred = np.pad(image, ((2, 2), (2, 2), (0, 0)), "edge").astype(np.uint16)
    for axis in (0, 1):
        lines = np.moveaxis(blurred, axis, 0)
        a, b, c, d, e = (lines[shift : len(lines) - 4 + shift] for shift in range(5))
        total = centre * c + near * (b + d) + far * (a + e)  # at most 256 * 255
        blurred = np.moveaxis((total + np.uint16(128)) >> np.uint16(8), 0, axis)
    return blurred.astype(np.uint8)


def through_jpeg(image: np.ndarray) -> np.ndarray:
    """Encodes and decodes uint8 RGB [H, W, 3] as the datasets' archives do: quality 95, colour at half resolution.

    All files that were looked at, 500 of facades and 300 of Cityscapes, have the quantisation tables of this quality and 4:2:0.
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=95, subsampling="4:2:0")
    return np.asarray(Image.open(buffer))
