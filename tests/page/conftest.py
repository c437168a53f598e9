"""A fresh page of the app with tiny networks for every test, in tabs that the tests share, of one browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.helpers.both_pages import app_url as app_url
from tests.helpers.both_pages import pytest_generate_tests as pytest_generate_tests
from tests.helpers.browser import open_tab
from tests.helpers.fresh_pages import browser as browser
from tests.helpers.fresh_pages import page as page
from tests.helpers.fresh_pages import phone as phone
from tests.helpers.fresh_pages import shared_tabs as shared_tabs
from tests.helpers.fresh_pages import tabs as tabs
from tests.helpers.tabs import Tabs
from tests.helpers.tiny_pages import gradio_url as gradio_url
from tests.helpers.tiny_pages import painters as painters
from tests.helpers.tiny_pages import site_url as site_url


@pytest.fixture
def streets(tabs: Tabs, app_url: str) -> Iterator[Page]:
    with tabs.open(app_url) as page:
        open_tab(page, "Streets")
        yield page
