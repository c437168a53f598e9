"""The `config.json` of a released folder: all that is needed to use its weights. It may come from anywhere."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from pix2pix.labels import Palette
from pix2pix.lineage import Stage, describe, total_epochs
from pix2pix.lineage import from_json as lineage_from_json
from pix2pix.lineage import to_json as lineage_to_json
from pix2pix.networks import NORMS

FORMAT_VERSION = 1
MAX_BASE_CHANNELS = 256


class Objective(NamedTuple):
    """What a training minimises.

    Attributes:
        name: Short name, for charts.
        title: Name beside images.
        formula: The losses as a formula.
        description: The losses in words.
    """

    name: str
    title: str
    formula: str
    description: str


OBJECTIVES = {
    "gan": Objective("GAN", "GAN", "cGAN + λ·L1", "conditional GAN + λ·L1"),
    "l1": Objective("L1", "L1 only", "L1", "L1 alone"),
}


class ReleaseError(ValueError):
    """A released folder cannot be used; the message names the file and the reason."""


@dataclass(frozen=True)
class ReleaseConfig:
    """What a released generator is, and what its label images mean.

    Attributes:
        dataset: Name of the dataset that it was trained on.
        objective: "gan" (cGAN + λ·L1) or "l1".
        palette: Classes and colours of its label images.
        base_channels: Width of the UNet; 64 in the paper.
        norm: "instance" or "batch".
        epochs: Finished epochs of training; 0 if unknown, as for imported weights.
        seed: Seed of the training run; 0 if unknown.
        metrics: Scores by split: "fid", "n", "dims", "weights", and whatever else the record in the run has; `Measure`
            says what to call the distance. Empty if nothing was scored.
        ema: Decay of the moving average that these weights are; 0 for the weights of the last step.
        lineage: Earlier trainings that this one started from, oldest first. `epochs` does not count theirs.
    """

    dataset: str
    objective: str
    palette: Palette
    base_channels: int
    norm: str
    epochs: int
    seed: int
    metrics: Mapping[str, Any] = field(default_factory=dict)
    ema: float = 0.0
    lineage: tuple[Stage, ...] = ()

    @property
    def trained(self) -> str:
        """How long it was trained, in words, including the trainings that this one started from."""
        return describe(self.lineage, self.dataset, self.objective, self.epochs)

    @property
    def total_epochs(self) -> int:
        """Epochs on this dataset, including those of earlier trainings; 0 if unknown."""
        return total_epochs(self.lineage, self.dataset, self.objective, self.epochs)

    def to_json(self) -> str:
        values = asdict(self)
        values["palette"] = [
            {"name": name, "color": color} for name, color in zip(self.palette.names, self.palette.colors, strict=True)
        ]
        values["lineage"] = lineage_to_json(self.lineage)
        for name in ("ema", "lineage"):  # older programs read files without them
            if not values[name]:
                del values[name]
        return json.dumps({"format_version": FORMAT_VERSION} | values, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "ReleaseConfig":
        """Read and check the text of a `config.json`.

        Raises:
            ReleaseError: If a value is missing, of the wrong type, or out of range; the message names it.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:  # ValueError: also for numbers of thousands of digits
            raise ReleaseError(f"not valid JSON: {error}") from error
        if not isinstance(values, dict):
            raise ReleaseError("not a JSON object")
        version = values.get("format_version")
        if version != FORMAT_VERSION:
            raise ReleaseError(
                f"format_version is {version!r}; this program reads {FORMAT_VERSION} and may need an update"
            )
        return cls(
            dataset=_dataset(_checked(values, "dataset", str)),
            objective=_checked(values, "objective", str, choices=tuple(OBJECTIVES)),
            palette=_palette(_checked(values, "palette", list)),
            base_channels=_checked_int(values, "base_channels", 1, MAX_BASE_CHANNELS),
            norm=_checked(values, "norm", str, choices=NORMS),
            epochs=_checked_int(values, "epochs", 0, 10**9),
            seed=_checked_int(values, "seed", 0, 2**63),
            metrics=_metrics(_checked(values, "metrics", dict)),
            ema=_decay(values.get("ema", 0.0)),
            lineage=_lineage(values.get("lineage", [])),
        )


def _checked(values: dict[str, Any], name: str, kind: type, choices: tuple[str, ...] = ()) -> Any:
    value = values.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):  # Python counts True as an int
        raise ReleaseError(f"{name} is missing or not of type {kind.__name__}")
    if choices and value not in choices:
        raise ReleaseError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def _checked_int(values: dict[str, Any], name: str, low: int, high: int) -> int:
    value = _checked(values, name, int)
    if not low <= value <= high:
        raise ReleaseError(f"{name} is {value}, outside {low} to {high}")
    return value


def _dataset(name: str) -> str:
    if not re.fullmatch("[a-z0-9][a-z0-9_-]{0,39}", name):  # it becomes part of paths
        raise ReleaseError(f"dataset must consist of lower-case letters and digits, not {name[:50]!r}")
    return name


def _decay(value: Any) -> float:
    if not isinstance(value, float | int) or not 0 <= value < 1:
        raise ReleaseError(f"ema must be a number from 0 to below 1, not {value!r}")
    return float(value)


def _lineage(stages: Any) -> tuple[Stage, ...]:
    try:
        return lineage_from_json(stages)
    except ValueError as error:
        raise ReleaseError(str(error)) from error


def _metrics(scores: dict[str, Any]) -> dict[str, Any]:
    for split, score in scores.items():
        named = f"metrics of {split[:20]!r}"
        fid = score.get("fid") if isinstance(score, dict) else None
        if not isinstance(fid, int | float) or isinstance(fid, bool):
            raise ReleaseError(f"{named} need an object with fid, n, dims and weights")
        try:
            _checked_int(score, "n", 1, 10**9)
            _checked_int(score, "dims", 1, 10**4)
            weights = _checked(score, "weights", str)
        except ReleaseError as error:
            raise ReleaseError(f"{named}: {error}") from error
        is_hash = re.fullmatch("[0-9a-f]{8}", weights)
        if not 0 <= fid < 1e9 or not is_hash or len(split) > 20:  # NaN is out of every range
            raise ReleaseError(f"{named}: fid is out of range, or weights is not a hash of 8 digits")
    return scores


def _palette(classes: list[Any]) -> Palette:
    objects = [item if isinstance(item, dict) else {} for item in classes]
    if not all(isinstance(item.get(name), str) for item in objects for name in ("name", "color")):
        raise ReleaseError("palette needs a list of objects with name and color")
    try:
        return Palette(tuple(item["name"] for item in classes), tuple(item["color"] for item in classes))
    except ValueError as error:
        raise ReleaseError(str(error)) from error
