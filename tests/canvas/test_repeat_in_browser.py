"""Copies of a block side by side and one below the other, in Chromium."""

import numpy as np
import pytest
from playwright.sync_api import Page

from pix2pix.labels import FACADES
from tests.helpers.browser import (
    BACKGROUND,
    DOOR,
    FACADE,
    SIZE,
    WINDOW,
    both_pictures_change,
    choose,
    click,
    drag,
    focus_canvas,
    on_screen,
    paint_facade,
    press,
    read_map,
)


def test_a_house_with_a_door_and_six_windows_takes_ten_gestures(page: Page) -> None:
    gestures = [
        lambda: choose(page, "Rectangle"),
        lambda: choose(page, "facade"),
        lambda: drag(page, (40, 40), (215, 255)),
        lambda: choose(page, "door"),
        lambda: drag(page, (118, 205), (137, 255)),
        lambda: choose(page, "window"),
        lambda: drag(page, (56, 60), (75, 89)),
        lambda: choose(page, "Repeat"),
        lambda: drag(page, (48, 52), (89, 109)),
        lambda: drag(page, (60, 70), (207, 180)),
    ]
    for gesture in gestures:
        gesture()
    expected = np.full((SIZE, SIZE), BACKGROUND)
    expected[40:, 40:216] = FACADE
    expected[205:, 118:138] = DOOR
    for top in (60, 60 + 71):  # blocks of 42 by 58 pixels, evenly spread over 160 by 129
        for left in (56, 56 + 59, 56 + 118):
            expected[top : top + 30, left : left + 20] = WINDOW
    assert len(gestures) == 10
    assert (read_map(page) == expected).all()


def test_the_number_of_copies_can_be_chosen_before_and_changed_afterwards_as_one_step_of_undo(page: Page) -> None:
    before = paint_facade(page)
    choose(page, "Repeat")  # what was painted last is the block
    page.get_by_label("Across").fill("3")
    page.get_by_label("Down").fill("1")
    drag(page, (60, 70), (189, 100))

    def windows(lefts: list[int]) -> np.ndarray:
        expected = before.copy()
        for left in lefts:
            expected[60:90, left : left + 20] = WINDOW
        return expected

    assert (read_map(page) == windows([50, 110, 170])).all()
    with both_pictures_change(page):
        page.get_by_label("Across").fill("4")
    assert (read_map(page) == windows([50, 90, 130, 170])).all()
    press(page, "Undo")
    assert (read_map(page) == before).all()
    page.get_by_label("Across").fill("2")  # there is nothing to change any more
    assert (read_map(page) == before).all()
    choose(page, "Repeat")
    drag(page, (60, 70), (189, 100))
    focus_canvas(page)
    page.keyboard.press("Escape")  # lets go of the block
    page.get_by_label("Across").fill("3")
    assert (read_map(page) == windows([50, 170])).all()


def test_a_number_of_two_digits_can_be_typed(page: Page) -> None:
    before = paint_facade(page)
    choose(page, "Repeat")
    page.get_by_label("Down").fill("1")
    drag(page, (60, 70), (215, 89))
    page.get_by_label("Across").press_sequentially("12", delay=50)  # by way of 1, which is the map as it was
    assert (read_map(page)[60] == WINDOW).sum() == 166  # from 50 to 215, closely packed
    page.get_by_label("Across").fill("1")
    assert (read_map(page) == before).all()
    page.get_by_label("Across").fill("2")
    assert (read_map(page)[60] == WINDOW).sum() == 40
    press(page, "Undo")
    assert (read_map(page) == before).all()


@pytest.mark.parametrize("tool", ["Polygon", "Repeat"])
def test_redo_in_the_middle_of_a_drag_does_nothing(page: Page, tool: str) -> None:
    paint_facade(page)
    press(page, "Undo")
    before = read_map(page)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    choose(page, tool)
    drag(page, (60, 70), (100, 90), release=False)
    page.keyboard.press("Control+y")
    page.mouse.move(*on_screen(page, (120, 120)))
    page.mouse.up()
    if tool == "Polygon":  # which has painted
        press(page, "Undo")
    assert errors == []
    assert (read_map(page) == before).all()


def test_copies_go_to_the_left_and_upwards_too_and_snap(page: Page) -> None:
    choose(page, "Rectangle")
    page.get_by_label("Snap").select_option("32")
    drag(page, (130, 130), (131, 131))
    choose(page, "Repeat")
    drag(page, (140, 140), (70, 40))
    expected = np.full((SIZE, SIZE), BACKGROUND)
    expected[32:160, 64:160] = DOOR
    assert (read_map(page) == expected).all()


def test_a_block_is_copied_with_all_that_is_in_it_and_mirrored_where_that_is_on(page: Page) -> None:
    paint_facade(page)
    choose(page, "Rectangle")
    choose(page, "sill")
    drag(page, (47, 90), (60, 93))
    page.get_by_role("button", name="Mirror").click()
    choose(page, "Repeat")
    drag(page, (45, 58), (74, 97))
    drag(page, (50, 70), (60, 177))
    label_map = read_map(page)
    block = label_map[58:98, 45:75]
    assert {WINDOW, FACADE, FACADES.index("sill")} == set(np.unique(block))
    for top in (98, 138):
        assert (label_map[top : top + 40, 45:75] == block).all()
        assert (label_map[top : top + 40, 181:211] == block[:, ::-1]).all()


def test_a_click_and_escape_let_go_of_the_block(page: Page) -> None:
    before = paint_facade(page)
    choose(page, "Repeat")
    for let_go in (lambda: click(page, (60, 70)), lambda: page.keyboard.press("Escape")):
        drag(page, (45, 55), (75, 95))
        let_go()
        drag(page, (60, 70), (150, 150))  # selects
        assert (read_map(page) == before).all()
        page.keyboard.press("Escape")
