"""The real page in Chromium: people paint, and look at pixels."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from conftest import free_port
from gradio_client import Client
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from demo.comparison import to_data_url
from demo.example_gallery import read_examples
from demo.label_canvas import encode
from demo.subjects import SUBJECTS
from pix2pix.labels import CITYSCAPES, FACADES, Palette

ROOT = Path(__file__).parents[1]
expect.set_options(timeout=30_000)  # a busy machine loads Gradio's page slowly
SIZE = 256
BACKGROUND, FACADE, WINDOW, DOOR = (FACADES.index(name) for name in ("background", "facade", "window", "door"))
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 3,
}
Point = tuple[int, int]

READ_CANVAS = """
canvas => Array.from(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer))
"""

VISIBLE_PICTURES = "[...document.querySelectorAll('.comparison img')].filter(p => p.checkVisibility())"

READ_CONTRASTS = """
() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = numbers(color).map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgroundOf = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return (numbers(color)[3] ?? 1) > 0 || !element.parentElement ? color : backgroundOf(element.parentElement);
  };
  const ours = '.introduction, .licence-note, .label-canvas, .view-choice, .comparison, .model-notes, ' +
    '.settings, .map-actions, .example-gallery';
  const texts = [...document.querySelectorAll(ours)].flatMap((part) => [part, ...part.querySelectorAll('*')]).filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()) && element.checkVisibility());
  return texts.map((element) => {
    const [darker, lighter] = [getComputedStyle(element).color, backgroundOf(element)].map(luminance).sort((a, b) => a - b);
    return [element.textContent.trim(), (lighter + 0.05) / (darker + 0.05)];
  });
}
"""


@contextmanager
def served_app(folder: Path, *arguments: str) -> Iterator[str]:
    """The address of the app as people start it; its log, in `folder`, must hold no traceback at the end."""
    port = free_port()
    log = folder / "log.txt"
    with log.open("w") as output:
        environment = os.environ | {"GRADIO_SERVER_PORT": str(port)}
        server = subprocess.Popen(
            [sys.executable, "app.py", *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 300
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            break
        except OSError:
            time.sleep(0.2)
    else:
        pytest.fail(f"the app did not start: {log.read_text()}")
    yield url
    words = log.read_text()  # before Python is stopped in the middle of whatever it does
    server.terminate()
    server.wait()
    assert "Traceback" not in words, words


@pytest.fixture(scope="module")
def app_url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with the bundled weights."""
    with served_app(tmp_path_factory.mktemp("app")) as url:
        yield url


@contextmanager
def opened_page(browser: Browser, url: str, query: str = "", **options: Any) -> Iterator[Page]:
    """The page in a browser of its own. It must neither ask anybody else for anything nor complain, whatever the test does."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
    page = context.new_page()
    complaints: list[str] = []
    outside: list[str] = []

    def complain(words: str) -> None:
        if "abort" not in words.lower():  # a request that was under way as the page was left
            complaints.append(words)

    page.on(
        "console", lambda message: complain(f"{message.text} {message.location}") if message.type == "error" else None
    )
    page.on("pageerror", lambda error: complain(str(error)))
    page.on(
        "request",
        lambda request: outside.append(request.url) if not request.url.startswith((url, "data:", "blob:")) else None,
    )
    page.goto(url + query)
    expect(page.locator(".comparison img[src]")).to_have_count(2)
    expect(page.locator(".lc-palette [role=radio]")).to_have_count(len(FACADES))
    yield page
    assert outside == []
    assert complaints == []
    context.close()


@pytest.fixture
def page(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url) as page:
        yield page


@pytest.fixture
def phone(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url, **PHONE) as page:
        yield page


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.locator(".comparison:visible img[src]")).to_have_count(2)


@pytest.fixture
def streets(browser: Browser, app_url: str) -> Iterator[Page]:
    with opened_page(browser, app_url) as page:
        open_tab(page, "Cityscapes")
        yield page


def read_map(page: Page, palette: Palette = FACADES) -> np.ndarray:
    """The classes that the canvas shows, [256, 256]; fails if any pixel has a colour between two classes."""
    page.evaluate("() => new Promise(requestAnimationFrame)")  # changes are drawn with the next frame
    page.evaluate("() => new Promise(requestAnimationFrame)")
    pixels = np.array(page.locator(".lc-surface canvas:visible").evaluate(READ_CANVAS), np.uint32)
    label_map, _ = palette.from_image(pixels.view(np.uint8).reshape(SIZE, SIZE, 4)[..., :3])
    assert (palette.to_image(label_map).reshape(-1, 3) == pixels.view(np.uint8).reshape(-1, 4)[:, :3]).all()
    return label_map


def shown_pictures(page: Page) -> list[str]:
    return page.locator(".comparison:visible img").evaluate_all("pictures => pictures.map(picture => picture.src)")


def wait_for_pictures(page: Page, expected: list[str]) -> None:
    page.wait_for_function(f"urls => {VISIBLE_PICTURES}.every((p, i) => p.src === urls[i])", arg=expected)


def wait_for_map(page: Page, label_map: np.ndarray, palette: Palette = FACADES) -> None:
    for _ in range(100):
        if (read_map(page, palette) == label_map).all():
            return
        page.wait_for_timeout(100)
    pytest.fail("the map did not come")


@contextmanager
def both_pictures_change(page: Page, seconds: float = 30) -> Iterator[None]:
    before = shown_pictures(page)
    yield
    page.wait_for_function(
        f"urls => {VISIBLE_PICTURES}.every((p, i) => p.src !== urls[i])", arg=before, timeout=1000 * seconds
    )


def on_screen(page: Page, point: Point) -> tuple[float, float]:
    """The middle of a pixel of the map, on the page."""
    box = page.locator(".lc-surface canvas:visible").bounding_box()
    assert box is not None
    return box["x"] + (point[0] + 0.5) * box["width"] / SIZE, box["y"] + (point[1] + 0.5) * box["height"] / SIZE


def drag(page: Page, start: Point, end: Point, release: bool = True) -> None:
    page.mouse.move(*on_screen(page, start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, end), steps=5)
    if release:
        page.mouse.up()


def click(page: Page, point: Point) -> None:
    page.mouse.click(*on_screen(page, point))


def choose(page: Page, name: str) -> None:
    """Chooses a tool or a class, or presses a button of the canvas."""
    page.locator(".label-canvas:visible").get_by_role("radio", name=name, exact=True).click()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def set_brush_size(page: Page, size: int) -> None:
    page.get_by_role("slider").fill(str(size))


@contextmanager
def counted_requests(page: Page, number: int) -> Iterator[None]:
    """Fails if what happens inside asks the server for more or fewer pictures."""
    joins: list[str] = []
    page.on("request", lambda request: joins.append(request.url) if "/queue/join" in request.url else None)
    yield
    page.wait_for_timeout(300)
    assert len(joins) == number


# ---- The first view ---------------------------------------------------------------------------------------------------------------


def test_the_page_opens_with_a_painted_facade_and_two_different_pictures(page: Page) -> None:
    examples = read_examples(ROOT / "demo" / "maps" / "facades", FACADES)
    assert (read_map(page) == next(iter(examples.values()))).all()
    decoded = "all => Promise.all(all.map(p => p.decode().then(() => [p.naturalWidth, p.naturalHeight])))"
    assert page.locator(".comparison img").evaluate_all(decoded) == [[SIZE, SIZE]] * 2
    gan, l1 = shown_pictures(page)
    assert gan != l1


def test_the_page_says_how_long_the_models_took(page: Page) -> None:
    expect(page.locator(".cp-times")).to_have_text(re.compile(r"^GAN \d+ ms · L1 only \d+ ms$"))


# ---- Two datasets -----------------------------------------------------------------------------------------------------------------


def test_the_second_tab_has_its_own_map_examples_palette_and_note(streets: Page) -> None:
    examples = read_examples(ROOT / "demo" / "maps" / "cityscapes", CITYSCAPES)
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


def test_each_tab_keeps_its_drawing_its_undo_and_its_pictures(browser: Browser, app_url: str) -> None:
    with opened_page(browser, app_url) as page:
        before = read_map(page)
        choose(page, "door")
        with both_pictures_change(page):
            click(page, (60, 60))
        facade, pictures = read_map(page), shown_pictures(page)
        open_tab(page, "Cityscapes")
        with both_pictures_change(page):
            press(page, "Clear")
        open_tab(page, "Facades")
        assert (read_map(page) == facade).all() and shown_pictures(page) == pictures
        page.keyboard.press("Control+z")  # reaches the tab that is open, and no other
        assert (read_map(page) == before).all()
        open_tab(page, "Cityscapes")
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


# ---- Undo and redo ----------------------------------------------------------------------------------------------------------------


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


# ---- Examples, seed, dropout ------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("seed", ["1.5", "-1", "4294967296"])
def test_a_seed_that_does_not_exist_is_refused_with_a_sentence(page: Page, seed: str) -> None:
    page.get_by_label("Seed").fill(seed)
    expect(page.get_by_text("The seed is a whole number from 0 to 4294967295.").first).to_be_visible()


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


# ---- Both pictures belong to the map ----------------------------------------------------------------------------------------------


def test_after_many_quick_strokes_the_pictures_are_those_of_the_last_map(page: Page, app_url: str) -> None:
    choose(page, "door")
    for row in range(20, 220, 20):
        drag(page, (20, row), (200, row + 10))
    message = encode(read_map(page)).model_dump()
    *files, _ = Client(app_url, verbose=False).predict(
        message, int(page.get_by_label("Seed").input_value()), True, api_name="/paint"
    )
    wait_for_pictures(page, [to_data_url(np.asarray(Image.open(file))) for file in files])


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


def test_a_refused_map_is_asked_for_once_more_by_itself(browser: Browser, app_url: str) -> None:
    page = browser.new_page()  # whose console tells of the refusal
    page.goto(app_url)
    expect(page.locator(".comparison img[src]")).to_have_count(2)
    refusal = {"status": 429, "json": {"detail": "The server is busy: 256 pictures are waiting."}}
    page.route("**/queue/join*", lambda route: route.fulfill(**refusal), times=1)
    choose(page, "door")
    with both_pictures_change(page):
        drag(page, (60, 100), (120, 100))
        expect(page.get_by_text("The server is busy: 256 pictures are waiting.").first).to_be_visible()
    with both_pictures_change(page):
        drag(page, (60, 140), (120, 140))  # and the next one as always
    page.close()


def test_a_picture_can_be_saved(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as download:
        press(page, "Save the picture of GAN")
    assert download.value.suggested_filename == "facades-gan.jpg"
    download.value.save_as(tmp_path / "saved.jpg")
    with Image.open(tmp_path / "saved.jpg") as saved:
        assert saved.size == (SIZE, SIZE)


# ---- Keyboard and looks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("group", "first", "second", "last"), [("Class to paint", 2, 3, 11), ("Tool", 0, 1, 6)])
def test_a_group_is_one_tab_stop_and_arrow_keys_choose(
    page: Page, group: str, first: int, second: int, last: int
) -> None:
    radios = page.get_by_role("radiogroup", name=group).get_by_role("radio")
    radios.nth(first).focus()
    for key, chosen in (
        ("ArrowRight", second),
        ("ArrowUp", first),
        ("End", last),
        ("ArrowDown", 0),
        ("ArrowLeft", last),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        expect(radios.nth(chosen)).to_be_checked()
        expect(radios.nth(chosen)).to_be_focused()
        assert radios.evaluate_all("all => all.filter(radio => radio.tabIndex === 0).length") == 1
        assert radios.evaluate_all("all => all.filter(radio => radio.ariaChecked === 'true').length") == 1


def test_the_class_chosen_with_the_keyboard_is_painted(page: Page) -> None:
    page.get_by_role("radio", name="window", exact=True).focus()
    page.keyboard.press("ArrowDown")
    press(page, "Clear")
    drag(page, (100, 100), (120, 120))
    assert set(np.unique(read_map(page))) == {BACKGROUND, DOOR}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_text_of_the_second_tab_has_it_too(browser: Browser, app_url: str, theme: str) -> None:
    with opened_page(browser, app_url, f"?__theme={theme}") as page:
        open_tab(page, "Cityscapes")
        press(page, "More classes")
        contrasts = page.evaluate(READ_CONTRASTS)
    assert {"non-commercial", "motorcycle"} <= {word for text, _ in contrasts for word in text.split()}
    assert [(text, round(contrast, 2)) for text, contrast in contrasts if contrast < 4.5] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(browser: Browser, app_url: str, theme: str) -> None:
    with opened_page(browser, app_url, f"?__theme={theme}") as page:
        choose(page, "door")
        contrasts = page.evaluate(READ_CONTRASTS)
    assert len(contrasts) > 30
    assert [(text, round(contrast, 2)) for text, contrast in contrasts if contrast < 4.5] == []


def test_every_button_is_large_enough_for_a_mouse(page: Page) -> None:
    boxes = page.locator(".label-canvas button, .comparison button, .example-gallery button").evaluate_all(
        "all => all.map(b => b.getBoundingClientRect()).map(b => Math.min(b.width, b.height))"
    )
    assert min(boxes) >= 24


# ---- On a phone ------------------------------------------------------------------------------------------------------------------


def test_the_second_tab_fits_a_phone(browser: Browser, app_url: str) -> None:
    with opened_page(browser, app_url, **PHONE) as page:
        open_tab(page, "Cityscapes")
        page.get_by_role("button", name="More classes").tap()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        heights = page.locator(".label-canvas:visible button:visible").evaluate_all(
            "all => all.map(b => b.getBoundingClientRect().height)"
        )
        assert len(heights) > len(CITYSCAPES) and min(heights) >= 44


def test_nothing_is_wider_than_a_phone(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    right_ends = "all => all.filter(part => part.checkVisibility()).map(part => part.getBoundingClientRect().right)"
    assert max(phone.locator(".gradio-container *").evaluate_all(right_ends)) <= 390


def test_buttons_on_a_phone_are_as_high_as_a_finger(phone: Page) -> None:
    buttons = phone.locator(".label-canvas button, .comparison button")
    assert buttons.evaluate_all("all => Math.min(...all.map(button => button.getBoundingClientRect().height))") >= 44


def test_who_has_to_wait_is_told_the_place_in_the_queue_and_gets_the_pictures(page: Page, app_url: str) -> None:
    config = httpx.get(f"{app_url}/config").json()
    event = next(item for item in config["dependencies"] if any(name == "input" for _, name in item["targets"]))
    others = {
        "data": [encode(read_map(page)).model_dump(), 1, True, "Variations"],
        "fn_index": event["id"],
        "trigger_id": event["inputs"][0],
    }
    choose(page, "door")
    # One connection, as the queue has to be filled faster than it is served.
    badge = (
        "[...document.querySelectorAll('.progress-text')].some((words) => "
        "/queue: \\d+\\/\\d+/.test(words.textContent) && words.checkVisibility({ visibilityProperty: true }))"
    )
    with both_pictures_change(page, 180), httpx.Client(base_url=app_url, timeout=60) as client:
        for number in range(60):
            assert (
                client.post("/gradio_api/queue/join", json=others | {"session_hash": f"other-{number}"}).status_code
                == 200
            )
        drag(page, (100, 100), (140, 140))
        page.wait_for_function(badge)  # looks at every frame, as a fast machine shows it for a moment only
    expect(page.get_by_text(re.compile(r"queue: \d+/\d+"))).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(390, 664), (744, 1133), (820, 1180)])
def test_on_an_upright_screen_pictures_and_map_are_seen_together(
    browser: Browser, app_url: str, width: int, height: int
) -> None:
    with opened_page(browser, app_url, **(PHONE | {"viewport": {"width": width, "height": height}})) as page:
        picture, canvas, surface = page.evaluate("""() => {  // at once, as the page may still move
            const boxOf = (part) => document.querySelector(part).getBoundingClientRect();
            scrollBy(0, boxOf('.lc-surface').bottom - innerHeight);
            return ['.comparison img', '.studio-canvas', '.lc-surface'].map((part) => boxOf(part).toJSON());
        }""")
        assert (
            picture["top"] >= 0 and picture["bottom"] <= canvas["top"] + 1
        )  # the canvas lies over the captions at most
        assert surface["bottom"] <= height + 1
        assert surface["width"] >= 360


def test_a_phone_on_its_side_has_them_beside_each_other_and_a_small_one_all_tools(
    browser: Browser, app_url: str
) -> None:
    with opened_page(browser, app_url, **(PHONE | {"viewport": {"width": 667, "height": 375}})) as page:
        picture, surface = (page.locator(part).first.bounding_box() for part in (".comparison img", ".lc-surface"))
        assert picture and surface and picture["x"] >= surface["x"] + surface["width"] and surface["height"] <= 375
        page.set_viewport_size({"width": 320, "height": 568})
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        boxes = page.locator(".lc-tools button").evaluate_all(
            "all => all.map(b => b.getBoundingClientRect()).map(b => [b.left, b.right])"
        )
        assert all(left >= 0 and right <= 320 for left, right in boxes)


def test_the_focus_is_seen_on_seed_and_dropout(page: Page) -> None:
    for label in ("Seed", "Dropout"):
        page.get_by_label(label).focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        assert (
            page.locator(".settings input:focus-visible")
            .evaluate("field => getComputedStyle(field).outline")
            .endswith("solid 2px")
        )
