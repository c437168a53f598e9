"""Fixtures: sites of static files with the bundled models and with tiny networks, written once. Not to be changed."""

from pathlib import Path

import pytest

from demo.models import BUNDLED_WEIGHTS, MODELS
from tests.helpers.app import tiny_models
from tests.helpers.site import build_site


@pytest.fixture(scope="session")
def bundled_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("bundled") / "site", {name: BUNDLED_WEIGHTS / name for name in MODELS})


@pytest.fixture(scope="session")
def tiny_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory, "facades") | tiny_models(tmp_path_factory, "cityscapes")


@pytest.fixture(scope="session")
def tiny_site(tmp_path_factory: pytest.TempPathFactory, tiny_folders: dict[str, Path]) -> Path:
    return build_site(tmp_path_factory.mktemp("tiny") / "site", tiny_folders)
