"""Time the two images of a stroke against a plain forward pass of both networks.

    python -m benchmarks.paint

The reference is the plain network of `benchmarks/train_step.py`: fp32, contiguous, eager, dropout on, one model after
the other, from label image to generated image. It is compared with everything that the app does for a stroke: label
map, smoothed label image, both images in 8 bits. They take turns in one process, and medians are compared. The output
also shows the app in fp32 and the floor of fp32: the arithmetic of both forward passes at the rate of this machine's
best convolution or product, plus reading all weights once. Weights are random; images are compared with dropout off.
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.train_step import CPU, WARM_UP, ReferenceUNet, machine_rates, seconds
from demo.views import paint_all
from pix2pix import release
from pix2pix.labels import FACADES
from pix2pix.networks import UNet
from pix2pix.painter import Painter
from pix2pix.pixel_values import to_float, to_uint8
from pix2pix.precision import painting_precision
from pix2pix.release import ReleaseConfig


def painter(base_channels: int, objective: str, seed: int, precision: str) -> Painter:
    """Make a painter with random weights, loaded from a released folder as in the app."""
    torch.manual_seed(seed)
    config = ReleaseConfig(
        dataset="facades",
        objective=objective,
        palette=FACADES,
        base_channels=base_channels,
        norm="instance",
        epochs=0,
        seed=seed,
    )
    with TemporaryDirectory() as folder:
        release.save(Path(folder), UNet(base_channels), config)
        return Painter.load(folder, CPU, precision)


def plain_copy(generator: UNet, base_channels: int) -> ReferenceUNet:
    """Make the reference with the same weights; both define their layers in the same order."""
    reference = ReferenceUNet(base_channels)
    with torch.no_grad():
        for copy, weight in zip(reference.parameters(), generator.parameters(), strict=True):
            copy.copy_(weight)
    return reference


@torch.inference_mode()
def compare(base_channels: int, paintings: int, rates: tuple[float, float]) -> None:
    """Time one size of the networks, and print its line."""
    objectives = list(enumerate(("gan", "l1")))
    app = [painter(base_channels, objective, seed, "auto") for seed, objective in objectives]
    in_fp32 = [painter(base_channels, objective, seed, "fp32") for seed, objective in objectives]
    references = [plain_copy(each.generator, base_channels) for each in in_fp32]
    label_map = (
        np.random.default_rng(0).integers(0, len(FACADES.rgb), (8, 8)).astype(np.uint8).repeat(32, 0).repeat(32, 1)
    )
    label_image = to_float(torch.tensor(app[0].label_image(label_map)).permute(2, 0, 1)[None])
    contestants: dict[str, Callable[[], object]] = {
        "reference": lambda: [reference(label_image) for reference in references],
        "fp32": lambda: paint_all(in_fp32, label_map, seeds=[0, 0], dropout=True),
        "app": lambda: paint_all(app, label_map, seeds=[0, 0], dropout=True),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(paintings + WARM_UP):
        for name, paint in contestants.items():
            times[name].append(seconds(paint))
    medians = {name: 1000 * statistics.median(values[WARM_UP:]) for name, values in times.items()}
    with FlopCounterMode(display=False) as counter:
        references[0](label_image)
    weights = sum(weight.numel() for weight in references[0].parameters())
    floor = 2000 * (counter.get_total_flops() / 2 / rates[0] + 4 * weights / rates[1])
    expected = to_uint8(references[0].eval()(label_image))[0].permute(1, 2, 0).numpy().astype(int)
    difference = np.abs(app[0].paint(label_map, seed=0, dropout=False) - expected)
    print(
        f"base {base_channels}: both images: reference {medians['reference']:5.1f} ms, app {medians['app']:5.1f} ms, "
        f"ratio {medians['reference'] / medians['app']:.2f}; app in fp32 {medians['fp32']:5.1f} ms, "
        f"floor of fp32 {floor:4.1f} ms; "
        f"same network: {difference.mean():.3f} levels apart, at most {difference.max()}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Times painting with two models against two plain forwards.")
    parser.add_argument("--base-channels", type=int, nargs="+", default=[64, 32])
    parser.add_argument("--paintings", type=int, default=30, help="timed paintings per contestant (default: 30)")
    flags = parser.parse_args()
    rates = machine_rates(torch.float32)
    machine = f"{2 * rates[0] / 1e12:.2f} Tflop/s in fp32, {rates[1] / 1e9:.0f} GB/s copied"
    print(f"{torch.get_num_threads()} threads, {painting_precision('auto', CPU)}, {machine}, n = {flags.paintings}")
    for base_channels in flags.base_channels:
        compare(base_channels, flags.paintings, rates)


if __name__ == "__main__":
    main()
