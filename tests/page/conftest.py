"""A fresh page of the app with the bundled models for every test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.helpers.browser import open_tab, opened_page, served_app
from tests.helpers.fresh_pages import page as page
from tests.helpers.fresh_pages import phone as phone


@pytest.fixture(scope="module")
def app_url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with the bundled weights."""
    with served_app(tmp_path_factory.mktemp("app")) as url:
        yield url


@pytest.fixture
def streets(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url) as page:
        open_tab(page, "Streets")
        yield page
