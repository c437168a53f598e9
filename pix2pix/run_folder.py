"""The run folder: where a training run keeps its configuration, log, samples and weights; read again to resume it."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from PIL import Image
from torch import Tensor

from pix2pix.files import naming, replacing
from pix2pix.pictures import to_uint8
from pix2pix.trainer import TrainConfig


class RunFolderError(ValueError):
    """The run folder holds another run, or another process trains in it; the message says which and what to do."""


class RunFolder:
    """Paths and records of one run.

    Args:
        path: The folder; created if absent.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoint = path / "checkpoint.pt"
        self.release = path / "release"
        path.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps a second run out of the folder. For the main process alone where several train together.

        The system frees the lock when the process ends, however it ends; the empty file `.lock` stays and means nothing.

        Raises:
            RunFolderError: If another process holds it.
        """
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise RunFolderError(f"another process is training in {self.path}. Stop it first, or use another --run-dir.") from error
        try:
            yield
        finally:
            lock.release()

    def open(self, config: TrainConfig, data_hashes: dict[str, str]) -> None:
        """Records the configuration, or compares it with the one recorded by the run to be resumed.

        Args:
            config: Resolved.
            data_hashes: Fingerprint of each split; only the training split has to stay as it was.

        Raises:
            RunFolderError: If anything that decides the weights differs, or `config.json` is something else.
        """
        path = self.path / "config.json"
        new = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(config).items()}
        if path.exists():
            try:
                old = json.loads(path.read_text(encoding="utf-8"))
                differences = _differences(old["config"], new)
                same_pictures = old["data"]["train"] == data_hashes["train"]
            except (ValueError, KeyError, TypeError) as error:  # such as the config.json of a released folder
                raise RunFolderError(f"{path} is not that of a training run. Use another --run-dir.") from error
            if not same_pictures:
                differences.append("the training pictures have changed")
            if differences:
                listed = "; ".join(differences)
                raise RunFolderError(f"{self.path} holds a run that differs: {listed}. Use the same values or another --run-dir.")
        elif self.checkpoint.exists():
            raise RunFolderError(f"{self.path} holds a checkpoint but no config.json that says of what. Use another --run-dir.")
        record = {"config": new, "data": data_hashes, "machine": _machine()}
        with replacing(path) as file:
            file.write((json.dumps(record, indent=2) + "\n").encode())

    def cut_log(self, epoch: int) -> None:
        """Removes what was logged after the checkpoint's last finished epoch."""
        path = self.path / "log.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        with replacing(path) as file:
            file.write("".join(lines[:epoch]).encode())  # one line per epoch; one that a crash cut short is beyond the checkpoint

    def log(self, record: dict[str, Any]) -> None:
        """Appends the record of one epoch."""
        path = self.path / "log.jsonl"
        with naming(path), open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def weights(self, epoch: int) -> Path:
        """Where the generator of an epoch is kept."""
        folder = self.path / "weights"
        folder.mkdir(exist_ok=True)
        return folder / f"epoch-{epoch:03d}.safetensors"

    def save_sample(self, split: str, name: str, kind: str, picture: Tensor) -> None:
        """Writes one picture [3, H, W] in [-1, 1] as samples/SPLIT/NAME/KIND.png."""
        folder = self.path / "samples" / split / name
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / f"{kind}.png") as file:
            Image.fromarray(to_uint8(picture).permute(1, 2, 0).cpu().numpy()).save(file, "PNG")


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What keeps a run recorded as `old` from going on as `new`; epochs may only go up."""
    fixed = [item for item in fields(TrainConfig) if not item.metadata["may_change"]]
    before = {item.name: old.get(item.name, item.default) for item in fixed}  # a setting that an old run did not know was at its default
    differences = [f"--{name.replace('_', '-')} was {value}, is {new[name]}" for name, value in before.items() if value != new[name]]
    if new["epochs"] < old["epochs"]:
        differences.append(f"--epochs was {old['epochs']}, is {new['epochs']}, and can only be raised")
    return differences


def _machine() -> dict[str, Any]:
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()
    return {"torch": torch.__version__, "python": platform.python_version(), "device": device, "threads": torch.get_num_threads()}
