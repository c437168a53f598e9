"""A fresh page of the app with the bundled models for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import find_chromium
from tests.helpers.both_pages import app_url as app_url
from tests.helpers.both_pages import pytest_generate_tests as pytest_generate_tests
from tests.helpers.browser import open_tab, opened_page, served_app
from tests.helpers.fresh_pages import page as page
from tests.helpers.fresh_pages import painters as painters
from tests.helpers.fresh_pages import phone as phone
from tests.helpers.site import served_site
from tests.helpers.sites import bundled_site as bundled_site


@pytest.fixture(scope="session")
def gradio_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with the bundled weights."""
    find_chromium()
    with served_app(tmp_path_factory.mktemp("app")) as url:
        yield url


@pytest.fixture(scope="session")
def site_url(bundled_site: Path) -> Iterator[str]:
    """The site with the bundled weights."""
    with served_site(bundled_site) as url:
        yield url


@pytest.fixture
def streets(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url) as page:
        open_tab(page, "Streets")
        yield page
