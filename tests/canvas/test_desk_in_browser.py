"""The page that tests share, in Chromium: what one test leaves does not reach the next."""

from playwright.sync_api import Page

from tests.helpers.browser import counted_requests, drag, shown_pictures
from tests.helpers.desks import Desk, reset

LATE_ANSWERS = """
() => {
  const before = window.fetch;
  window.restoreFetch = () => { window.fetch = before; };
  window.fetch = async (...all) => {
    const answer = await before(...all);
    if (String(all[0]?.url ?? all[0]).includes('/queue/join')) await new Promise((done) => setTimeout(done, 500));
    return answer;
  };
}
"""


def test_images_that_are_still_on_their_way_come_before_the_next_test(page: Page, desk: Desk) -> None:
    page.evaluate(LATE_ANSWERS)
    drag(page, (20, 20), (60, 60))  # the last thing that a test does, which looks at the map alone
    reset(desk)
    with counted_requests(page, 0):
        pass
    assert shown_pictures(page) == desk.cleared
    page.evaluate("window.restoreFetch()")


def test_the_page_is_at_its_top_for_the_next_test(page: Page, desk: Desk) -> None:
    page.evaluate("scrollTo({ top: 200, behavior: 'instant' })")
    assert page.evaluate("scrollY") > 0
    reset(desk)
    assert page.evaluate("scrollY") == 0
