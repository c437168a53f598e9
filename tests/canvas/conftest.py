"""Pages of an app with both tabs and tiny networks; most tests share one page, which is cleared before each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import find_chromium
from tests.helpers.app import weight_flags
from tests.helpers.both_pages import app_url as app_url
from tests.helpers.both_pages import pytest_generate_tests as pytest_generate_tests
from tests.helpers.browser import PHONE, Desk, cleared_page, reset, served_app
from tests.helpers.painters import Painters, painters_behind
from tests.helpers.site import served_site
from tests.helpers.sites import tiny_folders as tiny_folders
from tests.helpers.sites import tiny_site as tiny_site


@pytest.fixture(scope="session")
def gradio_url(tiny_folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with both tabs and tiny networks with random weights, which answer soon."""
    find_chromium()
    with served_app(tmp_path_factory.mktemp("app"), *weight_flags(tiny_folders)) as url:
        yield url


@pytest.fixture(scope="session")
def site_url(tiny_site: Path) -> Iterator[str]:
    """The site with the same networks."""
    with served_site(tiny_site) as url:
        yield url


@pytest.fixture(scope="module")
def desk(browser: Browser, app_url: str) -> Iterator[Desk]:
    with cleared_page(browser, app_url, permissions=["clipboard-read", "clipboard-write"]) as opened:
        yield opened


@pytest.fixture
def page(desk: Desk) -> Page:
    reset(desk)
    return desk.page


@pytest.fixture(scope="module")
def opened_phone(browser: Browser, app_url: str) -> Iterator[Desk]:
    with cleared_page(browser, app_url, **PHONE) as opened:
        yield opened


@pytest.fixture
def phone(opened_phone: Desk) -> Page:
    reset(opened_phone)
    return opened_phone.page


@pytest.fixture(scope="module")
def painters(app_url: str, tiny_folders: dict[str, Path]) -> Painters:
    """What paints the images of facades."""
    facades = {name: folder for name, folder in tiny_folders.items() if name.startswith("facades")}
    return painters_behind(app_url, facades)
