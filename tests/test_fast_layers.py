"""The fast convolutions against PyTorch's own, in float64."""

import pytest
import torch
from torch import nn

from pix2pix.fast_layers import PRODUCT_CHANNELS, PRODUCT_PIXELS, Conv2d, ConvTranspose2d

# (N, H, W) of the input: under, at and over the number of pixels up to which a product is used, which counts those of the smaller picture.
SHAPES = [
    (1, 2, 2),
    (1, 2, 4),
    (3, 2, 2),
    (4, 8, 8),
    (1, 16, 16),
    (1, 18, 16),
    (2, 16, 16),
    (3, 10, 10),
    (1, 64, 16),
    (1, 64, 32),
]


def values_and_gradients(layer: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """Output, and gradients of a random projection of it by input, weight and bias."""
    x = x.clone().requires_grad_()
    y = layer(x)
    direction = torch.randn(y.shape, dtype=y.dtype, generator=torch.Generator().manual_seed(1))
    return [y.detach(), *torch.autograd.grad((y * direction).sum(), [x, *layer.parameters()])]


def assert_equal(fast: nn.Module, plain: nn.Module, x: torch.Tensor) -> None:
    plain.load_state_dict(fast.state_dict())
    results = zip(values_and_gradients(fast, x), values_and_gradients(plain, x), strict=True)
    for name, (found, expected) in zip(("output", "input", "weight", "bias"), results, strict=False):
        torch.testing.assert_close(
            found, expected, rtol=1e-11, atol=1e-11, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_the_shapes_are_on_both_sides_of_the_limit():
    pixels = [n * height * width for n, height, width in SHAPES]
    assert min(pixels) < PRODUCT_PIXELS < 4 * PRODUCT_PIXELS < max(pixels) and {
        PRODUCT_PIXELS,
        4 * PRODUCT_PIXELS,
    } < set(pixels)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_convolution_equals_that_of_pytorch(shape, bias):
    n, height, width = shape
    arguments = {"stride": 2, "padding": 1, "bias": bias, "dtype": torch.float64}
    x = torch.randn(n, 3, height, width, dtype=torch.float64)
    assert_equal(Conv2d(3, 5, 4, **arguments), nn.Conv2d(3, 5, 4, **arguments), x)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("out_channels", [PRODUCT_CHANNELS - 1, PRODUCT_CHANNELS + 1])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 1), *SHAPES], ids=str)
def test_a_transposed_convolution_equals_that_of_pytorch(shape, out_channels, bias):
    n, height, width = shape
    arguments = {"stride": 2, "padding": 1, "bias": bias, "dtype": torch.float64}
    x = torch.randn(n, 3, height, width, dtype=torch.float64)
    assert_equal(
        ConvTranspose2d(3, out_channels, 4, **arguments), nn.ConvTranspose2d(3, out_channels, 4, **arguments), x
    )


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [5, 7, 15, 30])
def test_a_convolution_of_odd_size_or_without_stride_equals_that_of_pytorch(size, stride):
    arguments = {"stride": stride, "padding": 1, "dtype": torch.float64}
    assert_equal(
        Conv2d(2, 3, 4, **arguments),
        nn.Conv2d(2, 3, 4, **arguments),
        torch.randn(1, 2, size, size, dtype=torch.float64),
    )


def test_products_are_used_where_the_picture_is_small_or_the_output_thin(monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("not a product")

    monkeypatch.setattr(nn.Conv2d, "forward", refuse)
    monkeypatch.setattr(nn.ConvTranspose2d, "forward", refuse)
    wide, thin = PRODUCT_CHANNELS + 1, PRODUCT_CHANNELS
    down, up = Conv2d(1, wide, 4, stride=2, padding=1), ConvTranspose2d(1, wide, 4, stride=2, padding=1)
    rows = PRODUCT_PIXELS // 16
    down(torch.zeros(2, 1, 2 * rows, 16))
    up(torch.zeros(2, 1, rows, 8))
    ConvTranspose2d(1, thin, 4, stride=2, padding=1)(torch.zeros(2, 1, rows, 16))
    for layer, x in ((down, torch.zeros(2, 1, 2 * rows, 18)), (up, torch.zeros(2, 1, rows, 9))):
        with pytest.raises(AssertionError, match="not a product"):
            layer(x)
