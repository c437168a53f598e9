"""Folders that many tests read, and that the processes of a test run make once for all of them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that is not to be changed; the first process that asks for it makes it.

    Args:
        tmp_path_factory: The factory of this process.
        name: Unique among the folders of the run.
        make: Fills an empty folder. Where it raises, the next process that asks tries again.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / name
    with FileLock(shared / f"{name}.lock"):
        if not folder.exists():
            fresh = tmp_path_factory.mktemp(name)
            make(fresh)
            fresh.rename(folder)
    return folder
