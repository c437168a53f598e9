"""Time painting in the browser beside painting on the server.

    npm ci
    python -m benchmarks.browser

Chromium, without a window and with an empty cache, loads the worker of `demo/in_browser` with two models of the bundled
weights, exported to ONNX, and paints both images of an example map again and again, by WebAssembly with one thread and
with several, and by WebGPU if there is a GPU. It reports how long loading takes, first from the network (a server on
this machine), then from the browser's cache, and the median time of an image, treatment of the map included, beside the
server's painter in int8 and in fp32 with the same number of threads. Then it writes the static site, and times a first
visit and a second one until the canvas and both images are there.
"""

import argparse
import gzip
import hashlib
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import numpy as np
import torch
from PIL import Image
from playwright.sync_api import Browser, BrowserType, Page, sync_playwright

from benchmarks.train_step import seconds
from demo.models import BUNDLED_WEIGHTS
from demo.static import write_site as write_static_site
from pix2pix.export import export
from pix2pix.labels import PALETTES
from pix2pix.painter import Painter
from pix2pix.precision import PAINTING_PRECISIONS, painting_precision

ROOT = Path(__file__).parents[1]
IN_BROWSER = ROOT / "demo" / "in_browser"
RUNTIME = ROOT / "node_modules" / "onnxruntime-web" / "dist"
EXAMPLE = ROOT / "demo" / "maps" / "facades" / "village-house.png"
WARM_UP = 3
NO_SANDBOX = "--no-sandbox"
GPU_FLAGS = ("--enable-unsafe-webgpu", "--enable-features=Vulkan")  # Chromium takes no GPU on Linux by itself
HAS_GPU = "import('/painter.js').then((painter) => painter.hasWebGPU())"  # one in software does not count
START = """
([load, map]) => new Promise((resolve, reject) => {
  const worker = new Worker('/worker.js', { type: 'module' });
  const start = performance.now();
  worker.onerror = (event) => reject(new Error(event.message));
  worker.onmessage = ({ data }) => {
    if (data.type === 'unavailable') reject(new Error(data.message));
    if (data.type === 'ready') resolve({ ...data, milliseconds: performance.now() - start });
  };
  worker.postMessage(load);
  Object.assign(window, { worker, map });
})
"""
PAINT = """
(seed) => new Promise((resolve, reject) => {
  const [start, images] = [performance.now(), []];
  worker.onmessage = ({ data }) => {
    if (data.type === 'failed') reject(new Error(data.message));
    if (data.type === 'painted') images.push(data.image);
    if (data.type === 'done') resolve({ milliseconds: performance.now() - start, images });
  };
  const paintings = [{ model: 0, seed }, { model: 1, seed }];
  const labelMap = Uint8Array.from(map.labelMap);
  worker.postMessage({ type: 'paint', id: 1, dropout: true, paintings, ...map, labelMap });
})
"""


class _Handler(SimpleHTTPRequestHandler):
    """Serves files; with the headers by which browsers grant threads, where `isolated`."""

    def __init__(self, *args: Any, isolated: bool, **kwargs: Any) -> None:
        self.isolated = isolated
        super().__init__(*args, **kwargs)

    def end_headers(self) -> None:
        if self.isolated:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path, isolated: bool = True) -> Iterator[str]:
    """Serve a folder on this machine; yield its address.

    Args:
        folder: Links in it are followed.
        isolated: Whether pages may use threads (`crossOriginIsolated`).
    """
    handler = partial(_Handler, directory=str(folder), isolated=isolated)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def write_site(folder: Path) -> None:
    """Fill a folder with an empty page, and links to the scripts and to onnxruntime-web, where that is installed."""
    (folder / "index.html").write_text("<!doctype html><title>pix2pix</title>")
    for script in IN_BROWSER.glob("*.js"):
        (folder / script.name).symlink_to(script)
    if RUNTIME.is_dir():
        (folder / "runtime").symlink_to(RUNTIME)


def load_message(site: Path, address: str, subject: str, engine: str, threads: int) -> dict[str, Any]:
    """Make the message that loads the bundled models of a dataset; export those that the site does not have yet."""
    models = []
    for objective in ("gan", "l1"):
        path = site / f"{subject}-{objective}" / "model.onnx"
        if not path.exists():
            export(BUNDLED_WEIGHTS / path.parent.name, path.parent)
        content = path.read_bytes()
        url = f"{address}/{path.relative_to(site).as_posix()}"
        models.append({"url": url, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)})
    palette = PALETTES[subject].rgb.ravel().tolist()
    wanted = {"engine": engine, "threads": threads, "runtime": f"{address}/runtime/"}
    return {"type": "load", "subject": subject, "models": models, "palette": palette} | wanted


def start(page: Page, load: dict[str, Any], label_map: np.ndarray) -> dict[str, Any]:
    """Start a worker in a page; return its answer, with the milliseconds until then."""
    height, width = label_map.shape
    sent = {"subject": load["subject"], "labelMap": label_map.ravel().tolist(), "width": width, "height": height}
    return page.evaluate(START, [load, sent])


def measure(browser: Browser, address: str, load: dict[str, Any], label_map: np.ndarray, paintings: int) -> float:
    """Time loading and painting in a fresh profile, and print both; return the median milliseconds of an image."""
    with browser.new_context() as context:
        loading = []
        for _ in ("from the network", "from the cache"):
            page = context.new_page()
            page.goto(address)
            loading.append(start(page, load, label_map))
        times = [page.evaluate(PAINT, seed)["milliseconds"] / 2 for seed in range(paintings + WARM_UP)]
    median = statistics.median(times[WARM_UP:])
    threads = loading[0]["threads"]
    engine = "WebGPU" if loading[0]["engine"] == "webgpu" else f"WebAssembly, {threads} thread(s)"
    print(
        f"{engine}: {median:.0f} ms an image; ready after "
        f"{loading[0]['milliseconds'] / 1000:.1f} s, after {loading[1]['milliseconds'] / 1000:.1f} s from the cache",
        flush=True,
    )
    return median


def measure_gpu(
    browser_type: BrowserType, path: str | None, site: Path, address: str, label_map: np.ndarray, paintings: int
) -> None:
    """Time WebGPU, if Chromium finds a GPU that is none in software."""
    browser = browser_type.launch(executable_path=path, args=[NO_SANDBOX, *GPU_FLAGS])
    page = browser.new_page()
    page.goto(address)
    if page.evaluate(HAS_GPU):
        measure(browser, address, load_message(site, address, "facades", "webgpu", 1), label_map, paintings)
    else:
        print("no WebGPU on a real GPU here")
    browser.close()


def server_time(subject: str, precision: str, label_map: np.ndarray, paintings: int) -> float:
    """Return the median milliseconds that the server's painter takes for an image."""
    painters = [Painter.load(BUNDLED_WEIGHTS / f"{subject}-{name}", precision=precision) for name in ("gan", "l1")]
    times = [
        1000 * statistics.mean(seconds(partial(painter.paint, label_map, seed)) for painter in painters)
        for seed in range(paintings + WARM_UP)
    ]
    return statistics.median(times[WARM_UP:])


def visit(page: Page, address: str) -> tuple[float, float]:
    """Open the static site; return the seconds until the canvas and until both images are there."""
    start = time.perf_counter()
    page.goto(address)
    seconds = []
    for part, count in ((".lc-palette [role=radio]", 12), (".comparison img[src]", 2)):
        page.locator(part).nth(count - 1).wait_for(timeout=120_000)
        seconds.append(time.perf_counter() - start)
    return seconds[0], seconds[1]


def measure_visits(browser: Browser, folder: Path) -> None:
    """Write the static site of the facade models, and print how long a first and a second visit take."""
    folders = {name: BUNDLED_WEIGHTS / name for name in ("facades-gan", "facades-l1")}
    write_static_site(folders, folder / "static", dict.fromkeys(folders, "bundled weights"))
    with served(folder / "static", isolated=False) as address, browser.new_context() as context:
        for name in ("first", "second"):
            page = context.new_page()
            canvas, images = visit(page, address)
            print(
                f"static site, {name} visit: canvas after {canvas:.1f} s, both images after {images:.1f} s", flush=True
            )
            page.wait_for_timeout(3000)  # the rest of the files is kept
            page.close()


def print_sizes(site: Path) -> None:
    files = [site / "facades-gan" / "model.onnx"]
    files += [
        RUNTIME / name for name in ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
    ]
    for file in files:
        content = file.read_bytes()
        print(f"{file.name}: {len(content) / 1e6:.2f} MB, {len(gzip.compress(content, 6)) / 1e6:.2f} MB in gzip")


def main() -> None:
    parser = argparse.ArgumentParser(description="Times painting in Chromium beside the server's painter.")
    parser.add_argument("--paintings", type=int, default=20, help="timed pairs of images for each line (default: 20)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    flags = parser.parse_args()
    label_map = np.asarray(Image.open(EXAMPLE))
    precisions = [
        name for name in PAINTING_PRECISIONS if name in ("fp32", painting_precision("auto", torch.device("cpu")))
    ]
    with TemporaryDirectory() as name, served(Path(name)) as address, sync_playwright() as playwright:
        site = Path(name)
        write_site(site)
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=[NO_SANDBOX])
        for threads in flags.threads:
            load = load_message(site, address, "facades", "wasm", threads)
            in_browser = measure(browser, address, load, label_map, flags.paintings)
            torch.set_num_threads(threads)
            for precision in precisions:
                on_server = server_time("facades", precision, label_map, flags.paintings)
                ratio = in_browser / on_server
                print(f"  server, {precision}: {on_server:.0f} ms; the browser takes {ratio:.1f} times as long")
        measure_gpu(playwright.chromium, path, site, address, label_map, flags.paintings)
        print_sizes(site)
        measure_visits(browser, site)


if __name__ == "__main__":
    main()
