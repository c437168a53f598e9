"""What the site does when a download fails, or what paints stops: it says so, and the next try begins anew."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.helpers.browser import (
    DOOR,
    PATIENCE,
    both_pictures_change,
    choose,
    drag,
    opened_page,
    press,
    read_map,
    wait_until,
)
from tests.helpers.chromium import FLAGS, WHOLE_CHROMIUM, find_chromium
from tests.helpers.site import SiteHandler, served_site

WEBASSEMBLY = re.compile(r"^Your browser paints these images with WebAssembly on \d threads?;")


@contextmanager
def faulty_page(
    browser: Browser, site: Path, query: str = "", asked: list[str] | None = None
) -> Iterator[tuple[Page, str]]:
    """A page that is not open yet, and its address; its requests can be routed, as no service worker answers them."""
    with (
        served_site(site, asked) as url,
        browser.new_context(service_workers="block", accept_downloads=True) as context,
    ):
        yield context.new_page(), f"{url}/{query}"


def expect_images(page: Page) -> None:
    expect(page.locator(".comparison:visible img[src]")).to_have_count(2)
    expect(page.locator(".engine-note")).to_have_text(WEBASSEMBLY)


@pytest.mark.parametrize(
    "files, words",
    [
        ("**/ort.wasm.min.mjs", "onnxruntime-web could not be downloaded or started. Check the connection"),
        ("**/ort-wasm-*.wasm", "onnxruntime-web could not be downloaded or started. Check the connection"),
        ("**/in_browser/worker.js", "The part of the page that paints could not be loaded, or stopped."),
        ("**/*.onnx", "A model could not be downloaded: the server answered 404."),
    ],
)
def test_after_a_download_that_failed_trying_again_helps(
    browser: Browser, tiny_site: Path, files: str, words: str
) -> None:
    with faulty_page(browser, tiny_site) as (page, url):
        page.route(files, lambda route: route.fulfill(status=404))
        page.goto(url)
        expect(page.locator(".loading p")).to_contain_text(words)
        page.unroute(files)
        press(page, "Try again")
        expect_images(page)


class SilentHost(SiteHandler):
    """Sends the first bytes of a model, and then nothing, until it is mended."""

    mended = threading.Event()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        if self.path.endswith(".onnx") and not self.mended.is_set():
            outputfile.write(source.read(1000))
            outputfile.flush()
            self.mended.wait(PATIENCE)
        else:
            super().copyfile(source, outputfile)


def test_a_download_that_falls_silent_ends_and_can_be_tried_again(browser: Browser, tiny_site: Path) -> None:
    store = next(tiny_site.glob("*/in_browser/model_store.js")).read_text()
    assert "SILENCE = 30_000;" in store
    SilentHost.mended.clear()
    with (
        served_site(tiny_site, handler=SilentHost) as url,
        browser.new_context(service_workers="block") as context,
    ):
        page = context.new_page()
        impatient = store.replace("SILENCE = 30_000;", "SILENCE = 1000;")
        page.route("**/model_store.js", lambda route: route.fulfill(body=impatient, content_type="text/javascript"))
        page.goto(url)
        expect(page.locator(".loading p")).to_contain_text("A model could not be downloaded: the connection is silent.")
        SilentHost.mended.set()
        page.unroute("**/model_store.js")  # a slow machine may be silent for a second
        press(page, "Try again")
        expect_images(page)


def test_a_browser_that_forbids_storage_paints_too(browser: Browser, tiny_site: Path, tmp_path: Path) -> None:
    """As Chromium does where somebody blocks all cookies; locks and caches are refused then, with an error.

    The headless shell does not read this setting.
    """
    (tmp_path / "Default").mkdir()
    preferences = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(preferences))
    with (
        served_site(tiny_site) as url,
        browser.browser_type.launch_persistent_context(
            tmp_path, executable_path=find_chromium(WHOLE_CHROMIUM), args=FLAGS
        ) as context,
    ):
        context.set_default_timeout(1000 * PATIENCE)
        page = context.new_page()
        page.goto(url)
        expect_images(page)
        assert page.evaluate("() => caches.open('any').then(() => false, () => true)")
        expect(page.locator(".engine-note")).to_contain_text("on 1 thread;")
        expect(page.locator(".engine-note")).to_contain_text("It does not keep the models")
        assert page.locator(".notice").count() == 0


def test_without_a_gpu_webassembly_paints_instead(browser: Browser, tiny_site: Path) -> None:
    with faulty_page(browser, tiny_site, "?engine=webgpu") as (page, url):
        page.goto(url)
        expect_images(page)


@pytest.mark.parametrize("query", ["?threads=1000", "?threads=abc", "?threads=0", "?threads=", "?engine=foo"])
def test_an_unknown_engine_or_number_of_threads_is_ignored(browser: Browser, tiny_site: Path, query: str) -> None:
    with served_site(tiny_site) as url, opened_page(browser, url, f"/{query}") as page:
        threads = min(page.evaluate("navigator.hardwareConcurrency"), 8)
        expect(page.locator(".engine-note")).to_contain_text(f"WebAssembly on {threads} thread")


def test_without_room_for_models_only_those_of_the_open_tab_are_downloaded_and_the_page_says_so(
    browser: Browser, tiny_site: Path
) -> None:
    asked: list[str] = []
    with faulty_page(browser, tiny_site, asked=asked) as (page, url):
        session = page.context.new_cdp_session(page)
        session.send("Storage.overrideQuotaForOrigin", {"origin": url.rstrip("/"), "quotaSize": 1000})
        page.goto(url)
        words = "your map is sent to no server. It does not keep the models, so each visit downloads them."
        expect(page.locator(".engine-note")).to_contain_text(words)
        page.wait_for_timeout(1000)
        assert sum(path.endswith(".onnx") for path in asked) == 2


class SlowHost(list[str]):
    """The paths that were requested; an answer to the one of the service worker waits."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def append(self, path: str) -> None:
        super().append(path)
        if path == "/service_worker.js":
            self.released.wait(PATIENCE)


def test_the_canvas_is_there_before_the_service_worker_and_keeps_its_map(browser: Browser, tiny_site: Path) -> None:
    asked = SlowHost()
    with served_site(tiny_site, asked) as url, browser.new_context() as context:
        page = context.new_page()
        page.goto(url)
        choose(page, "door")
        drag(page, (60, 100), (120, 100))
        mine = read_map(page)
        assert not page.evaluate("crossOriginIsolated")
        expect(page.locator(".loading progress")).to_be_visible()
        asked.released.set()
        expect_images(page)
        assert page.evaluate("crossOriginIsolated")  # the page has loaded itself once more
        assert (read_map(page) == mine).all() and (mine == DOOR).any()


BROKEN_WORKER = """
self.onmessage = ({ data: { type, id, subject } }) => {
  if (type === 'load') self.postMessage({ type: 'ready', subject, engine: 'webgpu', threads: 1 });
  else if (ANSWERS) self.postMessage({ type: 'failed', id, message: 'The GPU was lost.' });
};
"""


def break_workers(page: Page, answers: bool, times: int) -> None:
    """Let the next workers of a page paint nothing: with an answer, or as one that the system has ended."""
    script = BROKEN_WORKER.replace("ANSWERS", str(answers).lower())
    page.route(
        "**/in_browser/worker.js", lambda route: route.fulfill(body=script, content_type="text/javascript"), times=times
    )


@pytest.mark.parametrize("answers", [True, False])
def test_what_paints_is_replaced_when_it_fails_or_stops(browser: Browser, tiny_site: Path, answers: bool) -> None:
    with faulty_page(browser, tiny_site) as (page, url):
        page.clock.install()
        break_workers(page, answers, times=1)
        page.goto(url)
        if not answers:
            expect(page.locator(".engine-note")).to_contain_text("WebGPU")
            page.clock.fast_forward(121_000)
        expect_images(page)  # those of WebAssembly, which is not given up together with the GPU
        choose(page, "door")
        with both_pictures_change(page):
            drag(page, (60, 100), (120, 100))


def test_what_paints_no_image_three_times_says_why_and_can_be_tried_again(browser: Browser, tiny_site: Path) -> None:
    with faulty_page(browser, tiny_site) as (page, url):
        break_workers(page, answers=True, times=3)
        page.goto(url)
        expect(page.locator(".loading p")).to_have_text("The GPU was lost.")
        press(page, "Try again")
        expect_images(page)


def test_comparisons_that_are_saved_at_once_and_while_painting_are_all_saved(browser: Browser, tiny_site: Path) -> None:
    with faulty_page(browser, tiny_site, "?engine=wasm&threads=1") as (page, url):
        saved: list[str] = []
        page.on("download", lambda download: saved.append(download.suggested_filename))
        page.goto(url)
        expect_images(page)
        choose(page, "door")
        save = page.get_by_role("button", name="Save the comparison").filter(visible=True)
        for row in (100, 140, 180):
            drag(page, (60, row), (120, row))
            save.evaluate("(button) => { button.click(); button.click(); }")
        wait_until(page, lambda: len(saved) >= 6)
        assert saved == 6 * ["facades-comparison.png"]
        assert page.locator(".notice").count() == 0
        expect(page.get_by_text("These images are older than your map.")).to_be_hidden()
