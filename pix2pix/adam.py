"""Adam (Kingma and Ba 2015) for weights in the channels-last layout, as PyTorch's one fused kernel."""

from typing import Any

import torch
from torch import Tensor


class ChannelsLastAdam(torch.optim.Adam):
    """`torch.optim.Adam(fused=True)` with the same state, for weights whose memory is in the order of `permute(0, 2, 3, 1)`.

    PyTorch's fused kernel for CPUs takes tensors as flat memory: it copies gradients that are not contiguous, and mixes up elements where
    the layouts of weight, gradient and moments differ. So it gets views here that are contiguous.
    """

    def __init__(self, weights: Any, learning_rate: float, betas: tuple[float, float]) -> None:
        super().__init__(weights, learning_rate, betas, fused=True)

    def _init_group(self, group: dict[str, Any], *lists: list[Tensor]) -> Any:
        """Collects weights, gradients and moments for one call of the kernel."""
        result = super()._init_group(group, *lists)
        weights, gradients, *moments = lists[:4]
        for tensors in (weights, gradients, *moments):
            tensors[:] = [tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor for tensor in tensors]
        gradients[:] = [gradient.contiguous() for gradient in gradients]
        if not all(tensor.is_contiguous() for tensors in (weights, *moments) for tensor in tensors):
            raise ValueError("ChannelsLastAdam needs weights in the channels-last layout")
        return result

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores moments of any layout, such as those of checkpoints from before the weights were channels-last."""
        super().load_state_dict(state_dict)
        for weight, state in self.state.items():
            for name in ("exp_avg", "exp_avg_sq"):
                state[name] = torch.empty_like(weight).copy_(state[name])
