"""The run folder: where a training run keeps its configuration, log, samples and weights; read again to resume it."""

import json
import math
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from PIL import Image
from torch import Tensor

from pix2pix import lineage
from pix2pix.files import append_record, read_records, replacing
from pix2pix.labels import PALETTES
from pix2pix.lineage import Stage
from pix2pix.pictures import to_uint8
from pix2pix.release import ReleaseConfig, weights_by_epoch, weights_of_epoch
from pix2pix.trainer import TrainConfig

THEN = ", then "


class RunFolderError(ValueError):
    """The folder holds another run or none, or another process trains in it; the message says which and what to do."""


class RunFolder:
    """Paths and records of one run.

    Args:
        path: The folder; `lock` creates it if absent.

    Attributes:
        scores: File of the records of scored epochs.
        release: The released folder of the last finished epoch.
        release_best: That of the scored epoch whose pictures are closest to the validation photographs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_file = path / "config.json"
        self.checkpoint = path / "checkpoint.pt"
        self.log_file = path / "log.jsonl"
        self.scores = path / "evaluation.jsonl"
        self.release = path / "release"
        self.release_best = path / "release-best"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps a second run out of the folder. For the main process alone where several train together.

        The system frees the lock when the process ends, however it ends; the empty file `.lock` stays and means nothing.

        Raises:
            RunFolderError: If another process holds it.
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

    def open(self, config: TrainConfig, data_hashes: dict[str, str]) -> None:
        """Records the configuration, or compares it with the one recorded by the run to be resumed.

        Args:
            config: Resolved.
            data_hashes: Fingerprint of each split; those that have been trained on or scored have to stay as they were.

        Raises:
            RunFolderError: If anything that decides the weights or the scores differs, or `config.json` is something else.
        """
        path = self.config_file
        new = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(config).items()}
        machine, data, kept = _machine(), data_hashes, {}
        if path.exists():
            try:
                old = json.loads(path.read_text(encoding="utf-8"))
                differences = _differences(old["config"], new)
                changed = [
                    split for split, pictures in old["data"].items() if data_hashes.get(split, pictures) != pictures
                ]
                machine, data = _joined(old["machine"], machine), old["data"] | data_hashes
                kept = {name: old[name] for name in ("lineage",) if name in old}
            except (
                ValueError,
                KeyError,
                TypeError,
                AttributeError,
            ) as error:  # such as the config.json of a released folder
                raise RunFolderError(f"{path} is not that of a training run. Use another --run-dir.") from error
            if "train" in changed:
                differences.append("the training pictures have changed")
            if differences:
                listed = "; ".join(differences)
                raise RunFolderError(
                    f"{self.path} holds a run that differs: {listed}. Use the same values or another --run-dir."
                )
            if scored := [
                split for split in changed if any(record.get("split") == split for record in read_records(self.scores))
            ]:
                raise RunFolderError(
                    f"the {scored[0]} pictures have changed since epochs of {self.path} were scored. Use the same pictures, or remove "
                    f"{self.scores} and give the same command again; then python -m pix2pix.fid {self.path} scores the kept epochs anew."
                )
        elif self.checkpoint.exists():
            raise RunFolderError(
                f"{self.path} holds a checkpoint but no config.json that says of what. Use another --run-dir."
            )
        record = {"config": new, "data": data, "machine": machine} | kept
        with replacing(path) as file:
            file.write((json.dumps(record, indent=2) + "\n").encode())

    def record_lineage(self, stages: Sequence[Stage]) -> None:
        """Adds to `config.json` the trainings that this one started from, oldest first."""
        record = json.loads(self.config_file.read_text(encoding="utf-8")) | {"lineage": lineage.to_json(stages)}
        with replacing(self.config_file) as file:
            file.write((json.dumps(record, indent=2) + "\n").encode())

    def lineage(self) -> tuple[Stage, ...]:
        """The trainings that this one started from, oldest first; none if it started from random weights.

        Raises:
            RunFolderError: If `config.json` is missing or something else.
        """
        try:
            record = json.loads(self.config_file.read_text(encoding="utf-8"))
            return lineage.from_json(record.get("lineage", []))
        except (OSError, ValueError, AttributeError, RecursionError) as error:
            raise RunFolderError(f"{self.config_file} is missing or not that of a training run") from error

    def read(self) -> tuple[TrainConfig, dict[str, str], dict[str, str]]:
        """What `open` has recorded: the configuration, the fingerprints of the splits, the machine.

        A setting that an older run did not record is at its default, which is what it had.

        Raises:
            RunFolderError: If `config.json` is missing or something else.
        """
        path = self.config_file
        if not path.is_file():
            raise RunFolderError(
                f"{self.path} is no run folder: it has no config.json; name one made by train.py, such as runs/facades-gan"
            )
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            known = {
                item.name: record["config"][item.name] for item in fields(TrainConfig) if item.name in record["config"]
            }
            paths = {name: Path(known[name]) for name in ("data_dir", "run_dir", "fid_weights") if known.get(name)}
            data, machine = ({name: str(value) for name, value in record[key].items()} for key in ("data", "machine"))
            return TrainConfig(**known | paths), data, machine
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:  # such as the config.json of a released folder
            raise RunFolderError(
                f"{path} is not that of a training run; name a folder made by train.py, such as runs/facades-gan"
            ) from error

    def cut_records(self, epoch: int) -> None:
        """Removes what was logged and scored after the checkpoint's last finished epoch; those epochs are trained again."""
        for path in (path for path in (self.log_file, self.scores) if path.exists()):
            kept = [record for record in read_records(path) if record.get("epoch", math.inf) <= epoch]
            with replacing(path) as file:
                file.write("".join(json.dumps(record) + "\n" for record in kept).encode())

    def log(self, record: dict[str, Any]) -> None:
        """Appends the record of one epoch."""
        append_record(self.log_file, record)

    def weights(self, epoch: int) -> Path:
        """Where the generator of an epoch is kept."""
        folder = self.path / "weights"
        folder.mkdir(exist_ok=True)
        return weights_of_epoch(folder, epoch)

    def kept_weights(self) -> dict[int, Path]:
        """The kept generators by epoch, ascending."""
        return weights_by_epoch(self.path / "weights")

    def sample(self, split: str, name: str, kind: str | int) -> Path:
        """The file of a sample image: samples/SPLIT/NAME/KIND.png, where kind is "label", "photo", or an epoch."""
        stem = kind if isinstance(kind, str) else f"epoch-{kind:03d}"
        return self.path / "samples" / split / name / f"{stem}.png"

    def sampled_epochs(self, split: str) -> dict[str, list[int]]:
        """The epochs, ascending, after which each image of a split was sampled, by the image's name in numeric order."""
        epochs: dict[str, list[int]] = {}
        for path in (self.path / "samples" / split).glob("*/epoch-*.png"):
            if match := re.fullmatch(r"epoch-(\d{3,9})", path.stem, re.ASCII):
                epochs.setdefault(path.parent.name, []).append(int(match[1]))
        return {name: sorted(epochs[name]) for name in sorted(epochs, key=lambda name: (len(name), name))}

    def save_sample(self, split: str, name: str, kind: str | int, picture: Tensor) -> None:
        """Writes one image [3, H, W] in [-1, 1] to the file that `sample` names."""
        path = self.sample(split, name, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            Image.fromarray(to_uint8(picture).permute(1, 2, 0).cpu().numpy()).save(file, "PNG")


def release_config(
    config: TrainConfig, epoch: int, metrics: Mapping[str, Any] | None = None, lineage: tuple[Stage, ...] = ()
) -> ReleaseConfig:
    """What a released folder says of a run's generator after an epoch."""
    return ReleaseConfig(
        dataset=config.dataset,
        objective=config.objective,
        palette=PALETTES[config.dataset],
        base_channels=config.base_channels,
        norm=config.norm,
        epochs=epoch,
        seed=config.seed,
        ema=config.ema,
        metrics=metrics or {},
        lineage=lineage,
    )


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What keeps a run recorded as `old` from going on as `new`; epochs may only go up."""
    fixed = [item for item in fields(TrainConfig) if not item.metadata["may_change"]]
    before = {
        item.name: old.get(item.name, item.default) for item in fixed
    }  # a setting that an old run did not know was at its default
    differences = [
        f"--{name.replace('_', '-')} was {value}, is {new[name]}"
        for name, value in before.items()
        if value != new[name]
    ]
    if new["epochs"] < old["epochs"]:
        differences.append(f"--epochs was {old['epochs']}, is {new['epochs']}, and can only be raised")
    return differences


def _machine() -> dict[str, str]:
    return {
        "code": _commit(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        "threads": str(torch.get_num_threads()),
    }


def _commit() -> str:
    """The commit of this code; "unknown" where it is in no git clone."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _joined(before: dict[str, Any], now: dict[str, str]) -> dict[str, str]:
    """What has changed on the way is told in its order: "1, then 2"."""
    told = {name: str(before.get(name, value)) for name, value in now.items()}
    return {
        name: told[name] if told[name].rpartition(THEN)[2] == value else told[name] + THEN + value
        for name, value in now.items()
    }
