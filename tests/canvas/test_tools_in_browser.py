"""Brush, rectangle, line, fill and pick, in Chromium: exactly the pixels that a person means."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.helpers.browser import (
    BACKGROUND,
    DOOR,
    FACADE,
    SIZE,
    WINDOW,
    Point,
    both_pictures_change,
    choose,
    click,
    counted_requests,
    drag,
    draw_around,
    on_screen,
    paint_facade,
    press,
    read_map,
    set_brush_size,
)

TOOLS = {
    "Brush": lambda page: drag(page, (20, 100), (90, 130)),
    "Rectangle": lambda page: drag(page, (20, 100), (90, 130)),
    "Line": lambda page: drag(page, (20, 100), (90, 130)),
    "Polygon": lambda page: draw_around(page, [(20, 100), (90, 130), (30, 180)]),
    "Fill": lambda page: click(page, (60, 70)),
}


def test_the_brush_paints_a_round_stroke_of_its_size_and_both_pictures_change(page: Page) -> None:
    press(page, "Clear")
    choose(page, "door")
    set_brush_size(page, 16)
    with both_pictures_change(page):
        drag(page, (60, 100), (120, 100))
    label_map = read_map(page)
    assert set(np.unique(label_map)) == {BACKGROUND, DOOR}
    rows, columns = np.nonzero(label_map == DOOR)
    assert (rows.min(), rows.max()) == (93, 108)  # 16 pixels
    assert (columns.min(), columns.max()) == (53, 128)
    assert label_map[93, 53] == BACKGROUND  # round ends


def test_the_rectangle_paints_exactly_from_corner_to_corner(page: Page) -> None:
    expected = paint_facade(page)
    expected[30:61, 20:91] = DOOR
    choose(page, "Rectangle")
    choose(page, "door")
    with both_pictures_change(page):
        drag(page, (90, 60), (20, 30))
    assert (read_map(page) == expected).all()


def test_a_rectangle_may_end_outside_of_the_canvas(page: Page) -> None:
    expected = read_map(page)
    expected[200:, :101] = DOOR
    choose(page, "Rectangle")
    choose(page, "door")
    drag(page, (100, 200), (-30, 300))
    assert (read_map(page) == expected).all()


def test_a_line_of_size_one_is_one_pixel_wide(page: Page) -> None:
    expected = read_map(page)
    expected[np.arange(10, 61), np.arange(100, 151)] = DOOR
    choose(page, "Line")
    choose(page, "door")
    set_brush_size(page, 1)
    with both_pictures_change(page):
        drag(page, (100, 10), (150, 60))
    assert (read_map(page) == expected).all()


def test_fill_repaints_one_region_and_stops_at_its_edges(page: Page) -> None:
    press(page, "Clear")
    choose(page, "Rectangle")
    choose(page, "facade")
    drag(page, (50, 50), (200, 200))
    choose(page, "Fill")
    choose(page, "window")
    with both_pictures_change(page):
        click(page, (10, 10))
    expected = np.full((SIZE, SIZE), WINDOW)
    expected[50:201, 50:201] = FACADE
    assert (read_map(page) == expected).all()


def test_pick_takes_the_class_under_the_pointer_and_gives_the_tool_back(page: Page) -> None:
    choose(page, "Rectangle")
    choose(page, "door")
    drag(page, (0, 0), (20, 20))
    choose(page, "window")
    choose(page, "Pick class")
    click(page, (10, 10))
    expect(page.get_by_role("radio", name="door", exact=True)).to_be_checked()
    expect(page.get_by_role("radio", name="Rectangle")).to_be_checked()


def test_clear_paints_the_background_everywhere(page: Page) -> None:
    paint_facade(page)
    with both_pictures_change(page):
        press(page, "Clear")
    assert (read_map(page) == BACKGROUND).all()


@pytest.mark.parametrize("tool", ["Rectangle", "Line"])
def test_a_shape_is_shown_while_it_is_dragged_and_leaves_nothing_behind_as_it_shrinks(page: Page, tool: str) -> None:
    before = paint_facade(page)
    choose(page, tool)
    choose(page, "shop")
    drag(page, (20, 20), (200, 60), release=False)
    large = read_map(page)
    page.mouse.move(*on_screen(page, (40, 30)))
    small = read_map(page)
    page.mouse.up()
    assert (large != before).sum() > (small != before).sum() > 0
    assert (read_map(page) == small).all()
    assert (small[:, 60:] == before[:, 60:]).all()


def test_escape_takes_a_stroke_back_that_is_still_being_drawn(page: Page) -> None:
    before = paint_facade(page)
    choose(page, "Brush")
    drag(page, (20, 20), (100, 100), release=False)
    assert (read_map(page) != before).any()
    page.keyboard.press("Escape")
    page.mouse.up()
    assert (read_map(page) == before).all()
    press(page, "Undo")  # the window, not the stroke
    assert (read_map(page)[60:90, 50:70] == FACADE).all()


def test_a_stroke_that_changes_nothing_asks_for_nothing(page: Page) -> None:
    choose(page, "background")
    with counted_requests(page, 0):
        drag(page, (20, 20), (100, 100))
    choose(page, "door")
    drag(page, (20, 20), (100, 100))
    choose(page, "door")
    drag(page, (20, 20), (100, 100))
    press(page, "Undo")  # the first of the two, since the second one changed nothing
    assert (read_map(page) == BACKGROUND).all()


def test_the_right_mouse_button_paints_nothing(page: Page) -> None:
    before = read_map(page)
    choose(page, "door")
    page.mouse.click(*on_screen(page, (50, 50)), button="right")
    assert (read_map(page) == before).all()


@pytest.mark.parametrize(("start", "end"), [((20, 37), (50, 90)), ((50, 90), (20, 37))])
def test_a_rectangle_snaps_to_the_cells_it_touches(page: Page, start: Point, end: Point) -> None:
    choose(page, "Rectangle")
    page.get_by_label("Snap").select_option("16")
    drag(page, start, end)
    expected = np.full((SIZE, SIZE), BACKGROUND)
    expected[32:96, 16:64] = DOOR
    assert (read_map(page) == expected).all()


@pytest.mark.parametrize("tool", TOOLS)
def test_mirrored_painting_is_exactly_the_painting_on_both_halves(page: Page, tool: str) -> None:
    page.get_by_role("button", name="Mirror").click()
    choose(page, "Rectangle")
    choose(page, "window")
    drag(page, (50, 60), (69, 89))
    before = read_map(page)
    assert (before == before[:, ::-1]).all() and (before == WINDOW).sum() == 2 * 20 * 30
    choose(page, tool)
    choose(page, "door")
    TOOLS[tool](page)
    both = read_map(page)
    assert (both == both[:, ::-1]).all()
    press(page, "Undo")
    page.keyboard.press("m")
    TOOLS[tool](page)
    once = read_map(page)
    painted = once == DOOR
    assert painted.any() and not painted[:, 128:].any()
    assert (both == np.where(painted | painted[:, ::-1], DOOR, before)).all()
