"""Polygons by corners and by freehand, in Chromium."""

import numpy as np
import pytest
from playwright.sync_api import Page

from pix2pix.labels import FACADES
from tests.helpers.browser import (
    BACKGROUND,
    DIAMOND,
    DOOR,
    FACADE,
    SIZE,
    both_pictures_change,
    choose,
    click,
    counted_requests,
    draw_around,
    inside_diamond,
    on_screen,
    outline,
    paint_facade,
    press,
    read_map,
)
from tests.helpers.painters import Painters, expect_pictures


@pytest.mark.parametrize("end", ["first corner", "double click", "Enter"])
def test_a_polygon_is_filled_exactly_however_it_is_closed_and_is_one_step_of_undo(
    page: Page, painters: Painters, end: str
) -> None:
    before = paint_facade(page)
    expect_pictures(page, painters, before)
    choose(page, "Polygon")
    choose(page, "shop")
    for corner in DIAMOND[:-1]:
        click(page, corner)
    assert (read_map(page) == before).all()  # until then there is only an outline
    with counted_requests(page, 1), both_pictures_change(page):
        if end == "double click":
            page.mouse.dblclick(*on_screen(page, DIAMOND[-1]))
        else:
            click(page, DIAMOND[-1])
            if end == "Enter":
                page.keyboard.press("Enter")
            else:
                click(page, (DIAMOND[0][0] + 1, DIAMOND[0][1] - 1))
    assert (read_map(page) == np.where(inside_diamond(), FACADES.index("shop"), before)).all()
    assert "L" not in outline(page)
    press(page, "Undo")
    assert (read_map(page) == before).all()


def test_a_polygon_may_be_hollow(page: Page) -> None:
    expected = read_map(page)
    expected[20:121, 20:51] = expected[90:121, 20:141] = DOOR
    choose(page, "Polygon")
    choose(page, "door")
    for corner in ((20, 20), (50, 20), (50, 90), (140, 90), (140, 120), (20, 120)):
        click(page, corner)
    page.keyboard.press("Enter")
    assert (read_map(page) == expected).all()


def test_escape_drops_an_open_polygon(page: Page) -> None:
    before = read_map(page)
    choose(page, "Polygon")
    with counted_requests(page, 0):
        for corner in DIAMOND:
            click(page, corner)
        assert "L" in outline(page)
        page.keyboard.press("Escape")
        assert "L" not in outline(page)
        page.keyboard.press("Enter")
    assert (read_map(page) == before).all()


def test_undo_takes_back_a_corner_while_a_polygon_is_open(page: Page) -> None:
    before = paint_facade(page)
    choose(page, "Polygon")
    choose(page, "shop")
    for corner in (*DIAMOND, (200, 200)):
        click(page, corner)
    page.keyboard.press("Control+z")
    page.keyboard.press("Enter")
    assert (read_map(page) == np.where(inside_diamond(), FACADES.index("shop"), before)).all()


def test_two_corners_are_no_polygon_and_another_tool_drops_them(page: Page) -> None:
    before = read_map(page)
    choose(page, "Polygon")
    with counted_requests(page, 0):
        click(page, DIAMOND[0])
        page.mouse.dblclick(*on_screen(page, DIAMOND[1]))
        page.keyboard.press("Enter")
        choose(page, "Line")
    assert (read_map(page) == before).all()
    assert "L" not in outline(page)


def test_the_polygon_takes_an_area_that_is_drawn_around(page: Page) -> None:
    expected = paint_facade(page)
    expected[60:121, 60:121] = DOOR
    choose(page, "Polygon")
    with both_pictures_change(page):
        draw_around(page, [(60, 60), (120, 60), (120, 120), (60, 120), (60, 61)])
    assert (read_map(page) == expected).all()
    press(page, "Undo")
    assert (read_map(page)[100, 100]) == FACADE


def test_corners_and_freehand_make_one_polygon_and_undo_takes_back_the_stretch(page: Page) -> None:
    choose(page, "Polygon")
    click(page, (60, 60))
    draw_around(page, [(200, 60), (220, 240)])
    page.keyboard.press("Control+z")
    draw_around(page, [(120, 60), (120, 120)])
    click(page, (60, 120))
    assert (read_map(page) == BACKGROUND).all()
    page.keyboard.press("Enter")
    expected = np.full((SIZE, SIZE), BACKGROUND)
    expected[60:121, 60:121] = DOOR
    assert (read_map(page) == expected).all()
