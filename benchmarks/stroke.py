"""Measure the time from the end of a stroke until both new images are on the screen.

    python benchmarks/stroke.py                     # starts the app with the bundled weights
    python benchmarks/stroke.py --weights facades-gan=FOLDER
    python benchmarks/stroke.py --url http://127.0.0.1:7860

Drives the real page in Chromium. All times are taken inside the page, from the pointer-up event until the last images
that followed have been decoded and a frame with them has been drawn; images of unfinished strokes may arrive earlier.
The models' time is the one that the page shows, of the slower model, as both paint at once. A long stroke at the end
shows how often images follow the pointer. Needs requirements-dev.txt and Chromium.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, Request, sync_playwright

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

MEASURE = """
() => {
  const pictures = [...document.querySelectorAll('.comparison img')];
  // Animation callbacks run before a frame is drawn; a message posted there arrives after it has been.
  const frameDrawn = () =>
    new Promise((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = resolve;
      requestAnimationFrame(() => channel.port2.postMessage(null));
    });
  window.shown = [];
  const observer = new MutationObserver(async () => {
    await Promise.all(pictures.map((picture) => picture.decode()));
    await frameDrawn();
    window.shown.push(performance.now());
  });
  pictures.forEach((picture) => observer.observe(picture, { attributeFilter: ['src'] }));
  const canvas = document.querySelector('.lc-surface canvas');
  canvas.addEventListener('pointerup', () => (window.released = performance.now()), true);
}
"""


@contextmanager
def running_app(weights: list[str]) -> Iterator[str]:
    """Start app.py on a free port and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "app.py", *(part for folder in weights for part in ("--weights", folder))]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"GRADIO_SERVER_PORT": str(port)})
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_served(url, server)
        yield url
    finally:
        server.terminate()
        server.wait()


def wait_until_served(url: str, server: subprocess.Popen[bytes]) -> None:
    """Return when the page can be opened; raise RuntimeError if the app ends or takes longer than `START_SECONDS`."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise RuntimeError("the app did not start")


def settle(page: Page) -> None:
    """Wait until no image has arrived for half a second."""
    page.wait_for_function("shown.length && shown.at(-1) > released && performance.now() - shown.at(-1) > 500")


def paint_stroke(page: Page, number: int) -> tuple[float, float]:
    """Paint a short stroke and wait for its images; return the total milliseconds and those of the slower model."""
    box = page.locator(".lc-surface canvas").bounding_box()
    assert box is not None
    page.locator(".lc-palette [role=radio]").nth(number % 12).click()
    x, y = (
        box["x"] + box["width"] * (0.1 + 0.08 * (number % 10)),
        box["y"] + box["height"] * (0.15 + 0.07 * (number % 9)),
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20, steps=4)
    page.mouse.up()
    settle(page)
    times = page.locator(".cp-times").text_content() or ""  # "GAN 31 ms · L1 only 30 ms"
    return page.evaluate("shown.at(-1) - released"), max(float(part.split()[-2]) for part in times.split("·"))


def paint_live(page: Page, seconds: float = 4) -> float:
    """Drag slowly over the canvas; return how many images per second arrived before the pointer was lifted."""
    box = page.locator(".lc-surface canvas").bounding_box()
    assert box is not None
    page.locator(".lc-palette [role=radio]").nth(3).click()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.evaluate("shown.length = 0")
    page.mouse.down()
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < seconds:
        page.mouse.move(box["x"] + 20 + elapsed / seconds * 300, box["y"] + 20 + elapsed / seconds * 200)
        page.wait_for_timeout(16)
    page.mouse.up()
    settle(page)
    return page.evaluate("shown.filter((time) => time < released).length") / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="Time from pointer-up until both images are shown.")
    parser.add_argument("--strokes", type=int, default=40)
    parser.add_argument("--weights", metavar="NAME=FOLDER", action="append", default=[], help="as for app.py")
    parser.add_argument("--url", help="address of an app that is already running")
    arguments = parser.parse_args()
    if arguments.url:
        measure(arguments.url, arguments.strokes)
    else:
        with running_app(arguments.weights) as url:
            measure(url, arguments.strokes)


def measure(url: str, strokes: int) -> None:
    """Paint and print."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.locator(".comparison img[src]").last.wait_for()
        page.evaluate(MEASURE)
        for number in range(3):  # warms up browser and server
            paint_stroke(page, number)
        requests: list[Request] = []
        received: list[int] = []
        page.on("request", lambda request: requests.append(request))
        network = page.context.new_cdp_session(page)  # sees the bytes of streams too
        network.send("Network.enable")
        network.on("Network.dataReceived", lambda event: received.append(event["dataLength"]))
        results = [paint_stroke(page, number + 3) for number in range(strokes)]
        sent = [
            len(request.post_data or "") for request in requests if request.url.startswith("http")
        ]  # the others are data URLs
        received_bytes = sum(received)
        live = paint_live(page)
        browser.close()
    print_results(results)
    print(f"images during a long stroke  {live:.1f} per second")
    kilobytes = f"{sum(sent) / strokes / 1000:.1f} kB sent, {received_bytes / strokes / 1000:.1f} kB received"
    print(f"requests per stroke          {len(sent) / strokes:.1f}, {kilobytes}")
    print(f"strokes                      {strokes}")


def print_results(results: list[tuple[float, float]]) -> None:
    shares = {
        "pointer-up to both images": [total for total, _ in results],
        "  both models": [models for _, models in results],
        "  everything else": [total - models for total, models in results],
    }
    for name, values in shares.items():
        p95 = statistics.quantiles(values, n=20)[-1]
        print(f"{name:28} median {statistics.median(values):6.1f} ms   p95 {p95:6.1f} ms")


if __name__ == "__main__":
    main()
