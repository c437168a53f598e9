"""Time a training step against the plain code that everyone writes.

    python -m benchmarks.train_step                                  # base 64 and 32, batch 1 and 8, both objectives
    python -m benchmarks.train_step --base-channels 32 --batch-size 1 --objective gan
    python -m benchmarks.train_step --device cuda                    # eager, compiled, and as one CUDA graph

The reference is written out in this file: fp32, contiguous, eager, `nn.InstanceNorm2d`, `nn.Dropout`,
`torch.optim.Adam`. Reference and trainer run in processes of their own, whose peak memory is shown, and take turns, so
that a machine that slows down slows both. Medians are compared. The floor is the time of the step's arithmetic at the
rate of this machine's best convolution or matrix product in the number format that train.py uses, plus Adam's memory
traffic at the bandwidth of a large copy. On a GPU, the steps of train.py are timed in three forms instead, each with
its last losses.
"""

import argparse
import itertools
import math
import multiprocessing
import re
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._triton import has_triton
from torch.utils.flop_counter import FlopCounterMode

from pix2pix.config import TrainConfig
from pix2pix.cuda_graph import CHUNK, GraphedSteps
from pix2pix.data.dataset import PairedDataset, training_batches
from pix2pix.data.jitter import PUBLISHED_JITTER
from pix2pix.precision import resolve_precision
from pix2pix.trainer import Trainer

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
WARM_UP = 3


class ReferenceUNet(nn.Module):
    """UNet-256 as a plain list of layers."""

    def __init__(self, c: int) -> None:
        super().__init__()
        down = [3, c, 2 * c, 4 * c, 8 * c, 8 * c, 8 * c, 8 * c, 8 * c]
        up = [8 * c, 8 * c, 8 * c, 8 * c, 4 * c, 2 * c, c, 3]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for i in range(8):
            norm = 0 < i < 7
            layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if i else []
            layers.append(nn.Conv2d(down[i], down[i + 1], 4, 2, 1, bias=not norm))
            self.down.append(nn.Sequential(*layers, *([nn.InstanceNorm2d(down[i + 1])] if norm else [])))
        for i in range(8):
            incoming = 8 * c if i == 0 else up[i - 1] + down[8 - i]
            layers = [nn.ReLU(), nn.ConvTranspose2d(incoming, up[i], 4, 2, 1, bias=i == 7)]
            layers += [nn.InstanceNorm2d(up[i])] if i < 7 else [nn.Tanh()]
            self.up.append(nn.Sequential(*layers, *([nn.Dropout(0.5)] if i < 3 else [])))

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        x = self.up[0](skips.pop())
        for layer in self.up[1:]:
            x = layer(torch.cat([x, skips.pop()], 1))
        return x


def reference_discriminator(c: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(6, c, 4, 2, 1), nn.LeakyReLU(0.2)]
    for i, stride in ((1, 2), (2, 2), (4, 1)):
        layers += [
            nn.Conv2d(i * c, 2 * i * c, 4, stride, 1, bias=False),
            nn.InstanceNorm2d(2 * i * c),
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*layers, nn.Conv2d(8 * c, 1, 4, 1, 1))


class Reference:
    """The plain trainer."""

    def __init__(self, base_channels: int, objective: str) -> None:
        self.G = ReferenceUNet(base_channels)
        self.D = reference_discriminator(base_channels) if objective == "gan" else None
        for module in [*self.G.modules(), *(self.D.modules() if self.D else [])]:
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0.0, 0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        self.optimizer_G = torch.optim.Adam(self.G.parameters(), 2e-4, (0.5, 0.999))
        self.optimizer_D = torch.optim.Adam(self.D.parameters(), 2e-4, (0.5, 0.999)) if self.D else None

    def step(self, label_image: Tensor, photo: Tensor) -> dict[str, float]:
        losses: dict[str, Tensor] = {}
        fake = self.G(label_image)
        if self.D and self.optimizer_D:
            for parameter in self.D.parameters():
                parameter.requires_grad = True
            on_real, on_fake = (
                self.D(torch.cat([label_image, photo], 1)),
                self.D(torch.cat([label_image, fake.detach()], 1)),
            )
            losses["D/real"] = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
            losses["D/fake"] = F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
            self.optimizer_D.zero_grad()
            (losses["D/real"] + losses["D/fake"]).backward()
            self.optimizer_D.step()
            for parameter in self.D.parameters():
                parameter.requires_grad = False
            on_fake = self.D(torch.cat([label_image, fake], 1))
            losses["G/gan"] = F.binary_cross_entropy_with_logits(on_fake, torch.ones_like(on_fake))
        losses["G/l1"] = F.l1_loss(fake, photo)
        self.optimizer_G.zero_grad()
        (losses.get("G/gan", 0) + 100 * losses["G/l1"]).backward()
        self.optimizer_G.step()
        return {name: loss.item() for name, loss in losses.items()}


def batch(batch_size: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    label_image, photo = torch.rand(2, batch_size, 3, 256, 256, generator=generator) * 2 - 1
    return label_image, photo


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def peak_memory() -> float:
    """Return the peak memory of this process in GiB. (`getrusage` would start from the parent's.)"""
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak[1]) / 2**20 if peak else math.nan


def serve_steps(connection: Connection, kind: str, case: tuple[int, str, int], precision: str, threads: int) -> None:
    """Answer every message with the seconds of one step and the peak memory so far in GiB, in a process of its own."""
    torch.set_num_threads(threads)
    base_channels, objective, batch_size = case
    config = TrainConfig(base_channels=base_channels, objective=objective, batch_size=batch_size, precision=precision)
    trainer = Reference(base_channels, objective) if kind == "reference" else Trainer(config, CPU)
    pair = batch(batch_size)
    while connection.recv():
        taken = seconds(lambda: trainer.step(*pair))
        connection.send((taken, peak_memory()))


def machine_rates(dtype: torch.dtype) -> tuple[float, float]:
    """Measure multiply-adds per second, of a large convolution or product, and bytes per second of a large copy."""
    x = torch.randn(8, 256, 32, 32, dtype=dtype).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(512, 256, 4, 4, dtype=dtype).contiguous(memory_format=torch.channels_last)
    a, b = torch.randn(1024, 2048, dtype=dtype), torch.randn(2048, 1024, dtype=dtype)
    convolution, product, copy = 8 * 16 * 16 * 16 * 256 * 512, 1024 * 2048 * 1024, torch.zeros(2**26)
    with torch.no_grad():
        rates = [convolution / seconds(lambda: F.conv2d(x, weight, stride=2, padding=1)) for _ in range(30)]
        rates += [product / seconds(lambda: a @ b) for _ in range(30)]
    source = torch.zeros(2**26)
    return max(rates), 2 * source.nbytes / min(seconds(lambda: copy.copy_(source)) for _ in range(8))


def floor_seconds(case: tuple[int, str, int], rates: tuple[float, float]) -> float:
    """Return the seconds for a step's arithmetic, plus Adam's memory traffic: it reads four arrays and writes three."""
    base_channels, objective, batch_size = case
    reference = Reference(base_channels, objective)
    with FlopCounterMode(display=False) as counter:
        reference.step(*batch(batch_size))
    weights = sum(
        weight.numel() for network in (reference.G, reference.D) if network for weight in network.parameters()
    )
    return counter.get_total_flops() / 2 / rates[0] + 7 * 4 * weights / rates[1]


def compare(case: tuple[int, str, int], steps: int, precision: str, threads: int, rates: tuple[float, float]) -> None:
    """Time one case, and print its line."""
    context = multiprocessing.get_context("spawn")
    times: dict[str, list[float]] = {"reference": [], "train.py": []}
    connections, memory = {}, {}
    for kind in times:
        connections[kind], theirs = context.Pipe()
        context.Process(target=serve_steps, args=(theirs, kind, case, precision, threads), daemon=True).start()
    for step in range(steps + WARM_UP):
        for kind, connection in connections.items():
            connection.send(True)
            taken, memory[kind] = connection.recv()
            if step >= WARM_UP:
                times[kind].append(taken)
    for connection in connections.values():
        connection.send(False)
    base_channels, objective, batch_size = case
    reference, ours = (1000 * statistics.median(values) / batch_size for values in times.values())
    floor = 1000 * floor_seconds(case, rates) / batch_size
    print(
        f"base {base_channels} {objective:3} batch {batch_size}: ms per image: reference {reference:5.0f}, "
        f"train.py {ours:5.0f}, ratio {reference / ours:.2f}; floor {floor:4.0f}, {floor / ours:.0%} of it reached; "
        f"peak memory {memory['reference']:.2f} and {memory['train.py']:.2f} GiB",
        flush=True,
    )


class RandomImages(PairedDataset):
    """Noise in place of a training split."""

    def __init__(self, count: int) -> None:
        width, height = PUBLISHED_JITTER.large_size
        noise = torch.randint(256, (count, 2, height, width, 3), dtype=torch.uint8)
        self.jitter = PUBLISHED_JITTER
        self.count, self._enlarged = count, noise.permute(0, 1, 4, 2, 3)

    def __len__(self) -> int:
        return self.count


def gpu_seconds_per_step(run: Callable[[], dict[str, float]], steps: int) -> tuple[float, dict[str, float]]:
    """Run once to warm up and three times to measure; return the best time per step, and the last losses."""
    run()
    torch.cuda.synchronize()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        losses = run()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - start) / steps)
    return min(times), losses


def compare_on_gpu(case: tuple[int, str, int], precision: str) -> None:
    """Time a case eagerly, compiled, and as one CUDA graph, and print its line."""
    base_channels, objective, batch_size = case
    images, shown = RandomImages(4 * CHUNK * batch_size), []
    config = TrainConfig(base_channels=base_channels, objective=objective, batch_size=batch_size, precision=precision)
    for form in ("eager", "compiled", "graph"):
        torch._dynamo.reset()
        trainer = Trainer(config, CUDA)
        if form != "eager" and has_triton():
            trainer.compile()
        graphed = GraphedSteps(trainer, images) if form == "graph" else None

        def epoch(trainer: Trainer = trainer, graphed: GraphedSteps | None = graphed) -> dict[str, float]:
            batches = training_batches(images, 0, trainer.epoch, batch_size, workers=0)
            *_, losses = graphed.run_epoch() if graphed else (trainer.step(*pair) for pair in batches)
            trainer.seconds = 1.0
            trainer.finish_epoch()
            return losses

        seconds_per_step, losses = gpu_seconds_per_step(epoch, len(images) // batch_size)
        values = " ".join(f"{value:.3f}" for value in losses.values())
        shown.append(f"{form} {1000 * seconds_per_step:.2f} ms (losses {values})")
    print(f"base {base_channels} {objective:3} batch {batch_size}: {', '.join(shown)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Times a training step against plain code.")
    parser.add_argument("--base-channels", type=int, nargs="+", default=[64, 32])
    parser.add_argument("--objective", nargs="+", default=["gan", "l1"], choices=["gan", "l1"])
    parser.add_argument("--batch-size", type=int, nargs="+", default=[1, 8])
    parser.add_argument(
        "--precision",
        default="auto",
        choices=["auto", "fp32", "bf16"],
        help="number format of train.py (default: auto, like train.py itself)",
    )
    parser.add_argument("--steps", type=int, default=10, help="timed steps per contestant (default: 10)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    flags = parser.parse_args()
    torch.set_num_threads(flags.threads)
    cases = itertools.product(flags.base_channels, flags.objective, flags.batch_size)
    if flags.device == "cuda":
        precision = resolve_precision(flags.precision, CUDA)
        print(f"{torch.cuda.get_device_name()}, {precision}, PyTorch {torch.__version__}; ms per step")
        for case in cases:
            compare_on_gpu(case, precision)
        return
    precision = resolve_precision(flags.precision, CPU)
    rates = machine_rates(torch.bfloat16 if precision == "bf16" else torch.float32)
    machine = f"{2 * rates[0] / 1e12:.2f} Tflop/s, {rates[1] / 1e9:.0f} GB/s copied"
    print(f"{flags.threads} threads, {precision}, {machine}, n = {flags.steps} steps")
    for case in cases:
        compare(case, flags.steps, precision, flags.threads, rates)


if __name__ == "__main__":
    main()
