"""The modules of the page, without Gradio: the canvas and its parts; what says who computes the images."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

from demo.label_canvas import encode
from tests.helpers.in_pages import run_script
from tests.helpers.tiny import draw_label_map

ROOT = Path(__file__).parents[1]
SIZE = 256
Call = Callable[..., Any]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def static_page(browser: Browser) -> Iterator[Page]:
    """A blank page of a plain file server that has the modules."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=ROOT / "demo"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/label_canvas/canvas.css")
    page.set_content("<div id=canvas></div>")
    yield page
    page.close()
    server.shutdown()


@pytest.fixture
def call(static_page: Page) -> Call:
    """Runs JavaScript with a module as `m`; maps go in and out as Uint8Arrays of classes."""

    def run(module: str, script: str, *arguments: Any) -> Any:
        function = f"""async (...args) => {{ const SIZE = {{ width: 256, height: 256 }};
            const m = await import('/label_canvas/{module}'); {script} }}"""
        return run_script(static_page, function, *arguments)

    return run


def as_map(values: np.ndarray) -> np.ndarray:
    return values.reshape(SIZE, SIZE)


# ---- Raster ----


@pytest.mark.parametrize("diameter", [1, 2, 3, 8, 15, 64])
def test_a_disc_is_all_pixels_within_half_a_diameter(call, diameter):
    rows = call("document/raster.js", "return m.discRows(args[0]);", diameter)
    found = {(dx, dy) for dy, first, last in rows for dx in range(int(first), int(last) + 1)}
    centre = 0 if diameter % 2 else 0.5
    reach = range(-40, 41)
    expected = {(x, y) for x in reach for y in reach if (x - centre) ** 2 + (y - centre) ** 2 <= (diameter / 2) ** 2}
    assert found == expected


@pytest.mark.parametrize("seed", range(4))
def test_flood_fill_repaints_one_region(call, seed):
    label_map, rng = draw_label_map(seed), np.random.default_rng(seed)
    x, y = (int(value) for value in rng.integers(0, SIZE, 2))
    script = "const p = args[0]; m.floodFill(p, SIZE, { x: args[1], y: args[2] }, 200); return p;"
    image = Image.fromarray(label_map).copy()
    ImageDraw.floodfill(image, (x, y), 200)
    assert (as_map(call("document/raster.js", script, label_map, x, y)) == np.asarray(image)).all()


def test_flipping_mirrors_the_map(call):
    label_map = draw_label_map(1)
    script = "const p = args[0]; m.flip(p, SIZE); return p;"
    assert (as_map(call("document/raster.js", script, label_map)) == label_map[:, ::-1]).all()


@pytest.mark.parametrize("left, top", [(10, 20), (-15, 200), (250, -5)])
def test_a_copied_box_is_cut_at_the_edges(call, left, top):
    label_map = draw_label_map(2)
    box = {"left": 30, "top": 40, "right": 79, "bottom": 99}
    script = """const p = args[0], q = new Uint8Array(256 * 256).fill(99);
        m.copyBox(p, q, SIZE, args[1], args[2], args[3]); return q;"""
    padded = np.full((SIZE + 400, SIZE + 400), 99, np.uint8)
    padded[200 + top : 260 + top, 200 + left : 250 + left] = label_map[40:100, 30:80]
    found = as_map(call("document/raster.js", script, label_map, box, left, top))
    assert (found == padded[200 : 200 + SIZE, 200 : 200 + SIZE]).all()


def test_a_box_snaps_to_whole_cells(call):
    found = call("document/raster.js", "return m.boxBetween({ x: 17, y: 40 }, { x: 9, y: 33 }, 8);")
    assert found == {"left": 8, "top": 32, "right": 23, "bottom": 47}


@pytest.mark.parametrize("length, piece, count", [(100, 10, 0), (100, 10, 3), (10, 10, 0), (25, 10, 0), (64, 7, 5)])
def test_pieces_are_spread_evenly_from_the_first_to_the_end(call, length, piece, count):
    offsets = call("document/raster.js", "return m.spreadPieces(...args);", length, piece, count)
    assert len(offsets) == (count or length // piece)
    assert offsets[0] == 0 and offsets[-1] + piece <= length
    gaps = np.diff(offsets)
    assert (gaps >= piece).all() and (len(gaps) == 0 or gaps.max() - gaps.min() <= 1)


WIDE = """const size = { width: 64, height: 24 }, p = new Uint8Array(64 * 24).map((_, i) => i % 64 < 40 ? 1 : 2);
    const WHOLE = { left: 0, top: 0, right: 63, bottom: 23 };"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("m.flip(p, size)", lambda wide: wide[:, ::-1]),
        ("m.floodFill(p, size, { x: 63, y: 23 }, 5)", lambda wide: np.where(wide == 2, 5, wide)),
        ("m.drawBox(p, size, { left: 30, top: 20, right: 90, bottom: 90 }, 5)", lambda wide: filled(wide, 30, 20)),
        ("m.drawSegment(p, size, { x: 50, y: 23 }, { x: 90, y: 23 }, 1, 5)", lambda wide: filled(wide, 50, 23)),
        (
            "m.drawPolygon(p, size, [{ x: 9, y: 9 }, { x: 70, y: 9 }, { x: 70, y: 40 }, { x: 9, y: 40 }], 5)",
            lambda wide: filled(wide, 9, 9),
        ),
        (
            "m.copyBox(new Uint8Array(64 * 24).fill(5), p, size, WHOLE, 30, 20)",
            lambda wide: filled(wide, 30, 20),
        ),
    ],
)
def test_a_map_need_not_be_square(call, script, expected):
    wide = np.where(np.arange(64)[None].repeat(24, 0) < 40, 1, 2)
    found = call("document/raster.js", f"{WIDE} {script}; return p;").reshape(24, 64)
    assert (found == expected(wide)).all()


def filled(label_map: np.ndarray, left: int, top: int) -> np.ndarray:
    """The map with class 5 from there to its right lower corner."""
    label_map = label_map.copy()
    label_map[top:, left:] = 5
    return label_map


def test_points_and_differences_of_a_wide_map_lie_within_it(call):
    clamped = call("document/raster.js", f"{WIDE} return m.clampPoint({{ x: 70, y: 30 }}, size);")
    assert clamped == {"x": 63, "y": 23}
    script = f"{WIDE} const q = p.slice(); q[5 * 64 + 60] = q[7 * 64 + 50] = 9; return m.boxOfDifference(p, q, size);"
    assert call("document/raster.js", script) == {"left": 50, "top": 5, "right": 60, "bottom": 7}


# ---- Codec ----


@pytest.mark.parametrize("seed", range(3))
def test_runs_are_those_of_python_and_come_back(call, seed):
    label_map = draw_label_map(seed)
    runs = call("document/codec.js", "return m.encodeRuns(args[0]);", label_map)
    assert runs == encode(label_map).runs
    assert (as_map(call("document/codec.js", "return m.decodeRuns(args[0], SIZE);", runs)) == label_map).all()


def test_packed_work_comes_back_with_seed_and_dropout(call):
    label_map = draw_label_map(3)
    script = """const text = await m.packWork({ pixels: args[0], size: SIZE, seed: 7, dropout: false });
        const work = await m.unpackWork(text, SIZE, 12); return [work.pixels, work.seed, work.dropout, text];"""
    pixels, seed, dropout, text = call("document/codec.js", script, label_map)
    assert (as_map(pixels) == label_map).all() and (seed, dropout) == (7, False)
    assert len(text) < 4000


@pytest.mark.parametrize("pack", ["packWork", "packWorkNow"])
def test_work_of_one_size_is_not_read_as_another_of_as_many_pixels(call, pack):
    script = f"""const size = {{ width: 32, height: 8 }}, pixels = new Uint8Array(256).map((_, i) => i % 7);
        const text = await m.{pack}({{ pixels, size, seed: 7, dropout: false }});
        const read = (width, height) => m.unpackWork(text, {{ width, height }}, 12)
          .then((work) => work.pixels.every((value, i) => value === pixels[i]), (error) => error.message);
        return [await read(32, 8), await read(8, 32), await read(16, 16)];"""
    damaged = "The map is damaged, or has another size than this canvas."
    assert call("document/codec.js", script) == [True, damaged, damaged]


@pytest.mark.parametrize(
    "missing", ["delete self.CompressionStream", "self.CompressionStream = class { constructor() {"]
)
def test_browsers_that_cannot_deflate_make_links_that_all_can_read(static_page, missing):
    throwing = f"{missing} throw new TypeError('deflate-raw'); }} }}" if missing.endswith("{") else missing
    script = """async (missing, pixels) => {
        const m = await import('/label_canvas/document/codec.js');
        const size = { width: 256, height: 256 };
        const deflated = await m.packWork({ pixels, size, seed: 7, dropout: false });
        const kept = [self.CompressionStream, self.DecompressionStream];
        eval(missing); eval(missing.replaceAll('Compression', 'Decompression'));
        const text = await m.packWork({ pixels, size, seed: 7, dropout: false });
        const message = await m.unpackWork(deflated, size, 12).catch((error) => error.message);
        const work = await m.unpackWork(text, size, 12);
        [self.CompressionStream, self.DecompressionStream] = kept;
        return [work.pixels.every((value, i) => value === pixels[i]), work.seed, work.dropout, message];
    }"""
    found = run_script(static_page, script, throwing, draw_label_map(3))
    assert found == [True, 7, False, "Your browser is too old for it."]


@pytest.mark.parametrize(
    "text", ["", "1", "1.7.1.AAAA", "2.7.1.AAAA", "1.-1.1.AAAA", "1.7.1." + "A" * 100_000, "<script>"]
)
def test_damaged_work_is_an_error_with_a_sentence(call, text):
    script = "try { await m.unpackWork(args[0], SIZE, 12); return ''; } catch (error) { return error.message; }"
    message = call("document/codec.js", script, text)
    assert message and "undefined" not in message and len(message) < 200


# ---- History ----


def test_history_undoes_and_redoes_up_to_its_limit(call):
    script = """const h = new m.History(2); for (const state of ['a', 'b', 'c']) h.push(state);
        const undone = [h.undo('d'), h.undo('c'), h.undo('b')];
        const redone = [h.redo('b'), h.redo('c')]; h.push('d');
        return { undone, redone, steps: [h.undoSteps, h.redoSteps] };"""
    found = json.loads(call("document/history.js", f"return JSON.stringify((() => {{ {script} }})());"))
    assert found == {"undone": ["c", "b", None], "redone": ["c", "d"], "steps": [2, 0]}


# ---- Repeat ----


def test_repeat_fills_an_area_with_copies_of_a_block(call):
    script = """const { LabelMap } = await import('/label_canvas/document/map.js');
        const map = new LabelMap(new Uint8Array(256 * 256), SIZE, { seed: 1, dropout: true }, () => {});
        const choice = { paintClass: 3, brushSize: 16, step: 1, isMirrored: false, across: args[0], down: args[1] };
        map.beginStroke();
        for (let y = 20; y < 30; y++) map.pixels.fill(5, y * 256 + 20, y * 256 + 28);
        map.endStroke();
        const repeat = new m.Repeat(map, choice); repeat.choose();
        repeat.enter({ x: 22, y: 22 }); repeat.move({ x: 67, y: 65 }); repeat.end(0);
        return map.pixels;"""
    found = as_map(call("tools/repeat.js", script, 3, 2))
    columns = np.flatnonzero(np.diff(np.pad((found == 5).any(0).astype(int), 1)) == 1)
    rows = np.flatnonzero(np.diff(np.pad((found == 5).any(1).astype(int), 1)) == 1)
    assert (len(columns), len(rows)) == (3, 2) and (columns[0], rows[0]) == (20, 20)
    assert (found == 5).sum() == 6 * 80


# ---- Sender ----

SEND = """
const pending = new Map(), before = [window.setTimeout, window.clearTimeout];
window.setTimeout = (run) => { pending.set(pending.size + 1, run); return pending.size; };
window.clearTimeout = (number) => pending.delete(number);
const sent = [], sender = new m.Sender('', (runs) => sent.push(runs));
sender.sendMap(new Uint8Array(4));
sender.noteRefusal();
if (args[0]) sender.noteAnswer();
for (const run of pending.values()) run();
[window.setTimeout, window.clearTimeout] = before;
return sent.length;
"""


@pytest.mark.parametrize("answered, requests", [(False, 2), (True, 1)])
def test_a_refused_map_is_sent_again_unless_its_images_have_come(call, answered, requests):
    assert call("sender.js", SEND, answered) == requests


# ---- The whole canvas ----


def test_the_canvas_paints_on_a_page_without_gradio(static_page: Page):
    static_page.evaluate(
        """async () => {
            const { Canvas } = await import('/label_canvas/canvas.js');
            window.changes = [];
            const classes = ['a', 'b', 'c'].map((name, i) => ({ name, color: `#${i}0${i}0${i}0` }));
            const size = { width: 256, height: 256 };
            const options = { pixels: new Uint8Array(256 * 256), size, classes, firstClasses: [], startClass: 2,
                background: 0, dataset: 'static', settings: { seed: 1, dropout: true } };
            const listeners = { onChange: (p) => window.changes.push([...p]), onStroke() {}, onSettings() {} };
            new Canvas(document.getElementById('canvas'), options, listeners);
        }"""
    )
    box = static_page.locator("canvas").bounding_box()
    assert box
    static_page.mouse.move(box["x"] + 50, box["y"] + 50)
    static_page.mouse.down()
    static_page.mouse.move(box["x"] + 90, box["y"] + 70, steps=4)
    static_page.mouse.up()
    static_page.wait_for_function("window.changes.length === 1")
    painted = np.array(static_page.evaluate("window.changes[0]"))
    assert set(np.unique(painted)) == {0, 2} and (painted == 2).sum() > 100


# ---- The server or the browser ----

WORDS = """
const [isChosen, view, photo] = args;
window.studioChanges = { facades: [{ runs: 'map' }, {}, view] };
const page = { ask() {}, onChange() {}, isChosen: () => isChosen };
const painting = new m.Painting({ dataset: 'facades', offer: { models: [{}] } }, page);
painting.notePhoto(photo);
painting.noteChange();
painting.noteAnswer();
return painting.words;
"""


@pytest.mark.parametrize(
    "given, words",
    [
        ((False, "Epochs", ""), "Computed by the server."),
        ((True, "Epochs", ""), "Computed by the server, which this view needs."),
        ((True, "Slider", "map"), "Computed by the server, which has the photo of this map."),
    ],
)
def test_the_page_says_why_the_server_computed_the_images(call, given, words):
    assert call("../engine_choice/painting.js", WORDS, *given) == words
