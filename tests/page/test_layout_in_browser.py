"""The page with the bundled models, in Chromium: first view, numbers, focus, contrast, sizes, phones and tablets."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from demo.example_gallery import read_examples
from pix2pix.labels import CITYSCAPES, FACADES
from tests.helpers.browser import (
    BACKGROUND,
    DOOR,
    PHONE,
    READ_CONTRASTS,
    ROOT,
    SIZE,
    choose,
    drag,
    open_tab,
    press,
    read_map,
    served_app,
    shown_pictures,
)
from tests.helpers.tabs import Tabs


@pytest.fixture(scope="module")
def app_url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with the bundled weights."""
    with served_app(tmp_path_factory.mktemp("app")) as url:
        yield url


def test_the_page_opens_with_a_painted_facade_and_two_different_pictures(page: Page) -> None:
    examples = read_examples(ROOT / "demo" / "maps" / "facades", FACADES)
    assert (read_map(page) == next(iter(examples.values()))).all()
    decoded = "all => Promise.all(all.map(p => p.decode().then(() => [p.naturalWidth, p.naturalHeight])))"
    assert page.locator(".comparison img").evaluate_all(decoded) == [[SIZE, SIZE]] * 2
    gan, l1 = shown_pictures(page)
    assert gan != l1


def test_the_numbers_are_in_the_explanation_in_words(page: Page) -> None:
    facts = page.locator(".cp-facts li")
    expect(facts).to_have_count(2)
    expect(facts.first).to_be_hidden()
    page.get_by_text("What am I looking at?").click()
    expect(facts.first).to_be_visible()
    expect(facts.first).to_contain_text("GAN was trained for 200 epochs. Its images are 1.66 away from photos")
    expect(page.get_by_text(re.compile(r"Time to paint: GAN \d+ ms"))).to_be_visible()


@pytest.mark.parametrize(("group", "first", "second", "last"), [("Class to paint", 2, 3, 11), ("Tool", 0, 1, 6)])
def test_a_group_is_one_tab_stop_and_arrow_keys_choose(
    page: Page, group: str, first: int, second: int, last: int
) -> None:
    radios = page.get_by_role("radiogroup", name=group).get_by_role("radio")
    radios.nth(first).focus()
    for key, chosen in (
        ("ArrowRight", second),
        ("ArrowUp", first),
        ("End", last),
        ("ArrowDown", 0),
        ("ArrowLeft", last),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        expect(radios.nth(chosen)).to_be_checked()
        expect(radios.nth(chosen)).to_be_focused()
        assert radios.evaluate_all("all => all.filter(radio => radio.tabIndex === 0).length") == 1
        assert radios.evaluate_all("all => all.filter(radio => radio.ariaChecked === 'true').length") == 1


def test_the_class_chosen_with_the_keyboard_is_painted(page: Page) -> None:
    page.get_by_role("radio", name="window", exact=True).focus()
    page.keyboard.press("ArrowDown")
    press(page, "Clear")
    drag(page, (100, 100), (120, 120))
    assert set(np.unique(read_map(page))) == {BACKGROUND, DOOR}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_text_of_the_second_tab_has_it_too(tabs: Tabs, app_url: str, theme: str) -> None:
    with tabs.open(app_url, f"?__theme={theme}") as page:
        open_tab(page, "Streets")
        press(page, "More classes")
        contrasts = page.evaluate(READ_CONTRASTS)
    assert {"non-commercial", "motorcycle"} <= {word for text, _ in contrasts for word in text.split()}
    assert [(text, round(contrast, 2)) for text, contrast in contrasts if contrast < 4.5] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(tabs: Tabs, app_url: str, theme: str) -> None:
    with tabs.open(app_url, f"?__theme={theme}") as page:
        choose(page, "door")
        contrasts = page.evaluate(READ_CONTRASTS)
    assert len(contrasts) > 30
    assert [(text, round(contrast, 2)) for text, contrast in contrasts if contrast < 4.5] == []


def test_every_button_is_large_enough_for_a_mouse(page: Page) -> None:
    boxes = page.locator(":is(.label-canvas, .comparison, .example-gallery) button:visible").evaluate_all(
        "all => all.map(b => b.getBoundingClientRect()).map(b => Math.min(b.width, b.height))"
    )
    assert min(boxes) >= 24


def test_the_second_tab_fits_a_phone(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url, **PHONE) as page:
        open_tab(page, "Streets")
        page.get_by_role("button", name="More classes").tap()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        heights = page.locator(".label-canvas:visible button:visible").evaluate_all(
            "all => all.map(b => b.getBoundingClientRect().height)"
        )
        assert len(heights) > len(CITYSCAPES) and min(heights) >= 44


def test_nothing_is_wider_than_a_phone(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    right_ends = "all => all.filter(part => part.checkVisibility()).map(part => part.getBoundingClientRect().right)"
    assert max(phone.locator(".gradio-container *").evaluate_all(right_ends)) <= 390


def test_buttons_on_a_phone_are_as_high_as_a_finger(phone: Page) -> None:
    buttons = phone.locator(":is(.label-canvas, .comparison) button:visible")
    assert buttons.evaluate_all("all => Math.min(...all.map(button => button.getBoundingClientRect().height))") >= 44


PARTS_ON_SCREEN = """
() => ['.cp-pictures img', '.lc-surface', '.lc-palette button'].flatMap((part) =>
  [...document.querySelectorAll(part)].filter((one) => one.checkVisibility()).map((one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    return [part, left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight];
  }))
"""


@pytest.mark.parametrize(("width", "height"), [(390, 844), (820, 1180), (844, 390)])
def test_the_first_screen_of_a_phone_or_tablet_has_map_palette_and_images(
    tabs: Tabs, app_url: str, width: int, height: int
) -> None:
    with tabs.open(app_url, **(PHONE | {"viewport": {"width": width, "height": height}})) as page:
        parts = page.evaluate(PARTS_ON_SCREEN)
        assert len(parts) == 2 + 1 + len(FACADES)
        assert [part for part, is_seen in parts if not is_seen] == []
        box = page.locator(".lc-surface").bounding_box()
        assert box and box["width"] >= 260
        choose(page, "Repeat")
        hint = page.locator(".lc-hint").bounding_box()
        assert hint and hint["y"] + hint["height"] <= height  # its words are seen, too


@pytest.mark.parametrize(
    ("width", "height", "is_touched", "least"),
    [
        (640, 360, False, 220),
        (640, 360, True, 220),
        (667, 375, True, 220),
        (512, 384, False, 220),
        (320, 256, False, 190),
    ],
)
def test_a_small_phone_on_its_side_and_an_enlarged_page_have_a_canvas_to_paint_on(
    tabs: Tabs, app_url: str, width: int, height: int, is_touched: bool, least: int
) -> None:
    size = {"viewport": {"width": width, "height": height}}
    with tabs.open(app_url, **(PHONE | size if is_touched else size)) as page:
        surface, palette, image = (
            page.locator(part).first.bounding_box() for part in (".lc-surface", ".lc-palette", ".cp-pictures img")
        )
        assert surface and palette and image
        assert surface["width"] >= least and image["y"] < 100
        assert max(box["x"] + box["width"] for box in (surface, palette)) <= image["x"]
        below, beside = (surface[y] + surface[side] <= palette[y] for y, side in (("y", "height"), ("x", "width")))
        assert beside if width >= 640 else below
        assert page.evaluate("document.documentElement.scrollWidth") == width
        names = page.locator(".lc-palette button").evaluate_all("all => all.map(b => b.scrollWidth - b.clientWidth)")
        assert max(names) <= 0


@pytest.mark.parametrize(("width", "height"), [(390, 664), (744, 1133)])
def test_on_an_upright_screen_images_stay_while_the_canvas_is_scrolled(
    tabs: Tabs, app_url: str, width: int, height: int
) -> None:
    with tabs.open(app_url, **(PHONE | {"viewport": {"width": width, "height": height}})) as page:
        page.evaluate("scrollBy(0, document.querySelector('.lc-palette').getBoundingClientRect().bottom - innerHeight)")
        picture, surface = (page.locator(part).first.bounding_box() for part in (".comparison img", ".lc-surface"))
        assert picture and surface
        assert picture["y"] >= 0 and picture["y"] + picture["height"] <= height
        assert surface["width"] >= 260


def test_a_small_phone_has_all_tools(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url, **(PHONE | {"viewport": {"width": 320, "height": 568}})) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        boxes = page.locator(".lc-tools button").evaluate_all(
            "all => all.map(b => b.getBoundingClientRect()).map(b => [b.left, b.right])"
        )
        assert all(left >= 0 and right <= 320 for left, right in boxes)
        captions = page.locator(".comparison figcaption > *").evaluate_all(
            "all => all.map(e => [e.getBoundingClientRect().right, e.closest('figure').getBoundingClientRect().right])"
        )
        assert all(right <= end + 0.5 for right, end in captions)


def test_more_classes_open_inside_the_screen(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url, viewport={"width": 1280, "height": 720}) as page:
        open_tab(page, "Streets")
        press(page, "More classes")
        seen = page.evaluate(PARTS_ON_SCREEN)
        assert sum(is_seen for part, is_seen in seen if part == ".lc-palette button") >= 16
        first = page.get_by_role("radio", name="unlabeled", exact=True).bounding_box()
        assert first and first["y"] + first["height"] <= 720
        last = page.get_by_role("radio", name="motorcycle", exact=True)
        last.click()
        box = last.bounding_box()
        assert box and box["y"] + box["height"] <= 720
        assert page.evaluate("scrollY") == 0


READ_SELECTIONS = """
() => {
  const chosen = ['.lc-tools [aria-checked=true]', '.lc-palette [aria-checked=true]',
    '.view-choice label:has(:checked)', '[role=tab][aria-selected=true]'];
  const others = ['.lc-tools [aria-checked=false]', '.lc-palette [aria-checked=false]',
    '.view-choice label:not(:has(:checked))', '[role=tab][aria-selected=false]'];
  const look = (part) => getComputedStyle(document.querySelector(part)).backgroundColor;
  return chosen.map((part, index) => [part, look(part) !== look(others[index])]);
}
"""


def test_high_contrast_colours_show_what_is_chosen(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url, forced_colors="active") as page:
        assert [part for part, is_told in page.evaluate(READ_SELECTIONS) if not is_told] == []
        save = page.get_by_role("button", name="Save the map")
        assert save.evaluate("button => getComputedStyle(button).borderTopWidth") == "1px"
        dropout = page.get_by_label("Dropout")
        assert dropout.evaluate("box => getComputedStyle(box).appearance") == "auto"  # drawn by the browser
        checked = dropout.screenshot()
        dropout.uncheck()
        page.mouse.move(0, 0)
        assert dropout.screenshot() != checked


def test_the_focus_is_seen_on_seed_and_dropout(page: Page) -> None:
    for label in ("Seed", "Dropout"):
        page.get_by_label(label).focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        assert (
            page.locator(".noise-choice input:focus-visible")
            .evaluate("field => getComputedStyle(field).outline")
            .endswith("solid 2px")
        )
