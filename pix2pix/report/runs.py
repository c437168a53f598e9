"""What a run folder tells a report: its settings, epochs, scores and release. Nothing is written into it, and it may still be growing."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pix2pix import run_config
from pix2pix.data import SPLITS
from pix2pix.files import read_records
from pix2pix.release import load_config
from pix2pix.run_folder import RunFolder
from pix2pix.trainer import LOSS_NAMES, TrainConfig

OBJECTIVES = {"gan": "GAN", "l1": "L1"}
LOG_NUMBERS = ("epoch", "step", "pictures_per_second", "seconds")
SCORE_NUMBERS = (
    "epoch",
    "n",
    "dims",
    "fid",
    "kid",
    "kid_std",
    "kid_subset_size",
    "real_floor",
    "real_floor_n",
    "seconds",
)


class ReportError(ValueError):
    """A run folder that cannot be reported; the message names the file and says what to do."""


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        path: The run folder.
        label: Tells it from the other runs of its dataset: "GAN", "L1", or with the folder's name where there are several.
        config: A setting that an older run did not record is at its default, which is what it had.
        data: Fingerprint of each split.
        machine: What it ran on; where that has changed on the way, one after the other.
        log: One record per finished epoch, ascending.
        scores: One record per scored epoch, split and conditions, ascending by epoch.
        released: sha256 of the released weights and the epoch that they are from; None before the first release.
    """

    path: Path
    label: str
    config: TrainConfig
    data: dict[str, str]
    machine: dict[str, str]
    log: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    released: tuple[str, int] | None

    @property
    def name(self) -> str:
        return self.path.resolve().name

    @property
    def epochs(self) -> int:
        """Finished epochs."""
        return self.log[-1]["epoch"] if self.log else 0

    @property
    def training_seconds(self) -> float:
        """Of the training steps alone."""
        return sum(record["seconds"] for record in self.log)

    @property
    def pictures_per_second(self) -> float | None:
        """All pictures over all seconds; None before the first epoch has ended."""
        pictures = sum(record["pictures_per_second"] * record["seconds"] for record in self.log)
        return pictures / self.training_seconds if self.training_seconds else None

    @property
    def scoring_seconds(self) -> float:
        return sum(record["seconds"] for record in self.scores)


def read_runs(paths: Sequence[Path]) -> list[Run]:
    """Reads run folders.

    Raises:
        RunFolderError: If one is no run folder.
        ReportError: If one holds something broken, or is named twice.
        ReleaseError: If a released folder is broken.
    """
    runs = [_read_run(path) for path in paths]
    counts = Counter(run.path.resolve() for run in runs)
    if repeated := [str(path) for path, count in counts.items() if count > 1]:
        raise ReportError(f"{repeated[0]} is named twice; name each run once")
    return _told_apart(
        _told_apart(runs, lambda run, _: f"{run.label} ({run.name})"), lambda run, number: f"{run.label} {number}"
    )


def _told_apart(runs: Sequence[Run], relabel: Callable[[Run, int], str]) -> list[Run]:
    """The runs, those that share dataset and label with another under a new label; `relabel` also gets the run's number, from 1."""
    same = Counter((run.config.dataset, run.label) for run in runs)
    return [
        replace(run, label=relabel(run, number)) if same[run.config.dataset, run.label] > 1 else run
        for number, run in enumerate(runs, 1)
    ]


def _read_run(path: Path) -> Run:
    config, data, machine = run_config.read(RunFolder(path))
    log = _read_records(path / "log.jsonl", (*LOG_NUMBERS, *LOSS_NAMES[config.objective]), ("epoch",))
    scores = _read_records(path / "evaluation.jsonl", SCORE_NUMBERS, ("epoch", "split", "n", "weights", "dims"))
    weights, released = path / "release" / "model.safetensors", None
    if weights.is_file() and (path / "release" / "config.json").is_file():
        with open(weights, "rb") as file:
            released = hashlib.file_digest(file, "sha256").hexdigest(), load_config(path / "release").epochs
    return Run(path, OBJECTIVES[config.objective], config, data, machine, log, scores, released)


def _read_records(path: Path, numbers: Sequence[str], key: Sequence[str]) -> list[dict[str, Any]]:
    """The records of a file of JSON lines, ascending by epoch, without a line that is half written; of equal keys the last."""
    try:
        records = read_records(path)
    except RecursionError as error:
        raise ReportError(f"{path} is no list of records, one JSON object a line") from error
    for record in records:
        if wrong := [name for name in numbers if not _is_number(record.get(name))]:
            raise ReportError(
                f"{path} has a record whose {wrong[0]} is {record.get(wrong[0])!r}, not a number; remove that line"
            )
        for name, form in {"split": "|".join(SPLITS), "weights": "[0-9a-f]{8}"}.items():
            if name in key and not re.fullmatch(form, str(record.get(name))):
                raise ReportError(
                    f"{path} has a record whose {name} is {record.get(name)!r}, not of the form {form}; remove that line"
                )
    newest = {
        tuple(record[name] for name in key): {name: record[name] for name in {*numbers, *key}} for record in records
    }
    return sorted(newest.values(), key=lambda record: record["epoch"])


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
    )  # nor is NaN or infinity
