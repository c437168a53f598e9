"""Seed, variations and dropout, and images that are older than the map, in Chromium."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.helpers.browser import (
    both_pictures_change,
    choose,
    click,
    open_tab,
    press,
    read_map,
    shown_pictures,
    wait_for_pictures,
)
from tests.helpers.tabs import Tabs, visit

NEVER_BY_ITSELF = """
() => {
  const start = window.setTimeout;
  window.setTimeout = (run, after, ...more) => (after === 5000 ? 0 : start(run, after, ...more));
}
"""
"""The page asks again five seconds after a refusal; a slow test would be too late for the button."""


RULE = "The seed is a whole number from 0 to 4294967295."


def test_variations_and_strokes_are_undone_and_redone_in_their_order(page: Page) -> None:
    seed = page.get_by_label("Seed")
    states = [(read_map(page), seed.input_value(), shown_pictures(page))]
    choose(page, "door")
    for change in (
        lambda: press(page, "Another variation"),
        lambda: click(page, (60, 60)),
        lambda: press(page, "Another variation"),
    ):
        with both_pictures_change(page):
            change()
        states.append((read_map(page), seed.input_value(), shown_pictures(page)))
    assert len({number for _, number, _ in states}) == 3
    for key, order in (("Control+z", (2, 1, 0)), ("Control+y", (1, 2, 3))):
        for label_map, number, pictures in (states[index] for index in order):
            page.keyboard.press(key)
            expect(seed).to_have_value(number)
            wait_for_pictures(page, pictures)
            assert (read_map(page) == label_map).all()


def test_a_typed_seed_is_one_step_of_undo_and_dropout_another(page: Page) -> None:
    seed, dropout = page.get_by_label("Seed"), page.get_by_label("Dropout")
    for number in ("123", "45"):
        seed.fill("")
        seed.press_sequentially(number, delay=30)
        seed.press("Tab")
    dropout.uncheck()
    press(page, "Undo")
    expect(dropout).to_be_checked()
    for number in ("123", "1"):
        press(page, "Undo")
        expect(seed).to_have_value(number)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


@pytest.mark.parametrize("text", ["", "1.5", "-1", "4294967296", "1e", "--"])
def test_a_seed_that_does_not_exist_is_put_back_with_a_sentence(page: Page, text: str) -> None:
    seed = page.get_by_label("Seed")
    seed.fill("7")
    seed.press("Enter")
    seed.press("Control+a")
    seed.press("Delete")
    seed.press_sequentially(text)
    seed.press("Tab")
    expect(page.get_by_text(f"{RULE} It is ")).to_be_visible()
    kept = seed.input_value()
    expect(page.get_by_text(f"{RULE} It is {kept} again.")).to_be_visible()
    assert kept in {"7", "1", "429496729"}  # on the way to the impossible number, there may be a possible one
    press(page, "Another variation")
    expect(page.get_by_text(RULE)).to_be_hidden()


def test_a_seed_is_shown_as_the_number_that_it_is(page: Page) -> None:
    seed = page.get_by_label("Seed", exact=True)
    for text, number in (("1e5", "100000"), ("007", "7")):
        seed.fill(text)
        seed.press("Tab")
        expect(seed).to_have_value(number)


def test_variations_are_offered_only_with_dropout(page: Page) -> None:
    views = page.get_by_role("group", name="View")
    variations = views.get_by_role("radio", name="Variations")
    page.get_by_text("Variations", exact=True).click()
    page.locator('.cp-pictures[data-view="Variations"]').wait_for()
    page.get_by_label("Dropout").uncheck()
    expect(variations).to_have_count(0)
    expect(views.get_by_role("radio", name="Side by side")).to_be_checked()
    page.locator('.cp-pictures[data-view="Side by side"]').wait_for()
    press(page, "Undo")
    expect(variations).to_have_count(1)


def test_images_older_than_the_map_are_dimmed_and_say_so_until_new_ones_come(page: Page) -> None:
    waiting: list[Route] = []
    page.route("**/queue/join*", lambda route: waiting.append(route))
    dimmed = page.locator(".comparison[data-stale]")
    choose(page, "door")
    click(page, (60, 60))
    expect(page.get_by_text("The new ones have not come yet.")).to_be_visible()
    expect(dimmed).to_have_count(1)
    assert (
        page.locator(".comparison img").evaluate_all("all => all.map(i => getComputedStyle(i).opacity)") == ["0.4"] * 2
    )
    with both_pictures_change(page):
        waiting[0].continue_()
    expect(dimmed).to_have_count(0)
    expect(page.get_by_text("These images are older than your map")).to_be_hidden()
    page.locator(".cp-pictures").first.evaluate("(places) => places.replaceChildren()")  # as before the first images
    page.evaluate("document.dispatchEvent(new Event('facades-asked'))")
    expect(page.get_by_text("The first images have not come yet.")).to_be_visible()
    page.evaluate("document.dispatchEvent(new Event('facades-refused'))")
    expect(page.get_by_text("No images came.")).to_be_visible()


def test_a_person_can_ask_again_for_images_that_the_server_refused(tabs: Tabs, app_url: str) -> None:
    with tabs.blank() as page:  # whose console tells of the refusal
        visit(page, app_url)
        expect(page.locator(".comparison img[src]")).to_have_count(2)
        refusal = {"status": 500, "json": {"detail": "The disk is full."}}
        page.route("**/queue/join*", lambda route: route.fulfill(**refusal), times=1)
        page.evaluate(NEVER_BY_ITSELF)
        choose(page, "door")
        click(page, (60, 60))
        expect(page.get_by_text("no new ones came")).to_be_visible()
        with both_pictures_change(page):
            press(page, "Try again")
        expect(page.locator(".comparison[data-stale]")).to_have_count(0)


def test_a_reload_keeps_the_tab(page: Page) -> None:
    for tab in ("Streets", "Facades"):
        open_tab(page, tab)
        page.reload()
        expect(page.locator(".comparison:visible img[src]")).to_have_count(2)
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
