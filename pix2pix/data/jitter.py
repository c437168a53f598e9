"""Random jitter of training pairs (appendix 6.2 of the paper).

Both images of a pair are in one tensor, so that they are always resized, cropped and flipped together.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

ENLARGEMENT = 286 / 256


@dataclass(frozen=True)
class Jitter:
    """Enlarge a pair, crop a random window of its former size, and flip it left to right half of the time.

    Attributes:
        size: Width and height of an image, W and H. The published jitter is that of 256x256.
        crops: False leaves the pair as it is, but for flips.
        flips: False never flips.
    """

    size: tuple[int, int] = (256, 256)
    crops: bool = True
    flips: bool = True

    @property
    def large_size(self) -> tuple[int, int]:
        """Width and height of an enlarged image: 286x286 for 256x256."""
        width, height = self.size
        return (round(width * ENLARGEMENT), round(height * ENLARGEMENT)) if self.crops else self.size

    @property
    def large_bytes(self) -> int:
        """Memory of an enlarged pair."""
        width, height = self.large_size
        return 2 * 3 * width * height

    def enlarge(self, pair: Tensor) -> Tensor:
        """Resize uint8 [2, 3, H, W] to `large_size`, bicubic; torch.channels_last is fastest and is kept."""
        if not self.crops:
            return pair
        width, height = self.large_size
        return interpolate(pair, (height, width), mode="bicubic", antialias=True)

    def draw_window(self, rng: np.random.Generator) -> tuple[int, int, bool]:
        """Draw top and left of a window, for 256x256 each 0 to 30, and whether to flip it; uses `rng` three times."""
        left, top = (large - small for large, small in zip(self.large_size, self.size, strict=True))
        top, left = int(rng.integers(0, top + 1)), int(rng.integers(0, left + 1))
        return top, left, bool(rng.random() < 0.5) and self.flips

    def __call__(self, large: Tensor, rng: np.random.Generator) -> Tensor:
        """Cut a random window out of an enlarged pair, and flip it or not.

        Args:
            large: uint8 [2, 3, height, width] from `enlarge`; both images get the same window and flip.
            rng: Source of the window and the flip.

        Returns:
            uint8 [2, 3, H, W], contiguous.
        """
        top, left, flip = self.draw_window(rng)
        width, height = self.size
        # NumPy copies in this thread; torch would wake all threads and wait, even if another program has the cores.
        window = large.numpy()[..., top : top + height, left : left + width]
        return torch.from_numpy(np.ascontiguousarray(window[..., ::-1] if flip else window))


PUBLISHED_JITTER = Jitter()
