"""Painting with the keyboard alone, and what screen readers are given, in Chromium."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from demo.views import VIEWS
from pix2pix.labels import FACADES
from tests.helpers.browser import (
    BACKGROUND,
    DOOR,
    SIZE,
    both_pictures_change,
    choose,
    drag,
    focus_canvas,
    on_screen,
    open_tab,
    outline,
    press,
    read_map,
    set_brush_size,
)
from tests.helpers.tabs import Tabs


def test_a_line_is_painted_with_the_keyboard_alone(page: Page) -> None:
    set_brush_size(page, 1)
    page.mouse.move(0, 0)
    focus_canvas(page)
    for key in ("ArrowLeft", "ArrowUp", "Space", "Shift+ArrowRight", "ArrowRight", "ArrowDown", "Space", "ArrowDown"):
        page.keyboard.press(key)
    expected = np.full((SIZE, SIZE), BACKGROUND)
    expected[127, 127:137] = expected[128, 136] = DOOR
    assert (read_map(page) == expected).all()
    expect(page.locator(".lc-announcer").first).to_have_text("136, 129: background")


def test_space_and_the_arrow_keys_say_what_they_do(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    announcer = page.locator(".lc-announcer").first
    page.keyboard.press("Space")
    expect(announcer).to_have_text("Pen down, door")
    page.keyboard.press("Space")
    expect(announcer).to_have_text("Pen up")
    page.keyboard.press("ArrowUp")
    expect(announcer).to_have_text("128, 127: door")


def test_shapes_are_painted_with_the_keyboard_and_escape_takes_them_back(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    page.keyboard.press("r")
    expected = np.full((SIZE, SIZE), BACKGROUND)
    for end in ("Escape", "Enter"):
        for key in ("Enter", "Shift+ArrowRight", "Shift+ArrowDown", end, "Shift+ArrowLeft", "Shift+ArrowUp"):
            page.keyboard.press(key)
        if end == "Enter":
            expected[128:137, 128:137] = DOOR
        assert (read_map(page) == expected).all()
    page.keyboard.press("p")
    for key in ("Space", "Shift+ArrowLeft", "Space", "Shift+ArrowUp", "Space", "Enter"):
        page.keyboard.press(key)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    expected[(columns >= 120) & (rows <= 128) & (columns - 120 <= rows - 120) & (columns <= 128)] = DOOR
    triangle = read_map(page)
    assert (triangle == DOOR).sum() == 9 * 9 + 9 * 10 // 2 - 1
    assert triangle[120, 120] == triangle[128, 120] == triangle[128, 128] == DOOR and triangle[120, 122] == BACKGROUND


def test_a_ring_and_a_hint_show_the_keyboard_where_it_is_and_what_it_can_do(page: Page) -> None:
    page.get_by_role("slider").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".lc-hint").first).to_contain_text("Space puts the pen down")
    page.keyboard.press("ArrowUp")
    assert "a" in outline(page)  # an arc
    expect(page.locator(".lc-announcer").first).to_have_text(
        "128, 127: background"
    )  # which is said a while after the key
    page.keyboard.press("Tab")
    expect(page.locator(".lc-hint").first).to_contain_text("Paint freely.")
    assert outline(page) == ""


def test_keys_choose_classes_tools_and_the_size_of_the_brush(page: Page) -> None:
    focus_canvas(page)
    names = [*FACADES.names]
    for key, name in [
        ("1", names[0]),
        ("9", names[8]),
        ("0", names[9]),
        ("Shift+Digit1", names[10]),
        ("Shift+Digit2", names[11]),
    ]:
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
    for key, name in zip(
        "rplftib", ("Rectangle", "Polygon", "Line", "Fill", "Repeat", "Pick class", "Brush"), strict=True
    ):
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
        expect(page.locator(".lc-announcer").first).to_have_text(name)
    for key, size in (("]", "20"), ("[", "16"), ("[", "12"), ("[", "8"), ("[", "7"), ("]", "8"), ("]", "12")):
        page.keyboard.press(key)
        expect(page.locator(".lc-size output").first).to_have_text(size)


def test_single_keys_do_nothing_outside_of_the_canvas(page: Page) -> None:
    page.get_by_label("Seed").click()
    page.keyboard.press("r")
    page.get_by_role("button", name="Another variation").focus()
    page.keyboard.press("r")
    expect(page.get_by_role("radio", name="Brush")).to_be_checked()


def test_keys_are_meant_for_the_map_that_the_mouse_is_moved_over_unless_a_field_has_the_focus(page: Page) -> None:
    with both_pictures_change(page):
        press(page, "Palazzo")
    page.mouse.move(*on_screen(page, (50, 50)))
    page.keyboard.press("r")
    expect(page.get_by_role("radio", name="Rectangle")).to_be_checked()
    expect(page.locator(".lc-hint").first).to_have_text(
        "Drag from corner to corner."
    )  # what keys do is for those who use them alone
    page.get_by_label("Seed").fill("1")
    page.mouse.move(*on_screen(page, (60, 60)))
    expect(page.get_by_label("Seed")).to_be_focused()


@pytest.mark.parametrize("field", ["View", "Snap"])
def test_undo_and_escape_work_while_a_choice_has_the_focus(page: Page, field: str) -> None:
    before = read_map(page)
    choose(page, "Rectangle")
    drag(page, (20, 20), (60, 60))
    if field == "View":
        page.locator(".view-choice label", has_text="Slider").click()
        expect(page.get_by_role("radio", name="Slider")).to_be_focused()
    else:
        page.get_by_label("Snap").focus()
        page.keyboard.press("b")  # a letter is the field's own
        expect(page.get_by_role("radio", name="Rectangle")).to_be_checked()
    page.keyboard.press("Control+z")
    assert (read_map(page) == before).all()
    page.keyboard.press("Control+y")
    assert (read_map(page) != before).any()
    if field == "View":
        page.locator(".view-choice label", has_text="Side by side").click()
        expect(page.locator(".comparison:visible img[src]")).to_have_count(2)


@pytest.mark.parametrize("end", ["Control+z", "Escape"])
def test_a_stroke_of_the_keyboard_is_taken_back_and_undo_goes_on_from_there(page: Page, end: str) -> None:
    choose(page, "Rectangle")
    drag(page, (20, 20), (60, 60))
    before = read_map(page)
    page.mouse.move(0, 0)
    for key in ("Space", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert (read_map(page) != before).any()
    page.keyboard.press(end)
    expect(page.locator(".lc-announcer").first).to_have_text("Cancelled")
    page.wait_for_timeout(700)  # the place of the cursor would be announced now, had nothing else been
    expect(page.locator(".lc-announcer").first).to_have_text("Cancelled")
    assert (read_map(page) == before).all()
    page.keyboard.press("Control+z")
    assert (read_map(page) == BACKGROUND).all()


def test_undo_works_after_the_focus_has_left_a_stroke_of_the_keyboard(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    page.keyboard.press("Space")
    page.keyboard.press("Tab")  # lifts the pen
    assert (read_map(page) == DOOR).any()
    page.keyboard.press("Control+z")
    assert (read_map(page) == BACKGROUND).all()


def test_the_cursor_of_the_keyboard_stays_where_it_is_when_the_focus_leaves_and_returns(page: Page) -> None:
    set_brush_size(page, 1)
    page.mouse.move(0, 0)
    focus_canvas(page)
    for key in ("Shift+ArrowRight", "Tab", "Shift+Tab", "Shift+ArrowDown", "Space", "Space"):
        page.keyboard.press(key)
    assert np.argwhere(read_map(page) == DOOR).tolist() == [[136, 136]]


def test_what_each_tool_has_done_is_said(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    page.evaluate("""() => {
        const announcer = document.querySelector('.lc-announcer');
        window.said = [];
        new MutationObserver(() => window.said.push(announcer.textContent)).observe(announcer, { childList: true });
    }""")
    right, down = "Shift+ArrowRight", "Shift+ArrowDown"
    for keys in (
        ("f", "Enter", "i", "Enter"),
        ("p", "Space", right, "Space", down, "Space", "Enter"),
        ("2", "t", "Escape"),
    ):
        for key in keys:
            page.keyboard.press(key)
    for key in ("Space", right, down, "Space", "Space", right, right, "Space"):
        page.keyboard.press(key)
    press(page, "Surprise me")
    expect(page.locator(".lc-announcer").first).to_have_text("New map")
    said = [words for words in page.evaluate("window.said") if not re.match(r"\d+, \d+: ", words)]
    expected = (
        "Fill, Filled with door, Pick class, Picked door, Polygon, "
        "Corner 1, Corner 2, Corner 3, Polygon closed, facade, Repeat"
    )
    assert said == [
        *expected.split(", "),
        "Pen down, facade",
        "Block selected",
        "Pen down, facade",
        "Repeated",
        "New map",
    ]


def test_the_cursor_of_the_keyboard_stays_in_sight(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    for _ in range(4):
        page.keyboard.press("+")
    for _ in range(20):
        page.keyboard.press("Shift+ArrowLeft")
    surface = page.locator(".lc-surface:visible").bounding_box()
    x, y = on_screen(page, (0, 128))
    assert (
        surface
        and surface["x"] <= x <= surface["x"] + surface["width"]
        and surface["y"] <= y <= surface["y"] + surface["height"]
    )


def test_everything_around_the_canvas_is_reached_with_the_tab_key(page: Page) -> None:
    page.locator(".lc-tools [tabindex='0']").first.focus()
    names = []
    for _ in range(12):
        names.append(
            page.evaluate(
                "(({ ariaLabel, labels, textContent }) => ariaLabel || labels[0]?.innerText || textContent)"
                "(document.activeElement)"
            )
        )
        page.keyboard.press("Tab")
    expected = [
        "Brush",
        "Mirror",
        "Undo",
        "Redo",
        "Size",
        "Label map",
        "door",
        "Zoom out",
        "Zoom in",
        "Clear",
        "Copy link",
        "Keys",
    ]
    assert [name.split("\n")[0].strip() for name in names] == expected


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_page(tabs: Tabs, app_url: str, theme: str) -> None:
    with tabs.open(app_url, f"?__theme={theme}") as page:
        page.evaluate(Axe().axe_script)  # once; `Axe.run` injects it each time, and returns what passes, too
        for tab in ("Facades", "Streets"):
            open_tab(page, tab)
            for view, tool in zip(
                VIEWS[:-1], ("Brush", "Repeat", "Rectangle", "Polygon"), strict=True
            ):  # there are no earlier epochs
                choose(page, tool)
                page.locator(".view-choice:visible label", has_text=view).click()
                page.locator(f'.cp-pictures:visible[data-view="{view}"] img[src]').first.wait_for()
                violations = page.evaluate("axe.run({ resultTypes: ['violations'] }).then((found) => found.violations)")
                assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations] == []
