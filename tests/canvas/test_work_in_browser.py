"""Work that survives a reload, and links, in Chromium."""

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from demo.example_gallery import read_examples
from demo.label_canvas import encode
from pix2pix.labels import CITYSCAPES, FACADES
from tests.helpers.both_pages import BOTH_PAGES
from tests.helpers.browser import (
    BACKGROUND,
    END,
    ROOT,
    SIZE,
    WINDOW,
    both_pictures_change,
    choose,
    click,
    counted_requests,
    drag,
    open_tab,
    packed,
    paint_facade,
    press,
    read_map,
    reload,
    shown_pictures,
    wait_for_map,
    wait_for_pictures,
)
from tests.helpers.painters import Painters, expect_pictures
from tests.helpers.tabs import Tabs

HOSTILE_LINKS = [
    ("facades=", "Its end is missing, or it was changed."),
    ("facades=1." + packed(bytes(SIZE * SIZE)), "Its end is missing, or it was changed."),
    ("facades=1." + packed(bytes(SIZE * SIZE)) + "&seed=-1&dropout=1", "Its end is missing, or it was changed."),
    (
        "facades=1." + packed(bytes(SIZE * SIZE)) + "&seed=1&dropout=<img src=x>",
        "Its end is missing, or it was changed.",
    ),
    (
        "facades=1." + packed(bytes(SIZE * SIZE)) + "&seed=4294967296&dropout=1",
        "Its seed is not a whole number from 0 to 4294967295.",
    ),
    ("facades=7." + packed(bytes(SIZE * SIZE)) + END, "It was made by another version of this page."),
    (
        "facades=1.<script>alert(1)</script>" + END,
        "The map has characters that do not belong there, or an end is missing.",
    ),
    ("facades=1.AAAAA" + END, "The map has characters that do not belong there, or an end is missing."),
    ("facades=1." + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1.AAAA" + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + packed(bytes(SIZE * SIZE))[:-4] + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + packed(bytes(SIZE * SIZE - 1)) + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + packed(bytes(SIZE * SIZE + 1)) + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + packed(bytes(40_000_000)) + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + "A" * 140_000 + END, "The map is longer than any that this page makes."),
    ("facades=1." + packed(bytes([12]) * SIZE * SIZE) + END, "The map holds classes that this palette does not have."),
]


def runs(pixels: bytes) -> str:
    """Classes in a column, as the page stores them."""
    return encode(np.frombuffer(pixels, np.uint8)[:, None]).runs


def plain_visit(page: Page) -> Page:
    """The page in another tab of the same browser."""
    tab = page.context.new_page()
    tab.goto(page.url.split("#")[0])
    expect(tab.locator(".comparison:visible img[src]")).to_have_count(2)
    return tab


KEPT = "() => localStorage.length === 1"  # once something has been painted


SHOP = FACADES.index("shop")


@BOTH_PAGES
def test_a_map_survives_a_reload_with_its_pictures_and_each_dataset_has_its_own(tabs: Tabs, app_url: str) -> None:
    first = read_examples(ROOT / "demo" / "maps" / "cityscapes", CITYSCAPES)["Crossing"]
    with tabs.open(app_url) as page:
        choose(page, "door")
        with both_pictures_change(page):
            click(page, (60, 60))
        label_map, pictures = read_map(page), shown_pictures(page)
        page.wait_for_function(KEPT)
        assert page.evaluate("Object.values(localStorage)[0].length") < 20_000
        reload(page)
        wait_for_pictures(page, pictures)
        assert (read_map(page) == label_map).all()
        open_tab(page, "Streets")
        assert (read_map(page, CITYSCAPES) == first).all()


@BOTH_PAGES
def test_a_stroke_survives_a_reload_at_once(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url) as page:
        choose(page, "door")
        drag(page, (20, 20), (200, 100), release=False)
        label_map = read_map(page)
        # Nothing is stored by a timer: it is the leaving of the page that has to do it.
        page.evaluate("() => { window.setTimeout = () => 0; }")
        page.mouse.up()
        reload(page)
        wait_for_map(page, label_map)
        assert page.evaluate("localStorage.length") == 1  # for the next visit too


def test_work_that_an_earlier_version_stored_is_opened(tabs: Tabs, app_url: str) -> None:
    kept = "1." + packed(bytes([WINDOW]) * SIZE * SIZE) + END
    with tabs.open(app_url, stored={"pix2pix-studio.work.facades": kept}) as page:
        wait_for_map(page, np.full((SIZE, SIZE), WINDOW))


@BOTH_PAGES
def test_seed_and_dropout_survive_a_reload(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url) as page:
        page.get_by_label("Seed").fill("77")
        page.wait_for_function("() => localStorage['pix2pix-studio.work.facades']?.endsWith('&seed=77&dropout=1')")
        page.get_by_label("Dropout").uncheck()
        page.wait_for_function("() => localStorage['pix2pix-studio.work.facades'].endsWith('&seed=77&dropout=0')")
        page.reload()
        expect(page.get_by_label("Seed")).to_have_value("77")
        expect(page.get_by_label("Dropout")).not_to_be_checked()


def test_every_tab_of_the_browser_keeps_its_own_map(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url) as page:
        press(page, "Clear")
        page.wait_for_function(KEPT)
        other = plain_visit(page)
        wait_for_map(other, np.full((SIZE, SIZE), BACKGROUND))  # a new tab begins with the newest map
        choose(other, "door")
        drag(other, (20, 20), (200, 100))
        map_of_other = read_map(other)
        other.wait_for_timeout(500)  # until it is kept
        for tab, expected in ((other, map_of_other), (page, np.full((SIZE, SIZE), BACKGROUND))):
            reload(tab)
            wait_for_map(tab, expected)
        page.wait_for_timeout(500)  # until it could have been kept
        wait_for_map(plain_visit(page), map_of_other)  # the newest still, though the older one was opened again


def test_a_browser_that_keeps_nothing_says_so_once(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url) as page:
        page.evaluate(
            "() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }"
        )
        hint = page.locator(".lc-hint").first
        press(page, "Clear")
        expect(hint).to_contain_text("Your browser cannot keep this map for your next visit")
        drag(page, (20, 20), (60, 60))
        page.wait_for_timeout(500)  # until it could have been kept
        expect(hint).to_contain_text("Paint freely.")


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "1.!!!" + END,
        "1." + packed(bytes(SIZE * SIZE)),
        "3." + packed(bytes(SIZE * SIZE)) + END,
        "1." + packed(bytes([200]) * SIZE * SIZE) + END,
        "2." + runs(bytes(SIZE * SIZE - 1)) + END,
        "2." + runs(bytes([200]) * SIZE * SIZE) + END,
        "2." + runs(bytes(SIZE * SIZE))[:-1] + END,
        "2.<b>" + END,
        "2." + "A" * 4 * (SIZE * SIZE + 1) + END,
    ],
)
def test_something_else_in_the_storage_is_passed_over(tabs: Tabs, app_url: str, kept: str) -> None:
    with tabs.open(app_url, stored={"pix2pix-studio.work.facades": kept}) as page:
        assert page.evaluate("localStorage['pix2pix-studio.work.facades']") == kept
        page.wait_for_timeout(300)  # until it could have been opened
        expect(page.get_by_role("button", name="Undo")).to_be_disabled()


@BOTH_PAGES
def test_a_link_brings_map_seed_and_dropout_to_somebody_else(
    page: Page, tabs: Tabs, app_url: str, painters: Painters
) -> None:
    label_map = paint_facade(page)
    page.get_by_label("Seed").fill("4294967295")
    expect_pictures(page, painters, label_map, seed=4294967295)
    press(page, "Copy link")
    expect(page.locator(".lc-hint").first).to_have_text("Link copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    page.get_by_label("Seed").fill("1")
    assert len(link) < 1000
    first = next(iter(read_examples(ROOT / "demo" / "maps" / "facades", FACADES).values()))
    with tabs.open(app_url, link.removeprefix(app_url)) as other:
        expect_pictures(other, painters, label_map, seed=4294967295)
        assert (read_map(other) == label_map).all()
        expect(other.get_by_label("Seed")).to_have_value("4294967295")
        assert other.url == link  # a reload opens it once more
        press(other, "Undo")
        assert (read_map(other) == first).all()
        assert "#" not in other.url


def test_a_link_without_dropout_says_so(page: Page) -> None:
    page.evaluate("link => (location.hash = link)", "facades=1." + packed(bytes(SIZE * SIZE)) + "&seed=1&dropout=0")
    variation = page.get_by_role("button", name="Another variation")
    expect(
        variation
    ).to_be_disabled()  # the page is through with the link, and the button is enabled anew by the check below
    expect(page.get_by_label("Dropout")).not_to_be_checked()
    page.get_by_label("Dropout").check()
    expect(variation).to_be_enabled()
    press(page, "Copy link")
    expect(page.locator(".lc-hint").first).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()").endswith("&seed=1&dropout=1")


@BOTH_PAGES
def test_hostile_links_are_refused_with_a_sentence_and_nothing_else_happens(page: Page, painters: Painters) -> None:
    before = paint_facade(page)
    expect_pictures(page, painters, before)
    with counted_requests(page, 0):
        for fragment, reason in HOSTILE_LINKS:
            choose(page, "Brush")  # which puts the tool's hint in place of the sentence before
            page.evaluate("link => (location.hash = link)", fragment)
            expect(page.locator(".lc-hint").first).to_have_text(f"This link was not opened. {reason} Ask for it again.")
    assert (read_map(page) == before).all()
    page.evaluate("history.replaceState(null, '', location.pathname)")


def test_without_a_clipboard_the_link_is_in_a_field_to_copy(page: Page) -> None:
    before = page.url
    page.evaluate("() => { navigator.clipboard.write = () => Promise.reject(new Error('forbidden')); }")
    press(page, "Copy link")
    field = page.get_by_label("Link to this map")
    expect(field).to_have_value(re.compile(r"/#facades=1\.[\w-]+&seed=1&dropout=1$"))
    expect(page.locator(".lc-hint").first).to_have_text("Copy this link:")
    selected = "field => field === document.activeElement && field.selectionEnd - field.selectionStart"
    assert field.evaluate(selected) == len(field.input_value())
    assert page.url == before  # a reload brings back the own work
    page.evaluate("() => delete navigator.clipboard.write")
    click(page, (40, 40))
    expect(field).to_be_hidden()


def test_a_link_holds_nothing_of_the_pages_query(tabs: Tabs, app_url: str) -> None:
    query = "/?__sign=secret-token&__theme=light"
    with tabs.open(app_url, query, permissions=["clipboard-read", "clipboard-write"]) as page:
        press(page, "Copy link")
        expect(page.locator(".lc-hint").first).to_have_text("Link copied.")
        link = page.evaluate("navigator.clipboard.readText()")
        assert re.fullmatch(re.escape(app_url) + r"/#facades=1\.[\w-]+&seed=1&dropout=1", link)
        assert page.url == app_url + query  # which the page itself may need for a reload


def test_a_link_in_a_frame_is_shown_in_a_field(browser: Browser, app_url: str) -> None:
    with browser.new_page() as page:
        page.set_content(f'<iframe src="{app_url}/?__sign=secret" width=1200 height=800></iframe>')
        frame = page.frame_locator("iframe")
        expect(frame.locator(".comparison img[src]")).to_have_count(2)
        frame.get_by_role("button", name="Copy link", exact=True).click()
        expect(frame.get_by_label("Link to this map")).to_have_value(re.compile(f"^{re.escape(app_url)}/#facades=1"))


@BOTH_PAGES
def test_links_take_nothing_away(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url) as page:
        choose(page, "door")
        drag(page, (20, 20), (200, 100))
        mine = read_map(page)
        page.wait_for_function(KEPT)
        for label in (WINDOW, SHOP):
            page.evaluate("link => (location.hash = link)", "facades=1." + packed(bytes([label]) * SIZE * SIZE) + END)
            wait_for_map(page, np.full((SIZE, SIZE), label))
        page.wait_for_timeout(500)  # until they could have been kept
        wait_for_map(plain_visit(page), mine)
        reload(page)
        wait_for_map(page, np.full((SIZE, SIZE), SHOP))
        with both_pictures_change(page):
            press(page, "Undo")
        assert (read_map(page) == mine).all()
        reload(page)  # now the link is gone
        wait_for_map(page, mine)


def test_a_seed_that_does_not_exist_is_not_linked(page: Page) -> None:
    detail = {"settings": {"seed": -1.5, "dropout": True}}
    page.evaluate("detail => document.dispatchEvent(new CustomEvent('facades-settings', { detail }))", detail)
    press(page, "Copy link")
    expect(page.locator(".lc-hint").first).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()").endswith("&seed=1&dropout=1")


@BOTH_PAGES
def test_a_link_to_the_other_dataset_opens_its_tab(tabs: Tabs, app_url: str) -> None:
    road = CITYSCAPES.index("road")
    with tabs.open(app_url) as page:
        page.goto(f"{app_url}/#cityscapes=1.{packed(bytes([road]) * SIZE * SIZE)}{END}")
        expect(page.get_by_role("tab", name="Streets")).to_have_attribute("aria-selected", "true")
        wait_for_map(page, np.full((SIZE, SIZE), road), CITYSCAPES)
        page.evaluate(
            "link => (location.hash = link)", f"facades=1.{packed(bytes(SIZE * SIZE))}{END}"
        )  # pasted into the address bar
        expect(page.get_by_role("tab", name="Facades")).to_have_attribute("aria-selected", "true")
        wait_for_map(page, np.full((SIZE, SIZE), BACKGROUND))
