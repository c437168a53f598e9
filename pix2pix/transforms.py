"""Paired jitter, and the one place where 8-bit pictures become [-1, 1] and back (appendix 6.2).

Both halves of a pair travel in one tensor, so that they are always resized, cropped and flipped together.
"""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import crop, gaussian_blur, horizontal_flip, resize

LOAD_SIZE = 286
CROP_SIZE = 256


def jitter(pair: Tensor, rng: np.random.Generator) -> Tensor:
    """Random jitter: resize to 286x286 (bicubic), crop a random 256x256 window, flip left to right half of the time.

    Args:
        pair: uint8 [2, 3, 256, 256]; one window and one flip for both halves.
        rng: Drawn from three times.

    Returns:
        uint8 [2, 3, 256, 256].
    """
    top, left = rng.integers(0, LOAD_SIZE - CROP_SIZE + 1, 2).tolist()
    pair = resize(pair, [LOAD_SIZE, LOAD_SIZE], InterpolationMode.BICUBIC, antialias=True)
    pair = crop(pair, top, left, CROP_SIZE, CROP_SIZE)
    return horizontal_flip(pair) if rng.random() < 0.5 else pair


def to_float(image: Tensor) -> Tensor:
    """8-bit values 0..255 → float32 in [-1, 1]; any shape."""
    return image.float() / 127.5 - 1


def to_uint8(picture: Tensor) -> Tensor:
    """Values in [-1, 1] → nearest 8-bit values 0..255, clipped; any shape."""
    return ((picture.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def smooth(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of uint8 RGB [H, W, 3]; sigma in pixels, below 1."""
    return gaussian_blur(torch.tensor(image).permute(2, 0, 1), [5, 5], [sigma, sigma]).permute(1, 2, 0).numpy()


def through_jpeg(image: np.ndarray) -> np.ndarray:
    """Encodes and decodes uint8 RGB [H, W, 3] as the datasets' archives do: quality 95, colour at half resolution.

    All files that were looked at, 500 of facades and 300 of Cityscapes, have the quantisation tables of this quality and 4:2:0.
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=95, subsampling="4:2:0")
    return np.asarray(Image.open(buffer))
