"""Pages of an app with both tabs and tiny networks; most tests share one page, which is cleared before each.

The others open fresh ones in tabs that they share. All are pages of one browser.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.helpers.both_pages import app_url as app_url
from tests.helpers.both_pages import pytest_generate_tests as pytest_generate_tests
from tests.helpers.browser import PHONE
from tests.helpers.desks import Desk, Desks
from tests.helpers.fresh_pages import browser as browser
from tests.helpers.fresh_pages import shared_tabs as shared_tabs
from tests.helpers.fresh_pages import shared_until_failure
from tests.helpers.fresh_pages import tabs as tabs
from tests.helpers.tiny_pages import gradio_url as gradio_url
from tests.helpers.tiny_pages import painters as painters
from tests.helpers.tiny_pages import site_url as site_url


@pytest.fixture(scope="package")
def shared_desks(browser: Browser) -> Desks:
    return Desks(browser)


@pytest.fixture
def desks(request: pytest.FixtureRequest, shared_desks: Desks) -> Iterator[Desks]:
    yield from shared_until_failure(request, shared_desks)


@pytest.fixture
def desk(desks: Desks, app_url: str) -> Iterator[Desk]:
    with desks.lend(app_url, permissions=["clipboard-read", "clipboard-write"]) as desk:
        yield desk


@pytest.fixture
def page(desk: Desk) -> Page:
    return desk.page


@pytest.fixture
def phone(desks: Desks, app_url: str) -> Iterator[Page]:
    with desks.lend(app_url, **PHONE) as desk:
        yield desk.page
