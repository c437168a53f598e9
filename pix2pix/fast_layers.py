"""The 4x4 convolutions of pix2pix as matrix products where that is faster; equal values and gradients.

Half of UNet-256's weights sit where the picture is 16x16 or smaller. There, `conv2d` and `conv_transpose2d` spend most of
their time re-ordering those weights; a plain product reads them once, in the order in which they are stored and updated.
That order is channels-last, [channels, 4, 4, channels], and so is that of the pictures, [N, H, W, C]: PyTorch's own convolutions
are faster with it too, and here it makes weights and pictures matrices without a copy. docs/speed.md has the measurements.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PRODUCT_PIXELS = 256
"""Up to this many pixels of the smaller picture, counted over the batch, a product is faster."""
PRODUCT_CHANNELS = 4
"""Up to this many output channels a transposed convolution is faster as a product, whatever its size."""


class Conv2d(nn.Conv2d):
    """`nn.Conv2d`; where it halves the size of a small picture, it gathers patches and multiplies."""

    def forward(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        if self.stride != (2, 2) or height % 2 or width % 2 or n * height * width > 4 * PRODUCT_PIXELS:
            return super().forward(x)
        patches = _Gather.apply(x).flatten(3)  # [N, H/2, W/2, 16*in]
        y = F.linear(patches, self.weight.permute(0, 2, 3, 1).flatten(1), self.bias)  # [N, H/2, W/2, out]
        return y.permute(0, 3, 1, 2)


class ConvTranspose2d(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` of stride 2; where the picture is small or the output thin, it multiplies and scatters patches."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        n, _, height, width = x.shape
        if n * height * width > PRODUCT_PIXELS and self.out_channels > PRODUCT_CHANNELS:
            return super().forward(x)
        patches = x.permute(0, 2, 3, 1) @ self.weight.permute(0, 2, 3, 1).flatten(1)  # [N, H, W, 16*out]
        y = _Scatter.apply(patches.view(n, height, width, 4, 4, self.out_channels))
        return y if self.bias is None else y + self.bias[:, None, None]


class _Gather(torch.autograd.Function):
    """Patches that a 4x4 filter of stride 2 and padding 1 sees: [N, C, H, W] → [N, H/2, W/2, 4, 4, C]."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return _gather(x)

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return _scatter(gradient)


class _Scatter(torch.autograd.Function):
    """Adds up overlapping patches, the transpose of `_Gather`: [N, H/2, W/2, 4, 4, C] → [N, C, H, W]."""

    @staticmethod
    def forward(ctx: object, patches: Tensor) -> Tensor:
        return _scatter(patches)

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return _gather(gradient)


def _gather(x: Tensor) -> Tensor:
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))  # [N, H+2, W+2, C]
    return padded.unfold(1, 4, 2).unfold(2, 4, 2).permute(0, 1, 2, 4, 5, 3).contiguous()


def _scatter(patches: Tensor) -> Tensor:
    n, height, width, _, _, channels = patches.shape
    quarters = patches.unflatten(4, (2, 2)).unflatten(
        3, (2, 2)
    )  # rows 0, 1 | 2, 3 and columns 0, 1 | 2, 3 of each patch
    y = patches.new_zeros(n, height + 1, 2, width + 1, 2, channels)  # blocks of 2x2 pixels; a patch covers 2x2 blocks
    for row in (0, 1):
        for column in (0, 1):
            y[:, row : row + height, :, column : column + width] += quarters[:, :, :, row, :, column].transpose(2, 3)
    return y.view(n, 2 * height + 2, 2 * width + 2, channels)[:, 1:-1, 1:-1].contiguous().permute(0, 3, 1, 2)
