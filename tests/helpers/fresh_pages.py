"""Fixtures for folders of tests whose `app_url` is an app or site: a fresh page for every test, and its painters."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from demo.models import BUNDLED_WEIGHTS
from tests.helpers.browser import PHONE, opened_page
from tests.helpers.painters import Painters, painters_behind


@pytest.fixture
def page(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url, **PHONE) as page:
        yield page


@pytest.fixture
def painters(app_url: str) -> Painters:
    """What paints the images of facades: the bundled models."""
    return painters_behind(app_url, {name: BUNDLED_WEIGHTS / f"facades-{name}" for name in ("gan", "l1")})
