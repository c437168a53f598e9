"""Measure the time from `python app.py` until both first images are on the screen.

    python -m benchmarks.start

Starts the app with the bundled weights and opens the page in a running Chromium. Needs requirements-dev.txt and
Chromium.
"""

import argparse
import shutil
import time

from playwright.sync_api import sync_playwright

from benchmarks.stroke import BROWSER_FLAGS, running_app


def main() -> None:
    parser = argparse.ArgumentParser(description="Time from the start of the app until both pictures are shown.")
    parser.add_argument("--starts", type=int, default=5)
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_FLAGS)
        for _ in range(arguments.starts):
            start = time.monotonic()
            with running_app([]) as url:
                served = time.monotonic() - start
                page = browser.new_page()
                page.goto(url)
                page.locator(".comparison img[src]").last.wait_for()
                page.locator(".comparison img").evaluate_all(
                    "pictures => Promise.all(pictures.map(picture => picture.decode()))"
                )
                print(f"served after {served:.1f} s, images after {time.monotonic() - start:.1f} s")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
