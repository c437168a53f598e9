"""Read the settings, epochs, scores and release of run folders. Runs may still be training; nothing is written."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pix2pix import run_config
from pix2pix.config import TrainConfig
from pix2pix.data import SPLITS
from pix2pix.data_description import DataDescription
from pix2pix.fid.accuracy import Accuracy
from pix2pix.files import read_records
from pix2pix.release import OBJECTIVES, hash_weights, is_release, load_config
from pix2pix.run_folder import RunFolder
from pix2pix.trainer import LOSS_NAMES

LOG_NUMBERS = ("epoch", "step", "pictures_per_second", "seconds")
HASH = "[0-9a-f]{8}"
DISTANCES = ("fid", "kid", "kid_std", "kid_subset_size", "real_floor", "real_floor_n")
ACCURACIES = tuple(f"{of}{name}" for of in ("", "photo_") for name in Accuracy._fields)
SCORE_NUMBERS = ("epoch", "n", "dims", *DISTANCES, "seconds")


class ReportError(ValueError):
    """A damaged run folder; the message names the file and says what to do."""


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        folder: The run folder.
        label: Distinguishes the runs on a dataset: "GAN" or "L1", with the folder's name if there are several.
        config: Settings that an older run did not record are at their defaults, which it used.
        data: Fingerprint of each split.
        trained_on: What the training images are.
        machine: Hardware and versions; values that changed during the run are listed in order.
        log: One record for each finished epoch, ascending.
        scores: One record for each scored epoch, split and conditions, ascending by epoch.
        accuracies: One record for each epoch whose images a segmenter has read, ascending by epoch.
        released: sha256 of the released weights, and their epoch; None before the first release.
    """

    folder: RunFolder
    label: str
    config: TrainConfig
    data: dict[str, str]
    trained_on: DataDescription
    machine: dict[str, str]
    log: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    accuracies: list[dict[str, Any]]
    released: tuple[str, int] | None

    @property
    def name(self) -> str:
        return self.folder.path.resolve().name

    @property
    def subject(self) -> str:
        """What runs must share to be compared: the images and, for the known datasets, which become which."""
        is_reversed = self.config.data is None and self.config.direction != "BtoA"
        return self.config.dataset + ("-AtoB" if is_reversed else "")

    @property
    def epochs(self) -> int:
        """Number of finished epochs."""
        return self.log[-1]["epoch"] if self.log else 0

    @property
    def training_seconds(self) -> float:
        """Time of the training steps alone."""
        return sum(record["seconds"] for record in self.log)

    @property
    def pictures_per_second(self) -> float | None:
        """Training images per second over the whole run; None before the end of the first epoch."""
        pictures = sum(record["pictures_per_second"] * record["seconds"] for record in self.log)
        return pictures / self.training_seconds if self.training_seconds else None

    @property
    def scoring_seconds(self) -> float:
        return sum(record["seconds"] for record in self.scores)


def read_runs(paths: Sequence[Path]) -> list[Run]:
    """Read run folders.

    Raises:
        RunFolderError: If a path is no run folder.
        ReportError: If a run folder is damaged or named twice.
        ReleaseError: If a released folder is damaged.
    """
    runs = [_read_run(path) for path in paths]
    counts = Counter(run.folder.path.resolve() for run in runs)
    if repeated := [str(path) for path, count in counts.items() if count > 1]:
        raise ReportError(f"{repeated[0]} is named twice; name each run once")
    runs = _distinguish(runs, lambda run, _: f"{run.label} ({run.name})")
    return _distinguish(runs, lambda run, number: f"{run.label} {number}")


def _distinguish(runs: Sequence[Run], relabel: Callable[[Run, int], str]) -> list[Run]:
    """Relabel the runs that share dataset and label with another; `relabel` gets a run and its number, from 1."""
    same = Counter((run.subject, run.label) for run in runs)
    return [
        replace(run, label=relabel(run, number)) if same[run.subject, run.label] > 1 else run
        for number, run in enumerate(runs, 1)
    ]


def _read_run(path: Path) -> Run:
    folder = RunFolder(path)
    config, data, machine = run_config.read(folder)
    log = _read_records(folder.log_file, (*LOG_NUMBERS, *LOSS_NAMES[config.objective]), ("epoch",))
    scores = _read_records(folder.scores, SCORE_NUMBERS, ("epoch", "split", "n", "weights", "dims"))
    accuracies = _read_records(folder.accuracies, ("epoch", "n", *ACCURACIES), ("epoch", "n", "segmenter"))
    if stages := run_config.read_lineage(folder):
        config = replace(config, init_from=stages[-1].source)  # a name instead of a path of the machine
    released = None
    if is_release(folder.release) and (folder.release / "config.json").is_file():  # a first release may be half written
        released = hash_weights(folder.release), load_config(folder.release).epochs
    label, trained_on = OBJECTIVES[config.objective].name, run_config.read_description(folder, config)
    return Run(folder, label, config, data, trained_on, machine, log, scores, accuracies, released)


def _read_records(path: Path, numbers: Sequence[str], key: Sequence[str]) -> list[dict[str, Any]]:
    """Read JSON lines, ascending by epoch, without half-written lines; of records with equal keys the last counts."""
    try:
        records = read_records(path)
    except RecursionError as error:
        raise ReportError(f"{path} is not a file of records, one JSON object per line") from error
    for record in records:
        if wrong := [name for name in numbers if not _is_number(record.get(name))]:
            value = record.get(wrong[0])
            raise ReportError(f"{path} has a record whose {wrong[0]} is {value!r}, not a number; remove that line")
        for name, form in {"split": "|".join(SPLITS), "weights": HASH, "segmenter": HASH}.items():
            if name in key and not re.fullmatch(form, str(record.get(name))):
                raise ReportError(
                    f"{path} has a record whose {name} is {record.get(name)!r}, not of the form {form}; "
                    "remove that line"
                )
    newest = {
        tuple(record[name] for name in key): {name: record[name] for name in {*numbers, *key}} for record in records
    }
    return sorted(newest.values(), key=lambda record: record["epoch"])


def _is_number(value: Any) -> bool:
    """Return whether a value is a finite number of a sensible size; comparisons with NaN are false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
