"""Collectives of several training processes, which use torch.distributed."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


class LostProcessError(RuntimeError):
    """Another process of the same training has ended without notice."""


def sum_over_processes(values: Tensor, group: Any = None) -> None:
    """Replace values, in place, by their sum over all processes of a group (by default, all processes).

    Raises:
        LostProcessError: If another process has ended.
    """
    try:
        dist.all_reduce(values, group=group)
    except RuntimeError as error:
        raise LostProcessError("another process of this training has ended") from error


def any_process(value: bool, group: Any) -> bool:
    """Return whether the value is true in any process of a group; each waits for all others."""
    shared = torch.tensor([value], dtype=torch.int32)
    sum_over_processes(shared, group)
    return shared.item() > 0


def average_gradients(network: torch.nn.Module, num_processes: int) -> None:
    """Average a network's gradients over the processes, in float32 and in one collective."""
    if num_processes == 1:
        return
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten().float() for gradient in gradients])
    sum_over_processes(flat)
    parts = (flat / num_processes).split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view(gradient.shape))
