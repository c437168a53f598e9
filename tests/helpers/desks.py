"""Pages that many tests share, each of which gets a cleared map."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from tests.helpers.browser import (
    both_pictures_change,
    new_tab,
    on_screen,
    shown_pictures,
    wait_for_pictures,
    wait_for_start,
    watched,
)


@dataclass(frozen=True)
class Desk:
    """A page for many tests, and its pictures of the background alone, and of another class alone."""

    page: Page
    cleared: list[str]
    filled: list[str]


CLEAR = "canvas => canvas.querySelector('[data-action=clear]').click()"


FILL = """
canvas => {
  for (const button of ['[data-tool=fill]', '.lc-palette button:nth-child(11)']) canvas.querySelector(button).click();
  const enter = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true });
  canvas.querySelector('.lc-stage canvas').dispatchEvent(enter);
}
"""
"""Fills an empty map with a class that no test paints with."""


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
  const door = '.lc-palette button:nth-child(4)';
  for (const button of ['[data-action=zoom-reset]', '[data-tool=brush]', door]) find(button).click();
}
"""


def reset(desk: Desk) -> None:
    """Resets the canvas to its first state, but with the class door and all background; undo leads to earlier tests.

    An earlier test may have left while pictures were on their way, and those of the background may still be shown. So
    the map is first filled with a class: once its pictures are shown, no older ones can come.
    """
    page = desk.page
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    page.mouse.up()
    page.mouse.move(*on_screen(page, (128, 128)))  # where the keyboard's cursor begins
    page.mouse.move(0, 0)
    page.keyboard.press("Escape")
    canvas = page.locator(".label-canvas:visible")
    for script in (CLEAR, FILL):
        canvas.evaluate(script)
    wait_for_pictures(page, desk.filled)
    for script in (CLEAR, RESET):
        canvas.evaluate(script)
    wait_for_pictures(page, desk.cleared)


class Desks:
    """Desks of a browser, one for each address and set of options."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.opened: dict[str, Desk] = {}

    @contextmanager
    def lend(self, url: str, **options: Any) -> Iterator[Desk]:
        """A desk with a cleared map; the page is `watched` meanwhile."""
        key = json.dumps([url, options])
        if key not in self.opened:
            self.opened[key] = open_desk(new_tab(self.browser, **options), url)
        with watched(self.opened[key].page, url):
            reset(self.opened[key])
            yield self.opened[key]

    def forget(self) -> None:
        """Open new ones from now on."""
        for desk in self.opened.values():
            desk.page.context.close()
        self.opened.clear()


def open_desk(page: Page, url: str) -> Desk:
    """Open an address in an empty tab."""
    pictures = []
    with watched(page, url):
        page.goto(url)
        wait_for_start(page)
        for script in (CLEAR, FILL):
            with both_pictures_change(page):
                page.locator(".label-canvas:visible").evaluate(script)
            pictures.append(shown_pictures(page))
    return Desk(page, *pictures)
