"""Fixtures, one each for all tests: an app of tiny networks, sites of them and of the bundled models. Read-only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.models import BUNDLED_WEIGHTS, MODELS
from tests.helpers.app import tiny_models, weight_flags
from tests.helpers.browser import served_app
from tests.helpers.once import made_once
from tests.helpers.site import build_site


@pytest.fixture(scope="session")
def bundled_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folders = {name: BUNDLED_WEIGHTS / name for name in MODELS}
    return made_once(tmp_path_factory, "bundled_site", lambda output: build_site(output, folders))


@pytest.fixture(scope="session")
def tiny_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory, "facades") | tiny_models(tmp_path_factory, "cityscapes")


@pytest.fixture(scope="session")
def tiny_app(tmp_path_factory: pytest.TempPathFactory, tiny_folders: dict[str, Path]) -> Iterator[str]:
    """The address of the app with both tabs and tiny networks with random weights, which answer soon."""
    with served_app(tmp_path_factory.mktemp("app"), *weight_flags(tiny_folders)) as url:
        yield url


@pytest.fixture(scope="session")
def tiny_site(tmp_path_factory: pytest.TempPathFactory, tiny_folders: dict[str, Path]) -> Path:
    return made_once(tmp_path_factory, "tiny_site", lambda output: build_site(output, tiny_folders))
