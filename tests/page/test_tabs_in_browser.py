"""The tabs that tests share, in Chromium: what one page leaves does not reach the next."""

from types import SimpleNamespace
from typing import Any

from playwright.sync_api import Browser, expect

from tests.helpers.browser import DESKTOP, both_pictures_change, choose, drag, read_map
from tests.helpers.fresh_pages import shared_until_failure
from tests.helpers.tabs import Tabs


def test_a_page_in_a_used_tab_finds_nothing_of_the_one_before(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url) as page:
        before = read_map(page)
        choose(page, "door")
        drag(page, (20, 20), (100, 100))
        page.wait_for_function("localStorage.length > 0")
        page.evaluate("sessionStorage.other = localStorage.other = 'left'")
        page.route("**/queue/join*", lambda route: route.abort())
        page.context.new_page().goto(app_url)
        page.set_viewport_size({"width": 800, "height": 600})
        page.mouse.down()
    with tabs.open(app_url) as again:
        assert again == page and page.context.pages == [page] and page.viewport_size == DESKTOP
        assert page.evaluate("[localStorage.other, sessionStorage.other]") == [None, None]
        assert (read_map(page) == before).all()
        expect(page.get_by_role("button", name="Undo")).to_be_disabled()
        with both_pictures_change(page):
            drag(page, (20, 20), (100, 100))


def test_a_page_is_opened_with_what_a_test_stores(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url, stored={"own": "kept"}) as page:
        assert page.evaluate("localStorage.own") == "kept"
        page.reload()
        assert page.evaluate("localStorage.own") == "kept"


def test_the_tab_of_a_failed_test_is_not_used_again(browser: Browser) -> None:
    request: Any = SimpleNamespace(session=SimpleNamespace(testsfailed=3))
    for failures, is_closed in ((3, False), (4, True)):
        lent = shared_until_failure(request, Tabs(browser))
        with next(lent).blank() as page:
            pass
        request.session.testsfailed = failures
        next(lent, None)
        assert page.is_closed() == is_closed
