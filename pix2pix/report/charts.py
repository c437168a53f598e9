"""Line charts as inline SVG: small, sharp, and, unlike a plotting library's, in the page's fonts and colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pix2pix.data import SPLITS
from pix2pix.fid.measure import Measure
from pix2pix.report.runs import Run
from pix2pix.report.scores import counts, select
from pix2pix.trainer import LOSS_NAMES

MARKED = 25
"""Maximum number of points of a line for which they are marked."""


@dataclass(frozen=True)
class Line:
    """A run's values over epochs.

    Attributes:
        label: Name of the run.
        style: Number of the line's colour and dashes on the page.
        points: (epoch, value), ascending by epoch.
        spread: Half the height of the band around each value; empty for no band.
    """

    label: str
    style: int
    points: Sequence[tuple[float, float]]
    spread: Sequence[float] = ()


@dataclass(frozen=True)
class Chart:
    """Lines and their scales. Positions are in units of the SVG view box.

    Attributes:
        title: What the chart shows.
        lines: At least one; none is empty.
        last_epoch: End of the horizontal axis.
        floor: A value to draw across the chart; None for none.
        from_zero: Whether the vertical axis must include 0.
    """

    title: str
    lines: Sequence[Line]
    last_epoch: int
    floor: float | None = None
    from_zero: bool = False

    width: ClassVar = 360
    height: ClassVar = 220
    left: ClassVar = 60
    right: ClassVar = 350
    top: ClassVar = 10
    bottom: ClassVar = 186

    @property
    def x_ticks(self) -> list[tuple[float, str]]:
        return [(self.x(value), f"{value:g}") for value in ticks(0, self.last_epoch, 5, 1) if value <= self.last_epoch]

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        return [(self.y(value), f"{value:.6g}") for value in self._y_values]

    @property
    def _y_values(self) -> list[float]:
        bands = [zip(line.points, line.spread or [0.0] * len(line.points), strict=True) for line in self.lines]
        ends = [value + sign * half for band in bands for (_, value), half in band for sign in (-1, 1)]
        ends += [0.0] * self.from_zero + ([] if self.floor is None else [self.floor])
        return ticks(min(ends), max(ends), 4)

    def x(self, epoch: float) -> float:
        return round(self.left + epoch / self.last_epoch * (self.right - self.left), 2)

    def y(self, value: float) -> float:
        low, *_, high = self._y_values
        return round(self.bottom - (value - low) / (high - low) * (self.bottom - self.top), 2)

    def path(self, line: Line) -> str:
        return " ".join(f"{self.x(epoch)},{self.y(value)}" for epoch, value in line.points)

    def band(self, line: Line) -> str:
        upper = [(epoch, value + half) for (epoch, value), half in zip(line.points, line.spread, strict=True)]
        lower = [(epoch, value - half) for (epoch, value), half in zip(line.points, line.spread, strict=True)]
        return " ".join(f"{self.x(epoch)},{self.y(value)}" for epoch, value in upper + lower[::-1])

    def marks(self, line: Line) -> list[tuple[float, float]]:
        return [(self.x(epoch), self.y(value)) for epoch, value in line.points] if len(line.points) <= MARKED else []

    @property
    def description(self) -> str:
        """The chart in words, for people who cannot see it."""
        ends = [f"{line.label}: {_words(line.points[0])}, {_words(line.points[-1])}" for line in self.lines]
        floor = [] if self.floor is None else [f"photos against photos: {self.floor:.4g}"]
        return "; ".join(ends + floor) + "."


def _words(point: tuple[float, float]) -> str:
    return f"{point[1]:.4g} after epoch {point[0]:g}"


def ticks(low: float, high: float, count: int, smallest: float = 0.0) -> list[float]:
    """Return about `count` round values in equal steps of 1, 2 or 5 · 10^k that enclose `low` to `high`."""
    span = max(high - low, abs(high) * 1e-6, 1e-9)
    power = 10.0 ** math.floor(math.log10(span / count))
    step = max(
        smallest, next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= count * (1 + 1e-9))
    )
    first = math.floor(low / step + 1e-9)
    last = max(first + 1, math.ceil(high / step - 1e-9))
    return [index * step for index in range(first, last + 1)]


def loss_charts(runs: Sequence[Run]) -> list[Chart]:
    """Chart each loss of G and D over epochs; their scales differ."""
    return [chart for name in LOSS_NAMES["gan"] if (chart := _log_chart(runs, name, name, False))]


def speed_charts(runs: Sequence[Run]) -> list[Chart]:
    """Chart the training images per second over epochs."""
    chart = _log_chart(runs, "pictures_per_second", "Images per second", True)
    return [chart] if chart else []


def _log_chart(runs: Sequence[Run], name: str, title: str, from_zero: bool) -> Chart | None:
    lines = [
        Line(run.label, style, points)
        for style, run in enumerate(runs)
        if (points := [(record["epoch"], record[name]) for record in run.log if name in record])
    ]
    return Chart(title, lines, _last_epoch(runs), from_zero=from_zero) if lines else None


def score_charts(runs: Sequence[Run], measure: Measure) -> list[Chart]:
    """Chart both distances over epochs, for every split and n that was scored."""
    charts = []
    for split in SPLITS:
        for n in counts(runs, measure, split):
            scored = [(style, run, list(select(run, measure, split, n).values())) for style, run in enumerate(runs)]
            scored = [item for item in scored if item[2]]
            frechet, kernel = [], []
            for style, run, scores in scored:
                fid, kid = ([(score["epoch"], score[name]) for score in scores] for name in ("fid", "kid"))
                frechet.append(Line(run.label, style, fid))
                kernel.append(Line(run.label, style, kid, [score["kid_std"] for score in scores]))
            floor = scored[0][2][-1]["real_floor"]
            where = f"{split}, n = {n}"
            charts.append(Chart(f"{measure.names[0]}, {where}", frechet, _last_epoch(runs), floor, True))
            charts.append(Chart(f"{measure.names[1]}, {where}", kernel, _last_epoch(runs), from_zero=True))
    return charts


def _last_epoch(runs: Sequence[Run]) -> int:
    """Return the end of the horizontal axis, which all charts of a dataset share."""
    return max(1, *(record["epoch"] for run in runs for record in [*run.log, *run.scores]))
