"""Images that follow a stroke while it lasts, in Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.helpers.both_pages import BOTH_PAGES
from tests.helpers.browser import (
    BACKGROUND,
    both_pictures_change,
    click,
    counted_requests,
    hold,
    on_screen,
    press,
    read_map,
    shown_pictures,
    wait_for_pictures,
)
from tests.helpers.desks import Desk
from tests.helpers.painters import Painters, expect_pictures

START_CLOCK = "() => { delete performance.now; }"


STOP_CLOCK = "() => { window.clock = 0; performance.now = () => window.clock; }"


@pytest.fixture
def clock(page: Page, desk: Desk) -> Iterator[None]:
    """Stops the page's clock: answers come at once, and strokes last until a test moves the clock."""
    page.evaluate(STOP_CLOCK)
    for row in (20, 40):
        with both_pictures_change(page):
            click(page, (20, row))
    press(page, "Clear")
    wait_for_pictures(page, desk.cleared)
    yield
    page.evaluate(START_CLOCK)


@BOTH_PAGES
def test_pictures_follow_a_stroke_that_lasts_and_those_of_its_end_come_last(
    page: Page, clock: None, painters: Painters
) -> None:
    with both_pictures_change(page):
        hold(page, (20, 60), (100, 60))
    for column in (140, 180):
        with both_pictures_change(page):
            page.mouse.move(*on_screen(page, (column, 100)), steps=4)
    page.mouse.up()
    expect_pictures(page, painters, read_map(page))


def test_one_request_at_a_time_is_under_way_while_a_stroke_lasts(page: Page, clock: None, painters: Painters) -> None:
    page.evaluate("""() => {
        window.underWay = window.most = window.asked = 0;
        const fetchBefore = window.fetch;
        window.fetch = (...all) => {
            if (String(all[0]?.url ?? all[0]).includes('/queue/join')) {
                window.asked++;
                window.most = Math.max(window.most, ++window.underWay);
            }
            return fetchBefore(...all);
        };
        document.addEventListener('facades-painted', () => window.underWay--);
        window.restoreFetch = () => (window.fetch = fetchBefore);
    }""")
    hold(page, (20, 60))
    for column in range(20, 240, 8):
        page.mouse.move(*on_screen(page, (column, 60)))
    page.mouse.up()
    expect_pictures(page, painters, read_map(page))
    assert page.evaluate("window.most") == 1
    assert page.evaluate("window.asked") >= 2
    page.evaluate("() => { window.restoreFetch(); }")


@BOTH_PAGES
def test_where_answers_are_slow_pictures_wait_for_the_end_of_the_stroke(page: Page, clock: None) -> None:
    slow = "window.slow = () => (window.clock += 151); document.addEventListener('facades-painted', window.slow, true)"
    page.evaluate(slow)
    for row in (20, 40):  # two slow answers
        with both_pictures_change(page):
            click(page, (20, row))
    with counted_requests(page, 0):
        hold(page, (20, 60), (100, 60))
    with both_pictures_change(page):
        page.mouse.up()
    page.evaluate("document.removeEventListener('facades-painted', window.slow, true)")
    for row in (80, 100):  # two quick ones
        with both_pictures_change(page):
            click(page, (20, row))
    with both_pictures_change(page):
        hold(page, (20, 120), (100, 120))
    page.mouse.up()


@BOTH_PAGES
def test_escape_brings_back_the_pictures_too(page: Page, clock: None) -> None:
    pictures = shown_pictures(page)
    with both_pictures_change(page):
        hold(page, (20, 60), (100, 60))
    page.keyboard.press("Escape")
    wait_for_pictures(page, pictures)
    page.mouse.up()
    assert (read_map(page) == BACKGROUND).all()
