"""Adam on channels-last weights, against PyTorch's plain one."""

import copy

import pytest
import torch
from torch import Tensor, nn

from pix2pix.adam import ChannelsLastAdam

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
def test_it_equals_plain_adam_whatever_the_layout_of_the_gradients(of_gradients):
    fast = ChannelsLastAdam(weights_of(torch.channels_last), 0.1, (0.5, 0.999))
    found = train(fast, range(5), of_gradients)
    for result, expected in zip(
        found, train(plain(torch.contiguous_format), range(5), torch.contiguous_format), strict=True
    ):
        torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_it_goes_on_from_the_moments_of_plain_adam(layout):
    """Such as those of a checkpoint from before the weights were channels-last; flat memory of another order would mix them up."""
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
    """The kernel would write elsewhere than where the weights are."""
    with pytest.raises(ValueError, match="channels-last"):
        train(
            ChannelsLastAdam(weights_of(torch.contiguous_format), 0.1, (0.5, 0.999)), range(1), torch.contiguous_format
        )
