"""The 4x4 convolutions of pix2pix as matrix products where the picture is small; equal values and gradients.

Half of UNet-256's weights sit where the picture is 16x16 or smaller. There, `conv2d` and `conv_transpose2d` spend most of
their time re-ordering those weights; a plain product reads them once, in the order in which they are stored and updated.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class Conv2d(nn.Conv2d):
    """`nn.Conv2d` that unfolds patches and multiplies where its output has at most `product_pixels` pixels."""

    product_pixels = 64

    def forward(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        out_height, out_width = height // 2, width // 2
        if self.kernel_size != (4, 4) or self.stride != (2, 2) or n * out_height * out_width > self.product_pixels:
            return super().forward(x)
        patches = F.unfold(x, 4, padding=1, stride=2)  # [N, in*16, pixels]
        y = self.weight.flatten(1) @ patches  # [N, out, pixels]
        if self.bias is not None:
            y = y + self.bias[:, None]
        return y.unflatten(2, (out_height, out_width))


class ConvTranspose2d(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` that multiplies and folds where its input has at most `product_pixels` pixels."""

    product_pixels = 64

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        n, _, height, width = x.shape
        if self.kernel_size != (4, 4) or self.stride != (2, 2) or n * height * width > self.product_pixels:
            return super().forward(x)
        patches = self.weight.flatten(1).mT @ x.flatten(2)  # [N, out*16, pixels]
        y = F.fold(patches, (2 * height, 2 * width), 4, padding=1, stride=2)
        if self.bias is not None:
            y = y + self.bias[:, None, None]
        return y
