"""Scores of the runs of one dataset, side by side: with the distance between photographs, and with the published numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pix2pix.data import SPLITS
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
"""FID by dataset, split and objective, and n, of the experiment that this project set out to reproduce: UNet-256 with instance norm,
200 epochs, dropout on at prediction, Inception of pytorch-fid. The paper itself (Isola et al. 2017) gives no FID."""


@dataclass(frozen=True)
class Row:
    """A run's score after one epoch; `score` is None where there is none."""

    run: Run
    score: dict[str, Any] | None
    published: int | None


@dataclass(frozen=True)
class Group:
    """Scores of one split at one n; n is None where the split has not been scored."""

    split: str
    n: int | None
    published_n: int | None
    rows: list[Row]

    @property
    def floor(self) -> dict[str, Any] | None:
        """A score that has the distance between photographs, which is the same for all of a group."""
        return next((row.score for row in reversed(self.rows) if row.score), None)


@dataclass(frozen=True)
class Table:
    """All splits by the same measure; None where nothing has been scored."""

    measure: Measure | None
    groups: list[Group]


def score_tables(runs: Sequence[Run]) -> list[Table]:
    """One table for each Inception that scored any of the runs, which are of one dataset; the published numbers alone if none did."""
    measures = dict.fromkeys(Measure(score["weights"], score["dims"]) for run in runs for score in run.scores)
    return [
        Table(key, [group for split in SPLITS for group in _groups(runs, key, split)]) for key in measures or [None]
    ]


def select(run: Run, measure: Measure | None, split: str, n: int | None) -> dict[int, dict[str, Any]]:
    """A run's scores by epoch."""
    return {score["epoch"]: score for score in run.scores if _fits(score, measure, split) and score["n"] == n}


def counts(runs: Sequence[Run], measure: Measure | None, split: str) -> list[int]:
    """Every n at which a split was scored, ascending."""
    return sorted({score["n"] for run in runs for score in run.scores if _fits(score, measure, split)})


def _fits(score: dict[str, Any], measure: Measure | None, split: str) -> bool:
    return score["split"] == split and Measure(score["weights"], score["dims"]) == measure


def _groups(runs: Sequence[Run], measure: Measure | None, split: str) -> list[Group]:
    """Of each run the last scored epoch, and the last one that all were scored after, so that there are rows of equal training."""
    published = PUBLISHED[runs[0].config.dataset][split]
    scored_n: list[int | None] = [*counts(runs, measure, split)]
    groups = []
    for n in scored_n or [None]:
        scored = [select(run, measure, split, n) for run in runs]
        common = set.intersection(*(set(scores) for scores in scored if scores)) if any(scored) else set()
        rows = []
        for run, scores in zip(runs, scored, strict=True):
            shown = sorted({max(chosen) for chosen in (scores, common) if chosen and scores})
            rows += [Row(run, scores.get(epoch), published[run.config.objective]) for epoch in shown or [0]]
        groups.append(Group(split, n, published["n"], rows))
    return groups
