"""Which number format the networks compute in on this machine."""

import torch


def resolve_precision(precision: str, device: torch.device) -> str:
    """ "auto" → "bf16" or "fp32", whichever is faster; "fp32" and "bf16" stay as they are.

    On a CPU only tile units (AMX) make bf16 faster: with the older AVX-512 bf16 instructions alone, convolutions ran at half the
    speed of fp32 (256→256 channels, 64x64, 4x4, stride 2: 25.6 against 14.0 ms on one core).
    """
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if torch.cpu._is_amx_tile_supported() else "fp32"
