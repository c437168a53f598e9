"""The fast convolutions against PyTorch's in float64, and Adam on channels-last weights against PyTorch's."""

import copy

import pytest
import torch
from torch import Tensor, nn

from pix2pix.channels_last import PRODUCT_CHANNELS, PRODUCT_PIXELS, ChannelsLastAdam, Conv2d, ConvTranspose2d

# (N, H, W) of the input, below, at and above the number of pixels up to which a product is used.
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
    """The output, and the gradients of its random projection with respect to input, weight and bias."""
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


# Adam

LAYOUTS = [torch.contiguous_format, torch.channels_last]


def weights_of(layout: torch.memory_format) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    shapes = [(6, 5, 4, 4), (5, 6, 4, 4), (1, 8, 4, 4), (7,)]
    tensors = [torch.randn(shape, generator=generator) for shape in shapes]
    return [
        nn.Parameter(tensor.contiguous(memory_format=layout) if tensor.dim() == 4 else tensor) for tensor in tensors
    ]


def gradient(weight: Tensor, step: int) -> Tensor:
    return torch.randn(weight.shape, generator=torch.Generator().manual_seed(step))


def train(optimizer: torch.optim.Optimizer, steps: range, layout: torch.memory_format) -> list[Tensor]:
    weights = optimizer.param_groups[0]["params"]
    for step in steps:
        for weight in weights:
            value = gradient(weight, step)
            weight.grad = value.contiguous(memory_format=layout) if value.dim() == 4 else value
        optimizer.step()
    return [weight.detach() for weight in weights]


def plain(layout: torch.memory_format) -> torch.optim.Adam:
    return torch.optim.Adam(weights_of(layout), 0.1, (0.5, 0.999), foreach=False)


@pytest.mark.parametrize("of_gradients", LAYOUTS, ids=str)
def test_adam_equals_plain_adam_for_gradients_of_any_layout(of_gradients):
    fast = ChannelsLastAdam(weights_of(torch.channels_last), 0.1, (0.5, 0.999))
    found = train(fast, range(5), of_gradients)
    for result, expected in zip(
        found, train(plain(torch.contiguous_format), range(5), torch.contiguous_format), strict=True
    ):
        torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_adam_continues_from_the_moments_of_plain_adam(layout):
    """Older checkpoints have moments in another layout; as flat memory, they would be mixed up."""
    before = plain(layout)
    train(before, range(3), layout)
    after = ChannelsLastAdam(weights_of(torch.channels_last), 0.1, (0.5, 0.999))
    with torch.no_grad():
        for new, old in zip(after.param_groups[0]["params"], before.param_groups[0]["params"], strict=True):
            new.copy_(old)
    after.load_state_dict(copy.deepcopy(before.state_dict()))
    found = train(after, range(3, 6), torch.channels_last)
    for result, expected in zip(found, train(before, range(3, 6), layout), strict=True):
        torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-6)


def test_weights_of_another_layout_are_refused():
    """The kernel would write into copies of the weights."""
    with pytest.raises(ValueError, match="channels-last"):
        train(
            ChannelsLastAdam(weights_of(torch.contiguous_format), 0.1, (0.5, 0.999)), range(1), torch.contiguous_format
        )
