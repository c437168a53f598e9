"""The page in Chromium: tabs, undo, examples, seed, dropout, and the server's queue."""

import re
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from demo.example_gallery import read_examples
from demo.label_canvas import encode
from demo.subjects import SUBJECTS
from pix2pix.labels import CITYSCAPES, FACADES
from tests.helpers.browser import (
    BACKGROUND,
    ROOT,
    both_pictures_change,
    choose,
    click,
    drag,
    on_screen,
    open_tab,
    press,
    read_map,
    shown_pictures,
    wait_for_pictures,
)
from tests.helpers.painters import Painters, expect_pictures
from tests.helpers.tabs import Tabs, visit


def test_the_page_says_how_long_the_models_took(page: Page) -> None:
    expect(page.locator(".cp-times")).to_have_text(re.compile(r"^GAN \d+ ms · L1 only \d+ ms$"))


def test_the_second_tab_has_its_own_map_examples_palette_and_note(streets: Page) -> None:
    first = SUBJECTS["cityscapes"].first_example
    examples = read_examples(ROOT / "demo" / "maps" / "cityscapes", CITYSCAPES, first)
    assert next(iter(examples)) == first
    assert (read_map(streets, CITYSCAPES) == next(iter(examples.values()))).all()
    shown = streets.locator(".lc-palette:visible [role=radio]:visible").all_inner_texts()
    assert shown == list(SUBJECTS["cityscapes"].first_classes)
    expect(streets.get_by_text("for non-commercial use only")).to_be_visible()
    with both_pictures_change(streets):
        press(streets, "Tram street")
    assert (read_map(streets, CITYSCAPES) == examples["Tram street"]).all()
    with both_pictures_change(streets):
        press(streets, "Clear")
    assert (read_map(streets, CITYSCAPES) == CITYSCAPES.index("sky")).all()


def test_each_tab_keeps_its_drawing_its_undo_and_its_pictures(tabs: Tabs, app_url: str) -> None:
    with tabs.open(app_url) as page:
        before = read_map(page)
        choose(page, "door")
        with both_pictures_change(page):
            click(page, (60, 60))
        facade, pictures = read_map(page), shown_pictures(page)
        open_tab(page, "Streets")
        with both_pictures_change(page):
            press(page, "Clear")
        open_tab(page, "Facades")
        assert (read_map(page) == facade).all() and shown_pictures(page) == pictures
        page.keyboard.press("Control+z")  # reaches the tab that is open, and no other
        assert (read_map(page) == before).all()
        open_tab(page, "Streets")
        assert (read_map(page, CITYSCAPES) == CITYSCAPES.index("sky")).all()


def test_more_classes_are_reached_with_the_keyboard_and_the_chosen_one_stays_in_sight(streets: Page) -> None:
    radios = streets.locator(".lc-palette:visible [role=radio]:visible")
    more = streets.get_by_role("button", name="More classes")
    streets.get_by_role("radio", name="fence", exact=True).click()
    streets.keyboard.press("ArrowDown")  # the others are not among the arrow keys' choices yet
    expect(streets.get_by_role("radio", name="road", exact=True)).to_be_checked()
    streets.keyboard.press("Tab")
    expect(more).to_be_focused()
    expect(more).to_have_attribute("aria-expanded", "false")
    streets.keyboard.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    expect(radios).to_have_count(len(CITYSCAPES))
    streets.keyboard.press("Shift+Tab")
    streets.keyboard.press("End")
    last = streets.get_by_role("radio", name="motorcycle", exact=True)
    expect(last).to_be_checked()
    expect(last).to_be_focused()
    more.click()
    expect(radios).to_have_count(16)
    expect(last).to_be_visible()
    press(streets, "Clear")
    drag(streets, (100, 100), (120, 120))
    assert set(np.unique(read_map(streets, CITYSCAPES))) == {CITYSCAPES.index("sky"), CITYSCAPES.index("motorcycle")}


def test_a_class_behind_more_is_named_under_the_pointer_and_can_be_picked(streets: Page) -> None:
    with both_pictures_change(streets):
        press(streets, "Tram street")
    rows, columns = np.nonzero(read_map(streets, CITYSCAPES) == CITYSCAPES.index("rail track"))
    point = int(columns[rows == 200].mean()), 200
    more = streets.get_by_role("button", name="More classes")
    streets.mouse.move(*on_screen(streets, point))
    expect(more).to_have_text("rail track")
    choose(streets, "Pick class")
    click(streets, point)
    expect(streets.get_by_role("radio", name="rail track", exact=True)).to_be_checked()
    expect(streets.get_by_role("radio", name="rail track", exact=True)).to_be_visible()
    streets.mouse.move(0, 0)
    expect(more).to_have_text("More")


def test_undo_and_redo_bring_back_maps_and_pictures(page: Page) -> None:
    states = [(read_map(page), shown_pictures(page))]
    choose(page, "door")
    for row in (40, 120):
        with both_pictures_change(page):
            click(page, (100, row))
        states.append((read_map(page), shown_pictures(page)))
    for name, order in (("Undo", (1, 0)), ("Redo", (1, 2))):
        for label_map, pictures in (states[index] for index in order):
            press(page, name)
            wait_for_pictures(page, pictures)
            assert (read_map(page) == label_map).all()


def test_undo_and_redo_are_disabled_where_there_is_nothing_to_do(page: Page) -> None:
    undo, redo = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Redo")
    expect(undo).to_be_disabled()
    expect(redo).to_be_disabled()
    press(page, "Clear")
    expect(undo).to_be_enabled()
    undo.click()
    expect(undo).to_be_disabled()
    expect(redo).to_be_enabled()
    choose(page, "door")
    drag(page, (20, 20), (60, 60))
    expect(redo).to_be_disabled()  # painting on leaves the other future


def test_keyboard_shortcuts_undo_and_redo(page: Page) -> None:
    before, pictures = read_map(page), shown_pictures(page)
    choose(page, "door")
    with both_pictures_change(page):
        drag(page, (20, 20), (100, 100))
    after = read_map(page)
    page.keyboard.press("Control+z")
    wait_for_pictures(page, pictures)
    assert (read_map(page) == before).all()
    page.keyboard.press("Control+Shift+Z")
    assert (read_map(page) == after).all()


def test_a_text_field_keeps_its_own_undo_until_the_canvas_is_touched(page: Page) -> None:
    press(page, "Clear")
    seed = page.get_by_label("Seed")
    seed.click()
    page.keyboard.press("Control+z")
    assert (read_map(page) == BACKGROUND).all()
    choose(page, "door")
    drag(page, (20, 20), (60, 60))
    page.keyboard.press("Control+z")
    assert (read_map(page) == BACKGROUND).all()


def test_an_example_is_painted_with_one_click_and_undo_brings_the_map_and_pictures_back(page: Page) -> None:
    examples = read_examples(ROOT / "demo" / "maps" / "facades", FACADES)
    name = list(examples)[3]
    before, pictures = read_map(page), shown_pictures(page)
    with both_pictures_change(page):
        press(page, name)
    assert (read_map(page) == examples[name]).all()
    press(page, "Undo")
    wait_for_pictures(page, pictures)
    assert (read_map(page) == before).all()


def test_an_example_that_was_painted_over_can_be_chosen_again(page: Page) -> None:
    name, label_map = next(iter(read_examples(ROOT / "demo" / "maps" / "facades", FACADES).items()))
    pictures = shown_pictures(page)
    with both_pictures_change(page):
        press(page, "Clear")
    press(page, name)
    wait_for_pictures(page, pictures)
    assert (read_map(page) == label_map).all()


def test_another_variation_changes_the_seed_and_the_pictures_and_the_first_seed_brings_them_back(page: Page) -> None:
    pictures = shown_pictures(page)
    seed = page.get_by_label("Seed")
    first_seed = seed.input_value()
    with both_pictures_change(page):
        press(page, "Another variation")
    assert seed.input_value() != first_seed
    seed.fill(first_seed)
    wait_for_pictures(page, pictures)


def test_with_an_empty_seed_field_strokes_still_repaint(page: Page) -> None:
    page.get_by_label("Seed").fill("")
    page.wait_for_timeout(500)  # the field reports that it is empty
    choose(page, "door")
    with both_pictures_change(page):
        drag(page, (60, 100), (120, 100))


def test_without_dropout_there_is_nothing_to_vary(page: Page) -> None:
    with both_pictures_change(page):
        page.get_by_label("Dropout").uncheck()
    expect(page.get_by_role("button", name="Another variation")).to_be_disabled()
    expect(page.get_by_label("Seed")).to_be_disabled()


def test_after_many_quick_strokes_the_pictures_are_those_of_the_last_map(page: Page, painters: Painters) -> None:
    choose(page, "door")
    for row in range(20, 220, 20):
        drag(page, (20, row), (200, row + 10))
    expect_pictures(page, painters, read_map(page), int(page.get_by_label("Seed").input_value()))


def test_maps_that_are_out_of_date_when_the_models_are_ready_are_dropped(page: Page) -> None:
    pictures = shown_pictures(page)
    choose(page, "door")
    for row in range(20, 200, 20):
        with both_pictures_change(page):
            click(page, (100, row))  # no drag, whose last pictures could still be on their way
    joins: list[str] = []
    page.on("request", lambda request: joins.append(request.url) if "/queue/join" in request.url else None)
    undo_soon = "setTimeout(() => document.querySelector('[data-action=undo]').click(), 15 * step)"
    page.evaluate(f"() => {{ for (let step = 0; step < 9; step++) {undo_soon}; }}")
    wait_for_pictures(page, pictures)
    page.wait_for_timeout(500)
    assert 2 <= len(joins) < 9  # the first, the last, and what the models had time for


def test_a_refused_map_is_asked_for_once_more_by_itself(tabs: Tabs, app_url: str) -> None:
    with tabs.blank() as page:  # whose console tells of the refusal
        visit(page, app_url)
        expect(page.locator(".comparison img[src]")).to_have_count(2)
        refusal = {"status": 429, "json": {"detail": "The server is busy: 256 maps are waiting."}}
        page.route("**/queue/join*", lambda route: route.fulfill(**refusal), times=1)
        choose(page, "door")
        with both_pictures_change(page):
            drag(page, (60, 100), (120, 100))
            expect(page.get_by_text("The server is busy: 256 maps are waiting.").first).to_be_visible()
        with both_pictures_change(page):
            drag(page, (60, 140), (120, 140))  # and the next one as always


def test_an_image_is_saved_as_png_without_loss(page: Page, painters: Painters, tmp_path: Path) -> None:
    with page.expect_download() as download:
        press(page, "Save the image of GAN")
    assert download.value.suggested_filename == "facades-gan.png"
    download.value.save_as(tmp_path / "saved.png")
    gan, _ = painters.paint(read_map(page), 1)
    with Image.open(tmp_path / "saved.png") as saved:
        assert saved.format == "PNG"
        assert np.abs(np.asarray(saved).astype(int) - gan).mean() <= painters.tolerance


def test_who_has_to_wait_is_told_the_place_in_the_queue_and_gets_the_pictures(page: Page, app_url: str) -> None:
    config = httpx.get(f"{app_url}/config").json()
    event = next(item for item in config["dependencies"] if any(name == "input" for _, name in item["targets"]))
    others = {
        "data": [encode(read_map(page)).model_dump(), {"seed": 1, "dropout": True}, "Variations"],
        "fn_index": event["id"],
        "trigger_id": event["inputs"][0],
    }
    choose(page, "door")
    place = "document.querySelector('.cp-place').textContent.match(/your place in its queue is \\d+ of \\d+\\.$/)"
    # One connection, as the queue has to be filled faster than it is served.
    with both_pictures_change(page), httpx.Client(base_url=app_url, timeout=60) as client:
        for number in range(60):
            assert (
                client.post("/gradio_api/queue/join", json=others | {"session_hash": f"other-{number}"}).status_code
                == 200
            )
        drag(page, (100, 100), (140, 140))
        page.wait_for_function(place)  # looks at every frame, as a fast machine shows it for a moment only
        expect(page.locator(".progress-text").first).to_be_hidden()  # Gradio's own words on it
    expect(page.locator(".comparison[data-stale]")).to_have_count(0)
