"""Random jitter of training pairs (appendix 6.2 of the paper).

Both halves of a pair are in one tensor, so that they are always resized, cropped and flipped together.
"""

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import resize

LOAD_SIZE = 286
CROP_SIZE = 256


def enlarge(pair: Tensor) -> Tensor:
    """Resize uint8 [2, 3, 256, 256] to [2, 3, 286, 286], bicubic; torch.channels_last is fastest and is kept."""
    return resize(pair, [LOAD_SIZE, LOAD_SIZE], InterpolationMode.BICUBIC, antialias=True)


def draw_window(rng: np.random.Generator) -> tuple[int, int, bool]:
    """Draw top and left of a window, each 0 to 30, and whether to flip it; a function of the generator's state."""
    top, left = rng.integers(0, LOAD_SIZE - CROP_SIZE + 1, 2).tolist()
    return top, left, bool(rng.random() < 0.5)


def jitter(large: Tensor, rng: np.random.Generator) -> Tensor:
    """Crop a random 256x256 window out of an enlarged pair, and flip it left to right half of the time.

    Args:
        large: uint8 [2, 3, 286, 286] from `enlarge`; both halves get the same window and flip.
        rng: Source of the window and the flip; used three times.

    Returns:
        uint8 [2, 3, 256, 256], contiguous.
    """
    top, left, flip = draw_window(rng)
    # NumPy copies in this thread; torch would wake all threads and wait, even if another program has the cores.
    window = large.numpy()[..., top : top + CROP_SIZE, left : left + CROP_SIZE]
    return torch.from_numpy(np.ascontiguousarray(window[..., ::-1] if flip else window))
