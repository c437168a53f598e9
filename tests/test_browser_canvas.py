"""The canvas in Chromium: every tool, live pictures, zoom, keyboard, touch, kept work and links. Pixels of the map are the oracle."""

import base64
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from gradio_client import Client
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, expect
from test_browser import (
    BACKGROUND,
    DOOR,
    FACADE,
    PHONE,
    SIZE,
    WINDOW,
    Point,
    both_pictures_change,
    choose,
    click,
    counted_requests,
    drag,
    on_screen,
    open_tab,
    opened_page,
    press,
    read_map,
    served_app,
    set_brush_size,
    shown_pictures,
    wait_for_map,
    wait_for_pictures,
)

from demo.comparison import to_data_url
from demo.example_gallery import read_examples
from demo.label_canvas import encode
from demo.views import VIEWS
from pix2pix.labels import CITYSCAPES, FACADES
from tests.helpers.app import tiny_models

ROOT = Path(__file__).parents[1]
SHOP = FACADES.index("shop")
STOP_CLOCK = "() => { window.clock = 0; performance.now = () => window.clock; }"
START_CLOCK = "() => { delete performance.now; }"


@pytest.fixture(scope="module")
def app_url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with both tabs and tiny networks with random weights, which answer soon."""
    models = tiny_models(tmp_path_factory, "facades") | tiny_models(tmp_path_factory, "cityscapes")
    weights = [part for name, folder in models.items() for part in ("--weights", f"{name}={folder}")]
    with served_app(tmp_path_factory.mktemp("app"), *weights) as url:
        yield url


@contextmanager
def cleared_page(browser: Browser, url: str, **options: object) -> Iterator[tuple[Page, list[str]]]:
    """A page for many tests, and the pictures of the background alone."""
    with opened_page(browser, url, **options) as page:
        with both_pictures_change(page):
            press(page, "Clear")
        yield page, shown_pictures(page)


RESET = """
canvas => {
  const find = (selector) => canvas.querySelector(selector);
  const set = (selector, value, event) => {
    find(selector).value = value;
    find(selector).dispatchEvent(new Event(event));
  };
  set('.lc-size input', 16, 'input');
  set('.lc-step', 1, 'change');
  set('.lc-across', '', 'input');
  set('.lc-down', '', 'input');
  if (find('[data-action=mirror]').ariaPressed === 'true') find('[data-action=mirror]').click();
  const buttons = ['[data-action=zoom-reset]', '[data-tool=brush]', '.lc-palette button:nth-child(4)', '[data-action=clear]'];
  for (const button of buttons) find(button).click();
}
"""


def reset(page: Page, cleared: list[str]) -> None:
    """The canvas as it is at first, but with the class door, and all background; undo leads back to the tests before."""
    page.mouse.up()
    page.mouse.move(*on_screen(page, (128, 128)))  # where the keyboard's cursor begins
    page.mouse.move(0, 0)
    page.keyboard.press("Escape")
    page.locator(".label-canvas:visible").evaluate(RESET)
    wait_for_pictures(page, cleared)


@pytest.fixture(scope="module")
def desk(browser: Browser, app_url: str) -> Iterator[tuple[Page, list[str]]]:
    with cleared_page(browser, app_url, permissions=["clipboard-read", "clipboard-write"]) as opened:
        yield opened


@pytest.fixture
def page(desk: tuple[Page, list[str]]) -> Page:
    reset(*desk)
    return desk[0]


@pytest.fixture(scope="module")
def opened_phone(browser: Browser, app_url: str) -> Iterator[tuple[Page, list[str]]]:
    with cleared_page(browser, app_url, **PHONE) as opened:
        yield opened


@pytest.fixture
def phone(opened_phone: tuple[Page, list[str]]) -> Page:
    reset(*opened_phone)
    return opened_phone[0]


@pytest.fixture(scope="module")
def client(app_url: str) -> Client:
    return Client(app_url, verbose=False)


def expect_pictures(page: Page, client: Client, label_map: np.ndarray, seed: int = 1, dropout: bool = True) -> None:
    """Waits until the page shows what the server paints for a map."""
    *files, _ = client.predict(encode(label_map).model_dump(), seed, dropout, api_name="/paint")
    wait_for_pictures(page, [to_data_url(np.asarray(Image.open(file))) for file in files])


def paint_facade(page: Page) -> np.ndarray:
    """Something to paint on: a wall with a window; returns the map."""
    choose(page, "Rectangle")
    choose(page, "facade")
    drag(page, (30, 30), (225, 255))
    choose(page, "window")
    drag(page, (50, 60), (69, 89))
    choose(page, "door")
    return read_map(page)


def frames_drawn(page: Page) -> None:
    """Waits until what has happened is on the screen; moves reach the page with the next frame."""
    for _ in range(2):
        page.evaluate("() => new Promise(requestAnimationFrame)")


def outline(page: Page) -> str:
    """The path that is shown above the map."""
    frames_drawn(page)
    return page.locator(".lc-guide:visible .lc-drawn path").first.get_attribute("d") or ""


def focus_canvas(page: Page) -> None:
    page.locator(".label-canvas:visible canvas").focus()


# ---- Tools ------------------------------------------------------------------------------------------------------------------------


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


# ---- The polygon ------------------------------------------------------------------------------------------------------------------

DIAMOND = [(100, 60), (140, 100), (100, 140), (60, 100)]


def inside_diamond() -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.abs(rows - 100) + np.abs(columns - 100) <= 40


@pytest.mark.parametrize("end", ["first corner", "double click", "Enter"])
def test_a_polygon_is_filled_exactly_however_it_is_closed_and_is_one_step_of_undo(page: Page, end: str) -> None:
    before = paint_facade(page)
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


# ---- Freehand ---------------------------------------------------------------------------------------------------------------------


def draw_around(page: Page, corners: list[Point]) -> None:
    page.mouse.move(*on_screen(page, corners[0]))
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*on_screen(page, corner), steps=8)
    page.mouse.up()


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


# ---- Snapping, mirror -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "end"), [((20, 37), (50, 90)), ((50, 90), (20, 37))])
def test_a_rectangle_snaps_to_the_cells_it_touches(page: Page, start: Point, end: Point) -> None:
    choose(page, "Rectangle")
    page.get_by_label("Snap").select_option("16")
    drag(page, start, end)
    expected = np.full((SIZE, SIZE), BACKGROUND)
    expected[32:96, 16:64] = DOOR
    assert (read_map(page) == expected).all()


TOOLS = {
    "Brush": lambda page: drag(page, (20, 100), (90, 130)),
    "Rectangle": lambda page: drag(page, (20, 100), (90, 130)),
    "Line": lambda page: drag(page, (20, 100), (90, 130)),
    "Polygon": lambda page: draw_around(page, [(20, 100), (90, 130), (30, 180)]),
    "Fill": lambda page: click(page, (60, 70)),
}


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


# ---- Repeat -----------------------------------------------------------------------------------------------------------------------


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


# ---- Live pictures ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(page: Page, desk: tuple[Page, list[str]]) -> Iterator[None]:
    """Time stands still on the page: answers come at once, the newest three did, and strokes last until a test says so."""
    page.evaluate(STOP_CLOCK)
    for row in (20, 40):
        with both_pictures_change(page):
            click(page, (20, row))
    press(page, "Clear")
    wait_for_pictures(page, desk[1])
    yield
    page.evaluate(START_CLOCK)


def hold(page: Page, *path: Point) -> None:
    """A stroke through some points; the pointer stays down, and half a second passes."""
    page.mouse.move(*on_screen(page, path[0]))
    page.mouse.down()
    page.evaluate("window.clock += 500")
    for point in path[1:]:
        page.mouse.move(*on_screen(page, point), steps=3)


def test_pictures_follow_a_stroke_that_lasts_and_those_of_its_end_come_last(
    page: Page, clock: None, client: Client
) -> None:
    with both_pictures_change(page):
        hold(page, (20, 60), (100, 60))
    for column in (140, 180):
        with both_pictures_change(page):
            page.mouse.move(*on_screen(page, (column, 100)), steps=4)
    page.mouse.up()
    expect_pictures(page, client, read_map(page))


def test_one_request_at_a_time_is_under_way_while_a_stroke_lasts(page: Page, clock: None, client: Client) -> None:
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
        document.addEventListener('pictures-painted', () => window.underWay--);
        window.restoreFetch = () => (window.fetch = fetchBefore);
    }""")
    hold(page, (20, 60))
    for column in range(20, 240, 8):
        page.mouse.move(*on_screen(page, (column, 60)))
    page.mouse.up()
    expect_pictures(page, client, read_map(page))
    assert page.evaluate("window.most") == 1
    assert page.evaluate("window.asked") >= 2
    page.evaluate("() => { window.restoreFetch(); }")


def test_where_answers_are_slow_pictures_wait_for_the_end_of_the_stroke(page: Page, clock: None) -> None:
    slow = "window.slow = () => (window.clock += 151); document.addEventListener('pictures-painted', window.slow, true)"
    page.evaluate(slow)
    for row in (20, 40):  # two slow answers
        with both_pictures_change(page):
            click(page, (20, row))
    with counted_requests(page, 0):
        hold(page, (20, 60), (100, 60))
    with both_pictures_change(page):
        page.mouse.up()
    page.evaluate("document.removeEventListener('pictures-painted', window.slow, true)")
    for row in (80, 100):  # two quick ones
        with both_pictures_change(page):
            click(page, (20, row))
    with both_pictures_change(page):
        hold(page, (20, 120), (100, 120))
    page.mouse.up()


def test_escape_brings_back_the_pictures_too(page: Page, clock: None) -> None:
    pictures = shown_pictures(page)
    with both_pictures_change(page):
        hold(page, (20, 60), (100, 60))
    page.keyboard.press("Escape")
    wait_for_pictures(page, pictures)
    page.mouse.up()
    assert (read_map(page) == BACKGROUND).all()


# ---- Zoom -------------------------------------------------------------------------------------------------------------------------


def zoom_of(page: Page) -> float:
    frames_drawn(page)
    widths = "surface => surface.querySelector('canvas').getBoundingClientRect().width / surface.getBoundingClientRect().width"
    return page.locator(".lc-surface:visible").evaluate(widths)


def wheel(page: Page, point: Point, delta: float) -> None:
    page.mouse.move(*on_screen(page, point))
    before = zoom_of(page)
    page.keyboard.down("Control")
    page.mouse.wheel(0, delta)
    page.keyboard.up("Control")
    changed = "before => document.querySelector('.lc-surface canvas').clientWidth / document.querySelector('.lc-surface').clientWidth !== before"
    page.wait_for_function(changed, arg=before)


def test_the_wheel_zooms_and_what_is_under_the_pointer_stays_there(page: Page) -> None:
    point = (70, 200)
    before = on_screen(page, point)
    wheel(page, point, -240)
    wheel(page, point, -240)
    assert zoom_of(page) == pytest.approx(4)
    assert on_screen(page, point) == pytest.approx(before, abs=4)  # half a pixel of the map
    set_brush_size(page, 1)
    page.mouse.click(*before)
    expected = np.full((SIZE, SIZE), BACKGROUND)
    expected[point[1], point[0]] = DOOR
    assert (read_map(page) == expected).all()
    wheel(page, point, 480)
    assert zoom_of(page) == pytest.approx(1)


def test_without_ctrl_the_wheel_moves_an_enlarged_map_and_else_scrolls_the_page(page: Page) -> None:
    page.mouse.move(*on_screen(page, (128, 128)))
    page.mouse.wheel(0, 120)
    page.wait_for_function("scrollY > 0")
    page.mouse.wheel(0, -120)
    page.wait_for_function("scrollY === 0")
    assert zoom_of(page) == 1
    wheel(page, (128, 128), -480)
    x, y = on_screen(page, (128, 128))
    page.mouse.wheel(40, 60)
    page.wait_for_function("y => document.querySelector('.lc-surface canvas').getBoundingClientRect().y < y", arg=0)
    assert on_screen(page, (128, 128)) == pytest.approx((x - 40, y - 60), abs=1)
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("button", ["middle", "left"])
def test_the_middle_button_and_the_space_bar_move_the_view_and_paint_nothing(page: Page, button: str) -> None:
    wheel(page, (128, 128), -480)
    before = read_map(page)
    x, y = on_screen(page, (128, 128))
    choose(page, "door")  # where the focus is then, until the mouse moves over the map
    page.mouse.move(x, y)
    if button == "left":
        page.keyboard.down("Space")
    page.mouse.down(button=button)  # type: ignore[arg-type]
    page.mouse.move(x + 60, y - 40, steps=3)
    page.mouse.up(button=button)  # type: ignore[arg-type]
    page.keyboard.up("Space")
    assert on_screen(page, (128, 128)) == pytest.approx((x + 60, y - 40), abs=1)
    assert (read_map(page) == before).all()
    assert zoom_of(page) == pytest.approx(4)


def test_the_map_always_fills_the_canvas_and_sixteen_times_is_the_most(page: Page) -> None:
    for _ in range(6):
        press(page, "Zoom in")
    assert zoom_of(page) == pytest.approx(16)
    x, y = on_screen(page, (128, 128))
    page.mouse.move(x, y)
    page.mouse.down(button="middle")
    page.mouse.move(x + 2000, y + 2000, steps=9)
    page.mouse.up(button="middle")
    surface, canvas = page.locator(".lc-surface:visible"), page.locator(".lc-surface:visible canvas")
    for _ in range(8):
        frames_drawn(page)
        outer, inner = surface.bounding_box(), canvas.bounding_box()
        assert outer and inner
        for side, length in (("x", "width"), ("y", "height")):
            assert inner[side] <= outer[side] + 0.5 and inner[side] + inner[length] >= outer[side] + outer[length] - 0.5
        page.keyboard.press("-")
    assert zoom_of(page) == pytest.approx(1)
    press(page, "Zoom in")
    press(page, "Show all")
    assert zoom_of(page) == pytest.approx(1)


@pytest.mark.parametrize("times", [0, 3])
def test_pixels_are_crisp_at_any_zoom(page: Page, times: int, tmp_path: Path) -> None:
    paint_facade(page)
    for _ in range(times):
        press(page, "Zoom in")
    page.mouse.move(0, 0)
    surface = page.locator(".lc-surface:visible")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    surface.screenshot(path=tmp_path / "surface.png", style=".lc-guide { visibility: hidden }")
    shown = np.asarray(Image.open(tmp_path / "surface.png").convert("RGB"))[2:-2, 2:-2].reshape(-1, 3)
    assert {tuple(color) for color in np.unique(shown, axis=0)} <= {tuple(color) for color in FACADES.rgb}


@pytest.mark.parametrize("brush_size", [1, 2, 7, 16])
def test_the_outline_under_the_pointer_is_what_a_click_paints(page: Page, brush_size: int) -> None:
    set_brush_size(page, brush_size)
    page.mouse.move(*on_screen(page, (100, 80)))
    outline(page)
    inside = page.locator(".lc-guide:visible .lc-drawn path").first.evaluate("""path => {
        const point = path.ownerSVGElement.createSVGPoint();
        return Array.from({ length: 256 * 256 }, (_, index) => {
            point.x = (index % 256) + 0.5;
            point.y = Math.floor(index / 256) + 0.5;
            return path.isPointInFill(point);
        });
    }""")
    click(page, (100, 80))
    assert (np.array(inside).reshape(SIZE, SIZE) == (read_map(page) == DOOR)).all()


# ---- Keyboard ---------------------------------------------------------------------------------------------------------------------


def test_a_line_is_painted_with_the_keyboard_alone(page: Page) -> None:
    set_brush_size(page, 1)
    page.mouse.move(0, 0)
    focus_canvas(page)
    for key in ("ArrowLeft", "ArrowUp", "Space", "Shift+ArrowRight", "ArrowRight", "ArrowDown", "Space", "ArrowDown"):
        page.keyboard.press(key)
    expected = np.full((SIZE, SIZE), BACKGROUND)
    expected[127, 127:137] = expected[128, 136] = DOOR
    assert (read_map(page) == expected).all()
    expect(page.locator(".lc-announcer").first).to_have_text("136, 129: background")


def test_space_and_the_arrow_keys_say_what_they_do(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    announcer = page.locator(".lc-announcer").first
    page.keyboard.press("Space")
    expect(announcer).to_have_text("Pen down, door")
    page.keyboard.press("Space")
    expect(announcer).to_have_text("Pen up")
    page.keyboard.press("ArrowUp")
    expect(announcer).to_have_text("128, 127: door")


def test_shapes_are_painted_with_the_keyboard_and_escape_takes_them_back(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    page.keyboard.press("r")
    expected = np.full((SIZE, SIZE), BACKGROUND)
    for end in ("Escape", "Enter"):
        for key in ("Enter", "Shift+ArrowRight", "Shift+ArrowDown", end, "Shift+ArrowLeft", "Shift+ArrowUp"):
            page.keyboard.press(key)
        if end == "Enter":
            expected[128:137, 128:137] = DOOR
        assert (read_map(page) == expected).all()
    page.keyboard.press("p")
    for key in ("Space", "Shift+ArrowLeft", "Space", "Shift+ArrowUp", "Space", "Enter"):
        page.keyboard.press(key)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    expected[(columns >= 120) & (rows <= 128) & (columns - 120 <= rows - 120) & (columns <= 128)] = DOOR
    triangle = read_map(page)
    assert (triangle == DOOR).sum() == 9 * 9 + 9 * 10 // 2 - 1
    assert triangle[120, 120] == triangle[128, 120] == triangle[128, 128] == DOOR and triangle[120, 122] == BACKGROUND


def test_a_ring_and_a_hint_show_the_keyboard_where_it_is_and_what_it_can_do(page: Page) -> None:
    page.get_by_role("slider").focus()
    page.keyboard.press("Tab")
    expect(page.locator(".lc-hint").first).to_contain_text("Space puts the pen down")
    page.keyboard.press("ArrowUp")
    assert "a" in outline(page)  # an arc
    expect(page.locator(".lc-announcer").first).to_have_text(
        "128, 127: background"
    )  # which is said a while after the key
    page.keyboard.press("Tab")
    expect(page.locator(".lc-hint").first).to_have_text("Paint freely.")
    assert outline(page) == ""


def test_keys_choose_classes_tools_and_the_size_of_the_brush(page: Page) -> None:
    focus_canvas(page)
    names = [*FACADES.names]
    for key, name in [
        ("1", names[0]),
        ("9", names[8]),
        ("0", names[9]),
        ("Shift+Digit1", names[10]),
        ("Shift+Digit2", names[11]),
    ]:
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
    for key, name in zip(
        "rplftib", ("Rectangle", "Polygon", "Line", "Fill", "Repeat", "Pick class", "Brush"), strict=True
    ):
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
        expect(page.locator(".lc-announcer").first).to_have_text(name)
    for key, size in (("]", "20"), ("[", "16"), ("[", "12"), ("[", "8"), ("[", "7"), ("]", "8"), ("]", "12")):
        page.keyboard.press(key)
        expect(page.locator(".lc-size output").first).to_have_text(size)


def test_single_keys_do_nothing_outside_of_the_canvas(page: Page) -> None:
    page.get_by_label("Seed").click()
    page.keyboard.press("r")
    page.get_by_role("button", name="Another variation").focus()
    page.keyboard.press("r")
    expect(page.get_by_role("radio", name="Brush")).to_be_checked()


def test_keys_are_meant_for_the_map_that_the_mouse_is_moved_over_unless_a_field_has_the_focus(page: Page) -> None:
    with both_pictures_change(page):
        press(page, "Palazzo")
    page.mouse.move(*on_screen(page, (50, 50)))
    page.keyboard.press("r")
    expect(page.get_by_role("radio", name="Rectangle")).to_be_checked()
    expect(page.locator(".lc-hint").first).to_have_text(
        "Drag from corner to corner."
    )  # what keys do is for those who use them alone
    page.get_by_label("Seed").fill("1")
    page.mouse.move(*on_screen(page, (60, 60)))
    expect(page.get_by_label("Seed")).to_be_focused()


@pytest.mark.parametrize("field", ["View", "Snap"])
def test_undo_and_escape_work_while_a_choice_has_the_focus(page: Page, field: str) -> None:
    before = read_map(page)
    choose(page, "Rectangle")
    drag(page, (20, 20), (60, 60))
    if field == "View":
        page.locator(".view-choice label", has_text="Slider").click()
        expect(page.get_by_role("radio", name="Slider")).to_be_focused()
    else:
        page.get_by_label("Snap").focus()
        page.keyboard.press("b")  # a letter is the field's own
        expect(page.get_by_role("radio", name="Rectangle")).to_be_checked()
    page.keyboard.press("Control+z")
    assert (read_map(page) == before).all()
    page.keyboard.press("Control+y")
    assert (read_map(page) != before).any()
    if field == "View":
        page.locator(".view-choice label", has_text="Side by side").click()
        expect(page.locator(".comparison:visible img[src]")).to_have_count(2)


@pytest.mark.parametrize("end", ["Control+z", "Escape"])
def test_a_stroke_of_the_keyboard_is_taken_back_and_undo_goes_on_from_there(page: Page, end: str) -> None:
    choose(page, "Rectangle")
    drag(page, (20, 20), (60, 60))
    before = read_map(page)
    page.mouse.move(0, 0)
    for key in ("Space", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert (read_map(page) != before).any()
    page.keyboard.press(end)
    expect(page.locator(".lc-announcer").first).to_have_text("Taken back")
    assert (read_map(page) == before).all()
    page.keyboard.press("Control+z")
    assert (read_map(page) == BACKGROUND).all()


def test_undo_works_after_the_focus_has_left_a_stroke_of_the_keyboard(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    page.keyboard.press("Space")
    page.keyboard.press("Tab")  # lifts the pen
    assert (read_map(page) == DOOR).any()
    page.keyboard.press("Control+z")
    assert (read_map(page) == BACKGROUND).all()


def test_the_cursor_of_the_keyboard_stays_where_it_is_when_the_focus_leaves_and_returns(page: Page) -> None:
    set_brush_size(page, 1)
    page.mouse.move(0, 0)
    focus_canvas(page)
    for key in ("Shift+ArrowRight", "Tab", "Shift+Tab", "Shift+ArrowDown", "Space", "Space"):
        page.keyboard.press(key)
    assert np.argwhere(read_map(page) == DOOR).tolist() == [[136, 136]]


def test_what_each_tool_has_done_is_said(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    page.evaluate("""() => {
        const announcer = document.querySelector('.lc-announcer');
        window.said = [];
        new MutationObserver(() => window.said.push(announcer.textContent)).observe(announcer, { childList: true });
    }""")
    right, down = "Shift+ArrowRight", "Shift+ArrowDown"
    for keys in (
        ("f", "Enter", "i", "Enter"),
        ("p", "Space", right, "Space", down, "Space", "Enter"),
        ("2", "t", "Escape"),
    ):
        for key in keys:
            page.keyboard.press(key)
    for key in ("Space", right, down, "Space", "Space", right, right, "Space"):
        page.keyboard.press(key)
    press(page, "Surprise me")
    expect(page.locator(".lc-announcer").first).to_have_text("New map")
    said = [words for words in page.evaluate("window.said") if not re.match(r"\d+, \d+: ", words)]
    expected = "Fill, Filled with door, Pick class, Picked door, Polygon, Corner 1, Corner 2, Corner 3, Polygon closed, facade, Repeat"
    assert said == [
        *expected.split(", "),
        "Pen down, facade",
        "Block selected",
        "Pen down, facade",
        "Repeated",
        "New map",
    ]


def test_the_cursor_of_the_keyboard_stays_in_sight(page: Page) -> None:
    page.mouse.move(0, 0)
    focus_canvas(page)
    for _ in range(4):
        page.keyboard.press("+")
    for _ in range(20):
        page.keyboard.press("Shift+ArrowLeft")
    surface = page.locator(".lc-surface:visible").bounding_box()
    x, y = on_screen(page, (0, 128))
    assert (
        surface
        and surface["x"] <= x <= surface["x"] + surface["width"]
        and surface["y"] <= y <= surface["y"] + surface["height"]
    )


def test_everything_around_the_canvas_is_reached_with_the_tab_key(page: Page) -> None:
    page.locator(".lc-tools [tabindex='0']").first.focus()
    names = []
    for _ in range(12):
        names.append(
            page.evaluate(
                "(({ ariaLabel, labels, textContent }) => ariaLabel || labels[0]?.innerText || textContent)(document.activeElement)"
            )
        )
        page.keyboard.press("Tab")
    expected = [
        "Brush",
        "Mirror",
        "Undo",
        "Redo",
        "Size",
        "Label map",
        "Zoom out",
        "Zoom in",
        "Show all",
        "Clear",
        "Copy link",
        "door",
    ]
    assert [name.split("\n")[0].strip() for name in names] == expected


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_page(browser: Browser, app_url: str, theme: str) -> None:
    with opened_page(browser, app_url, f"?__theme={theme}") as page:
        for tab in ("Facades", "Cityscapes"):
            open_tab(page, tab)
            for view, tool in zip(
                VIEWS[:-1], ("Brush", "Repeat", "Rectangle", "Polygon"), strict=True
            ):  # there are no earlier epochs
                choose(page, tool)
                page.locator(".view-choice:visible label", has_text=view).click()
                page.locator(f'.cp-pictures:visible[data-view="{view}"] img[src]').first.wait_for()
                violations = Axe().run(page).response["violations"]
                assert [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations] == []


# ---- Kept work and links ----------------------------------------------------------------------------------------------------------


def packed(pixels: bytes) -> str:
    """As the page packs a map for a link."""
    compressor = zlib.compressobj(wbits=-15)
    return base64.urlsafe_b64encode(compressor.compress(pixels) + compressor.flush()).decode().rstrip("=")


END = "&seed=1&dropout=1"
KEPT = "localStorage.length === 1"  # once something has been painted


def plain_visit(page: Page) -> Page:
    """The page in another tab of the same browser."""
    tab = page.context.new_page()
    tab.goto(page.url.split("#")[0])
    expect(tab.locator(".comparison:visible img[src]")).to_have_count(2)
    return tab


def reload(page: Page) -> None:
    page.reload()
    expect(page.locator(".comparison:visible img[src]")).to_have_count(2)


def test_a_map_survives_a_reload_with_its_pictures_and_each_dataset_has_its_own(browser: Browser, app_url: str) -> None:
    first = next(iter(read_examples(ROOT / "demo" / "maps" / "cityscapes", CITYSCAPES).values()))
    with opened_page(browser, app_url) as page:
        choose(page, "door")
        with both_pictures_change(page):
            click(page, (60, 60))
        label_map, pictures = read_map(page), shown_pictures(page)
        page.wait_for_function(KEPT)
        assert page.evaluate("Object.values(localStorage)[0].length") < 2000
        reload(page)
        wait_for_pictures(page, pictures)
        assert (read_map(page) == label_map).all()
        open_tab(page, "Cityscapes")
        assert (read_map(page, CITYSCAPES) == first).all()


def test_seed_and_dropout_survive_a_reload(browser: Browser, app_url: str) -> None:
    with opened_page(browser, app_url) as page:
        page.get_by_label("Seed").fill("77")
        page.wait_for_function("localStorage['pix2pix-studio.work.facades']?.endsWith('&seed=77&dropout=1')")
        page.get_by_label("Dropout").uncheck()
        page.wait_for_function("localStorage['pix2pix-studio.work.facades'].endsWith('&seed=77&dropout=0')")
        page.reload()
        expect(page.get_by_label("Seed")).to_have_value("77")
        expect(page.get_by_label("Dropout")).not_to_be_checked()


def test_every_tab_of_the_browser_keeps_its_own_map(browser: Browser, app_url: str) -> None:
    with opened_page(browser, app_url) as page:
        press(page, "Clear")
        page.wait_for_function(KEPT)
        other = plain_visit(page)
        wait_for_map(other, np.full((SIZE, SIZE), BACKGROUND))  # a new tab begins with the newest map
        choose(other, "door")
        drag(other, (20, 20), (200, 100))
        map_of_other = read_map(other)
        other.wait_for_timeout(500)  # until it is kept
        for tab, expected in ((other, map_of_other), (page, np.full((SIZE, SIZE), BACKGROUND))):
            reload(tab)
            wait_for_map(tab, expected)
        page.wait_for_timeout(500)  # until it could have been kept
        wait_for_map(plain_visit(page), map_of_other)  # the newest still, though the older one was opened again


def test_a_browser_that_keeps_nothing_says_so_once(browser: Browser, app_url: str) -> None:
    with opened_page(browser, app_url) as page:
        page.evaluate(
            "() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }"
        )
        hint = page.locator(".lc-hint").first
        press(page, "Clear")
        expect(hint).to_contain_text("Your browser cannot keep this map for your next visit")
        drag(page, (20, 20), (60, 60))
        page.wait_for_timeout(500)  # until it could have been kept
        expect(hint).to_have_text("Paint freely.")


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "1.!!!" + END,
        "1." + packed(bytes(SIZE * SIZE)),
        "2." + packed(bytes(SIZE * SIZE)) + END,
        "1." + packed(bytes([200]) * SIZE * SIZE) + END,
    ],
)
def test_something_else_in_the_storage_is_passed_over(browser: Browser, app_url: str, kept: str) -> None:
    stored = {"origin": app_url, "localStorage": [{"name": "pix2pix-studio.work.facades", "value": kept}]}
    with opened_page(browser, app_url, storage_state={"cookies": [], "origins": [stored]}) as page:
        assert page.evaluate("localStorage['pix2pix-studio.work.facades']") == kept
        page.wait_for_timeout(300)  # until it could have been opened
        expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_link_brings_map_seed_and_dropout_to_somebody_else(
    page: Page, browser: Browser, app_url: str, client: Client
) -> None:
    label_map = paint_facade(page)
    page.get_by_label("Seed").fill("4294967295")
    expect_pictures(page, client, label_map, seed=4294967295)
    press(page, "Copy link")
    expect(page.locator(".lc-hint").first).to_have_text("Link copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    page.get_by_label("Seed").fill("1")
    assert len(link) < 1000
    first = next(iter(read_examples(ROOT / "demo" / "maps" / "facades", FACADES).values()))
    with opened_page(browser, app_url, link.removeprefix(app_url)) as other:
        expect_pictures(other, client, label_map, seed=4294967295)
        assert (read_map(other) == label_map).all()
        expect(other.get_by_label("Seed")).to_have_value("4294967295")
        assert other.url == link  # a reload opens it once more
        press(other, "Undo")
        assert (read_map(other) == first).all()
        assert "#" not in other.url


def test_a_link_without_dropout_says_so(page: Page) -> None:
    page.evaluate("link => (location.hash = link)", "facades=1." + packed(bytes(SIZE * SIZE)) + "&seed=1&dropout=0")
    variation = page.get_by_role("button", name="Another variation")
    expect(
        variation
    ).to_be_disabled()  # the page is through with the link, and the button is enabled anew by the check below
    expect(page.get_by_label("Dropout")).not_to_be_checked()
    page.get_by_label("Dropout").check()
    expect(variation).to_be_enabled()
    press(page, "Copy link")
    expect(page.locator(".lc-hint").first).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()").endswith("&seed=1&dropout=1")


HOSTILE_LINKS = [
    ("facades=", "Its end is missing, or it was changed."),
    ("facades=1." + packed(bytes(SIZE * SIZE)), "Its end is missing, or it was changed."),
    ("facades=1." + packed(bytes(SIZE * SIZE)) + "&seed=-1&dropout=1", "Its end is missing, or it was changed."),
    (
        "facades=1." + packed(bytes(SIZE * SIZE)) + "&seed=1&dropout=<img src=x>",
        "Its end is missing, or it was changed.",
    ),
    (
        "facades=1." + packed(bytes(SIZE * SIZE)) + "&seed=4294967296&dropout=1",
        "Its seed is not a whole number from 0 to 4294967295.",
    ),
    ("facades=7." + packed(bytes(SIZE * SIZE)) + END, "It was made by another version of this page."),
    (
        "facades=1.<script>alert(1)</script>" + END,
        "The map has characters that do not belong there, or an end is missing.",
    ),
    ("facades=1.AAAAA" + END, "The map has characters that do not belong there, or an end is missing."),
    ("facades=1." + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1.AAAA" + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + packed(bytes(SIZE * SIZE))[:-4] + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + packed(bytes(SIZE * SIZE - 1)) + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + packed(bytes(SIZE * SIZE + 1)) + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + packed(bytes(40_000_000)) + END, "The map is damaged, or has another size than this canvas."),
    ("facades=1." + "A" * 70_000 + END, "The map is longer than any that this page makes."),
    ("facades=1." + packed(bytes([12]) * SIZE * SIZE) + END, "The map holds classes that this palette does not have."),
]


def test_hostile_links_are_refused_with_a_sentence_and_nothing_else_happens(page: Page, client: Client) -> None:
    before = paint_facade(page)
    expect_pictures(page, client, before)
    with counted_requests(page, 0):
        for fragment, reason in HOSTILE_LINKS:
            choose(page, "Brush")  # which puts the tool's hint in place of the sentence before
            page.evaluate("link => (location.hash = link)", fragment)
            expect(page.locator(".lc-hint").first).to_have_text(f"This link was not opened. {reason} Ask for it again.")
    assert (read_map(page) == before).all()
    page.evaluate("history.replaceState(null, '', location.pathname)")


def test_without_a_clipboard_the_link_is_in_the_address_bar(page: Page) -> None:
    page.evaluate("() => { navigator.clipboard.write = () => Promise.reject(new Error('forbidden')); }")
    press(page, "Copy link")
    expect(page.locator(".lc-hint").first).to_have_text("The link is in the address bar now; copy it from there.")
    expect(page).to_have_url(re.compile(r"#facades=1\.[\w-]+&seed=1&dropout=1$"))
    page.evaluate("() => delete navigator.clipboard.write")
    click(page, (40, 40))  # a reload would bring the map of the link back
    page.wait_for_function("!location.hash")


def test_links_take_nothing_away(browser: Browser, app_url: str) -> None:
    with opened_page(browser, app_url) as page:
        choose(page, "door")
        drag(page, (20, 20), (200, 100))
        mine = read_map(page)
        page.wait_for_function(KEPT)
        for label in (WINDOW, SHOP):
            page.evaluate("link => (location.hash = link)", "facades=1." + packed(bytes([label]) * SIZE * SIZE) + END)
            wait_for_map(page, np.full((SIZE, SIZE), label))
        page.wait_for_timeout(500)  # until they could have been kept
        wait_for_map(plain_visit(page), mine)
        reload(page)
        wait_for_map(page, np.full((SIZE, SIZE), SHOP))
        with both_pictures_change(page):
            press(page, "Undo")
        assert (read_map(page) == mine).all()
        reload(page)  # now the link is gone
        wait_for_map(page, mine)


def test_a_seed_that_does_not_exist_is_not_linked(page: Page) -> None:
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('facades-settings', { detail: { seed: -1.5, dropout: true } }))"
    )
    press(page, "Copy link")
    expect(page.locator(".lc-hint").first).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()").endswith("&seed=1&dropout=1")


def test_a_link_to_the_other_dataset_opens_its_tab(browser: Browser, app_url: str) -> None:
    road = CITYSCAPES.index("road")
    with opened_page(browser, app_url) as page:
        page.goto(f"{app_url}/#cityscapes=1.{packed(bytes([road]) * SIZE * SIZE)}{END}")
        expect(page.get_by_role("tab", name="Cityscapes")).to_have_attribute("aria-selected", "true")
        wait_for_map(page, np.full((SIZE, SIZE), road), CITYSCAPES)
        page.evaluate(
            "link => (location.hash = link)", f"facades=1.{packed(bytes(SIZE * SIZE))}{END}"
        )  # pasted into the address bar
        expect(page.get_by_role("tab", name="Facades")).to_have_attribute("aria-selected", "true")
        wait_for_map(page, np.full((SIZE, SIZE), BACKGROUND))


# ---- Touch ------------------------------------------------------------------------------------------------------------------------


class Fingers:
    """Touches as the browser gets them from a screen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)

    def touch(self, kind: str, *points: Point) -> None:
        """Points of the map as it is shown when this is called."""
        self.touch_screen(kind, *(on_screen(self.page, point) for point in points))

    def touch_screen(self, kind: str, *places: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


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
    assert zoom_of(phone) == pytest.approx(2, rel=0.02)
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
