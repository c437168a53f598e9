"""Choose the number format that the networks compute in on this machine."""

import sys
import time
from functools import cache

import torch
import torch.nn.functional as F

PAINTING_PRECISIONS = ("auto", "int8", "bf16", "fp32")


def resolve_precision(precision: str, device: torch.device) -> str:
    """Resolve "auto" to "bf16" or "fp32", whichever trains faster; return "fp32" and "bf16" unchanged.

    CPUs are timed because their names and features do not decide: with AVX-512 bf16 instructions but without tile units
    (AMX), a training step took 0.6 times as long as in fp32 on an AMD EPYC (Zen 5), a convolution 1.8 times as long on
    an Intel Xeon.
    """
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if _bf16_is_faster() else "fp32"


def warn_of_slow_bf16(precision: str, device: torch.device) -> None:
    """Warn on standard error if bf16 was asked for on a CPU that is slower with it: up to fifty times as slow."""
    if precision == "bf16" and device.type == "cpu" and not _bf16_is_faster():
        print(
            "bf16 is slow on this CPU, which has no fast bf16 arithmetic; --precision fp32 is faster.", file=sys.stderr
        )


@cache
def _bf16_is_faster() -> bool:
    """Compare the shortest of several alternating runs, which other work on the machine disturbs least.

    Without instructions for bf16, a run takes a quarter of a second; two at a sixteenth of the size show that, too.
    """
    fp32, bf16 = _time_alternately(2, side=16)
    if bf16 > 5 * fp32:  # other work does not do this twice
        return False
    fp32, bf16 = _time_alternately(6, side=64)
    return bf16 < 0.9 * fp32


def _time_alternately(runs: int, side: int) -> tuple[float, float]:
    """Return the shortest times of a convolution in fp32 and in bf16, in seconds."""
    times = [(_time_convolution(torch.float32, side), _time_convolution(torch.bfloat16, side)) for _ in range(runs)]
    return min(fp32 for fp32, _ in times), min(bf16 for _, bf16 in times)


def _time_convolution(dtype: torch.dtype, side: int) -> float:
    """Time a layer of the generator on the CPU, forward and backward, in seconds.

    It makes 128 channels of half the side out of 64 channels [side, side].
    """
    with torch.inference_mode(False), torch.enable_grad():  # even inside a caller's inference mode
        x = torch.ones(1, 64, side, side, dtype=dtype).to(memory_format=torch.channels_last).requires_grad_()
        filters = torch.ones(128, 64, 4, 4, dtype=dtype).to(memory_format=torch.channels_last).requires_grad_()
        start = time.perf_counter()
        F.conv2d(x, filters, stride=2, padding=1).sum().backward()
        return time.perf_counter() - start


def painting_precision(precision: str, device: torch.device) -> str:
    """Resolve "auto" to "int8" on CPUs with AVX-512 VNNI instructions, else as in training; return others unchanged.

    Without VNNI, sums of 8-bit products overflow 16 bits, and int8 is no faster.

    Raises:
        ValueError: If the precision does not exist or is unavailable on this device.
    """
    if precision not in PAINTING_PRECISIONS:
        raise ValueError(f"there is no precision {precision!r}; choose one of {', '.join(PAINTING_PRECISIONS)}")
    has_int8 = device.type == "cpu" and torch.cpu._is_vnni_supported()
    if precision == "int8" and not has_int8:
        raise ValueError(
            "int8 is for CPUs with AVX-512 VNNI instructions, which this machine lacks; choose auto or fp32"
        )
    return "int8" if precision == "auto" and has_int8 else resolve_precision(precision, device)
