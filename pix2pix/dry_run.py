"""Estimate what a run needs: number of steps, time (from a few real steps) and disk space. Writes nothing."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import fields
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from pix2pix.config import TrainConfig, flag_of
from pix2pix.data.dataset import PairedDataset, training_batches
from pix2pix.image_files import encode_image
from pix2pix.pixel_values import to_uint8
from pix2pix.progress import describe_run, duration, steps_per_epoch
from pix2pix.run_folder import RunFolder
from pix2pix.trainer import Trainer
from pix2pix.training_data import read_splits

WARM_UP_STEPS = 2
TIMED_STEPS = 8


def dry_run(trainer: Trainer, splits: Mapping[str, PairedDataset], samples_per_split: int) -> str:
    """Time a few steps, which spoil the trainer, and describe the run.

    Args:
        trainer: Fresh; with several processes, each calls this with its own.
        splits: The training split and others.
        samples_per_split: Number of images that are sampled from each split.

    Returns:
        Lines of text.
    """
    config, train_split = trainer.config, splits["train"]
    assert config.run_dir is not None
    read_splits(config, dict(splits), trainer.rank == 0)  # as in a run: reports broken images and wrong pairs
    seconds = _seconds_per_step(trainer, train_split)
    steps = steps_per_epoch(config, len(train_split))
    images = ", ".join(f"{len(pairs)} in {split}" for split, pairs in splits.items())
    timed = f"{seconds * 1000:.0f} ms per step over {TIMED_STEPS} steps on {trainer.device}"
    lines = [f"{flag_of(item.name)} {getattr(config, item.name)}" for item in fields(TrainConfig)]
    lines += [
        "",
        f"run: {describe_run(config, trainer.device, len(train_split))}",
        f"images: {images}",
        f"steps: {steps} per epoch, {config.epochs * steps} in all",
    ]
    lines += [f"time: {duration(config.epochs * steps * seconds)} of training; {timed}", *_about_scores(config, splits)]
    lines += _about_disk(config.run_dir, _bytes_on_disk(trainer, splits, samples_per_split))
    if RunFolder(config.run_dir).checkpoint.exists():
        lines.append(
            f"{config.run_dir} contains a checkpoint; without --dry-run, the run resumes if it is the same one"
        )
    return "\n".join(lines)


def _about_scores(config: TrainConfig, splits: Mapping[str, PairedDataset]) -> list[str]:
    scored = sum(config.scores_after(epoch) for epoch in range(1, config.epochs + 1))
    images = sum(min(len(pairs), config.fid_samples or len(pairs)) for pairs in splits.values())
    line = f"scores: after {scored} of {config.epochs} epochs, on {images} images each; this takes extra time"
    return [line] if scored else []


def _about_disk(run_dir: Path, sizes: Mapping[str, int]) -> list[str]:
    folder = next(path for path in (run_dir.absolute(), *run_dir.absolute().parents) if path.exists())
    free = _megabytes(shutil.disk_usage(folder).free)
    total = f"disk: {_megabytes(sum(sizes.values()))}; {free} are free in {folder}"
    return [total, *(f"  {name}: {_megabytes(size)}" for name, size in sizes.items())]


def _seconds_per_step(trainer: Trainer, pairs: PairedDataset) -> float:
    """Return the mean over a few steps and their loading, without the first ones, which allocate and start workers."""
    config = trainer.config
    epochs = (
        training_batches(
            pairs, config.seed, epoch, config.batch_size, config.workers, 0, trainer.rank, config.num_processes
        )
        for epoch in count()
    )
    batches = islice(chain.from_iterable(epochs), WARM_UP_STEPS + TIMED_STEPS)
    for step, (label_image, photo) in enumerate(batches, 1):
        trainer.step(label_image, photo)
        if step == WARM_UP_STEPS:
            started = time.perf_counter()
    return (time.perf_counter() - started) / TIMED_STEPS


def _bytes_on_disk(trainer: Trainer, splits: Mapping[str, PairedDataset], samples_per_split: int) -> dict[str, int]:
    """Estimate the size of a finished run, and of what exists while it saves. Generated images count as photos."""
    config = trainer.config
    checkpoint = _tensor_bytes(trainer.state_dict())
    weights = sum(2 * weight.numel() for weight in trainer.G.state_dict().values())  # fp16
    kept = sum(config.keeps_after(epoch) for epoch in range(1, config.epochs + 1))
    sampled = sum(config.samples_after(epoch) for epoch in range(1, config.epochs + 1))
    shown = samples_per_split if sampled else 0
    pairs = [pairs[index] for pairs in splits.values() for index in range(min(shown, len(pairs)))]
    samples = sum(_png_bytes(label_image) + (1 + sampled) * _png_bytes(photo) for label_image, photo in pairs)
    best = weights if config.fid_every and "val" in splits else 0
    critic = sum(2 * weight.numel() for weight in trainer.D.state_dict().values()) if trainer.D else 0
    return {
        "checkpoint, the one before it, and one while it is written": 3 * checkpoint,
        f"weights of {kept} of {config.epochs} epochs": kept * weights,
        f"samples of {sampled} of {config.epochs} epochs": samples,
        "released folders, and one while it is written": 2 * weights + best + critic,
    }


def _tensor_bytes(state: Any) -> int:
    """Return the size of all tensors in nested dictionaries and lists."""
    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return sum(_tensor_bytes(part) for part in parts)


def _png_bytes(image: Tensor) -> int:
    return len(encode_image(Image.fromarray(to_uint8(image).permute(1, 2, 0).numpy()), "PNG"))


def _megabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
