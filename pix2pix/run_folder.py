"""The run folder: the names of its files, and reading and writing them. Only this file spells these names.

config.json                        see `run_config`
checkpoint.pt                      the full training state; checkpoint-previous.pt is the one before
log.jsonl                          one record per epoch: losses, images per second, seconds
evaluation.jsonl                   one record per scored epoch and split
accuracy.jsonl                     one record per epoch whose images a segmenter has read
weights/epoch-NNN.safetensors      kept generators
samples/SPLIT/NAME/{input,target,epoch-NNN}.png
release/, release-best/            released folders of the last and of the best scored epoch
tensorboard/, wandb/, wandb-id     of the tracker
"""

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from PIL import Image
from torch import Tensor

from pix2pix.files import append_record, read_records, replacing
from pix2pix.pixel_values import to_uint8
from pix2pix.release import is_release, weights_by_epoch, weights_of_epoch


class RunFolderError(ValueError):
    """The folder is no run folder, belongs to another run, or is in use; the message says which and what to do."""


class RunFolder:
    """Paths and records of one run.

    Args:
        path: The folder; `lock` creates it if absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "config.json"
        self.checkpoint = path / "checkpoint.pt"
        self.log_file = path / "log.jsonl"
        self.scores = path / "evaluation.jsonl"
        self.accuracies = path / "accuracy.jsonl"
        self.release = path / "release"
        self.release_best = path / "release-best"
        self.tensorboard = path / "tensorboard"
        self.wandb_id = path / "wandb-id"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs out of the folder; only for the main process of a training.

        The system releases the lock when the process ends in any way. The empty file `.lock` stays and means nothing.

        Raises:
            RunFolderError: If another process holds the lock.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise RunFolderError(
                f"another process is training in {self.path}. Stop it first, or use another --run-dir."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def cut_records(self, epoch: int) -> None:
        """Remove logs and scores after the checkpoint's last finished epoch; those epochs will be trained again."""
        for path in (path for path in (self.log_file, self.scores, self.accuracies) if path.exists()):
            kept = [record for record in read_records(path) if record.get("epoch", math.inf) <= epoch]
            with replacing(path) as file:
                file.write("".join(json.dumps(record) + "\n" for record in kept).encode())

    def log(self, record: dict[str, Any]) -> None:
        """Append the record of one epoch."""
        append_record(self.log_file, record)

    @property
    def weights_folder(self) -> Path:
        return self.path / "weights"

    def weights(self, epoch: int) -> Path:
        """Return the file for the generator of an epoch."""
        self.weights_folder.mkdir(exist_ok=True)
        return weights_of_epoch(self.weights_folder, epoch)

    def kept_weights(self) -> dict[int, Path]:
        """Return the files of the kept generators by epoch, ascending."""
        return weights_by_epoch(self.weights_folder)

    def sample(self, split: str, name: str, kind: str | int) -> Path:
        """Return the file of a sample image; kind is "input", "target", or an epoch."""
        stem = kind if isinstance(kind, str) else f"epoch-{kind:03d}"
        return self.path / "samples" / split / name / f"{stem}.png"

    def sampled_epochs(self, split: str) -> dict[str, list[int]]:
        """Return the epochs, ascending, of each sampled image of a split, by the image's name in numeric order."""
        epochs: dict[str, list[int]] = {}
        for path in (self.path / "samples" / split).glob("*/epoch-*.png"):
            if match := re.fullmatch(r"epoch-(\d{3,9})", path.stem, re.ASCII):
                epochs.setdefault(path.parent.name, []).append(int(match[1]))
        return {name: sorted(epochs[name]) for name in sorted(epochs, key=lambda name: (len(name), name))}

    def save_sample(self, split: str, name: str, kind: str | int, image: Tensor) -> None:
        """Write one image [3, H, W] in [-1, 1] to the file that `sample` returns."""
        path = self.sample(split, name, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            Image.fromarray(to_uint8(image).permute(1, 2, 0).cpu().numpy()).save(file, "PNG")


def run_around(released: Path) -> RunFolder | None:
    """Return the run folder that contains a released folder; None if the released folder is elsewhere."""
    run = RunFolder(released.resolve().parent)
    return run if run.log_file.is_file() else None


def release_inside(folder: Path) -> Path | None:
    """Return the released folder of the last epoch in a run folder; None if `folder` has none, or is itself one."""
    release = RunFolder(folder).release
    return release if release.is_dir() and not is_release(folder) else None


def is_run_without_release(folder: Path) -> bool:
    """Return whether `folder` is a run folder whose training has not written a released folder yet."""
    run = RunFolder(folder)
    is_run = any(file.exists() for file in (folder / ".lock", run.checkpoint, run.log_file))
    return is_run and not run.release.is_dir() and not is_release(folder)


def earlier_epochs(released: Path, epochs: int) -> dict[int, Path]:
    """Return weights of earlier epochs of the same training: those of the released folder, or of the run around it.

    Args:
        released: A released folder.
        epochs: The epochs of its own weights.
    """
    run = run_around(released)
    found = weights_by_epoch(released / "epochs") or (run.kept_weights() if run else {})
    return {epoch: path for epoch, path in found.items() if epoch < epochs}
