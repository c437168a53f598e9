"""Computing in the visitor's browser on the page of Gradio: who paints what, and what the page says of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from demo.app import build_demo, launch
from demo.browser_models import BrowserModels
from pix2pix.hub import HubModel
from pix2pix.painter import Painter
from tests.helpers.app import local_models, weight_flags
from tests.helpers.browser import (
    PHONE,
    READ_CONTRASTS,
    VISIBLE_PICTURES,
    both_pictures_change,
    choose,
    click,
    open_tab,
    opened_page,
    press,
    read_map,
    served_app,
    shown_pictures,
)
from tests.helpers.site import SitePainters, wait_for_painted
from tests.helpers.tabs import Tabs
from tests.helpers.tiny import draw_photo

BY_BROWSER = re.compile(r"^Computed by your browser: WebAssembly on \d+ threads?\.")
BY_SERVER = re.compile(r"^Computed by the server\.")


ADVICE = """
async ({ server, browser, known }) => {
  const isAdvice = ({ name }) => name.endsWith('/engine_choice/advice.js');
  const m = await import(performance.getEntriesByType('resource').find(isAdvice).name);
  const [ofServer, ofBrowser] = [server, browser].map((times) => {
    const noted = new m.Times();
    times.forEach((time) => noted.add(time));
    return noted;
  });
  return [m.recommendBrowser(ofServer, known), m.recommendServer(ofServer, ofBrowser)];
}
"""
"""What the page recommends, first to those for whom the server paints, for some times in milliseconds."""


@pytest.fixture(scope="module")
def url(
    browser: Browser, tiny_site: Path, tiny_folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    flags = [*weight_flags(tiny_folders), "--browser-models", str(tiny_site)]
    with served_app(tmp_path_factory.mktemp("app"), *flags) as url:
        yield url


@pytest.fixture
def offering(tabs: Tabs, url: str) -> Iterator[Page]:
    with tabs.open(url) as page:
        yield page


def box(page: Page) -> Locator:
    return page.get_by_label("Compute in my browser").filter(visible=True)


def line(page: Page) -> Locator:
    return page.locator(".engine-choice p").filter(visible=True)


def let_browser_paint(page: Page) -> None:
    box(page).check()
    expect(line(page)).to_have_text(BY_BROWSER)


def tick_in_vain(page: Page) -> None:
    """Tick the box; a failure may clear it before `check` would have seen the tick."""
    box(page).click()


def dab(page: Page, *points: tuple[int, int]) -> None:
    choose(page, "door")
    for point in points:
        with both_pictures_change(page):
            click(page, point)


def expect_loaded(page: Page) -> None:
    """Wait until no models are loading."""
    expect(page.locator(".engine-choice progress").filter(visible=True)).to_have_count(0)


def vary_until_the_browser_paints(page: Page) -> None:
    """The server paints until the models are loaded."""
    with both_pictures_change(page):
        press(page, "Another variation")
    expect_loaded(page)
    with both_pictures_change(page):
        press(page, "Another variation")
    expect(line(page)).to_have_text(BY_BROWSER)


@contextmanager
def asked(page: Page, number: int) -> Iterator[None]:
    """Fails if what happens inside asks the server for images more or less often."""
    joins: list[str] = []
    page.on("request", lambda request: joins.append(request.url) if "/queue/join" in request.url else None)
    yield
    page.wait_for_timeout(300)
    assert len(joins) == number


def test_the_browser_paints_the_servers_images_without_asking_it(
    offering: Page, tiny_folders: dict[str, Path], tmp_path: Path
) -> None:
    painters = SitePainters({name: tiny_folders[name] for name in ("facades-gan", "facades-l1")})
    assert offering.evaluate("crossOriginIsolated")
    with asked(offering, 1):
        dab(offering, (60, 60))
    expect(line(offering)).to_have_text(BY_SERVER)
    with asked(offering, 0):
        let_browser_paint(offering)
        wait_for_painted(offering, painters.paint(read_map(offering), 1))
        dab(offering, (60, 120))
        offering.get_by_label("Seed", exact=True).filter(visible=True).fill("77")
        wait_for_painted(offering, painters.paint(read_map(offering), 77))
        with offering.expect_download() as download:
            press(offering, "Save the image of GAN")
        offering.get_by_text("Variations", exact=True).click()
        expect(offering.locator(".comparison img")).to_have_count(4)
        expect(line(offering)).to_have_text(BY_BROWSER)
    download.value.save_as(tmp_path / "saved.png")
    saved = np.asarray(Image.open(tmp_path / "saved.png").convert("RGB")).astype(int)
    assert np.abs(saved - painters.paint(read_map(offering), 77)[0]).mean() < 0.5
    offering.get_by_text("Side by side", exact=True).click()
    expect(offering.locator(".comparison img")).to_have_count(2)
    box(offering).uncheck()
    with asked(offering, 1):
        dab(offering, (120, 120))
    expect(line(offering)).to_have_text(BY_SERVER)


def test_the_choice_is_kept_for_the_next_visit_and_holds_for_every_tab(offering: Page) -> None:
    let_browser_paint(offering)
    offering.reload()
    expect(box(offering)).to_be_checked()
    vary_until_the_browser_paints(offering)
    open_tab(offering, "Streets")
    expect(box(offering)).to_be_checked()
    vary_until_the_browser_paints(offering)
    box(offering).uncheck()
    open_tab(offering, "Facades")
    expect(box(offering)).not_to_be_checked()


def test_the_server_paints_a_map_that_has_a_photo(offering: Page, tmp_path: Path) -> None:
    let_browser_paint(offering)
    draw_photo(256, 256).save(tmp_path / "house.png")
    offering.locator("input[type=file]").first.set_input_files(tmp_path / "house.png")
    expect(line(offering)).to_have_text("Computed by the server, which has the photo of this map.")
    expect(offering.locator(".comparison img")).to_have_count(3)
    choose(offering, "door")
    click(offering, (60, 60))
    expect(line(offering)).to_have_text(BY_BROWSER)
    expect(offering.locator(".comparison img")).to_have_count(2)


@contextmanager
def page_that_complains(browser: Browser, url: str) -> Iterator[Page]:
    """A first visit, which has no models yet, to a page whose console may tell of what a test breaks on purpose."""
    page = browser.new_page()
    page.goto(url)
    expect(page.locator(".comparison img[src]")).to_have_count(2)
    expect(box(page)).to_be_visible()
    yield page
    page.close()


def test_without_the_models_the_server_paints_and_the_line_says_why(browser: Browser, url: str) -> None:
    with page_that_complains(browser, url) as page:
        page.route("**/*.onnx", lambda route: route.fulfill(status=404))
        tick_in_vain(page)
        reason = "Your browser cannot compute. A model could not be downloaded: the server answered 404."
        expect(line(page)).to_have_text(f"Computed by the server. {reason}")
        expect(box(page)).not_to_be_checked()
        expect_loaded(page)
        dab(page, (60, 60))
        expect(line(page)).to_have_text(BY_SERVER)
        page.unroute("**/*.onnx")
        let_browser_paint(page)


def test_a_browser_that_fails_later_is_still_what_computed_the_images_that_are_shown(
    browser: Browser, url: str
) -> None:
    with page_that_complains(browser, url) as page:
        let_browser_paint(page)
        page.route("**/in_browser/worker.js", lambda route: route.fulfill(status=404))
        box(page).uncheck()
        tick_in_vain(page)
        expect(box(page)).not_to_be_checked()
        reason = "Your browser cannot compute. The part of the page that paints could not be loaded, or stopped."
        expect(line(page)).to_have_text(re.compile(rf"{BY_BROWSER.pattern} {re.escape(reason)}$"))
        dab(page, (60, 60))
        expect(line(page)).to_have_text(BY_SERVER)


BROKEN_WORKER = """
self.onmessage = ({ data: { type, id, subject } }) => {
  if (type === 'load') self.postMessage({ type: 'ready', subject, engine: 'webgpu', threads: 1 });
  else self.postMessage({ type: 'failed', id, message: 'There is no memory left.' });
};
"""


def test_the_server_paints_what_the_browser_cannot_and_the_browser_gives_up(browser: Browser, url: str) -> None:
    with page_that_complains(browser, url) as page:
        headers = {"Content-Type": "text/javascript", "Cross-Origin-Embedder-Policy": "require-corp"}
        page.route("**/in_browser/worker.js", lambda route: route.fulfill(body=BROKEN_WORKER, headers=headers))
        box(page).check()
        reason = "Computed by the server, because your browser could not. There is no memory left."
        expect(line(page)).to_have_text(reason)
        for row in (60, 120):
            expect(box(page)).to_be_checked()
            expect_loaded(page)  # anew, after the failure: otherwise the server paints, and nothing fails
            dab(page, (60, row))
            expect(line(page)).to_have_text(reason)
        expect(box(page)).not_to_be_checked()
        dab(page, (60, 180))
        expect(line(page)).to_have_text(BY_SERVER)


def test_a_late_answer_of_the_server_does_not_replace_newer_images(browser: Browser, url: str) -> None:
    with page_that_complains(browser, url) as page:
        held: list[Route] = []
        page.route("**/queue/join*", lambda route: held.append(route))
        choose(page, "door")
        click(page, (60, 60))
        expect(page.get_by_text("These images are older than your map.")).to_be_visible()
        let_browser_paint(page)
        newest = shown_pictures(page)
        page.evaluate("document.addEventListener('facades-painted', () => { window.told = (window.told ?? 0) + 1; })")
        held[0].continue_()
        page.wait_for_function("window.told >= 2")  # the server's images came, and the browser's were shown again
        assert shown_pictures(page) == newest
        expect(line(page)).to_have_text(BY_BROWSER)
        expect(page.get_by_text("These images are older than your map.")).to_be_hidden()


def test_a_server_that_refuses_recommends_the_browser(browser: Browser, url: str) -> None:
    with page_that_complains(browser, url) as page:
        refusal = {"status": 429, "json": {"detail": "The server is busy: 256 maps are waiting."}}
        page.route("**/queue/join*", lambda route: route.fulfill(**refusal))
        choose(page, "door")
        click(page, (60, 60))
        expect(line(page)).to_have_text("Computed by the server. It did not compute your last map; your browser can.")
        with both_pictures_change(page):  # by the browser: the server refuses all
            let_browser_paint(page)


def test_the_faster_one_is_recommended_after_three_images(offering: Page) -> None:
    def advise(server: list[int], browser: list[int], gpu: bool = False) -> list[str]:
        known = {"isRefused": False, "hasGpu": gpu}
        return offering.evaluate(ADVICE, {"server": server, "browser": browser, "known": known})

    assert advise([60, 60], [900, 900]) == ["", ""]
    assert advise([5000, 60, 70, 60], [90, 80, 80]) == ["", ""]  # a little slower is not worth a word
    assert advise([60, 60, 5000], [300, 310, 9000]) == ["", "The server would be faster: 60 instead of 310 ms."]
    assert advise([60, 2000, 3000], [300, 310, 320]) == ["It is slow at the moment; your browser may be faster.", ""]
    assert advise([60, 60, 60], [], gpu=True) == ["Your browser has a GPU, which may be faster.", ""]


def test_weights_that_a_download_replaces_end_the_offer(
    browser: Browser, tiny_site: Path, tiny_folders: dict[str, Path]
) -> None:
    models = local_models({name: tiny_folders[name] for name in ("facades-gan", "facades-l1")})
    gan = models["facades-gan"]
    gan.wanted = HubModel("me/facades-gan")  # it is being downloaded
    browser_models = BrowserModels.read(tiny_site, models)
    demo = build_demo(models, browser_models=browser_models)
    _, url, _ = launch(demo, browser_models, prevent_thread_lock=True, quiet=True)
    try:
        with opened_page(browser, url.rstrip("/")) as page:
            let_browser_paint(page)
            gan.painter, gan.source = Painter.load(tiny_folders["facades-l1"]), "me/facades-gan@1234567"
            gan.wanted = None
            expect(page.locator(".engine-choice")).to_be_hidden()
            page.wait_for_function(f"{VISIBLE_PICTURES}.every((p) => p.src.startsWith('data:image/jpeg'))")
            with asked(page, 1):
                dab(page, (60, 60))
    finally:
        demo.close()


def test_the_choice_is_made_with_the_keyboard_and_axe_finds_nothing_wrong(offering: Page) -> None:
    box(offering).focus()
    offering.keyboard.press("Shift+Tab")
    offering.keyboard.press("Tab")
    expect(box(offering)).to_be_focused()
    offering.keyboard.press("Space")
    expect(line(offering)).to_have_text(BY_BROWSER)
    found = Axe().run(offering, context=".engine-choice").response["violations"]
    assert [(violation["id"], violation["nodes"]) for violation in found] == []


def test_a_dark_phone_has_the_choice_below_the_map_and_nothing_beside_the_screen(tabs: Tabs, url: str) -> None:
    with tabs.open(url, "?__theme=dark", **PHONE) as page:
        place = page.locator(".engine-choice label").bounding_box()
        canvas = page.locator(".lc-stage canvas").bounding_box()
        assert place and canvas
        assert place["y"] > canvas["y"] + canvas["height"] and place["height"] >= 44
        box(page).tap()
        expect(line(page)).to_have_text(BY_BROWSER)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert min(contrast for _, contrast in page.evaluate(READ_CONTRASTS)) >= 4.5
