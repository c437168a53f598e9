"""Zooming and moving the enlarged map, in Chromium."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from pix2pix.labels import FACADES
from tests.helpers.browser import (
    BACKGROUND,
    DOOR,
    SIZE,
    Point,
    choose,
    click,
    frames_drawn,
    on_screen,
    outline,
    paint_facade,
    press,
    read_map,
    set_brush_size,
    zoom_of,
)


def wheel(page: Page, point: Point, delta: float) -> None:
    page.mouse.move(*on_screen(page, point))
    before = zoom_of(page)
    page.keyboard.down("Control")
    page.mouse.wheel(0, delta)
    page.keyboard.up("Control")
    changed = """before => {
        const [canvas, surface] = ['.lc-surface canvas', '.lc-surface'].map((part) => document.querySelector(part));
        return canvas.clientWidth / surface.clientWidth !== before;
    }"""
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
    surface, canvas = page.locator(".lc-surface:visible"), page.locator(".lc-stage canvas:visible")
    for _ in range(8):
        frames_drawn(page)
        outer, inner = surface.bounding_box(), canvas.bounding_box()
        assert outer and inner
        for side, length in (("x", "width"), ("y", "height")):
            assert inner[side] <= outer[side] + 0.5 and inner[side] + inner[length] >= outer[side] + outer[length] - 0.5
        page.keyboard.press("-")
    assert zoom_of(page) == pytest.approx(1)
    press(page, "Zoom in")
    page.get_by_role("button", name="Fit").click()
    assert zoom_of(page) == pytest.approx(1)


@pytest.mark.parametrize("times", [0, 3])
def test_pixels_are_crisp_at_any_zoom(page: Page, times: int, tmp_path: Path) -> None:
    paint_facade(page)
    for _ in range(times):
        press(page, "Zoom in")
    page.mouse.move(0, 0)
    surface = page.locator(".lc-surface:visible")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    surface.screenshot(path=tmp_path / "surface.png", style=":is(.lc-guide, .lc-overview) { visibility: hidden }")
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
