"""Convolutions and Adam for weights and images in the channels-last layout; faster than PyTorch's, with equal results.

Half of UNet-256's weights act on 16x16 pixels or fewer. There, PyTorch's convolutions spend most of their time
reordering weights. A matrix product reads them once, in the order in which they are stored: channels-last turns weights
[channels, 4, 4, channels] and images [N, H, W, C] into matrices without a copy. docs/speed.md has the measurements.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PRODUCT_PIXELS = 256
"""Maximum number of pixels, in the smaller of input and output and over the batch, for which a product is faster."""
PRODUCT_CHANNELS = 4
"""Maximum number of output channels for which a transposed convolution is faster as a product at any size."""


class Conv2d(nn.Conv2d):
    """`nn.Conv2d`, as a product of patches and filters where it halves a small image."""

    def forward(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        if self.stride != (2, 2) or height % 2 or width % 2 or n * height * width > 4 * PRODUCT_PIXELS:
            return super().forward(x)
        patches = _Gather.apply(x).flatten(3)  # [N, H/2, W/2, 16*in]
        y = F.linear(patches, self.weight.permute(0, 2, 3, 1).flatten(1), self.bias)  # [N, H/2, W/2, out]
        return y.permute(0, 3, 1, 2)


class ConvTranspose2d(nn.ConvTranspose2d):
    """`nn.ConvTranspose2d` of stride 2, as a product scattered over patches where the image is small or has few
    channels."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        n, _, height, width = x.shape
        if n * height * width > PRODUCT_PIXELS and self.out_channels > PRODUCT_CHANNELS:
            return super().forward(x)
        patches = x.permute(0, 2, 3, 1) @ self.weight.permute(0, 2, 3, 1).flatten(1)  # [N, H, W, 16*out]
        y = _Scatter.apply(patches.view(n, height, width, 4, 4, self.out_channels))
        return y if self.bias is None else y + self.bias[:, None, None]


class _Gather(torch.autograd.Function):
    """Collects the patches that a 4x4 filter of stride 2 and padding 1 sees: [N, C, H, W] → [N, H/2, W/2, 4, 4, C]."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return _gather(x)

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return _scatter(gradient)


class _Scatter(torch.autograd.Function):
    """Adds up overlapping patches, as the transpose of `_Gather`: [N, H/2, W/2, 4, 4, C] → [N, C, H, W]."""

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
    # The output consists of blocks of 2x2 pixels; a patch covers 2x2 blocks, one with each of its quarters.
    quarters = patches.unflatten(4, (2, 2)).unflatten(3, (2, 2))
    y = patches.new_zeros(n, height + 1, 2, width + 1, 2, channels)
    for row in (0, 1):
        for column in (0, 1):
            y[:, row : row + height, :, column : column + width] += quarters[:, :, :, row, :, column].transpose(2, 3)
    return y.view(n, 2 * height + 2, 2 * width + 2, channels)[:, 1:-1, 1:-1].contiguous().permute(0, 3, 1, 2)


class ChannelsLastAdam(torch.optim.Adam):
    """Adam (Kingma and Ba 2015), as `torch.optim.Adam(fused=True)` and with the same state, for channels-last weights.

    PyTorch's fused CPU kernel treats tensors as flat memory: it copies gradients that are not contiguous, and mixes up
    elements if weight, gradient and moments differ in layout. So it gets contiguous views of them here.

    Raises:
        ValueError: At the first step, if the weights have another layout.
    """

    def __init__(self, weights: Any, learning_rate: float, betas: tuple[float, float]) -> None:
        weights = list(weights)
        on_gpu = weights[0].is_cuda  # a CUDA graph needs the learning rate and the step counts on the GPU
        rate = torch.tensor(learning_rate, device=weights[0].device) if on_gpu else learning_rate
        super().__init__(weights, rate, betas, fused=True, capturable=on_gpu)

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of the next steps; on a GPU in place, where CUDA graphs read it."""
        for group in self.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def _init_group(self, group: dict[str, Any], *lists: list[Tensor]) -> Any:
        """Collect weights, gradients and moments for one call of the kernel."""
        result = super()._init_group(group, *lists)
        weights, gradients, *moments = lists[:4]
        for tensors in (weights, gradients, *moments):
            tensors[:] = [tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor for tensor in tensors]
        gradients[:] = [gradient.contiguous() for gradient in gradients]
        if not all(tensor.is_contiguous() for tensors in (weights, *moments) for tensor in tensors):
            raise ValueError("ChannelsLastAdam needs weights in the channels-last layout")
        return result

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore moments of any layout; older checkpoints have them contiguous, or come from another device."""
        of_this_device = [{name: group[name] for name in ("lr", "capturable")} for group in self.param_groups]
        super().load_state_dict(state_dict)
        for group, kept in zip(self.param_groups, of_this_device, strict=True):
            group.update(kept)
        for weight, state in self.state.items():
            for name in ("exp_avg", "exp_avg_sq"):
                state[name] = torch.empty_like(weight).copy_(state[name])
