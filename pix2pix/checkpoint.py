"""Save and load the states of named objects in one file, atomically. Independent of pix2pix.

The previous checkpoint is kept beside the newest one, so that a crash or a damaged file costs at most one interval.
"""

import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from pix2pix.files import replacing


class Stateful(Protocol):
    """An object whose state consists of tensors and numbers, such as a module or an optimiser."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


class CheckpointError(RuntimeError):
    """A checkpoint could not be saved or loaded; the message says which and why."""


def previous_path(path: Path) -> Path:
    """Return the file of the checkpoint before the newest one: checkpoint.pt → checkpoint-previous.pt."""
    return path.with_stem(path.stem + "-previous")


def save(path: Path, objects: Mapping[str, Stateful]) -> None:
    """Write all states to one file: under a temporary name, flushed to disk, then renamed.

    Raises:
        CheckpointError: If the file cannot be written; both earlier checkpoints stay as they were.
    """
    try:
        with replacing(path, keep_as=previous_path(path)) as file:
            torch.save({name: item.state_dict() for name, item in objects.items()}, file)
    except (OSError, RuntimeError) as error:
        # torch.save may hide a full disk behind an error of its own about positions in the file.
        cause = error.__context__ if isinstance(error.__context__, OSError) else error
        reason = cause.strerror if isinstance(cause, OSError) else cause
        raise CheckpointError(
            f"could not save {path}: {reason}. The checkpoints before it are intact. Once this is fixed, run the same "
            "command again to resume from them."
        ) from error


def load(path: Path, objects: Mapping[str, Stateful]) -> Path | None:
    """Restore all states from the newest whole checkpoint.

    If the newest file is damaged, a warning goes to stderr, and the file is renamed to "-damaged".

    Returns:
        The file that was read, `path` or its predecessor; None if neither exists.

    Raises:
        CheckpointError: If files exist but none is whole, or the newest whole one has the state of other objects.
    """
    problems = []
    for candidate in (path, previous_path(path)):
        if not candidate.exists():
            continue
        try:
            states = _read(candidate)
        except Exception as error:  # zipfile and the unpickler raise anything, even zlib.error and KeyError
            problems.append(f"{candidate} is damaged ({type(error).__name__}: {str(error).partition(chr(10))[0]})")
            continue
        try:
            for name, item in objects.items():
                item.load_state_dict(states[name])
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(f"{candidate} belongs to another run; move it away, or use another folder") from error
        if problems:
            damaged = path.with_stem(path.stem + "-damaged")
            path.replace(damaged)
            print(f"{problems[0]}; it was renamed to {damaged.name}, and the previous one is used.", file=sys.stderr)
        return candidate
    if problems:
        raise CheckpointError("; ".join(problems) + "; move it away to start over")
    return None


def _read(path: Path) -> dict[str, Any]:
    # torch.load does not verify the checksums of torch.save; a flipped bit would become a weight.
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged:
        raise ValueError(f"checksum of {damaged} does not match")
    return torch.load(path, map_location="cpu", weights_only=True)
