"""Chromium as the tests start it."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.helpers.browser import PATIENCE

PLAIN_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


FLAGS = [*PLAIN_FLAGS, "--js-flags=--liftoff-only"]
"""WebAssembly is not optimized while it runs: a page of the site opens in 0.7 times the processor time."""


WHOLE_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = ("chromium-headless-shell", *WHOLE_CHROMIUM)
"""The headless shell is Chromium without windows and settings; it opens a page in 0.6 times the processor time."""


def find_chromium(names: Sequence[str] = CHROMIUM) -> str:
    """Return Chromium's path; without it, tests are skipped, or fail if REQUIRE_BROWSER=1."""
    for name in names:
        if path := shutil.which(name):
            return path
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but there is no {names[0]} on the PATH")
    pytest.skip(f"there is no {names[0]} on the PATH (apt-get install {names[0]})")


@contextmanager
def started_browser(flags: Sequence[str] = FLAGS) -> Iterator[Browser]:
    """Chromium; all its pages wait for `PATIENCE` before a test fails, not for Playwright's 30 seconds."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        browser.on("context", lambda context: context.set_default_timeout(1000 * PATIENCE))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_browser() as browser:
        yield browser
