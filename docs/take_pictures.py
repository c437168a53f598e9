"""Takes the README's images: `python -m docs.take_pictures`. Needs requirements-dev.txt and Chromium.

`painting.webp` shows a house being painted, with the pointer drawn in; `screenshot-phone.png` is the page on a phone;
`facades.jpg` and `streets.jpg` show what the bundled models make of example maps.
"""

import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.stroke import BROWSER_FLAGS, running_app
from demo.models import BUNDLED_WEIGHTS
from pix2pix.image_files import read_image
from pix2pix.painter import Painter

FOLDER = Path(__file__).parent
EXAMPLES = FOLDER.parent / "demo" / "maps"
FACADES = ("haussmann", "art-nouveau", "palazzo", "balcony-flats", "village-house")
STREETS = ("tree-avenue", "tram-street", "crossing", "garden-suburb", "bicycle-lane")
SEED = 1
FRAME_MILLISECONDS = 140
LAST_FRAME_MILLISECONDS = 2500
WIDTH = 960
Point = tuple[float, float]

HOUSE: list[tuple[str, Point, Point]] = [
    ("class facade", (0, 0), (0, 0)),
    ("drag", (36, 40), (219, 255)),
    ("class cornice", (0, 0), (0, 0)),
    ("drag", (30, 30), (225, 42)),
    ("class door", (0, 0), (0, 0)),
    ("drag", (116, 200), (139, 255)),
    ("class window", (0, 0), (0, 0)),
    ("drag", (56, 64), (75, 93)),
    ("class sill", (0, 0), (0, 0)),
    ("drag", (52, 96), (79, 100)),
    ("tool Repeat", (0, 0), (0, 0)),
    ("drag", (46, 56), (87, 106)),
    ("drag", (60, 70), (208, 184)),
]
"""What is done, one after the other: a class or tool is chosen, or dragged from here to there in pixels of the map."""


def take_frame(page: Page, pointer: Point) -> Image.Image:
    frame = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    x, y = pointer
    arrow = [(x, y), (x, y + 17), (x + 4, y + 13), (x + 7, y + 20), (x + 10, y + 19), (x + 7, y + 12), (x + 12, y + 12)]
    ImageDraw.Draw(frame).polygon(arrow, fill="black", outline="white")
    return frame


def paint_house(page: Page) -> Iterator[Image.Image]:
    """Paint from an empty map; yield what is seen on the way."""
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_role("radio", name="Rectangle").click()
    page.wait_for_timeout(800)
    box = page.locator(".lc-surface canvas").bounding_box()
    assert box is not None
    pointer = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    yield take_frame(page, pointer)
    for what, start, end in HOUSE:
        if what != "drag":
            chosen = page.get_by_role("radio", name=what.partition(" ")[2], exact=True)
            place = chosen.bounding_box()
            assert place is not None
            pointer = (place["x"] + 40, place["y"] + place["height"] / 2)
            chosen.click()
            yield take_frame(page, pointer)
            continue
        steps = 6
        for step in range(steps + 1):
            x, y = (a + (b - a) * step / steps for a, b in zip(start, end, strict=True))
            pointer = (box["x"] + (x + 0.5) * box["width"] / 256, box["y"] + (y + 0.5) * box["height"] / 256)
            page.mouse.move(*pointer)
            if step == 0:
                page.mouse.down()
            page.wait_for_timeout(FRAME_MILLISECONDS)
            yield take_frame(page, pointer)
        page.mouse.up()
        page.wait_for_timeout(500)
        yield take_frame(page, pointer)


def open_page(browser: Browser, url: str, width: int, height: int, is_phone: bool = False) -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": height},
        is_mobile=is_phone,
        has_touch=is_phone,
        device_scale_factor=2 if is_phone else 1,
    )
    page.goto(url)
    page.locator(".comparison img[src]").last.wait_for()
    page.wait_for_timeout(1000)
    return page


def example_sheet(dataset: str, names: Sequence[str]) -> Image.Image:
    """Draw example maps in a row, and below each the GAN's image and the L1 model's."""
    painters = [Painter.load(BUNDLED_WEIGHTS / f"{dataset}-{objective}") for objective in ("gan", "l1")]
    palette = painters[0].config.palette
    columns = []
    for name in names:
        drawn = read_image(EXAMPLES / dataset / f"{name}.png")
        label_map, _ = palette.from_image(drawn)
        columns.append(np.concatenate([drawn, *(painter.paint(label_map, SEED) for painter in painters)]))
    return Image.fromarray(np.concatenate(columns, axis=1))


def main() -> None:
    example_sheet("facades", FACADES).save(FOLDER / "facades.jpg", quality=88)
    example_sheet("cityscapes", STREETS).save(FOLDER / "streets.jpg", quality=88)
    with running_app([]) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_FLAGS)
        page = open_page(browser, url, 1280, 700)
        frames = [
            frame.resize((WIDTH, WIDTH * frame.height // frame.width), Image.Resampling.LANCZOS)
            for frame in paint_house(page)
        ]
        durations = [FRAME_MILLISECONDS] * (len(frames) - 1) + [LAST_FRAME_MILLISECONDS]
        frames[0].save(
            FOLDER / "painting.webp",
            save_all=True,
            append_images=frames[1:],
            duration=durations,
            loop=0,
            quality=70,
            method=4,
        )
        phone = open_page(browser, url, 390, 844, is_phone=True)
        phone.evaluate(
            "document.querySelector('.label-canvas').scrollIntoView(); scrollBy(0, -185)"
        )  # right below the pictures
        phone.wait_for_timeout(500)
        shot = Image.open(io.BytesIO(phone.screenshot()))
        shot.convert("RGB").quantize(200, dither=Image.Dither.NONE).save(FOLDER / "screenshot-phone.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
