"""The generator's blocks in 8-bit integers against those in float32."""

import pytest
import torch
from torch import Tensor, nn

from pix2pix.int8 import Int8Down, Int8Up, quantize
from pix2pix.networks import Down, UNet, Up
from tests.helpers.tiny import needs_vnni, tiny_generator

pytestmark = [needs_vnni, pytest.mark.usefixtures("inference")]


@pytest.fixture
def inference():
    with torch.inference_mode():
        yield


def normal(seed: int, *shape: int) -> Tensor:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return values.contiguous(memory_format=torch.channels_last)


def integers(seed: int, low: int, high: int, *shape: int) -> Tensor:
    """Whole numbers as float32; each slice of the first dimension has the lowest and the highest."""
    values = torch.randint(low, high + 1, shape, generator=torch.Generator().manual_seed(seed)).float()
    values.flatten(1)[:, :2] = torch.tensor([low, high])
    return values


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).abs().mean() / expected.abs().mean())


def block_with(block: nn.Module, weight: Tensor) -> nn.Module:
    block.requires_grad_(False)
    block.conv.weight.copy_(weight)
    block.conv.bias.zero_()
    return block


@pytest.mark.parametrize("norm, height, width", [("instance", 32, 16), ("batch", 32, 16), (None, 32, 16), (None, 2, 2)])
def test_a_block_down_is_near_that_in_fp32_up_to_its_borders(norm, height, width):
    block = Down(5, 8, norm).requires_grad_(False)
    x = normal(0, 1, 5, height, width) + 1
    assert relative_error(Int8Down(block)(x), block(x)) < 0.02


@pytest.mark.parametrize("norm", ["instance", "batch", None])
@pytest.mark.parametrize("height, width", [(1, 1), (32, 16)])
def test_a_block_up_is_near_that_in_fp32_with_one_input_and_with_a_skip(norm, height, width):
    block = Up(12, 8, norm).requires_grad_(False)
    inputs = normal(1, 1, 4, height, width), 3 * normal(2, 1, 8, height, width)
    assert relative_error(Int8Up(block)(*inputs), block(*inputs)) < 0.02
    assert relative_error(Int8Up(block)(torch.cat(inputs, 1)), block(*inputs)) < 0.02


def test_whole_numbers_in_range_are_convolved_exactly():
    """Steps of one and filters without rounding: any difference comes from a wrong border, zero point or order."""
    down = block_with(Down(3, 8, None), integers(0, -127, 127, 8, 3, 4, 4))
    x = integers(1, -50, 204, 1, 3, 16, 8)
    x = torch.where(x < 0, 5 * x, x)  # the leaky ReLU undoes this
    x.flatten()[0] = -250.0
    torch.testing.assert_close(Int8Down(down)(x), down(x), rtol=0, atol=0.1)  # sums reach a million
    up = block_with(Up(6, 8, None), integers(2, -127, 127, 6, 8, 4, 4))
    up.conv.weight[0, :, 0, 0] = 127.0
    inputs = integers(3, -254, 254, 1, 2, 8, 4), integers(4, -20, 100, 1, 4, 8, 4)
    torch.testing.assert_close(Int8Up(up)(*inputs), up(*inputs), rtol=0, atol=0.1)


def test_a_bias_is_added_once_to_every_pixel():
    down, up = Down(4, 8, None).requires_grad_(False), Up(4, 8, None).requires_grad_(False)
    for block in (down, up):
        block.conv.bias.copy_(torch.arange(8.0))
    nothing = torch.zeros(1, 4, 4, 4)
    torch.testing.assert_close(Int8Down(down)(nothing), down(nothing))
    torch.testing.assert_close(Int8Up(up)(nothing), up(nothing))


def test_filters_of_nothing_but_zeros_give_zeros():
    up = block_with(Up(4, 8, None), torch.zeros(4, 8, 4, 4))
    assert not Int8Up(up)(normal(0, 1, 4, 8, 8)).any()


def test_all_blocks_but_the_first_and_the_last_are_replaced_and_the_image_stays_near():
    generator, quantized = tiny_generator(3).requires_grad_(False), quantize(tiny_generator(3).requires_grad_(False))
    kinds = [type(block) for block in quantized.children()]
    assert kinds == [type(generator.down1)] + 7 * [Int8Down] + 7 * [Int8Up] + [Up]
    x = torch.rand(1, 3, 256, 512, generator=torch.Generator().manual_seed(0)) * 2 - 1
    masks = generator.dropout_masks(256, 512, torch.Generator().manual_seed(1))
    expected, found = generator(x, masks), quantized(x, masks)
    assert isinstance(quantized, UNet) and found.shape == expected.shape
    assert 0 < (found - expected).abs().mean() < 2 / 127.5


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_values_that_are_not_finite_are_one_sentence(value):
    x = normal(0, 1, 4, 8, 8)
    x[0, 1, 2, 3] = value
    for block in (Int8Down(Down(4, 8, None)), Int8Up(Up(4, 8, None))):
        with pytest.raises(ValueError, match="not finite numbers"):
            block(x)
