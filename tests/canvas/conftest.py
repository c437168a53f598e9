"""Pages of an app with both tabs and tiny networks; most tests share one page, which is cleared before each."""

from collections.abc import Iterator

import pytest
from gradio_client import Client
from playwright.sync_api import Browser, Page

from tests.helpers.app import tiny_models
from tests.helpers.browser import (
    PHONE,
    cleared_page,
    reset,
    served_app,
)


@pytest.fixture(scope="module")
def app_url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with both tabs and tiny networks with random weights, which answer soon."""
    models = tiny_models(tmp_path_factory, "facades") | tiny_models(tmp_path_factory, "cityscapes")
    weights = [part for name, folder in models.items() for part in ("--weights", f"{name}={folder}")]
    with served_app(tmp_path_factory.mktemp("app"), *weights) as url:
        yield url


@pytest.fixture(scope="module")
def desk(browser: Browser, app_url: str) -> Iterator[tuple[Page, list[str]]]:
    with cleared_page(browser, app_url, permissions=["clipboard-read", "clipboard-write"]) as opened:
        yield opened


@pytest.fixture
def page(desk: tuple[Page, list[str]]) -> Page:
    reset(*desk)
    return desk[0]


@pytest.fixture(scope="module")
def opened_phone(browser: Browser, app_url: str) -> Iterator[tuple[Page, list[str]]]:
    with cleared_page(browser, app_url, **PHONE) as opened:
        yield opened


@pytest.fixture
def phone(opened_phone: tuple[Page, list[str]]) -> Page:
    reset(*opened_phone)
    return opened_phone[0]


@pytest.fixture(scope="module")
def client(app_url: str) -> Client:
    return Client(app_url, verbose=False)
