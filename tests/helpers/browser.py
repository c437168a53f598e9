"""The page in Chromium: opening it, painting on it, and reading maps and images back. Pixels are the oracle."""

import base64
import os
import sys
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, CDPSession, ConsoleMessage, Error, Page, Request, expect

from pix2pix.labels import FACADES, Palette
from tests.helpers.in_pages import run_script
from tests.helpers.tiny import free_port
from tests.helpers.warm import APP, WarmProgram

ROOT = Path(__file__).parents[2]


PATIENCE = 180
"""Seconds after which a test stops waiting for a page and fails; on a busy machine, everything takes long.

chromium.py sets it for pages, this module for assertions.
"""
expect.set_options(timeout=1000 * PATIENCE)


SIZE = 256


BACKGROUND, FACADE, WINDOW, DOOR = (FACADES.index(name) for name in ("background", "facade", "window", "door"))


DESKTOP = {"width": 1280, "height": 900}


PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 3,
}


Point = tuple[int, int]


READ_CANVAS = """
canvas => {
  const image = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.width, canvas.height, image.data];
}
"""


VISIBLE_PICTURES = "[...document.querySelectorAll('.comparison img')].filter(p => p.checkVisibility())"


READ_CONTRASTS = """
() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = numbers(color).map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backgroundOf = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return (numbers(color)[3] ?? 1) > 0 || !element.parentElement ? color : backgroundOf(element.parentElement);
  };
  const ours = '.introduction, .licence-note, .label-canvas, .view-choice, .comparison, .model-notes, ' +
    '.noise-choice, .map-actions, .example-gallery, .engine-choice';
  const parts = [...document.querySelectorAll(ours)].flatMap((part) => [part, ...part.querySelectorAll('*')]);
  const isText = (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim();
  const texts = parts.filter((element) => [...element.childNodes].some(isText) && element.checkVisibility());
  return texts.map((element) => {
    const colors = [getComputedStyle(element).color, backgroundOf(element)];
    const [darker, lighter] = colors.map(luminance).sort((a, b) => a - b);
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
        server = WarmProgram(
            [sys.executable, "app.py", *arguments], APP, cwd=ROOT, env=environment, stdout=output, stderr=output
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


def new_tab(browser: Browser, **options: Any) -> Page:
    """A tab in a context of its own."""
    context = browser.new_context(**({"viewport": DESKTOP} | options))
    context.add_init_script(COUNT_JOBS)
    return context.new_page()


@contextmanager
def watched(page: Page, url: str) -> Iterator[None]:
    """A page that is opened inside must contact no other server and log no error."""
    complaints: list[str] = []
    outside: list[str] = []
    documents = 0

    def count(request: Request) -> None:
        nonlocal documents
        documents += request.is_navigation_request()
        if not request.url.startswith((url, "data:", "blob:")):
            outside.append(request.url)

    def complain(words: str) -> None:
        if "abort" not in words.lower():  # a request that was under way as the page was left
            complaints.append(words)

    def read(message: ConsoleMessage) -> None:
        if message.type == "error":
            complain(f"{message.text} {message.location}")

    def fail(error: Error) -> None:
        complain(str(error))

    listeners: dict[Any, Any] = {"request": count, "console": read, "pageerror": fail}
    for event, listener in listeners.items():
        page.on(event, listener)
    yield
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    assert outside == [], outside
    if documents > 1:  # Gradio's client says this of a request that was cut off as the page was left
        complaints = [words for words in complaints if "Connection errored out" not in words]
    assert complaints == [], complaints


def wait_for_start(page: Page) -> None:
    """Wait for the images and the palette of a page that was opened."""
    expect(page.locator(".comparison img[src]")).to_have_count(2)
    expect(page.locator(".lc-palette [role=radio]")).to_have_count(len(FACADES))


@contextmanager
def opened_page(browser: Browser, url: str, query: str = "", **options: Any) -> Iterator[Page]:
    """The page in a browser context of its own, which nothing has visited, with images; it is `watched`."""
    page = new_tab(browser, **options)
    with watched(page, url):
        page.goto(url + query)
        wait_for_start(page)
        yield page
    page.context.close()


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".comparison:visible img[src]")).to_have_count(2)


def read_map(page: Page, palette: Palette = FACADES) -> np.ndarray:
    """The classes that the canvas shows, [H, W]; fails if any pixel has a colour between two classes."""
    canvas = page.locator(".lc-stage canvas:visible")
    canvas.wait_for()  # a new one is empty
    page.evaluate("() => new Promise(requestAnimationFrame)")  # changes are drawn with the next frame
    page.evaluate("() => new Promise(requestAnimationFrame)")
    width, height, values = run_script(canvas, READ_CANVAS)
    pixels = values.reshape(height, width, 4)[..., :3]
    label_map, _ = palette.from_image(pixels)
    assert (palette.to_image(label_map) == pixels).all()
    return label_map


def shown_pictures(page: Page) -> list[str]:
    return page.locator(".comparison:visible img").evaluate_all("pictures => pictures.map(picture => picture.src)")


def wait_for_pictures(page: Page, expected: list[str]) -> None:
    page.wait_for_function(f"urls => {VISIBLE_PICTURES}.map((p) => p.src).join() === urls.join()", arg=expected)


def wait_until(page: Page, condition: Callable[[], object]) -> None:
    """Wait until a condition outside of the page holds, such as a request that a server got."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        page.wait_for_timeout(100)


def wait_for_map(page: Page, label_map: np.ndarray, palette: Palette = FACADES) -> None:
    wait_until(page, lambda: (read_map(page, palette) == label_map).all())


@contextmanager
def both_pictures_change(page: Page) -> Iterator[None]:
    before = shown_pictures(page)
    yield
    changed = "(shown, urls) => shown.length && shown.every((picture, i) => picture.src !== urls[i])"
    page.wait_for_function(f"urls => ({changed})({VISIBLE_PICTURES}, urls)", arg=before)


def on_screen(page: Page, point: Point) -> tuple[float, float]:
    """The middle of a pixel of the map, on the page."""
    canvas = page.locator(".lc-stage canvas:visible")
    width, height = canvas.evaluate("canvas => [canvas.width, canvas.height]")
    box = canvas.bounding_box()
    assert box is not None
    return box["x"] + (point[0] + 0.5) * box["width"] / width, box["y"] + (point[1] + 0.5) * box["height"] / height


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


COUNT_JOBS = """
const post = Worker.prototype.postMessage;
window.jobs = 0;
Worker.prototype.postMessage = function (message, ...more) {
  if (message?.type === 'paint') window.jobs++;
  return post.call(this, message, ...more);
};
"""
"""Counts the maps that a page of the static site gives its worker."""


@contextmanager
def counted_requests(page: Page, number: int) -> Iterator[None]:
    """Fails if what happens inside asks the server, or the site's worker, for more or fewer pictures.

    The pictures of the map so far have to be there: a request for them would be counted, too.
    """
    joins: list[str] = []
    page.on("request", lambda request: joins.append(request.url) if "/queue/join" in request.url else None)
    jobs = page.evaluate("window.jobs")
    yield
    page.wait_for_timeout(300)
    assert len(joins) + page.evaluate("window.jobs") - jobs == number


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
    page.locator(".lc-stage canvas:visible").focus()


DIAMOND = [(100, 60), (140, 100), (100, 140), (60, 100)]


def inside_diamond() -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return np.abs(rows - 100) + np.abs(columns - 100) <= 40


def draw_around(page: Page, corners: list[Point]) -> None:
    page.mouse.move(*on_screen(page, corners[0]))
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*on_screen(page, corner), steps=8)
    page.mouse.up()


def hold(page: Page, *path: Point) -> None:
    """A stroke through some points; the pointer stays down, and half a second passes."""
    page.mouse.move(*on_screen(page, path[0]))
    page.mouse.down()
    page.evaluate("window.clock += 500")
    for point in path[1:]:
        page.mouse.move(*on_screen(page, point), steps=3)


def zoom_of(page: Page) -> float:
    frames_drawn(page)
    width = "getBoundingClientRect().width"
    widths = f"surface => surface.querySelector('canvas').{width} / surface.{width}"
    return page.locator(".lc-surface:visible").evaluate(widths)


def packed(pixels: bytes) -> str:
    """As the page packs a map for a link."""
    compressor = zlib.compressobj(wbits=-15)
    return base64.urlsafe_b64encode(compressor.compress(pixels) + compressor.flush()).decode().rstrip("=")


END = "&seed=1&dropout=1"


def reload(page: Page) -> None:
    page.reload()
    expect(page.locator(".comparison:visible img[src]")).to_have_count(2)


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
