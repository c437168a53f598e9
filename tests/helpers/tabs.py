"""Fresh pages in tabs that stay open, which cost a fraction of what a new context does: its process starts anew."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from tests.helpers.browser import DESKTOP, new_tab, wait_for_start, watched


class Tabs:
    """Tabs of a browser, one for each set of options but the size.

    Every page is a document of its own, which finds nothing stored. Only what the browser keeps of the files that it
    got stays: HTTP and code caches, and a site's service worker. A first visit needs `opened_page` instead. A tab that
    an exception passed through is not used again.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.idle: dict[str, Page] = {}

    @contextmanager
    def blank(self, viewport: Any = DESKTOP, **options: Any) -> Iterator[Page]:
        """An empty tab of a context with some options, for `visit`."""
        key = json.dumps(options, sort_keys=True)
        page = self.idle.pop(key, None) or new_tab(self.browser, **options)
        for tab in page.context.pages:
            if tab != page:
                tab.close()
        page.unroute_all()
        page.set_viewport_size(viewport)
        page.goto("about:blank")
        page.mouse.up()
        page.mouse.move(0, 0)
        yield page
        self.idle[key] = page

    @contextmanager
    def open(
        self, url: str, query: str = "", stored: Mapping[str, str] | None = None, **options: Any
    ) -> Iterator[Page]:
        """The page with images; it is `watched`.

        Args:
            url: The address.
            query: What follows it.
            stored: What the page finds in its local storage.
            options: Those of the context.
        """
        with self.blank(**options) as page, watched(page, url):
            visit(page, url + query, stored)
            wait_for_start(page)
            yield page

    def forget(self) -> None:
        """Use new tabs from now on."""
        for page in self.idle.values():
            page.context.close()
        self.idle.clear()


def visit(page: Page, address: str, stored: Mapping[str, str] | None = None) -> None:
    """Open an address in an empty tab; the document finds nothing but `stored` in its storage."""
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    script = f"localStorage.clear(); sessionStorage.clear(); Object.assign(localStorage, {json.dumps(stored or {})});"
    added = session.send("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    page.goto(address)
    session.send("Page.removeScriptToEvaluateOnNewDocument", added)
    session.detach()
