"""Reads weights that PyTorch saved, without running code from the file; names other files by their first bytes."""

import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from pix2pix.release_config import ReleaseError

LFS_POINTER = b"version https://git-lfs"
ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
PICKLE = b"\x80"
MODULE = "holds {} and not only weights; it is not read, because that could run code"
SAVE_STATE = "save the state dict where it was made: torch.save(G.state_dict(), ...)"


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a state dict in PyTorch's format or as safetensors, whatever the file's name.

    Raises:
        ReleaseError: If the file holds anything else; the message says what, and what to do.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512)
        problem = _problem_of(path, start)
        state: Any = None if problem else _read(path, start)
    except OSError as error:
        raise ReleaseError(f"{path} cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise ReleaseError(f"{path} is damaged or incomplete, get it again: {error}") from error
    except Exception as error:  # on other files, the unpickler raises anything
        raise ReleaseError(f"{path} {_explain(error, start)}") from error
    if problem:
        raise ReleaseError(f"{path} {problem}")
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(weight, Tensor) for name, weight in state.items()
    ):
        raise ReleaseError(f"{path} holds no state dict; save that of the generator: torch.save(G.state_dict(), ...)")
    return state


def _read(path: Path, start: bytes) -> Any:
    if _is_safetensors(start):
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _is_safetensors(start: bytes) -> bool:
    """Return whether a header in JSON follows its length in 8 bytes."""
    return start[8:9] == b"{" and start[5:8] == b"\0\0\0"


def _problem_of(path: Path, start: bytes) -> str | None:
    """Return what is wrong with a file that PyTorch did not save, by its first bytes."""
    if not start:
        return "is empty: get it again"
    if start.startswith(LFS_POINTER):
        return "is a pointer of Git LFS, not the weights: run git lfs pull, or download the file itself"
    if start.lstrip().startswith(b"<"):
        return "is a web page, not the weights: download the file itself"
    if start.startswith(ARCHIVES) or start[257:262] == b"ustar":
        return "is an archive: unpack it, and name the file of weights in it"
    if start.startswith(b"PK"):
        return _problem_of_zip(path)
    if not start.startswith(PICKLE) and not _is_safetensors(start):
        return "is no file of PyTorch weights"
    return None


def _problem_of_zip(path: Path) -> str | None:
    """Return what is wrong with a ZIP archive, which PyTorch's files are too."""
    try:
        names = zipfile.ZipFile(path).namelist()
    except zipfile.BadZipFile:
        return "is damaged or incomplete: get it again"
    if any("/code/" in name for name in names):
        return f"{MODULE.format('a TorchScript module')}: {SAVE_STATE}"
    if not any(name.endswith("data.pkl") for name in names):
        return "is an archive: unpack it, and name the file of weights in it"
    return None


def _explain(error: Exception, start: bytes) -> str:
    """Say why PyTorch refused one of its own files."""
    if found := re.search(r"GLOBAL ([\w.]+)", str(error)):
        return f"{MODULE.format(f'a {found[1]}')}: {SAVE_STATE}"
    return "is damaged or incomplete, or no file of PyTorch weights: get it again"
