"""Measure the time from `python app.py` until the page is served, and until both first images are on the screen.

    python -m benchmarks.start
    python -m benchmarks.start --no-browser     # until the page is served only

Every start alternates with the imports that no start can do without, `python -c "import gradio, torch"`, in a separate
process. The ratio is what this project adds, even while the machine does other work. The benchmark starts the app with
the bundled weights and opens the page in a running Chromium. It needs requirements-dev.txt and, for images, Chromium.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack

from playwright.sync_api import Browser, sync_playwright

from benchmarks.stroke import BROWSER_FLAGS, running_app


def time_imports() -> float:
    """Time a process that imports Gradio and PyTorch, in seconds."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", "import gradio, torch"], check=True)
    return time.monotonic() - start


def time_start(browser: Browser | None) -> list[float]:
    """Time a start of the app: seconds until the page is served and, in a browser, until both images are shown."""
    start = time.monotonic()
    with running_app([]) as url:
        seconds = [time.monotonic() - start]
        if browser:
            page = browser.new_page()
            page.goto(url)
            page.locator(".comparison img[src]").last.wait_for()
            page.locator(".comparison img").evaluate_all("images => Promise.all(images.map(image => image.decode()))")
            seconds.append(time.monotonic() - start)
            page.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="Time from the start of the app until the page and both images.")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    flags = parser.parse_args()
    with ExitStack() as stack:
        browser = None
        if not flags.no_browser:
            chromium = stack.enter_context(sync_playwright()).chromium
            browser = chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_FLAGS)
            stack.callback(browser.close)
        rows = [[time_imports(), *time_start(browser)] for _ in range(flags.starts)]
    for name, column in zip(("imports alone", "page served", "images shown"), zip(*rows, strict=False), strict=False):
        ratios = [value / row[0] for value, row in zip(column, rows, strict=True)]
        times = " ".join(f"{value:.1f}" for value in column)
        print(f"{name}: median {statistics.median(column):.1f} s ({times}), {statistics.median(ratios):.2f} x imports")


if __name__ == "__main__":
    main()
