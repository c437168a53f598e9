"""The site paints what the server paints, by WebAssembly, optimized as browsers do it by default."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.models import BUNDLED_WEIGHTS
from tests.helpers.browser import open_tab, opened_page
from tests.helpers.chromium import PLAIN_FLAGS, started_browser
from tests.helpers.site import SitePainters, check_images

SEEDS = (1, 0, 2**32 - 1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started_browser(PLAIN_FLAGS) as browser:
        yield browser


def bundled(dataset: str) -> SitePainters:
    return SitePainters({name: BUNDLED_WEIGHTS / f"{dataset}-{name}" for name in ("gan", "l1")})


def test_images_of_ten_maps_and_three_seeds_are_the_servers_by_webassembly(browser: Browser, site_url: str) -> None:
    with opened_page(browser, site_url, "/?engine=wasm&threads=2") as page:
        words = "Your browser paints these images with WebAssembly on 2 threads; your map is sent to no server."
        expect(page.locator(".engine-note")).to_have_text(words)
        check_images(
            page, "facades", bundled("facades"), 5 * (SEEDS, SEEDS[::-1])
        )  # each map starts with the last seed


def test_streets_are_the_servers_too(page: Page) -> None:
    open_tab(page, "Streets")
    check_images(page, "cityscapes", bundled("cityscapes"), 2 * [SEEDS[:1]])
