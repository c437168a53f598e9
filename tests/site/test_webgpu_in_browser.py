"""The site paints what the server paints by WebGPU, on a GPU in software, which pages do not take by themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.helpers.browser import opened_page
from tests.helpers.chromium import FLAGS, started_browser
from tests.helpers.site import SitePainters, check_links, examples_of, link_to, served_site, wait_for_painted

WORDS = "Your browser paints these images with WebGPU; your map is sent to no server."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = [flag for flag in FLAGS if flag != "--disable-gpu"]
    flags += ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
    flags += ["--enable-dawn-features=disable_workgroup_init"]  # that is more than half of the time in software
    with started_browser(flags) as browser:
        yield browser


@pytest.fixture(autouse=True)
def needs_webgpu(browser: Browser, tiny_site: Path) -> None:
    page = browser.new_page(service_workers="block")
    with served_site(tiny_site) as url:
        page.goto(f"{url}/LICENSES.txt")
        has_gpu = page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)")
    page.close()
    if not has_gpu:
        pytest.skip("this Chromium has no WebGPU, not even in software")


def test_images_of_ten_maps_with_three_seeds_of_small_networks_are_the_servers(
    browser: Browser, tiny_site: Path, tiny_folders: dict[str, Path]
) -> None:
    """An image takes seconds in software, one of the bundled networks half a minute; small ones have the same layers.

    So each map is painted with one seed; test_images_in_browser.py paints all maps with all seeds by WebAssembly.
    """
    painters = SitePainters({name: folder for name, folder in tiny_folders.items() if name.startswith("facades")})
    seeds = [*4 * [1], *3 * [0], *3 * [2**32 - 1]]
    (first,) = examples_of("facades", 1).values()
    link = link_to("facades", first, seeds[0])  # the page starts with an image that is checked
    with served_site(tiny_site) as url, opened_page(browser, url, f"/?engine=webgpu{link}") as page:
        expect(page.locator(".engine-note")).to_have_text(WORDS)
        wait_for_painted(page, painters.paint(first, seeds[0]))
        jobs = page.evaluate("window.jobs")
        check_links(page, "facades", painters, seeds)
        assert page.evaluate("window.jobs") - jobs == len(seeds) - 1  # the first link is open already
