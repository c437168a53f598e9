"""Painting, zooming and moving with fingers, in Chromium."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.helpers.browser import (
    BACKGROUND,
    DIAMOND,
    DOOR,
    Fingers,
    Point,
    both_pictures_change,
    choose,
    drag,
    frames_drawn,
    inside_diamond,
    on_screen,
    press,
    read_map,
    set_brush_size,
    zoom_of,
)


@pytest.fixture
def fingers(phone: Page) -> Fingers:
    """Fingers that have chosen the class door, on a phone that shows all of the canvas."""
    phone.get_by_role("radio", name="door", exact=True).tap()
    phone.locator(".lc-surface").evaluate("surface => surface.scrollIntoView({ block: 'center' })")
    return Fingers(phone)


def test_a_finger_paints_and_the_page_does_not_scroll(phone: Page, fingers: Fingers) -> None:
    before, scrolled = read_map(phone), phone.evaluate("scrollY")
    with both_pictures_change(phone):
        fingers.touch("touchStart", (60, 40))
        for row in range(50, 200, 10):
            fingers.touch("touchMove", (60, row))
        fingers.touch("touchEnd")
    after = read_map(phone)
    assert (after[40:191, 60] == DOOR).all()
    assert (after[:, 100:] == before[:, 100:]).all()
    assert phone.evaluate("scrollY") == scrolled


def test_a_second_finger_does_not_disturb_a_stroke(phone: Page, fingers: Fingers) -> None:
    phone.get_by_role("button", name="Clear").tap()
    fingers.touch("touchStart", (40, 60))
    fingers.touch("touchMove", (80, 60))
    fingers.touch("touchStart", (80, 60), (200, 200))
    fingers.touch("touchMove", (120, 60), (220, 220))
    fingers.touch("touchMove", (160, 60))  # lifts the second
    fingers.touch("touchEnd")
    label_map = read_map(phone)
    assert (label_map[60, 40:161] == DOOR).all()
    assert (label_map[100:] == BACKGROUND).all()
    press(phone, "Undo")
    assert (read_map(phone) == BACKGROUND).all()


def test_a_touch_that_the_system_takes_away_leaves_the_map_as_it_was(phone: Page, fingers: Fingers) -> None:
    before = read_map(phone)
    fingers.touch("touchStart", (40, 60))
    fingers.touch("touchMove", (80, 90))
    assert (read_map(phone) != before).any()
    fingers.touch("touchCancel")
    assert (read_map(phone) == before).all()
    fingers.touch("touchStart", (40, 60))
    fingers.touch("touchEnd")
    assert (read_map(phone) != before).any()


def test_a_finger_places_each_corner_where_it_is_lifted_and_draws_freehand(phone: Page, fingers: Fingers) -> None:
    before = read_map(phone)
    phone.get_by_role("radio", name="Polygon").tap()
    phone.locator(".lc-surface:visible").evaluate("surface => surface.scrollIntoView({ block: 'center' })")
    for x, y in DIAMOND:
        fingers.touch("touchStart", (x - 4, y + 4))
        fingers.touch("touchMove", (x, y))
        fingers.touch("touchEnd")
    assert (read_map(phone) == before).all()
    with both_pictures_change(phone):
        fingers.touch("touchStart", (DIAMOND[0][0] + 4, DIAMOND[0][1] + 4))  # near enough for a finger
        fingers.touch("touchEnd")
    expected = np.where(inside_diamond(), DOOR, before)
    assert (read_map(phone) == expected).all()
    fingers.touch("touchStart", (180, 180))
    for point in ((220, 180), (220, 220), (180, 220)):
        fingers.touch("touchMove", point)
    fingers.touch("touchEnd")
    expected[180:221, 180:221] = DOOR
    assert (read_map(phone) == expected).all()


def test_two_fingers_zoom_and_move_and_the_one_that_stays_paints_nothing(phone: Page, fingers: Fingers) -> None:
    before = read_map(phone)
    (x, y), (x2, y2) = on_screen(phone, (100, 128)), on_screen(phone, (156, 128))
    fingers.touch_screen("touchStart", (x, y))
    fingers.touch_screen("touchStart", (x, y), (x2, y2))
    for step in range(1, 11):
        fingers.touch_screen("touchMove", (x - 4 * step, y), (x2 + 4 * step, y))
    assert zoom_of(phone) == pytest.approx((x2 - x + 80) / (x2 - x), rel=0.02)
    assert on_screen(phone, (100, 128)) == pytest.approx((x - 40, y), abs=2)
    for step in range(1, 6):
        fingers.touch_screen("touchMove", (x - 40, y + 5 * step), (x2 + 40, y + 5 * step))
    frames_drawn(phone)
    assert on_screen(phone, (100, 128)) == pytest.approx((x - 40, y + 25), abs=2)
    fingers.touch_screen("touchMove", (x - 40, y + 60))  # lifts the second
    fingers.touch_screen("touchEnd")
    assert (read_map(phone) == before).all()
    fingers.touch("touchStart", (100, 128))
    fingers.touch("touchEnd")
    assert read_map(phone)[128, 100] == DOOR


def test_two_quick_taps_on_an_enlarged_map_are_two_dots(phone: Page, fingers: Fingers) -> None:
    set_brush_size(phone, 1)
    phone.get_by_role("button", name="Zoom in").tap()
    phone.locator(".lc-surface:visible").evaluate("surface => surface.scrollIntoView({ block: 'center' })")
    places = [on_screen(phone, (x, 128)) for x in (126, 130)]
    for place in places:
        fingers.touch_screen("touchStart", place)
        fingers.touch_screen("touchEnd")
    assert zoom_of(phone) == pytest.approx(2)
    assert np.argwhere(read_map(phone) == DOOR).tolist() == [[128, 126], [128, 130]]


def tap(fingers: Fingers, *points: Point) -> None:
    for count in range(1, len(points) + 1):
        fingers.touch("touchStart", *points[:count])
    for count in range(len(points) - 1, -1, -1):
        fingers.touch("touchEnd", *points[:count])


def test_a_tap_with_two_fingers_undoes_and_with_three_redoes(phone: Page, fingers: Fingers) -> None:
    phone.evaluate("() => { performance.now = () => 0; }")  # every tap is quick enough
    before = read_map(phone)
    for x in (60, 120):
        fingers.touch("touchStart", (x, 40))
        fingers.touch("touchEnd")
    after = read_map(phone)
    hint = phone.locator(".lc-hint").first
    places = ((80, 120), (120, 120), (160, 120))
    tap(fingers, *places[:2])
    expect(hint).to_contain_text("Undone.")
    tap(fingers, *places[:2])
    assert (read_map(phone) == before).all()
    for _ in range(2):
        tap(fingers, *places)
    expect(hint).to_have_text("Redone.")
    assert (read_map(phone) == after).all()
    assert zoom_of(phone) == 1


def test_a_pinch_and_fingers_that_rest_undo_nothing(phone: Page, fingers: Fingers) -> None:
    phone.evaluate("() => { window.clock = 0; performance.now = () => window.clock; }")
    fingers.touch("touchStart", (60, 40))
    fingers.touch("touchEnd")
    after = read_map(phone)
    fingers.touch("touchStart", (80, 120))
    fingers.touch("touchStart", (80, 120), (120, 120))
    fingers.touch("touchMove", (60, 120), (140, 120))
    fingers.touch("touchEnd")
    assert (read_map(phone) == after).all()
    fingers.touch("touchStart", (80, 120))
    fingers.touch("touchStart", (80, 120), (120, 120))
    phone.evaluate("window.clock = 500")
    fingers.touch("touchEnd")
    assert (read_map(phone) == after).all()
    expect(phone.get_by_role("button", name="Undo")).to_be_enabled()


def test_hints_speak_of_fingers_where_there_is_no_mouse(phone: Page) -> None:
    hint = phone.locator(".lc-hint").first
    for tool, words in (
        ("Brush", "Paint freely. A tap with two fingers undoes."),
        ("Polygon", "Tap corners, or draw around an area."),
        ("Fill", "Tap a region to repaint it."),
        ("Pick class", "Tap to take the class from the map."),
    ):
        choose(phone, tool)
        expect(hint).to_have_text(words)
    choose(phone, "Repeat")
    drag(phone, (40, 40), (60, 60))
    expect(hint).to_contain_text("A tap removes the frame.")
