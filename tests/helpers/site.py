"""The site of static files: written with tiny or bundled models, served as any host would, and its images."""

import base64
import io
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from demo.example_gallery import read_examples
from demo.static import NPM_PACKAGE, write_site
from pix2pix.labels import PALETTES
from pix2pix.painter import Painter
from tests.helpers.browser import PATIENCE, ROOT, read_map, shown_pictures


def build_site(output: Path, folders: Mapping[str, Path], surprises: int = 8) -> Path:
    """Write a site with few random maps; the test is skipped if onnxruntime-web is not installed."""
    if not NPM_PACKAGE.is_dir():
        pytest.skip("onnxruntime-web is not installed (npm ci)")
    write_site(folders, output, dict.fromkeys(folders, "bundled weights"), surprises)
    return output


class SiteHandler(SimpleHTTPRequestHandler):
    """Serves files without any header of its own, as the plainest of hosts does."""

    def __init__(self, *args: Any, asked: list[str], types: Mapping[str, str], **keywords: Any) -> None:
        self.asked = asked
        self.extensions_map = self.extensions_map | dict(types)
        super().__init__(*args, **keywords)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served_site(
    folder: Path,
    asked: list[str] | None = None,
    port: int = 0,
    types: Mapping[str, str] | None = None,
    handler: type[SiteHandler] = SiteHandler,
) -> Iterator[str]:
    """Serve a folder; yield its address.

    Args:
        folder: The site.
        asked: Gets the paths that are requested.
        port: 0 for any that is free.
        types: Content types by the ends of names, such as ".mjs", instead of the usual ones.
        handler: Answers the requests.
    """
    answer = partial(handler, directory=str(folder), asked=[] if asked is None else asked, types=types or {})
    with ThreadingHTTPServer(("127.0.0.1", port), answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def read_pictures(page: Page) -> list[np.ndarray]:
    """The images that a page of the site shows, uint8 RGB [256, 256, 3]."""
    contents = [base64.b64decode(url.partition(",")[2]) for url in shown_pictures(page)]
    return [np.asarray(Image.open(io.BytesIO(content)).convert("RGB")) for content in contents]


class SitePainters:
    """What a site should paint: the server's painters in fp32."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.painters = [Painter.load(folder, precision="fp32") for folder in folders.values()]

    def paint(self, label_map: np.ndarray, seed: int, dropout: bool = True) -> list[np.ndarray]:
        return [painter.paint(label_map, seed, dropout) for painter in self.painters]


def wait_for_painted(page: Page, expected: list[np.ndarray]) -> None:
    """Wait until a page of the site shows images that are less than 0.5 levels, on average, from those expected."""
    until = time.monotonic() + PATIENCE
    while True:
        shown = read_pictures(page)
        apart = [np.abs(one.astype(int) - other).mean() for one, other in zip(shown, expected, strict=True)]
        if max(apart) < 0.5:
            return
        assert time.monotonic() < until, f"the images did not come; those shown are {apart} levels from them"
        page.wait_for_timeout(100)


def check_images(page: Page, dataset: str, painters: SitePainters, seeds_of_maps: Sequence[Sequence[int]]) -> None:
    """Choose examples, and on each of them some seeds; every image must be the server's, and no other seed's."""
    palette = PALETTES[dataset]
    seed_field = page.get_by_label("Seed", exact=True).filter(visible=True)  # every tab has one
    examples = read_examples(ROOT / "demo" / "maps" / dataset, palette)
    assert len(examples) >= len(seeds_of_maps)
    for (name, label_map), seeds in zip(examples.items(), seeds_of_maps, strict=False):
        page.get_by_role("button", name=name, exact=True).filter(visible=True).click()
        for seed in seeds:
            seed_field.fill(str(seed))
            wait_for_painted(page, painters.paint(label_map, seed))
        other = painters.paint(label_map, 7)
        assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(read_pictures(page), other, strict=True)) > 0.5
        assert (read_map(page, palette) == label_map).all()
