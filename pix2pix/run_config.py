"""The record in a run's `config.json`: configuration, data, machine and lineage. A resumed run must match it."""

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from pix2pix import lineage
from pix2pix.config import TrainConfig, flag_of, is_path
from pix2pix.data_description import DataDescription
from pix2pix.files import read_records, replacing
from pix2pix.labels import PALETTES
from pix2pix.lineage import Stage
from pix2pix.release import ReleaseConfig
from pix2pix.release_config import palette_from_json, palette_to_json
from pix2pix.run_folder import RunFolder, RunFolderError

THEN = ", then "
MALFORMED = (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""Errors from reading a `config.json` that is missing or of something else, such as a released folder."""


def record(
    run: RunFolder, config: TrainConfig, data_hashes: Mapping[str, str], data: DataDescription | None = None
) -> None:
    """Record the configuration of a new run, or compare it with the record of the run to resume.

    Args:
        run: The folder of the run.
        config: With precision and number of processes resolved.
        data_hashes: Fingerprint of each split. Splits that were trained on or scored must not change.
        data: Description of the training pairs.

    Raises:
        RunFolderError: If anything that decides the weights or the scores differs, or `config.json` is something else.
    """
    new = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(config).items()}
    content: dict[str, Any] = {"config": new, "data": dict(data_hashes), "machine": _machine()}
    if data:
        content |= data._asdict() | {"palette": palette_to_json(data.palette)}
    if run.config_file.exists():
        old = _read(run, "Use another --run-dir.")
        try:
            differences = _differences(old["config"], new) + _other_colors(old, content)
            changed = [split for split, known in old["data"].items() if data_hashes.get(split, known) != known]
            content = old | content | {"data": old["data"] | data_hashes}
            content["machine"] = _joined(old["machine"], content["machine"])
        except MALFORMED as error:
            raise _not_a_run(run, "Use another --run-dir.") from error
        _check_unchanged(run, differences, changed)
    elif run.checkpoint.exists():
        raise RunFolderError(
            f"{run.path} contains a checkpoint but no config.json that describes it. Use another --run-dir."
        )
    _write(run, content)


def read(run: RunFolder) -> tuple[TrainConfig, dict[str, str], dict[str, str]]:
    """Read the configuration, the fingerprints of the splits, and the machine.

    A setting that is newer than the run gets its default, which is how the run was trained.

    Raises:
        RunFolderError: If `config.json` is missing or something else.
    """
    advice = "Choose a folder made by training, such as runs/facades-gan."
    if not run.config_file.is_file():
        raise RunFolderError(f"{run.path} is not a run folder: it has no config.json. {advice}")
    content = _read(run, advice)
    try:
        names = [item.name for item in fields(TrainConfig) if item.name in content["config"]]
        known = {name: content["config"][name] for name in names}
        of_paths = [item.name for item in fields(TrainConfig) if is_path(item) and known.get(item.name)]
        paths = {name: Path(known[name]) for name in of_paths}
        data, machine = ({name: str(value) for name, value in content[key].items()} for key in ("data", "machine"))
        return TrainConfig(**known | paths), data, machine
    except MALFORMED as error:
        raise _not_a_run(run, advice) from error


def record_lineage(run: RunFolder, stages: Sequence[Stage]) -> None:
    """Add the trainings that this one started from, oldest first."""
    _write(run, _read(run, "") | {"lineage": lineage.to_json(stages)})


def read_lineage(run: RunFolder) -> tuple[Stage, ...]:
    """Read the trainings that this one started from, oldest first; none if it started from random weights.

    Raises:
        RunFolderError: If `config.json` is missing or something else.
    """
    try:
        return lineage.from_json(_read(run, "").get("lineage", []))
    except MALFORMED as error:
        raise _not_a_run(run, "") from error


def read_description(run: RunFolder, config: TrainConfig) -> DataDescription:
    """Read the description of the training pairs; older runs were trained on facades or Cityscapes only.

    Raises:
        RunFolderError: If `config.json` is missing or something else.
    """
    try:
        content = _read(run, "")
        palette = palette_from_json(content["palette"]) if "palette" in content else PALETTES[config.dataset]
        palette_of = content.get("palette_of", "input" if config.direction == "BtoA" else "output")
        drawing = tuple(content["drawing"]) if content.get("drawing") else None
        return DataDescription(content.get("pairs", 0), palette, palette_of, drawing)
    except MALFORMED as error:
        raise _not_a_run(run, "") from error


def describe_release(
    run: RunFolder, config: TrainConfig, epoch: int, metrics: Mapping[str, Any] | None = None
) -> ReleaseConfig:
    """Describe a run's generator after an epoch, for its released folder."""
    data = read_description(run, config)
    return ReleaseConfig(
        dataset=config.dataset,
        objective=config.objective,
        palette=data.palette,
        base_channels=config.base_channels,
        norm=config.norm,
        epochs=epoch,
        seed=config.seed,
        ema=config.ema,
        metrics=metrics or {},
        lineage=read_lineage(run),
        direction=config.direction,
        palette_of=data.palette_of,
        drawing=data.drawing,
        size=config.image_size,
        pairs=data.pairs,
        data_hash=_read(run, "")["data"].get("train", ""),
    )


def _read(run: RunFolder, advice: str) -> dict[str, Any]:
    try:
        return dict(json.loads(run.config_file.read_text(encoding="utf-8")))
    except MALFORMED as error:
        raise _not_a_run(run, advice) from error


def _write(run: RunFolder, content: dict[str, Any]) -> None:
    with replacing(run.config_file) as file:
        file.write((json.dumps(content, indent=2) + "\n").encode())


def _not_a_run(run: RunFolder, advice: str) -> RunFolderError:
    return RunFolderError(f"{run.config_file} does not describe a training run. {advice}".rstrip())


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """List the settings that keep a run from being resumed; epochs may only go up."""
    fixed = [item for item in fields(TrainConfig) if not item.metadata["may_change"]]
    before = {item.name: old.get(item.name, item.default) for item in fixed}
    differences = [
        f"{flag_of(name)} was {value}, is {new[name]}" for name, value in before.items() if value != new[name]
    ]
    if new["epochs"] < old["epochs"]:
        differences.append(f"--epochs was {old['epochs']}, is {new['epochs']}, and can only be raised")
    return differences


def _other_colors(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Compare the palettes, whose colours decide how label images are read; their names may be edited."""
    if "palette" not in old or "palette" not in new:
        return []
    before, now = ([item["color"] for item in content["palette"] or ()] for content in (old, new))
    return ["the colours of the palette have changed"] if before != now else []


def _check_unchanged(run: RunFolder, differences: list[str], changed_splits: list[str]) -> None:
    if "train" in changed_splits:
        differences = [*differences, "the training images have changed"]
    if differences:
        raise RunFolderError(
            f"{run.path} contains a run that differs: {'; '.join(differences)}. "
            "Use the same values or another --run-dir."
        )
    scored = {record.get("split") for record in read_records(run.scores)}
    if changed := [split for split in changed_splits if split in scored]:
        raise RunFolderError(
            f"the {changed[0]} images have changed since epochs of {run.path} were scored. Use the same images; or "
            f"remove {run.scores} and run the same command again, then python -m pix2pix.fid {run.path} to score the "
            "kept epochs again."
        )


def _machine() -> dict[str, str]:
    return {
        "code": _commit(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        "threads": str(torch.get_num_threads()),
    }


def _commit() -> str:
    """Return the commit of this code in a clone, the version where it is installed, or "unknown"."""
    root = Path(__file__).parents[1]
    command = ["git", "-C", str(root), "describe", "--always", "--dirty"]
    try:
        if not (root / ".git").exists():  # an installed package may lie in a clone of something else
            return f"pix2pix-studio {version('pix2pix-studio')}"
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError, PackageNotFoundError):
        return "unknown"


def _joined(before: dict[str, Any], now: dict[str, str]) -> dict[str, str]:
    """Append what has changed on resume: "1, then 2"."""
    history = {name: str(before.get(name, value)) for name, value in now.items()}
    return {
        name: history[name] if history[name].rpartition(THEN)[2] == value else history[name] + THEN + value
        for name, value in now.items()
    }
