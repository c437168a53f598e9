"""Does the fast training path learn what plain code learns?

    python -m benchmarks.loss_curves --data-dir DIR

Trains the reference of `benchmarks/train_step.py` with two seeds and train.py's path on the same facades in the same order, and compares
the curves of every loss, averaged over windows of steps: the fast curve has to lie as near to the two plain ones as these lie to each
other. Seeds decide initial weights and dropout.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import torch

from benchmarks.train_step import CPU, Reference, fast_trainer
from pix2pix.data import PairedDataset, training_batches
from pix2pix.precision import resolve_precision
from pix2pix.trainer import LOSS_NAMES, Trainer


def curves(trainer: Reference | Trainer, pairs: PairedDataset, steps: int, window: int) -> np.ndarray:
    """Mean losses of every window of steps, [windows, losses]."""
    names = LOSS_NAMES["gan"]
    batches = itertools.chain.from_iterable(
        training_batches(pairs, seed=0, epoch=epoch, batch_size=1, workers=0) for epoch in itertools.count()
    )
    losses = [trainer.step(label_image, photo) for label_image, photo in itertools.islice(batches, steps)]
    table = np.array([[step[name] for name in names] for step in losses])
    return table[: steps // window * window].reshape(-1, window, len(names)).mean(1)


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Root mean square difference of two sets of curves, one number for each loss."""
    return np.sqrt(((a - b) ** 2).mean(0))


def main() -> None:
    parser = argparse.ArgumentParser(description="Compares loss curves of the fast training path and of plain code.")
    parser.add_argument("--data-dir", type=Path, default=Path("datasets"))
    parser.add_argument("--base-channels", type=int, default=32)
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--window", type=int, default=30, help="steps averaged (default: 30)")
    flags = parser.parse_args()
    pairs = PairedDataset(flags.data_dir, "facades", "train")
    precision = resolve_precision(flags.precision, CPU)
    plain = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        plain.append(curves(Reference(flags.base_channels, "gan"), pairs, flags.steps, flags.window))
    fast = curves(fast_trainer(flags.base_channels, "gan", 1, precision), pairs, flags.steps, flags.window)
    apart = distance(*plain)
    print(f"{precision}, base {flags.base_channels}, {flags.steps} steps, windows of {flags.window}; root mean square differences")
    for index, name in enumerate(LOSS_NAMES["gan"]):
        to_first, to_second = (distance(fast, curve)[index] for curve in plain)
        print(f"{name:6}: two seeds of the reference {apart[index]:.4f}; fast to the first {to_first:.4f}, to the second {to_second:.4f}")
        print("        first  " + " ".join(f"{value:6.3f}" for value in plain[0][:, index]))
        print("        second " + " ".join(f"{value:6.3f}" for value in plain[1][:, index]))
        print("        fast   " + " ".join(f"{value:6.3f}" for value in fast[:, index]))


if __name__ == "__main__":
    main()
