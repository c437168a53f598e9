"""The site without a network, without headers, and when a new version comes, in Chromium."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from demo.static import _write_worker
from tests.helpers.browser import (
    both_pictures_change,
    choose,
    drag,
    open_tab,
    opened_page,
    press,
    read_map,
    wait_until,
)
from tests.helpers.site import served_site
from tests.helpers.tiny import free_port

KEPT = """
() => Promise.all(['pix2pix-site', 'pix2pix-models'].map(
  (name) => caches.open(name).then((cache) => cache.keys()).then((keys) => keys.length)))
"""


WORKERS = """
() => navigator.serviceWorker.getRegistration().then(
  ({ installing, waiting, active }) => [installing, waiting, active].filter(Boolean).length)
"""


def visit(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(".comparison:visible img[src]")).to_have_count(2)


def wait_for_check(page: Page, asked: list[str], number: int) -> None:
    """Wait until the service worker's script has been requested so often.

    A first visit gets it, and seconds after every visit the browser looks for a new version. What a test does before
    that may be taken for the next visit's.
    """
    wait_until(page, lambda: asked.count("/service_worker.js") >= number)


def test_a_plain_host_gives_threads_from_the_first_visit(browser: Browser, tiny_site: Path) -> None:
    with served_site(tiny_site) as url, opened_page(browser, url) as page:
        assert page.evaluate("crossOriginIsolated")
        threads = min(page.evaluate("navigator.hardwareConcurrency"), 8)
        expect(page.locator(".engine-note")).to_contain_text(f"WebAssembly on {threads} thread")


def test_without_a_service_worker_one_thread_paints(browser: Browser, tiny_site: Path) -> None:
    with served_site(tiny_site) as url, opened_page(browser, url, service_workers="block") as page:
        assert not page.evaluate("crossOriginIsolated")
        expect(page.locator(".engine-note")).to_contain_text("WebAssembly on 1 thread;")
        choose(page, "door")
        with both_pictures_change(page):
            drag(page, (60, 100), (120, 100))


def test_after_the_first_visit_everything_works_without_a_network(browser: Browser, tiny_site: Path) -> None:
    port = free_port()
    context = browser.new_context()
    page = context.new_page()
    with served_site(tiny_site, port=port) as url:
        visit(page, url)
        page.wait_for_function(f"() => ({KEPT})().then(([, models]) => models === 4)")  # two in each tab
    page.close()
    page = context.new_page()
    visit(page, url)
    assert page.evaluate("crossOriginIsolated")
    choose(page, "door")
    with both_pictures_change(page):
        drag(page, (60, 100), (120, 100))
    before = read_map(page)
    press(page, "Surprise me")
    expect(page.locator(".lc-announcer").first).to_have_text("New map")
    assert (read_map(page) != before).any()
    open_tab(page, "Streets")
    context.close()


def test_a_second_visit_downloads_nothing(browser: Browser, tiny_site: Path) -> None:
    asked: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    with served_site(tiny_site, asked) as url:
        visit(page, url)
        page.wait_for_function(f"() => ({KEPT})().then(([, models]) => models === 4)")
        assert sum(path.endswith(".onnx") for path in asked) == 4
        wait_for_check(page, asked, 2)
        asked.clear()
        visit(page, url)
        wait_for_check(page, asked, 1)
        page.wait_for_timeout(500)
    assert asked == ["/service_worker.js"]  # whether there is a new version
    context.close()


def change(site: Path, words: str) -> None:
    """Make another version of a site: in a module that is imported by others, and in the page."""
    (old,) = [path for path in site.iterdir() if (path / "find.js").is_file()]
    new = old.rename(site / f"version-{words}")
    layout = new / "static" / "page" / "layout.js"
    layout.write_text(re.sub(r"Surprise \w+", f"Surprise {words}", layout.read_text()))
    index = (site / "index.html").read_text().replace(old.name, new.name)
    (site / "index.html").write_text(re.sub(r"<h1>\w+", f"<h1>{words}", index))
    (site / "service_worker.js").unlink()
    _write_worker(site)


def words_of(page: Page) -> tuple[str, str]:
    """What the page and one of its modules say: both must be of one version."""
    return page.locator("h1").inner_text().split()[0], page.locator("[data-action=surprise]").inner_text().split()[1]


def test_an_update_comes_as_a_whole_with_a_reload_and_downloads_no_model_again(
    browser: Browser, tiny_site: Path, tmp_path: Path
) -> None:
    site, asked = shutil.copytree(tiny_site, tmp_path / "site"), []
    change(site, "first")
    context = browser.new_context()
    page = context.new_page()
    with served_site(site, asked) as url:
        visit(page, url)
        page.wait_for_function(f"() => ({KEPT})().then(([, models]) => models === 4)")
        assert words_of(page) == ("first", "first")
        wait_for_check(page, asked, 2)
        change(site, "second")
        asked.clear()
        visit(page, url)
        assert words_of(page) == ("first", "first")
        expect(page.get_by_text("A new version of this page is ready. Close its other tabs, if any")).to_be_visible()
        page.reload()
        expect(page.locator("[data-action=surprise]")).to_have_text("Surprise second")
        assert words_of(page) == ("second", "second")
        expect(page.locator(".comparison:visible img[src]")).to_have_count(2)
        assert not [path for path in asked if path.endswith((".onnx", ".wasm"))]
        page.wait_for_function(f"() => ({KEPT})().then(([files]) => files < 100)")  # the old version is forgotten
    context.close()


def test_an_update_waits_while_another_page_is_open(browser: Browser, tiny_site: Path, tmp_path: Path) -> None:
    site = shutil.copytree(tiny_site, tmp_path / "site")
    change(site, "first")
    context = browser.new_context()
    page, other = context.new_page(), context.new_page()
    with served_site(site) as url:
        visit(page, url)
        visit(other, url)
        change(site, "second")
        visit(page, url)
        expect(page.get_by_text("A new version of this page is ready.")).to_be_visible()
        visit(page, url)
        assert words_of(page) == words_of(other) == ("first", "first")
        page.close()
        page = context.new_page()  # another tab is no reload
        visit(page, url)
        assert words_of(page) == words_of(other) == ("first", "first")
        press(other, "Surprise first")
        expect(other.locator(".lc-announcer").first).to_have_text("New map")
        other.close()
        visit(page, url)
        assert words_of(page) == ("second", "second")
    context.close()


def test_a_host_may_add_a_script_to_the_page_and_lack_the_licences(
    browser: Browser, tiny_site: Path, tmp_path: Path
) -> None:
    """As Hugging Face adds variables of a Space, and GitHub Pages leaves out what it takes for a text."""
    site, port = shutil.copytree(tiny_site, tmp_path / "site"), free_port()
    index = (site / "index.html").read_text()
    (site / "index.html").write_text(index.replace("<head>", "<head><script>window.host = 1;</script>"))
    (site / "LICENSES.txt").unlink()
    context = browser.new_context()
    page = context.new_page()
    with served_site(site, port=port) as url:
        visit(page, url)
        page.wait_for_function(f"() => ({KEPT})().then(([, models]) => models === 4)")
        assert page.evaluate("crossOriginIsolated && window.host")
    visit(page, url)
    assert page.evaluate("crossOriginIsolated && window.host")
    context.close()


def test_a_host_may_send_the_runtime_with_any_type(browser: Browser, tiny_site: Path) -> None:
    """Browsers import no module that is sent as text; the service worker says what it is."""
    with (
        served_site(tiny_site, types={".mjs": "text/plain", ".wasm": "text/plain"}) as url,
        opened_page(browser, url) as page,
    ):
        assert page.evaluate("crossOriginIsolated")


def test_where_nothing_can_be_kept_an_update_opens_from_the_host(
    browser: Browser, tiny_site: Path, tmp_path: Path
) -> None:
    site = shutil.copytree(tiny_site, tmp_path / "site")
    change(site, "first")
    context = browser.new_context()
    page = context.new_page()
    with served_site(site) as url:
        quota = {"origin": url, "quotaSize": 50_000}
        context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)
        visit(page, url)
        page.wait_for_function("() => navigator.serviceWorker.controller")
        change(site, "second")
        visit(page, url)
        assert words_of(page) == ("second", "second")
    context.close()


def test_a_page_whose_modules_are_missing_says_so(browser: Browser, tiny_site: Path, tmp_path: Path) -> None:
    site = shutil.copytree(tiny_site, tmp_path / "site")
    (module,) = site.glob("*/find.js")
    content = module.read_text()
    module.unlink()
    context = browser.new_context()
    page = context.new_page()
    words = page.get_by_text("Parts of this page have not been loaded. If nothing changes, reload it.")
    with served_site(site) as url:
        page.goto(url)
        expect(words).to_be_visible()
        module.write_text(content)
        visit(page, url)
        assert words.count() == 0
    context.close()


def test_two_sites_of_a_host_keep_their_files_beside_each_other(
    browser: Browser, tiny_site: Path, tmp_path: Path
) -> None:
    port, files = free_port(), []
    for name in ("one", "two"):
        shutil.copytree(tiny_site, tmp_path / name)
    change(tmp_path / "two", "second")
    context = browser.new_context()
    page = context.new_page()
    with served_site(tmp_path, port=port) as url:
        for name in ("one", "two", "one"):
            visit(page, f"{url}/{name}/")
            page.wait_for_function("() => navigator.serviceWorker.controller")
            files.append(page.evaluate(KEPT)[0])
    assert files[2] >= files[1] > 1.5 * files[0]
    for name in ("one", "two"):
        page.goto(f"{url}/{name}/")
        expect(page.get_by_role("button", name="Surprise")).to_be_visible()
    context.close()


def test_a_version_that_arrives_in_parts_is_not_taken(browser: Browser, tiny_site: Path, tmp_path: Path) -> None:
    site, asked = shutil.copytree(tiny_site, tmp_path / "site"), []
    change(site, "first")
    context = browser.new_context()
    page = context.new_page()
    with served_site(site, asked) as url:
        visit(page, url)
        wait_for_check(page, asked, 2)
        change(site, "second")
        layout = site / "version-second" / "static" / "page" / "layout.js"
        content = layout.read_text()
        layout.write_text(content.replace("second", "another"))  # the host is in the middle of an upload
        for _ in range(2):
            asked.clear()
            visit(page, url)
            wait_until(page, lambda: "/version-second/static/page/layout.js" in asked)
            page.wait_for_function(f"() => ({WORKERS})().then((workers) => workers === 1)")  # the new one has failed
            assert words_of(page) == ("first", "first")
        layout.write_text(content)
        visit(page, url)
        expect(page.get_by_text("A new version of this page is ready.")).to_be_visible()
        visit(page, url)
        assert words_of(page) == ("second", "second")
    context.close()


@pytest.mark.parametrize("fault", ["missing", "damaged"])
def test_models_that_cannot_be_loaded_are_a_sentence_and_can_be_tried_again(
    browser: Browser, tiny_site: Path, tmp_path: Path, fault: str
) -> None:
    site = shutil.copytree(tiny_site, tmp_path / "site")
    (model,) = (site / "models" / "facades-l1").glob("*.onnx")
    content = model.read_bytes()
    if fault == "missing":
        model.unlink()
    else:
        model.write_bytes(bytes(len(content)))
    context = browser.new_context()
    page = context.new_page()
    with served_site(site) as url:
        page.goto(url)
        words = "could not be downloaded: the server answered 404" if fault == "missing" else "damaged or was replaced"
        expect(page.locator(".loading p")).to_contain_text(words)
        choose(page, "door")
        drag(page, (60, 100), (120, 100))  # painting goes on
        mine = read_map(page)
        model.write_bytes(content)
        press(page, "Try again")
        expect(page.locator(".comparison:visible img[src]")).to_have_count(2)
        assert (read_map(page) == mine).all() and np.any(mine)
    context.close()
