"""Fixtures for folders of tests whose `app_url` is an app or site: a fresh page for every test.

The tests of a folder share a browser and its tabs, in which every page is a document of its own and finds nothing
stored. (Playwright must not run longer: no other event loop could run in its thread.)
"""

from collections.abc import Iterator
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page

from tests.helpers.browser import PHONE
from tests.helpers.chromium import started_browser
from tests.helpers.desks import Desks
from tests.helpers.tabs import Tabs

Shared = TypeVar("Shared", Tabs, Desks)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with started_browser() as browser:
        yield browser


@pytest.fixture(scope="package")
def shared_tabs(browser: Browser) -> Tabs:
    return Tabs(browser)


@pytest.fixture
def tabs(request: pytest.FixtureRequest, shared_tabs: Tabs) -> Iterator[Tabs]:
    yield from shared_until_failure(request, shared_tabs)


def shared_until_failure(request: pytest.FixtureRequest, shared: Shared) -> Iterator[Shared]:
    """What a failed test may have left in its pages reaches no other test."""
    failures = request.session.testsfailed
    yield shared
    if request.session.testsfailed > failures:
        shared.forget()


@pytest.fixture
def page(tabs: Tabs, app_url: str) -> Iterator[Page]:
    with tabs.open(app_url) as page:
        yield page


@pytest.fixture
def phone(tabs: Tabs, app_url: str) -> Iterator[Page]:
    with tabs.open(app_url, **PHONE) as page:
        yield page
