"""The `config.json` of a released folder: all that is needed to use its weights. It may come from anywhere."""

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, NamedTuple

from pix2pix.data_description import DIRECTIONS, PALETTE_OF, SIDES, input_side
from pix2pix.labels import Palette
from pix2pix.lineage import DATASET_NAME, DATASET_NAME_IN_WORDS, Stage, describe, total_epochs
from pix2pix.lineage import from_json as lineage_from_json
from pix2pix.lineage import to_json as lineage_to_json
from pix2pix.networks import NORMS

FORMAT_VERSION = 1
MAX_BASE_CHANNELS = 256
DRAWING_CLASSES = ("paper", "line")


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
    """What a released generator is, what it was trained on, and what its label images mean.

    Attributes:
        dataset: Name of the dataset that it was trained on.
        objective: "gan" (cGAN + λ·L1) or "l1".
        palette: Classes and colours of the label images; None if there are none, such as for edges.
        base_channels: Width of the UNet; 64 in the paper.
        norm: "instance" or "batch".
        epochs: Finished epochs of training; 0 if unknown, as for imported weights.
        seed: Seed of the training run; 0 if unknown.
        metrics: Scores by split: "fid", "n", "dims", "weights", and whatever else the record in the run has; `Measure`
            says what to call the distance. Empty if nothing was scored.
        ema: Decay of the moving average that these weights are; 0 for the weights of the last step.
        lineage: Earlier trainings that this one started from, oldest first. `epochs` does not count theirs.
        direction: "BtoA" if the right images of the pairs are the input, as published; "AtoB" for the left ones.
        palette_of: Whether the label images are its "input", as published, or its "output", which photos become.
        size: Width and height of the training images, each one of `SIDES`. Other multiples of 256 can be painted too.
        pairs: Number of training pairs; 0 if unknown.
        data_hash: Fingerprint of the training pairs, see `PairedDataset.fingerprint`; empty if unknown.
        drawing: Colours of paper and lines, "#rrggbb", if the input images are line drawings; None if they are not.
    """

    dataset: str
    objective: str
    palette: Palette | None
    base_channels: int
    norm: str
    epochs: int
    seed: int
    metrics: Mapping[str, Any] = field(default_factory=dict)
    ema: float = 0.0
    lineage: tuple[Stage, ...] = ()
    direction: str = "BtoA"
    palette_of: str = "input"
    size: tuple[int, int] = (256, 256)
    pairs: int = 0
    data_hash: str = ""
    drawing: tuple[str, str] | None = None

    @property
    def input_palette(self) -> Palette | None:
        """Classes of the label images that the generator takes; None if it takes other images."""
        return self.palette if self.palette_of == "input" else None

    @property
    def output_palette(self) -> Palette | None:
        """Classes of the label images that the generator makes; None if it makes other images."""
        return self.palette if self.palette_of == "output" else None

    @property
    def painted_palette(self) -> Palette | None:
        """Classes that people paint for it: of label images, or paper and line; None if it takes other images."""
        return Palette(DRAWING_CLASSES, self.drawing) if self.drawing else self.input_palette

    @property
    def input_side(self) -> int:
        """Which image of a pair it takes, A (0) or B (1)."""
        return input_side(self.direction)

    @property
    def translates(self) -> str:
        """What it turns into what, in words."""
        if self.palette is None:
            return "line drawings to images" if self.drawing else "images to images"
        maps = f"label images of {len(self.palette)} classes"
        return f"{maps} to photos" if self.palette_of == "input" else f"photos to {maps}"

    @property
    def trained(self) -> str:
        """How long it was trained, in words, including the trainings that this one started from."""
        return describe(self.lineage, self.dataset, self.objective, self.epochs)

    @property
    def total_epochs(self) -> int:
        """Epochs on this dataset, including those of earlier trainings; 0 if unknown."""
        return total_epochs(self.lineage, self.dataset, self.objective, self.epochs)

    def to_json(self) -> str:
        values = asdict(self) | {"palette": palette_to_json(self.palette), "lineage": lineage_to_json(self.lineage)}
        defaults = {item.name: item.default for item in fields(self) if item.default is not MISSING}
        defaults["lineage"] = []
        values = {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}
        values = {"format_version": FORMAT_VERSION} | values
        return json.dumps(values, indent=2, default=lambda number: number.item()) + "\n"  # NumPy's numbers have item()

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
            palette=_palette(values),
            base_channels=_checked_int(values, "base_channels", 1, MAX_BASE_CHANNELS),
            norm=_checked(values, "norm", str, choices=NORMS),
            epochs=_checked_int(values, "epochs", 0, 10**9),
            seed=_checked_int(values, "seed", 0, 2**63),
            metrics=_metrics(_checked(values, "metrics", dict)),
            ema=_decay(values.get("ema", 0.0)),
            lineage=_lineage(values.get("lineage", [])),
            **_trained_on({name: values[name] for name in TRAINED_ON if name in values}),
        )


TRAINED_ON = ("direction", "palette_of", "size", "pairs", "data_hash", "drawing")
"""Values that older released folders lack; their defaults are true of these."""


def palette_to_json(palette: Palette | None) -> list[dict[str, str]] | None:
    """Return the classes of a palette as plain objects."""
    if palette is None:
        return None
    return [{"name": name, "color": color} for name, color in zip(palette.names, palette.colors, strict=True)]


def palette_from_json(classes: Any) -> Palette | None:
    """Check and read what `palette_to_json` wrote, which may come from anywhere.

    Raises:
        ReleaseError: If it is something else.
    """
    if classes is None:
        return None
    if not isinstance(classes, list):
        raise ReleaseError("palette is not of type list")
    objects = [item if isinstance(item, dict) else {} for item in classes]
    if not all(isinstance(item.get(name), str) for item in objects for name in ("name", "color")):
        raise ReleaseError("palette needs a list of objects with name and color")
    try:
        return Palette(tuple(item["name"] for item in classes), tuple(item["color"] for item in classes))
    except ValueError as error:
        raise ReleaseError(str(error)) from error


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
    if not re.fullmatch(DATASET_NAME, name):
        raise ReleaseError(f"dataset must consist of {DATASET_NAME_IN_WORDS}, not {name[:50]!r}")
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


def _palette(values: dict[str, Any]) -> Palette | None:
    if "palette" not in values:
        raise ReleaseError("palette is missing; it is null for images without classes")
    return palette_from_json(values["palette"])


def _trained_on(values: dict[str, Any]) -> dict[str, Any]:
    """Check those of `TRAINED_ON` that are present."""
    choices = {"direction": DIRECTIONS, "palette_of": PALETTE_OF}
    checked = {name: _checked(values, name, str, choices[name]) for name in choices if name in values}
    if "pairs" in values:
        checked["pairs"] = _checked_int(values, "pairs", 0, 10**9)
    if "size" in values:
        checked["size"] = _size(values["size"])
    if "data_hash" in values:
        checked["data_hash"] = _checked(values, "data_hash", str)
        if not re.fullmatch("([0-9a-f]{64})?", checked["data_hash"]):
            raise ReleaseError("data_hash is not a sha256 of 64 hex digits")
    if values.get("drawing") is not None:
        checked["drawing"] = _drawing(values["drawing"])
    return checked


def _drawing(value: Any) -> tuple[str, str]:
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(color, str) for color in value)):
        raise ReleaseError('drawing must be the colours of paper and lines, such as ["#ffffff", "#000000"]')
    try:
        Palette(DRAWING_CLASSES, (value[0], value[1]))
    except ValueError as error:
        raise ReleaseError(f"drawing: {error}") from error
    return value[0], value[1]


def _size(value: Any) -> tuple[int, int]:
    if not (isinstance(value, list) and len(value) == 2 and all(type(side) is int for side in value)):
        raise ReleaseError("size must be width and height, such as [512, 256]")
    if not set(value) <= set(SIDES):
        raise ReleaseError(f"size must have sides of {', '.join(map(str, SIDES))}, not {str(value)[:50]}")
    return value[0], value[1]
