"""A site of static files with the bundled models, and a fresh page of it for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.helpers.browser import opened_page
from tests.helpers.site import served_site


@pytest.fixture(scope="module")
def site_url(bundled_site: Path) -> Iterator[str]:
    with served_site(bundled_site) as url:
        yield url


@pytest.fixture
def page(browser: Browser, site_url: str) -> Iterator[Page]:
    with opened_page(browser, site_url) as page:
        yield page
