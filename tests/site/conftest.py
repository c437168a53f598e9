"""Sites of static files: one with the bundled models, one with tiny networks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from demo.models import BUNDLED_WEIGHTS, MODELS
from tests.helpers.app import tiny_models
from tests.helpers.browser import opened_page
from tests.helpers.site import build_site, served_site


@pytest.fixture(scope="session")
def bundled_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed."""
    return build_site(tmp_path_factory.mktemp("bundled") / "site", {name: BUNDLED_WEIGHTS / name for name in MODELS})


@pytest.fixture(scope="session")
def tiny_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory, "facades") | tiny_models(tmp_path_factory, "cityscapes")


@pytest.fixture(scope="session")
def tiny_site(tmp_path_factory: pytest.TempPathFactory, tiny_folders: dict[str, Path]) -> Path:
    """Not to be changed."""
    return build_site(tmp_path_factory.mktemp("tiny") / "site", tiny_folders)


@pytest.fixture(scope="module")
def site_url(bundled_site: Path) -> Iterator[str]:
    with served_site(bundled_site) as url:
        yield url


@pytest.fixture
def page(browser: Browser, site_url: str) -> Iterator[Page]:
    with opened_page(browser, site_url) as page:
        yield page
