"""What a run would take, before it is started: steps, hours from a few real steps, bytes from real sizes. Writes nothing."""

import io
import shutil
import time
from collections.abc import Mapping
from dataclasses import fields
from itertools import chain, count, islice
from typing import Any

from PIL import Image
from torch import Tensor

from pix2pix.data import PairedDataset, training_batches
from pix2pix.pictures import to_uint8
from pix2pix.trainer import TrainConfig, Trainer

WARM_UP_STEPS = 2
TIMED_STEPS = 8


def dry_run(trainer: Trainer, splits: Mapping[str, PairedDataset], sampled_pictures: int) -> str:
    """Times a few steps, which spoil the trainer, and describes the run.

    Args:
        trainer: Fresh; with several processes each calls this with its own.
        splits: The training split and others.
        sampled_pictures: Of each split.

    Returns:
        Lines of text.
    """
    config, train_split = trainer.config, splits["train"]
    assert config.run_dir is not None
    for split, pairs in splits.items():
        pairs.fingerprint(keep=split == "train")  # as a run does; names a broken picture
    seconds = _seconds_per_step(trainer, train_split)
    steps = -(-len(train_split) // (config.batch_size * config.num_processes))
    hours = config.epochs * steps * seconds / 3600
    scored = sum(config.scores_after(epoch) for epoch in range(1, config.epochs + 1))
    pictures = sum(min(len(pairs), config.fid_samples or len(pairs)) for pairs in splits.values())
    sizes = _bytes_on_disk(trainer, splits, sampled_pictures)
    folder = next(path for path in (config.run_dir.absolute(), *config.run_dir.absolute().parents) if path.exists())
    lines = [f"--{item.name.replace('_', '-')} {getattr(config, item.name)}" for item in fields(TrainConfig)]
    lines += ["", "pictures: " + ", ".join(f"{len(pairs)} in {split}" for split, pairs in splits.items())]
    lines += [f"steps: {steps} per epoch, {config.epochs * steps} in all"]
    lines += [
        f"time: {hours:.2g} hours of training; {seconds * 1000:.0f} ms per step over {TIMED_STEPS} steps on {trainer.device}"
    ]
    lines += (
        [f"scores: after {scored} of {config.epochs} epochs, of {pictures} pictures each, beside these hours"]
        if scored
        else []
    )
    lines += [
        f"disk: {_megabytes(sum(sizes.values()))}, of {_megabytes(shutil.disk_usage(folder).free)} free in {folder}"
    ]
    lines += [f"  {name}: {_megabytes(size)}" for name, size in sizes.items()]
    if (config.run_dir / "checkpoint.pt").exists():
        lines += [
            f"{config.run_dir} holds a checkpoint; without --dry-run its run goes on from there, if it is the same run"
        ]
    return "\n".join(lines)


def _seconds_per_step(trainer: Trainer, pairs: PairedDataset) -> float:
    """Mean over a few steps with the loading of their pictures; the first ones, in which buffers and workers are made, do not count."""
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


def _bytes_on_disk(trainer: Trainer, splits: Mapping[str, PairedDataset], sampled_pictures: int) -> dict[str, int]:
    """What a finished run leaves, and the most that is there while it saves. G's pictures are taken to be as large as the photos."""
    config = trainer.config
    checkpoint = _tensor_bytes(trainer.state_dict())
    weights = sum(2 * weight.numel() for weight in trainer.G.state_dict().values())  # fp16
    kept = sum(config.keeps_after(epoch) for epoch in range(1, config.epochs + 1))
    sampled = sum(config.samples_after(epoch) for epoch in range(1, config.epochs + 1))
    pairs = (
        [pairs[index] for pairs in splits.values() for index in range(min(sampled_pictures, len(pairs)))]
        if sampled
        else []
    )
    samples = sum(_png_bytes(label_image) + (1 + sampled) * _png_bytes(photo) for label_image, photo in pairs)
    best = weights if config.fid_every and "val" in splits else 0
    return {
        "checkpoint, the one before it, and one while it is written": 3 * checkpoint,
        f"weights of {kept} of {config.epochs} epochs": kept * weights,
        f"samples of {sampled} of {config.epochs} epochs": samples,
        "released folders, and one while it is written": 2 * weights + best,
    }


def _tensor_bytes(state: Any) -> int:
    """Of all tensors in nested dictionaries and lists."""
    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return sum(_tensor_bytes(part) for part in parts)


def _png_bytes(picture: Tensor) -> int:
    file = io.BytesIO()
    Image.fromarray(to_uint8(picture).permute(1, 2, 0).numpy()).save(file, "PNG")
    return len(file.getvalue())


def _megabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
