"""The trainings that led to a generator: what each was, and how all of them read in one phrase."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

MAX_STAGES = 100
DATASET_NAME = "[a-z0-9][a-z0-9_-]{0,39}"
"""What a dataset may be called; the name becomes part of paths."""
DATASET_NAME_IN_WORDS = "at most 40 lower-case letters, digits, - and _"


@dataclass(frozen=True)
class Stage:
    """An earlier training, whose result the next one started from.

    Attributes:
        source: Name of its released folder, such as "cityscapes-gan", or "owner/name@revision".
        dataset: Name of the dataset.
        objective: "gan" or "l1".
        epochs: Finished epochs; 0 where they are unknown.
        weights: First 8 hex digits of the sha256 of its `model.safetensors`.
        discriminator: Whether D continued from its weights too; False if D began anew or the next training has none.
    """

    source: str
    dataset: str
    objective: str
    epochs: int
    weights: str
    discriminator: bool

    def __post_init__(self) -> None:
        for item in fields(self):
            if type(getattr(self, item.name)) is not item.type:
                raise ValueError(f"{item.name} must be of type {getattr(item.type, '__name__', item.type)}")
        patterns = {
            "source": r"[\w@./-]{1,150}",
            "dataset": DATASET_NAME,
            "objective": "gan|l1",
            "weights": "[0-9a-f]{8}",
        }
        for name, pattern in patterns.items():
            if not re.fullmatch(pattern, getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)[:50]!r}, which does not fit")
        if not 0 <= self.epochs <= 10**9:
            raise ValueError(f"epochs is {self.epochs}, outside 0 to {10**9}")


def to_json(lineage: Sequence[Stage]) -> list[dict[str, Any]]:
    """Turn stages into plain objects, oldest first."""
    return [asdict(stage) for stage in lineage]


def from_json(value: Any) -> tuple[Stage, ...]:
    """Check and read what `to_json` wrote, which may come from anywhere.

    Raises:
        ValueError: If it is something else; the message says what.
    """
    if not isinstance(value, list) or len(value) > MAX_STAGES or not all(isinstance(stage, dict) for stage in value):
        raise ValueError(f"lineage must be a list of at most {MAX_STAGES} objects")
    names = [item.name for item in fields(Stage)]
    if missing := [name for stage in value for name in names if name not in stage]:
        raise ValueError(f"lineage: {missing[0]} is missing")
    try:
        return tuple(Stage(**{name: stage[name] for name in names}) for stage in value)
    except ValueError as error:
        raise ValueError(f"lineage: {error}") from error


def describe(lineage: Sequence[Stage], dataset: str, objective: str, epochs: int) -> str:
    """Say how long a generator was trained: "200 epochs", or "40 epochs: 20, then 20 started from cityscapes-gan".

    Only epochs on the same dataset with the same objective are added up.

    Args:
        lineage: Earlier trainings, oldest first.
        dataset: That of the last training.
        objective: That of the last training.
        epochs: Finished epochs of the last training; 0 where they are unknown.
    """
    if not lineage:
        return _epochs(epochs)
    alike = all((stage.dataset, stage.objective) == (dataset, objective) for stage in lineage)
    counts = [*(stage.epochs for stage in lineage), epochs]
    if alike and all(counts):
        later = [f"{count} started from {stage.source}" for count, stage in zip(counts[1:], lineage, strict=True)]
        return f"{_epochs(sum(counts))}: " + ", then ".join([str(counts[0]), *later])
    before = [f"{_epochs(stage.epochs)} of {stage.dataset} ({stage.objective})" for stage in lineage]
    return f"{_epochs(epochs)}, started from {lineage[-1].source}: " + ", then ".join(before)


def total_epochs(lineage: Sequence[Stage], dataset: str, objective: str, epochs: int) -> int:
    """Sum up the epochs on the same dataset with the same objective; 0 if unknown. Arguments as in `describe`."""
    before = [stage.epochs for stage in lineage if (stage.dataset, stage.objective) == (dataset, objective)]
    return sum(before) + epochs if epochs and all(before) else 0


def _epochs(count: int) -> str:
    return {0: "unknown epochs", 1: "1 epoch"}.get(count, f"{count} epochs")
