"""The released folder: a generator ready to be used elsewhere.

`model.safetensors` (fp16 weights of G), `config.json` (all that is needed to use them) and `README.md` (the model card). Training
ends in this folder, painting begins with it. It may also hold the weights of earlier epochs of the same training, in `epochs/`,
and those of D, `discriminator.safetensors`, which only another training needs.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors

from pix2pix.files import replacing
from pix2pix.labels import Palette
from pix2pix.lineage import Stage, describe
from pix2pix.lineage import from_json as lineage_from_json
from pix2pix.lineage import to_json as lineage_to_json
from pix2pix.networks import NORMS, PatchGAN, UNet

FORMAT_VERSION = 1
MAX_BASE_CHANNELS = 256
LARGEST_WEIGHT = torch.finfo(torch.float16).max
"""Releases are written in float16; larger weights, in a file from elsewhere, could overflow when painting."""
MAX_EPOCHS = 4
"""So many epochs of one training are released together, the released one included."""
DISCRIMINATOR = "discriminator.safetensors"
FOLDERS_OF_A_RUN = ("release", "release-best")
"""Released folders inside a run folder: of the last epoch, and of the epoch with the best validation score."""


Network = TypeVar("Network", UNet, PatchGAN)


class ReleaseError(ValueError):
    """A released folder that cannot be used; the message names the file and says what is wrong."""


@dataclass(frozen=True)
class ReleaseConfig:
    """What a released generator is, and what its label images mean.

    Attributes:
        dataset: Name of the dataset that it was trained on.
        objective: "gan" (cGAN + λ·L1) or "l1".
        palette: Classes and colours of its label images.
        base_channels: Width of the UNet; 64 in the paper.
        norm: "instance" or "batch".
        epochs: Finished epochs of training; 0 where they are not known, as of imported weights.
        seed: Of the training run; 0 where it is not known.
        ema: Decay of the moving average that these weights are; 0 if they are those of the last step. Readers may not know it.
        lineage: Earlier trainings that this one started from, oldest first. `epochs` does not count theirs.
        metrics: Distance from the photographs by split: "fid", "n", "dims" and "weights", and as much else of the record of
            `evaluation.jsonl` as is known; `Measure` says what to call it. Empty where nothing was measured.
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
        """How long, in words, with earlier trainings that this one started from."""
        return describe(self.lineage, self.dataset, self.objective, self.epochs)

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
        """Reads and checks a `config.json`, which may come from anywhere.

        Raises:
            ReleaseError: If a value is missing, of a wrong type or out of range; the message names it.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:  # a plain ValueError where a number has thousands of digits
            raise ReleaseError(f"not valid JSON: {error}") from error
        if not isinstance(values, dict):
            raise ReleaseError("not a JSON object")
        version = values.get("format_version")
        if version != FORMAT_VERSION:
            raise ReleaseError(
                f"format_version is {version!r}; this program reads {FORMAT_VERSION}, a newer one may need an update"
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
    if not re.fullmatch("[a-z0-9][a-z0-9_-]{0,39}", name):  # it becomes part of paths and names
        raise ReleaseError(f"dataset must be a name of lower-case letters and digits, not {name[:50]!r}")
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
        if (
            not isinstance(score, dict)
            or not isinstance(score.get("fid"), int | float)
            or isinstance(score["fid"], bool)
        ):
            raise ReleaseError(f"metrics of {split[:20]!r} need an object with fid, n, dims and weights")
        try:
            _checked_int(score, "n", 1, 10**9)
            _checked_int(score, "dims", 1, 10**4)
            weights = _checked(score, "weights", str)
        except ReleaseError as error:
            raise ReleaseError(f"metrics of {split[:20]!r}: {error}") from error
        if (
            not 0 <= score["fid"] < 1e9 or not re.fullmatch("[0-9a-f]{8}", weights) or len(split) > 20
        ):  # a NaN is out of every range
            raise ReleaseError(f"metrics of {split[:20]!r}: fid is out of range, or weights is no hash of 8 digits")
    return scores


def _palette(classes: list[Any]) -> Palette:
    if not all(
        isinstance(item, dict) and isinstance(item.get("name"), str) and isinstance(item.get("color"), str)
        for item in classes
    ):
        raise ReleaseError("palette needs a list of objects with name and color")
    try:
        return Palette(tuple(item["name"] for item in classes), tuple(item["color"] for item in classes))
    except ValueError as error:
        raise ReleaseError(str(error)) from error


def save(folder: Path, generator: UNet, config: ReleaseConfig, discriminator: PatchGAN | None = None) -> None:
    """Writes a released folder, or brings one up to date; each file is replaced whole, so a reader never sees half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    if discriminator:
        save_weights(folder / DISCRIMINATOR, discriminator)
    else:
        (folder / DISCRIMINATOR).unlink(missing_ok=True)
    save_weights(folder / "model.safetensors", generator)
    for name, text in (("config.json", config.to_json()), ("README.md", model_card(config))):
        with replacing(folder / name) as file:
            file.write(text.encode())


def save_weights(path: Path, network: UNet | PatchGAN) -> None:
    """Writes fp16 weights; the rounding, 2^-11 of each value, is far below what an 8-bit picture shows."""
    weights = {name: weight.detach().half().contiguous().cpu() for name, weight in network.state_dict().items()}
    with replacing(path) as file:
        file.write(to_safetensors(weights))


def weights_of_epoch(folder: Path, epoch: int) -> Path:
    """The file of an epoch's weights in a folder of such."""
    return folder / f"epoch-{epoch:03d}.safetensors"


def epoch_of(file_name: str) -> int | None:
    """100 of "epoch-100.safetensors"; None of any other name."""
    match = re.fullmatch(r"epoch-(\d{1,9})\.safetensors", file_name)
    return int(match[1]) if match else None


def weights_by_epoch(folder: Path) -> dict[int, Path]:
    """The files epoch-NNN.safetensors of a folder, ascending; none where there is no such folder."""
    found = {epoch: path for path in folder.glob("*") if (epoch := epoch_of(path.name)) is not None}
    return dict(sorted(found.items()))


def of_run(folder: Path) -> Path | None:
    """The released folder of the last epoch inside a run folder; None if `folder` is no run folder that has one."""
    inside = folder / FOLDERS_OF_A_RUN[0]
    is_release = (folder / "model.safetensors").is_file()
    return inside if not is_release and (inside / "config.json").is_file() else None


def earlier_epochs(folder: Path, epochs: int) -> dict[int, Path]:
    """The weights of earlier epochs of the same training: those in `epochs/`, else those that the run folder around it has kept.

    Args:
        folder: A released folder.
        epochs: Its own, of `config.json`.
    """
    found = weights_by_epoch(folder / "epochs")
    if not found and (folder.parent / "log.jsonl").is_file():
        found = weights_by_epoch(folder.parent / "weights")
    return {epoch: path for epoch, path in found.items() if epoch < epochs}


def spread(epochs: Iterable[int]) -> list[int]:
    """At most `MAX_EPOCHS` of these, the first and the last among them: as training shows most at its beginning, by equal ratios."""
    left = sorted(set(epochs))
    if len(left) <= MAX_EPOCHS:
        return left
    low, high = max(left[0], 1), left[-1]
    chosen = {left[0], high}
    for step in range(1, MAX_EPOCHS - 1):
        wanted = low * (high / low) ** (step / (MAX_EPOCHS - 1))
        chosen.add(min((epoch for epoch in left if epoch not in chosen), key=lambda epoch: abs(epoch - wanted)))
    return sorted(chosen)


def load_config(folder: Path) -> ReleaseConfig:
    """Reads `config.json` of a released folder.

    Raises:
        ReleaseError: If the folder or file is missing or malformed.
    """
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise ReleaseError(f"{folder} is not a released folder: it has no config.json")
    try:
        return ReleaseConfig.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ReleaseError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{path}: {error}") from error


def load(folder: Path) -> tuple[UNet, ReleaseConfig]:
    """Reads a released folder: the generator with float32 weights on the CPU, and its configuration.

    Raises:
        ReleaseError: If a file is missing, damaged, or does not fit the configuration.
    """
    config = load_config(folder)
    return load_weights(Path(folder) / "model.safetensors", config.base_channels, config.norm), config


def load_weights(path: Path, base_channels: int, norm: str) -> UNet:
    """Reads a generator that `save_weights` wrote, with float32 weights on the CPU, in the layout that its fast layers need.

    Raises:
        ReleaseError: If the file is missing, damaged, or not of such a generator.
    """
    with torch.device("meta"):  # shapes without memory; random initial weights would only cost time
        return _read_weights(path, UNet(base_channels, norm))


def load_discriminator(folder: Path) -> PatchGAN | None:
    """Reads the discriminator of a released folder, like `load_weights`; None if the folder has none.

    Raises:
        ReleaseError: If the file is damaged or does not fit the folder's configuration.
    """
    path = Path(folder) / DISCRIMINATOR
    if not path.is_file():
        return None
    config = load_config(folder)
    with torch.device("meta"):
        return _read_weights(path, PatchGAN(config.base_channels, config.norm))


def _read_weights(path: Path, network: Network) -> Network:
    """Fills a network without memory (on the device "meta") from a file."""
    try:
        with torch.device("cpu"), safe_open(path, "pt") as file:
            # The header first: nothing is read of a file that does not fit.
            _check_header(path, network, {name: file.get_slice(name) for name in file.keys()})
            weights = {name: file.get_tensor(name).float() for name in file.keys()}
    except (OSError, SafetensorError) as error:
        raise ReleaseError(f"{path} cannot be read: {error}") from error
    broken = [name for name, weight in weights.items() if not (weight.abs() <= LARGEST_WEIGHT).all()]
    if broken:
        raise ReleaseError(f"{path} holds values that are not finite or beyond those of float16, first in {broken[0]}")
    network.load_state_dict(weights, assign=True)
    # Files hold the usual layout, and assigned tensors keep theirs.
    return network.to(memory_format=torch.channels_last)


def _check_header(path: Path, network: torch.nn.Module, slices: dict[str, Any]) -> None:
    expected = {name: tuple(weight.shape) for name, weight in network.state_dict().items()}
    found = {name: tuple(part.get_shape()) for name, part in slices.items()}
    if expected != found:
        name = min(name for name in expected | found if expected.get(name) != found.get(name))
        raise ReleaseError(
            f"{path} does not fit its config.json: {name} is {found.get(name, 'missing')}, expected {expected.get(name, 'nothing')}"
        )
    for name, part in slices.items():
        if part.get_dtype() not in ("F16", "BF16", "F32"):
            raise ReleaseError(f"{path}: {name} is of type {part.get_dtype()}; weights are F16, BF16 or F32")


class Objective(NamedTuple):
    """What a training minimises.

    Attributes:
        name: Short name, for labels.
        description: The losses in words.
    """

    name: str
    description: str


OBJECTIVES = {"gan": Objective("GAN", "conditional GAN + λ·L1"), "l1": Objective("L1", "L1 alone")}

LICENCE_NOTES = {
    "facades": "Trained on the CMP Facade Database (Tyleček and Šára, GCPR 2013), which is research data.",
    "cityscapes": "Trained on Cityscapes (Cordts et al., CVPR 2016), for non-commercial use only, as are these weights and their pictures.",
}


def model_card(config: ReleaseConfig) -> str:
    """The README.md of a released folder."""
    trained = f" trained for {config.trained}" if config.epochs else ""
    average = f"; its weights are a moving average of decay {config.ema}" if config.ema else ""
    return f"""---
license: other
pipeline_tag: image-to-image
tags: [pix2pix, {config.dataset}]
---
# pix2pix {config.dataset}, {OBJECTIVES[config.objective].description}

A UNet-256 generator ({config.base_channels} base channels, {config.norm} norm){trained}{average}.
It turns 256x256 label images in the colours of `config.json` into pictures.

```python
from pix2pix.painter import Painter

painter = Painter.load("FOLDER")
picture = painter.paint(label_map, seed=0)  # uint8 [256, 256] class indices → uint8 RGB [256, 256, 3]
```

{LICENCE_NOTES.get(config.dataset, "")}
"""


if __name__ == "__main__":
    raise SystemExit("This command has moved: python -m pix2pix.import_pth FILE.pth --dataset NAME --output DIR")
