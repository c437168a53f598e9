"""The generator's convolutions in 8-bit integers: 0.3 to 0.6 of the time of fp32, on CPUs with VNNI instructions.

Filters w are rounded to int8, with one scale per output channel. The input x of a layer is rounded to uint8 between its
own smallest and largest value (dynamic quantization, which needs no calibration): x = scale · (q - zero), where the
integer `zero` stands for 0. The kernel sums the products w · q in int32 and returns scale · (sum(w · q) - zero ·
sum(w)) in float32; norms and dropout stay in float32. Images differ by about one level of 255 from those in fp32;
docs/speed.md has the measurements.

The kernel is oneDNN's, called through undocumented operators of PyTorch's compiler; requirements.txt pins PyTorch's
version.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix.networks import Down, UNet, Up

LARGEST_INT8 = 127
STEPS = 254
"""Steps from the smallest to the largest value of an input; one less than fits, because zero is rounded to a step."""
TINY = torch.finfo(torch.float32).tiny
"""Added to scales, so that inputs and filters of zeros are not divided by zero."""


def quantize(generator: UNet) -> UNet:
    """Replace the blocks of a generator in place, except for the first and the last.

    The first takes hardly any time. The last has some inputs forty times as large as most, and rounding them would
    change the image more than all other rounding. The result paints one image at a time: in a batch, which has one
    range, images would depend on each other.
    """
    for name, block in list(generator.named_children())[1:-1]:
        if isinstance(block, Down):
            setattr(generator, name, Int8Down(block))
        elif isinstance(block, Up):
            setattr(generator, name, Int8Up(block))
    return generator


class Int8Down(nn.Module):
    """`Down` in int8: [1, in, H, W] → [1, out, H/2, W/2]."""

    def __init__(self, block: Down) -> None:
        super().__init__()
        filters, scales = _to_int8(block.conv.weight, out_dimension=0)
        self.conv = _Int8Convolution(filters, scales, block.conv.bias, stride=2)
        self.norm = block.norm

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(x, 0.2)
        return self.norm(self.conv([x], smallest=min(0.0, _pixels(x).min().item())))


class Int8Up(nn.Module):
    """`Up` in int8: inputs [1, .., H, W] → [1, out, 2H, 2W].

    A pixel becomes four, each by a 2x2 convolution; all four are one convolution with four times the output channels.
    """

    def __init__(self, block: Up) -> None:
        super().__init__()
        filters, scales = _to_int8(block.conv.weight, out_dimension=1)
        # Row 2i of the output sees rows i - 1 and i of the input through rows 3 and 1 of the filter.
        # Row 2i + 1 sees rows i and i + 1 through rows 2 and 0. The same goes for columns.
        quarters = filters[:, :, [3, 1, 2, 0]][:, :, :, [3, 1, 2, 0]].unflatten(3, (2, 2)).unflatten(2, (2, 2))
        quarters = quarters.permute(2, 4, 1, 0, 3, 5).flatten(0, 2)  # [row * column * out, in, 2, 2]
        bias = None if block.conv.bias is None else block.conv.bias.repeat(4)
        self.conv = _Int8Convolution(quarters, scales.repeat(4), bias, stride=1)
        self.norm = block.norm

    def forward(self, *inputs: Tensor) -> Tensor:
        quarters = self.conv(inputs, smallest=0.0)  # cutting off values below zero is the ReLU
        _, channels, height, width = quarters.shape  # one pixel more than the inputs
        height, width, channels = height - 1, width - 1, channels // 4
        # Pixel (2i + row, 2j + column) is quarter (row, column) at (i + row, j + column); in memory, channels are last.
        right, down = 4 * channels, 4 * channels * (width + 1)
        strides = (0, down, down + 2 * channels, right, right + channels, 1)
        y = quarters.as_strided((1, height, 2, width, 2, channels), strides).reshape(1, 2 * height, 2 * width, channels)
        return self.norm(y.permute(0, 3, 1, 2))


class _Int8Convolution:
    """A convolution with filters `scales` [out] times int8 [out, in, h, w], over inputs padded with one pixel of zeros.

    Without a bias, a norm follows and removes any constant of a channel, so the term of `zero` need not be subtracted.
    """

    def __init__(self, filters: Tensor, scales: Tensor, bias: Tensor | None, stride: int) -> None:
        self.scales, self.bias, self.stride = scales, bias, [stride, stride]
        self.sums = filters.sum((1, 2, 3)) * scales
        self.zero_points = torch.zeros_like(scales, dtype=torch.int32)
        self.packed = torch.ops.onednn.qconv_prepack(filters, scales, 1.0, 0, self.stride, [0, 0], [1, 1], 1, None)

    def __call__(self, inputs: Sequence[Tensor], smallest: float) -> Tensor:
        """Convolve all inputs [1, .., H, W] → float32 [1, out, ..]; values below `smallest` <= 0 are cut off.

        Raises:
            ValueError: If a value is not finite.
        """
        largest = np.max([_pixels(x).max() for x in inputs], initial=0).item()
        scale = (largest - smallest) / STEPS + TINY
        if not math.isfinite(scale):
            raise ValueError("this model computes values that are not finite numbers; choose other weights")
        zero = round(-smallest / scale)
        bias = None if self.bias is None else self.bias - zero * scale * self.sums
        # The kernel is passed 0 for `zero`: with another value, it takes twice as long.
        pixels, filters = (_to_uint8(inputs, scale, zero), scale, 0), (self.packed, self.scales, self.zero_points, bias)
        padding, dilation, groups, out_scale, out_zero = [0, 0], [1, 1], 1, 1.0, 0
        geometry, result = (self.stride, padding, dilation, groups), (out_scale, out_zero, torch.float32)
        no_activation: tuple[str, list[float], str] = ("none", [], "")
        return torch.ops.onednn.qconv_pointwise.default(*pixels, *filters, *geometry, *result, *no_activation)


def _pixels(x: Tensor) -> np.ndarray:
    """View [1, C, H, W] as [1, H, W, C], in the order of memory; NumPy's calls are cheaper than PyTorch's."""
    return x.numpy().transpose(0, 2, 3, 1)


def _to_uint8(inputs: Sequence[Tensor], scale: float, zero: int) -> Tensor:
    """Round x / scale + zero, at least 0, for all inputs, and pad by one pixel: [1, channels, H+2, W+2]."""
    height, width = inputs[0].shape[2:]
    padded = torch.full((1, height + 2, width + 2, sum(x.shape[1] for x in inputs)), zero, dtype=torch.uint8)
    inside, first = padded.numpy()[:, 1:-1, 1:-1], 0
    for x in inputs:
        steps = torch.add(torch.tensor(zero + 0.5), x, alpha=1 / scale)
        np.maximum(_pixels(steps), 0, out=inside[..., first : first + x.shape[1]], casting="unsafe")  # rounds down
        first += x.shape[1]
    return padded.permute(0, 3, 1, 2)


def _to_int8(weight: Tensor, out_dimension: int) -> tuple[Tensor, Tensor]:
    """Round weights to int8; return them and the scale of each output channel."""
    others = [dimension for dimension in range(4) if dimension != out_dimension]
    largest = torch.maximum(weight.amax(others, keepdim=True), -weight.amin(others, keepdim=True))
    scales = largest / LARGEST_INT8 + TINY
    return (weight / scales).round_().to(torch.int8), scales.flatten()
