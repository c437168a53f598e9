"""The site of static files: written with tiny or bundled models, served as any host would, and its images."""

import base64
import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, TimeoutError

from demo.example_gallery import read_examples
from demo.static import NPM_PACKAGE, write_site
from pix2pix.labels import PALETTES
from pix2pix.painter import Painter
from tests.helpers.browser import ROOT, VISIBLE_PICTURES, packed, read_map, shown_pictures


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


class SitePainters:
    """What a site should paint: the server's painters in fp32."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.painters = [Painter.load(folder, precision="fp32") for folder in folders.values()]

    def paint(self, label_map: np.ndarray, seed: int, dropout: bool = True) -> list[np.ndarray]:
        return [painter.paint(label_map, seed, dropout) for painter in self.painters]


def decode(url: str) -> np.ndarray:
    """Return the image of a data URL, uint8 RGB [H, W, 3]."""
    content = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def distances(urls: list[str], images: list[np.ndarray]) -> list[float]:
    """Return how many levels each image of a page is from one of the server, on average."""
    return [np.abs(decode(url).astype(int) - image).mean() for url, image in zip(urls, images, strict=True)]


def wait_for_painted(page: Page, expected: list[np.ndarray]) -> None:
    """Wait until a page of the site shows images that are less than 0.5 levels, on average, from those expected."""
    shown = shown_pictures(page)
    while max(apart := distances(shown, expected)) >= 0.5:
        try:
            page.wait_for_function(
                f"urls => {VISIBLE_PICTURES}.map((p) => p.src).join() !== urls.join()", arg=shown, polling=100
            )
        except TimeoutError:
            pytest.fail(f"the images did not come; those shown are {apart} levels from them")
        shown = shown_pictures(page)


def check_images(page: Page, dataset: str, painters: SitePainters, seeds_of_maps: Sequence[Sequence[int]]) -> None:
    """Choose examples, and on each of them some seeds; every image must be the server's, and no other seed's."""
    seed_field = page.get_by_label("Seed", exact=True).filter(visible=True)  # every tab has one
    for (name, label_map), seeds in zip(examples_of(dataset, len(seeds_of_maps)).items(), seeds_of_maps, strict=True):
        page.get_by_role("button", name=name, exact=True).filter(visible=True).click()
        for seed in seeds:
            seed_field.fill(str(seed))
            wait_for_painted(page, painters.paint(label_map, seed))
        check_map_and_noise(page, dataset, painters, label_map)


def check_links(page: Page, dataset: str, painters: SitePainters, seeds: Sequence[int]) -> None:
    """Follow links, each to an example with its seed, so that nothing else is painted; check like `check_images`."""
    for label_map, seed in zip(examples_of(dataset, len(seeds)).values(), seeds, strict=True):
        page.evaluate("link => { location.hash = link }", link_to(dataset, label_map, seed))
        wait_for_painted(page, painters.paint(label_map, seed))
        check_map_and_noise(page, dataset, painters, label_map)


def examples_of(dataset: str, number: int) -> dict[str, np.ndarray]:
    """Return the first label maps of the page's gallery by their names."""
    examples = read_examples(ROOT / "demo" / "maps" / dataset, PALETTES[dataset])
    assert len(examples) >= number
    return dict(list(examples.items())[:number])


def link_to(dataset: str, label_map: np.ndarray, seed: int) -> str:
    """Return the fragment of an address that opens a map with a seed."""
    return f"#{dataset}=1.{packed(label_map.tobytes())}&seed={seed}&dropout=1"


def check_map_and_noise(page: Page, dataset: str, painters: SitePainters, label_map: np.ndarray) -> None:
    """Fail unless a page shows a map, and images that differ from those of seed 7."""
    assert max(distances(shown_pictures(page), painters.paint(label_map, 7))) > 0.5
    assert (read_map(page, PALETTES[dataset]) == label_map).all()
