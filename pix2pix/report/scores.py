"""Scores of the runs on a dataset side by side, with the distance between photos and the published FID."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pix2pix.config import TrainConfig
from pix2pix.data import SPLITS
from pix2pix.fid.accuracy import NAMES
from pix2pix.fid.measure import Measure
from pix2pix.report.runs import Run

PUBLISHED: dict[str, dict[str, dict[str, int]]] = {
    "facades": {
        "train": {"n": 400, "gan": 76, "l1": 151},
        "val": {"n": 100, "gan": 103, "l1": 171},
        "test": {"n": 106, "gan": 115, "l1": 187},
    },
    "cityscapes": {
        "train": {"n": 2975, "gan": 46, "l1": 148},
        "val": {"n": 300, "gan": 80, "l1": 188},
        "test": {"n": 200, "gan": 105, "l1": 203},
    },
}
"""FID by dataset, split and objective, and number of images n, of the experiment that this project reproduces.

UNet-256 with instance norm, 200 epochs, dropout at prediction, Inception of pytorch-fid. The paper (Isola et al. 2017)
gives no FID.
"""


def published_fid(config: TrainConfig) -> dict[str, dict[str, int]]:
    """Return the published numbers that a run can be compared with; none for other data, directions and sizes."""
    is_published = config.data is None and (config.direction, config.size) == ("BtoA", "256x256")
    return PUBLISHED.get(config.dataset, {}) if is_published else {}


@dataclass(frozen=True)
class Row:
    """A run's score after one epoch; `score` is None if there is none."""

    run: Run
    score: dict[str, Any] | None
    published: int | None


@dataclass(frozen=True)
class Group:
    """Scores of one split at one n; n is None if the split has not been scored."""

    split: str
    n: int | None
    published_n: int | None
    rows: list[Row]

    @property
    def floor(self) -> dict[str, Any] | None:
        """A score, for its distance between photos, which is the same in the whole group."""
        return next((row.score for row in reversed(self.rows) if row.score), None)


@dataclass(frozen=True)
class Table:
    """All splits by one measure; the measure is None if nothing has been scored."""

    measure: Measure | None
    groups: list[Group]


def measure_of(score: Mapping[str, Any]) -> Measure:
    """Return the measure that a recorded score is by."""
    return Measure(score["weights"], score["dims"])


def score_tables(runs: Sequence[Run]) -> list[Table]:
    """Make a table for each Inception that scored any of the runs; if none did, one with the published FID only."""
    measures = dict.fromkeys(measure_of(score) for run in runs for score in run.scores)
    return [
        Table(key, [group for split in SPLITS for group in _groups(runs, key, split)]) for key in measures or [None]
    ]


def select(run: Run, measure: Measure | None, split: str, n: int | None) -> dict[int, dict[str, Any]]:
    """Return the scores of a run by epoch."""
    return {score["epoch"]: score for score in run.scores if _fits(score, measure, split) and score["n"] == n}


def counts(runs: Sequence[Run], measure: Measure | None, split: str) -> list[int]:
    """Return every n at which a split was scored, ascending."""
    return sorted({score["n"] for run in runs for score in run.scores if _fits(score, measure, split)})


def _fits(score: dict[str, Any], measure: Measure | None, split: str) -> bool:
    return score["split"] == split and measure_of(score) == measure


def _groups(runs: Sequence[Run], measure: Measure | None, split: str) -> list[Group]:
    """Show each run at its last scored epoch and at the last epoch that all were scored after."""
    published = published_fid(runs[0].config).get(split, {})
    scored_n: list[int | None] = [*counts(runs, measure, split)]
    groups = []
    for n in scored_n or ([None] if published else []):
        scored = [select(run, measure, split, n) for run in runs]
        common = set.intersection(*(set(scores) for scores in scored if scores)) if any(scored) else set()
        rows = []
        for run, scores in zip(runs, scored, strict=True):
            shown = sorted({max(chosen) for chosen in (scores, common) if chosen and scores})
            rows += [Row(run, scores.get(epoch), published.get(run.config.objective)) for epoch in shown or [0]]
        groups.append(Group(split, n, published.get("n"), rows))
    return groups


@dataclass(frozen=True)
class AccuracyTable:
    """How well one segmenter reads the classes of the runs' images of val, at one n.

    Attributes:
        segmenter: First 8 hex digits of the sha256 of its weights.
        n: Number of images.
        rows: Label of a run, its last scored epoch, and the accuracies by name.
        photos: The accuracies of the photos by name.
    """

    segmenter: str
    n: int
    rows: list[tuple[str, int, dict[str, float]]]
    photos: dict[str, float]


def accuracy_tables(runs: Sequence[Run]) -> list[AccuracyTable]:
    """Make a table for each segmenter and number of images."""
    keys = dict.fromkeys((record["segmenter"], record["n"]) for run in runs for record in run.accuracies)
    return [_accuracy_table(runs, *key) for key in keys]


def _accuracy_table(runs: Sequence[Run], segmenter: str, n: int) -> AccuracyTable:
    rows = []
    for run in runs:
        records = [record for record in run.accuracies if (record["segmenter"], record["n"]) == (segmenter, n)]
        if records:
            last = records[-1]
            rows.append((run.label, last["epoch"], {name: last[name] for name in NAMES}))
            photos = {name: last[f"photo_{name}"] for name in NAMES}
    return AccuracyTable(segmenter, n, rows, photos)
