"""Isolates the tests from the shell before they import what reads the environment; registers their fixtures."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Generator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from demo.server.gradio_import import without_stub_files
from tests.helpers.environment import isolated

TESTS = Path(__file__).parent / "tests"

gc.disable()  # until all tests are imported, which leaves little garbage
folder = Path(tempfile.mkdtemp(prefix="pix2pix-tests-"))
atexit.register(shutil.rmtree, folder, ignore_errors=True)
environment = isolated(os.environ, folder)
os.environ.clear()
os.environ.update(environment)
if sys.warnoptions:  # set by PYTHONWARNINGS
    sys.warnoptions.clear()
    warnings.resetwarnings()


def pytest_configure(config: pytest.Config) -> None:
    """Import the fixtures, and PyTorch with them, but not where pytest only hands the tests to other processes."""
    if config.getoption("dist", "no") == "no":
        with without_stub_files():
            config.pluginmanager.import_plugin("tests.fixtures")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import Gradio without stub files, as the app does; keep the collector from looking at all that was imported."""
    with without_stub_files():
        collected = yield
    gc.freeze()
    gc.enable()
    return collected


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests in folders, which take longest, before the others."""
    items.sort(key=lambda item: item.path.parent == TESTS)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """With `--dist loadfile`, give a whole folder to one process: its tests share a browser, its tabs and an app."""
    return FolderScheduling(config, log) if config.getoption("dist") == "loadfile" else None


class FolderScheduling(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        """Return what goes to one process: a folder below tests/, or a file of tests/ itself."""
        path = Path(nodeid.partition("::")[0])
        return str(path if path.parent.name == TESTS.name else path.parent)
