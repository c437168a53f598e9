"""Atomic save and load of named stateful objects. Knows nothing of pix2pix.

The previous checkpoint is kept beside the newest one, so that a crash or a broken file costs one interval at most.
"""

import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from pix2pix.files import replacing


class Stateful(Protocol):
    """Anything whose state is plain tensors and numbers, such as a module or an optimiser."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


class CheckpointError(RuntimeError):
    """No checkpoint can be saved or loaded; the message says which and why."""


def previous_path(path: Path) -> Path:
    """Where the checkpoint before the newest one is: checkpoint.pt → checkpoint-previous.pt."""
    return path.with_stem(path.stem + "-previous")


def save(path: Path, objects: Mapping[str, Stateful]) -> None:
    """Writes all states to one file: under a temporary name, flushed to disk, then renamed.

    Raises:
        CheckpointError: If the file cannot be written; both earlier checkpoints are as they were.
    """
    try:
        with replacing(path, keep_as=previous_path(path)) as file:
            torch.save({name: item.state_dict() for name, item in objects.items()}, file)
    except (OSError, RuntimeError) as error:
        # torch.save may hide a full disk behind an error of its own about places in the file.
        cause = error.__context__ if isinstance(error.__context__, OSError) else error
        reason = cause.strerror if isinstance(cause, OSError) else cause
        raise CheckpointError(
            f"could not save {path}: {reason}; the checkpoints before it are untouched. "
            "Once this is put right, the same command goes on from them."
        ) from error


def load(path: Path, objects: Mapping[str, Stateful]) -> Path | None:
    """Restores all states from the newest whole checkpoint.

    A damaged newest one is told on stderr and moved to "-damaged", out of the way of the next save.

    Returns:
        The file that was read, `path` or its predecessor; None where neither exists.

    Raises:
        CheckpointError: If files exist but none is whole, or the newest whole one is of something else.
    """
    problems = []
    for candidate in (path, previous_path(path)):
        if not candidate.exists():
            continue
        try:
            states = _read(candidate)
        except (
            Exception
        ) as error:  # a damaged file makes zipfile and the unpickler raise anything, down to zlib.error and KeyError
            problems.append(f"{candidate} is damaged ({type(error).__name__}: {str(error).partition(chr(10))[0]})")
            continue
        try:
            for name, item in objects.items():
                item.load_state_dict(states[name])
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{candidate} is whole but not of this run; move it away, or use another folder"
            ) from error
        if problems:
            damaged = path.with_stem(path.stem + "-damaged")
            path.replace(damaged)
            print(f"{problems[0]}; it is now {damaged.name}, and the one before it is used.", file=sys.stderr)
        return candidate
    if problems:
        raise CheckpointError("; ".join(problems) + "; move it away to start over")
    return None


def _read(path: Path) -> dict[str, Any]:
    # torch.load does not compare the checksums that torch.save writes; a flipped bit would become a weight.
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged:
        raise ValueError(f"checksum of {damaged} does not match")
    return torch.load(path, map_location="cpu", weights_only=True)
