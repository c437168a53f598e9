"""Compare the loss curves of the fast training path with those of plain code.

    python -m benchmarks.loss_curves --data-dir DIR

Trains the reference of `benchmarks/train_step.py` and train.py's path, each with several seeds, on the same facades in
the same order, and compares the curves of every loss, averaged over windows of steps. The fast curves must be as close
to the plain ones as the plain ones are to each other. Seeds decide initial weights and dropout.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import torch

from benchmarks.train_step import CPU, Reference
from pix2pix.config import TrainConfig
from pix2pix.data.dataset import PairedDataset, training_batches
from pix2pix.data.source import packaged
from pix2pix.precision import resolve_precision
from pix2pix.trainer import LOSS_NAMES, Trainer


def curves(trainer: Reference | Trainer, pairs: PairedDataset, steps: int, window: int) -> np.ndarray:
    """Return the mean losses of every window of steps, [windows, losses]."""
    names = LOSS_NAMES["gan"]
    batches = itertools.chain.from_iterable(
        training_batches(pairs, seed=0, epoch=epoch, batch_size=1, workers=0) for epoch in itertools.count()
    )
    losses = [trainer.step(label_image, photo) for label_image, photo in itertools.islice(batches, steps)]
    table = np.array([[step[name] for name in names] for step in losses])
    return table[: steps // window * window].reshape(-1, window, len(names)).mean(1)


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the root mean square difference of two sets of curves, one number for each loss."""
    return np.sqrt(((a - b) ** 2).mean(0))


def main() -> None:
    parser = argparse.ArgumentParser(description="Compares loss curves of the fast training path and of plain code.")
    parser.add_argument("--data-dir", type=Path, default=Path("datasets"))
    parser.add_argument("--base-channels", type=int, default=32)
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--window", type=int, default=30, help="steps averaged (default: 30)")
    parser.add_argument("--seeds", type=int, default=3, help="runs per contestant (default: 3)")
    flags = parser.parse_args()
    pairs = packaged(flags.data_dir, "facades").open()["train"]
    precision = resolve_precision(flags.precision, CPU)
    plain, fast = [], []
    for seed in range(flags.seeds):
        torch.manual_seed(seed)
        plain.append(curves(Reference(flags.base_channels, "gan"), pairs, flags.steps, flags.window))
        config = TrainConfig(base_channels=flags.base_channels, precision=precision, seed=seed)
        fast.append(curves(Trainer(config, CPU), pairs, flags.steps, flags.window))
    among_plain = np.array([distance(a, b) for a, b in itertools.combinations(plain, 2)])
    between = np.array([distance(a, b) for a, b in itertools.product(fast, plain)])
    print(
        f"{precision}, base {flags.base_channels}, {flags.steps} steps, windows of {flags.window}, "
        f"{flags.seeds} seeds; root mean square difference"
    )
    for index, name in enumerate(LOSS_NAMES["gan"]):
        ours, theirs = between[:, index], among_plain[:, index]
        print(
            f"{name:6}: plain to plain {theirs.mean():.4f} ({theirs.min():.4f} to {theirs.max():.4f}), "
            f"fast to plain {ours.mean():.4f} ({ours.min():.4f} to {ours.max():.4f})"
        )
        print("        plain  " + " ".join(f"{value:6.3f}" for value in np.mean(plain, 0)[:, index]))
        print("        fast   " + " ".join(f"{value:6.3f}" for value in np.mean(fast, 0)[:, index]))


if __name__ == "__main__":
    main()
