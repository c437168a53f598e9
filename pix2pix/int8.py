"""The generator's convolutions in 8-bit integers: painting on CPUs with VNNI instructions in 0.3 to 0.6 of the time of fp32.

Filters w are rounded to int8, with one scale per output channel. The input x of a layer is rounded to uint8 between its own smallest and
largest value (dynamic quantization, so nothing has to be calibrated): x = scale · (q - zero), where the integer `zero` stands for 0.
The kernel sums the products w · q in int32, and scale · (sum(w · q) - zero · sum(w)) comes out in float32, in which norms and dropout stay.
A picture differs by about one level of 255 from that in fp32; docs/speed.md has the measurements.

The kernel is oneDNN's, through operators that PyTorch has for its compiler and does not document; requirements.txt pins its version.
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
"""Between the smallest and the largest value of a picture; one less than there is room for, as zero is rounded to a step."""
TINY = torch.finfo(
    torch.float32
).tiny  # added to scales, by which is divided, for pictures and filters of nothing but zeros


def quantize(generator: UNet) -> UNet:
    """Replaces the blocks of a generator, in place, but for the first and the last.

    The first sees the three colours of the label image, and takes no time. The last sees single values forty times as large as most; its
    rounding would change the picture more than that of all others.

    What is left paints one picture at a time: with the range of a batch, its pictures would depend on each other.
    """
    for name, block in list(generator.named_children())[1:-1]:
        if isinstance(block, Down):
            setattr(generator, name, Int8Down(block))
        elif isinstance(block, Up):
            setattr(generator, name, Int8Up(block))
    return generator


class Int8Down(nn.Module):
    """`Down`: [1, in, H, W] → [1, out, H/2, W/2]."""

    def __init__(self, block: Down) -> None:
        super().__init__()
        filters, scales = _to_int8(block.conv.weight, out_dimension=0)
        self.conv = _Int8Convolution(filters, scales, block.conv.bias, stride=2)
        self.norm = block.norm

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(x, 0.2)
        return self.norm(self.conv([x], smallest=min(0.0, _pixels(x).min().item())))


class Int8Up(nn.Module):
    """`Up`: inputs [1, .., H, W] → [1, out, 2H, 2W].

    Of the four pixels that a pixel becomes, each is a 2x2 convolution; all four are one convolution with four times the output channels.
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
        quarters = self.conv(inputs, smallest=0.0)  # what is below zero becomes zero, which is the ReLU
        _, channels, height, width = quarters.shape  # of one pixel more than the inputs
        height, width, channels = height - 1, width - 1, channels // 4
        # Pixel (2i + row, 2j + column) is quarter (row, column) at (i + row, j + column); in memory, channels come last.
        right, down = 4 * channels, 4 * channels * (width + 1)
        strides = (0, down, down + 2 * channels, right, right + channels, 1)
        y = quarters.as_strided((1, height, 2, width, 2, channels), strides).reshape(1, 2 * height, 2 * width, channels)
        return self.norm(y.permute(0, 3, 1, 2))


class _Int8Convolution:
    """Filters int8 [out, in, h, w] that stand for `scales` [out] times as much, over pictures with a border of zeros one pixel wide.

    Where there is no bias, a norm follows, which takes away any constant of a channel; so the term of `zero` is left in.
    """

    def __init__(self, filters: Tensor, scales: Tensor, bias: Tensor | None, stride: int) -> None:
        self.scales, self.bias, self.stride = scales, bias, [stride, stride]
        self.sums = filters.sum((1, 2, 3)) * scales
        self.zero_points = torch.zeros_like(scales, dtype=torch.int32)
        self.packed = torch.ops.onednn.qconv_prepack(filters, scales, 1.0, 0, self.stride, [0, 0], [1, 1], 1, None)

    def __call__(self, inputs: Sequence[Tensor], smallest: float) -> Tensor:
        """Channels of several pictures [1, .., H, W] → [1, out, ..], float32. What is below `smallest`, itself at most 0, is cut off.

        Raises:
            ValueError: If a value is not finite.
        """
        largest = np.max([_pixels(x).max() for x in inputs], initial=0).item()
        scale = (largest - smallest) / STEPS + TINY
        if not math.isfinite(scale):
            raise ValueError("the weights of this model make values that are not finite numbers; choose other weights")
        zero = round(-smallest / scale)
        bias = None if self.bias is None else self.bias - zero * scale * self.sums
        # The kernel could be told of `zero`, but takes twice as long then.
        picture, filters = (
            (_to_uint8(inputs, scale, zero), scale, 0),
            (self.packed, self.scales, self.zero_points, bias),
        )
        padding, dilation, groups, out_scale, out_zero = [0, 0], [1, 1], 1, 1.0, 0
        geometry, result = (self.stride, padding, dilation, groups), (out_scale, out_zero, torch.float32)
        return torch.ops.onednn.qconv_pointwise.default(
            *picture, *filters, *geometry, *result, "none", [], ""
        )  # no activation after it


def _pixels(x: Tensor) -> np.ndarray:
    """[1, C, H, W] → [1, H, W, C], in the order of memory. NumPy's calls are cheaper than PyTorch's, above all beside other threads."""
    return x.numpy().transpose(0, 2, 3, 1)


def _to_uint8(inputs: Sequence[Tensor], scale: float, zero: int) -> Tensor:
    """x / scale + zero, rounded, at least 0, of all inputs' channels, with a border one pixel wide: [1, channels, H+2, W+2]."""
    height, width = inputs[0].shape[2:]
    padded = torch.full((1, height + 2, width + 2, sum(x.shape[1] for x in inputs)), zero, dtype=torch.uint8)
    inside, first = padded.numpy()[:, 1:-1, 1:-1], 0
    for x in inputs:
        steps = torch.add(torch.tensor(zero + 0.5), x, alpha=1 / scale)
        np.maximum(_pixels(steps), 0, out=inside[..., first : first + x.shape[1]], casting="unsafe")  # rounds down
        first += x.shape[1]
    return padded.permute(0, 3, 1, 2)


def _to_int8(weight: Tensor, out_dimension: int) -> tuple[Tensor, Tensor]:
    """Weights rounded to int8, and the scale of each output channel."""
    others = [dimension for dimension in range(4) if dimension != out_dimension]
    largest = torch.maximum(weight.amax(others, keepdim=True), -weight.amin(others, keepdim=True))
    scales = largest / LARGEST_INT8 + TINY
    return (weight / scales).round_().to(torch.int8), scales.flatten()
