"""Habits from other painting programs, in Chromium: Shift, picking, erasing, the list of keys, dropped files."""

import base64
import io

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, Route, expect

from demo.map_files import to_png
from pix2pix.labels import FACADES
from tests.helpers.both_pages import BOTH_PAGES
from tests.helpers.browser import (
    BACKGROUND,
    DOOR,
    SIZE,
    WINDOW,
    Point,
    choose,
    click,
    drag,
    focus_canvas,
    frames_drawn,
    on_screen,
    outline,
    paint_facade,
    press,
    read_map,
    set_brush_size,
    wait_for_map,
    wait_until,
)
from tests.helpers.tabs import Tabs
from tests.helpers.tiny import draw_label_map

DROP = """
([kind, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name, { type }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === 'paste'
    ? new ClipboardEvent('paste', { ...options, clipboardData: files })
    : new DragEvent('drop', { ...options, dataTransfer: files });
  document.querySelector('.comparison').dispatchEvent(event);
  return event.defaultPrevented;
}
"""


def give(page: Page, kind: str, name: str, mime: str, content: bytes) -> bool:
    """Pastes or drops a file; returns whether the browser is kept from opening it itself."""
    return page.evaluate(DROP, [kind, name, mime, base64.b64encode(content).decode()])


def painted_points(page: Page) -> list[list[int]]:
    """Columns and rows of all pixels of the class door."""
    return np.argwhere(read_map(page) == DOOR)[:, ::-1].tolist()


def test_with_shift_a_rectangle_is_a_square_also_if_the_key_comes_late_or_the_grid_is_on(page: Page) -> None:
    choose(page, "Rectangle")
    drag(page, (100, 100), (60, 81), release=False)
    page.keyboard.down("Shift")
    expected = np.full((SIZE, SIZE), BACKGROUND)
    expected[60:101, 60:101] = DOOR
    assert (read_map(page) == expected).all()  # before the pointer moves again
    page.keyboard.up("Shift")
    assert (read_map(page) == DOOR).sum() == 41 * 20
    page.keyboard.down("Shift")
    page.mouse.up()
    assert (read_map(page) == expected).all()
    page.get_by_label("Snap").select_option("16")
    drag(page, (120, 130), (200, 140))  # 6 cells
    page.keyboard.up("Shift")
    expected[128 : 128 + 96, 112 : 112 + 96] = DOOR
    assert (read_map(page) == expected).all()


@pytest.mark.parametrize(
    ("end", "corner"), [((60, 47), (60, 40)), ((43, 90), (40, 90)), ((80, 72), (76, 76)), ((10, 66), (12, 68))]
)
def test_with_shift_a_line_keeps_to_steps_of_45_degrees(page: Page, end: Point, corner: Point) -> None:
    choose(page, "Line")
    set_brush_size(page, 1)
    page.keyboard.down("Shift")
    drag(page, (40, 40), end)
    page.keyboard.up("Shift")
    points = painted_points(page)
    assert sorted([points[0], points[-1]]) == sorted([[40, 40], list(corner)])
    assert len(points) == max(abs(corner[0] - 40), abs(corner[1] - 40)) + 1


def test_with_shift_corners_of_a_polygon_do_too(page: Page) -> None:
    choose(page, "Polygon")
    click(page, (40, 40))
    page.keyboard.down("Shift")
    click(page, (90, 44))
    click(page, (86, 99))
    page.keyboard.up("Shift")
    page.keyboard.press("Enter")
    points = painted_points(page)
    assert [40, 40] in points and [90, 40] in points and [90, 99] in points
    assert max(x for x, _ in points) == 90


def test_shift_and_a_click_join_the_brush_to_its_last_stroke_by_a_line_that_is_shown_before(page: Page) -> None:
    set_brush_size(page, 1)
    focus_canvas(page)
    click(page, (20, 20))
    page.keyboard.down("Shift")
    page.mouse.move(*on_screen(page, (80, 50)))
    assert outline(page).endswith("M20.5 20.5L80.5 50.5")
    click(page, (80, 50))
    click(page, (80, 90))
    page.keyboard.up("Shift")
    label_map = read_map(page)
    assert label_map[35, 50] == DOOR and (label_map[50:91, 80] == DOOR).all()
    assert (label_map == DOOR).sum() == 61 + 40
    press(page, "Undo")
    assert (read_map(page) == DOOR).sum() == 61


def test_shift_in_the_middle_of_a_stroke_keeps_the_rest_straight(page: Page) -> None:
    set_brush_size(page, 1)
    drag(page, (20, 20), (60, 30), release=False)
    page.keyboard.down("Shift")
    page.mouse.move(*on_screen(page, (100, 50)), steps=5)
    page.mouse.move(*on_screen(page, (120, 33)), steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    label_map = read_map(page)
    assert (label_map[30, 60:121] == DOOR).all()
    assert (label_map[31:] == BACKGROUND).all()


def test_the_keyboard_draws_the_joining_line_too(page: Page) -> None:
    set_brush_size(page, 1)
    click(page, (20, 128))
    focus_canvas(page)
    page.keyboard.press("ArrowDown")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowRight")  # long steps, as before
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Enter")
    points = painted_points(page)
    assert points[0] == [20, 128] and points[-1] == [60, 129] and len(points) == 41


@pytest.mark.parametrize("button", ["right", "left"])
def test_right_click_and_alt_click_pick_without_a_menu_and_keep_the_tool_and_its_corners(
    page: Page, button: str
) -> None:
    paint_facade(page)
    before = read_map(page)
    menus = "window.menus = []; document.addEventListener('contextmenu', (e) => menus.push(e.defaultPrevented))"
    page.evaluate(f"() => {{ {menus} }}")
    choose(page, "Polygon")
    for corner in ((10, 10), (20, 10)):
        click(page, corner)
    page.mouse.move(*on_screen(page, (60, 70)))
    if button == "left":
        page.keyboard.down("Alt")
    page.mouse.down(button=button)
    page.mouse.up(button=button)
    page.keyboard.up("Alt")
    expect(page.get_by_role("radio", name="window", exact=True)).to_be_checked()
    expect(page.get_by_role("radio", name="Polygon")).to_be_checked()
    assert page.evaluate("menus") == ([True] if button == "right" else [])
    assert (read_map(page) == before).all()
    click(page, (15, 20))
    focus_canvas(page)
    page.keyboard.press("Enter")
    assert read_map(page)[13, 15] == WINDOW


def test_e_erases_and_x_swaps_with_the_class_before(page: Page) -> None:
    focus_canvas(page)
    drag(page, (20, 20), (100, 20))
    page.keyboard.press("e")
    drag(page, (60, 20), (60, 20))
    label_map = read_map(page)
    assert label_map[20, 60] == BACKGROUND and label_map[20, 30] == DOOR
    page.keyboard.press("x")
    expect(page.get_by_role("radio", name="door", exact=True)).to_be_checked()
    page.keyboard.press("x")
    expect(page.get_by_role("radio", name="background", exact=True)).to_be_checked()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_of_keys_has_them_all_and_gives_the_focus_back(tabs: Tabs, app_url: str, theme: str) -> None:
    with tabs.open(app_url, f"?__theme={theme}") as page:
        focus_canvas(page)
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keys and gestures")
        expect(dialog).to_be_visible()
        words = dialog.inner_text()
        for key in ("B", "R", "P", "L", "F", "T", "I", "M", "E", "X", "Z", "?", "[", "]", "Ctrl+Z", "Alt+click"):
            assert key in words
        assert "Previous class" in words
        assert not Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        page.keyboard.press("m")  # is not meant for the canvas
        expect(page.get_by_role("button", name="Mirror")).to_have_attribute("aria-pressed", "false")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(page.locator(".lc-stage canvas:visible")).to_be_focused()
        button = page.get_by_role("button", name="Keys", exact=True)
        button.click()
        expect(dialog).to_be_visible()
        page.get_by_role("button", name="Close").click()
        expect(button).to_be_focused()


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_pasted_or_dropped_map_opens_and_can_be_undone(page: Page, kind: str) -> None:
    before = paint_facade(page)
    assert give(page, kind, "map.png", "image/png", to_png(draw_label_map(3), FACADES))
    wait_for_map(page, draw_label_map(3))
    press(page, "Undo")
    assert (read_map(page) == before).all()


DELAY_FIRST_READING = """
() => {
  const read = window.createImageBitmap;
  window.createImageBitmap = async (...given) => {
    window.createImageBitmap = read;
    await new Promise((release) => { window.release = release; });
    return read(...given);
  };
}
"""


@BOTH_PAGES
def test_of_two_images_the_newest_stays_even_if_the_other_takes_longer(page: Page) -> None:
    uploads: list[Route] = []
    page.route("**/upload*", lambda route: uploads.append(route), times=1)
    if page.locator(".static-page").count():  # which uploads nothing
        page.evaluate(DELAY_FIRST_READING)
    give(page, "drop", "large.png", "image/png", to_png(draw_label_map(3), FACADES))
    wait_until(page, lambda: uploads or page.evaluate("window.release !== undefined"))
    give(page, "paste", "small.png", "image/png", to_png(draw_label_map(4), FACADES))
    wait_for_map(page, draw_label_map(4))
    if uploads:
        uploads[0].continue_()
    else:
        page.evaluate("window.release()")
    page.wait_for_timeout(1500)
    assert (read_map(page) == draw_label_map(4)).all()


def test_other_files_are_refused_with_a_sentence_and_never_replace_the_page(page: Page) -> None:
    before = paint_facade(page)
    other_colours = io.BytesIO()
    Image.fromarray(FACADES.to_image(draw_label_map(3)) // 2).save(other_colours, "PNG")
    gif = io.BytesIO()
    Image.new("RGB", (9, 9)).save(gif, "GIF")
    for name, mime, content, sentence in (
        ("notes.txt", "text/plain", b"words", "That is not an image. Drop or paste a PNG, JPEG or WebP file."),
        ("broken.png", "image/png", b"nonsense", "This file is not an image"),
        ("moving.gif", "image/gif", gif.getvalue(), "Only .png, .jpg, .jpeg, .webp allowed"),
        ("colours.png", "image/png", other_colours.getvalue(), "looks like a photo, or a map in other colours"),
    ):
        assert give(page, "drop", name, mime, content)
        expect(page.get_by_text(sentence).first).to_be_visible()
    assert (read_map(page) == before).all()


def test_text_that_is_pasted_is_left_to_the_browser(page: Page) -> None:
    paste = """() => {
      const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: new DataTransfer() });
      event.clipboardData.setData('text/plain', 'words');
      document.body.dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    assert page.evaluate(paste) is False


def test_the_zoom_shows_its_level_an_overview_and_fit_only_while_the_map_is_enlarged(page: Page) -> None:
    paint_facade(page)
    fit, overview = page.get_by_role("button", name="Fit"), page.locator(".lc-overview:visible")
    expect(fit).to_be_hidden()
    expect(overview).to_have_count(0)
    for _ in range(2):
        press(page, "Zoom in")
    expect(page.get_by_role("button", name="Fit, now 400 %")).to_be_visible()
    frames_drawn(page)
    shown = overview.locator("canvas").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 256, 256).data]"
    )
    label_map, _ = FACADES.from_image(np.array(shown, np.uint8).reshape(SIZE, SIZE, 4)[..., :3])
    assert (label_map == read_map(page)).all()
    shares = """overview => {
      const [frame, whole] = [overview.querySelector('span'), overview.querySelector('canvas')]
        .map((part) => part.getBoundingClientRect());
      return [(frame.left - whole.left) / whole.width, (frame.top - whole.top) / whole.height,
        frame.width / whole.width];
    }"""
    assert overview.evaluate(shares) == pytest.approx([0.375, 0.375, 0.25], abs=0.01)
    surface = page.locator(".lc-surface:visible").bounding_box()
    assert surface
    page.mouse.move(surface["x"] + 0.9 * surface["width"], surface["y"] + 0.9 * surface["height"])
    box = overview.bounding_box()
    assert box and box["x"] < surface["x"] + 5  # out of the pointer's way
    fit.click()
    expect(fit).to_be_hidden()
    expect(overview).to_have_count(0)


def test_repeat_says_each_step_and_its_frame_goes_when_it_is_undone(page: Page) -> None:
    hint = page.locator(".lc-hint").first
    choose(page, "Repeat")
    page.keyboard.press("Escape")
    expect(hint).to_contain_text("Drag a frame around what to repeat")
    drag(page, (40, 40), (60, 60))
    expect(hint).to_contain_text("Drag from inside the frame")
    drag(page, (50, 50), (150, 150))
    page.keyboard.press("Escape")
    choose(page, "Rectangle")
    drag(page, (40, 40), (60, 60))
    choose(page, "Repeat")
    drag(page, (50, 50), (150, 150))
    expect(hint).to_contain_text("Repeated.")
    assert "M40 40" in outline(page)
    page.keyboard.press("Control+z")
    page.mouse.move(0, 0)
    assert outline(page) == ""
    expect(hint).to_contain_text("Drag a frame around what to repeat")
