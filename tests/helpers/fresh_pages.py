"""Fixtures for folders of tests whose `app_url` is a running app: a fresh page of it for every test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.helpers.browser import PHONE, opened_page


@pytest.fixture
def page(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url, **PHONE) as page:
        yield page
