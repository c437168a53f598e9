"""What a page should show for a map, whichever page it is: the server's images, or those of its painters in fp32."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Page

from demo.comparison import to_data_url
from demo.label_canvas import encode
from tests.helpers.browser import wait_for_pictures
from tests.helpers.server import program_at
from tests.helpers.site import SitePainters, wait_for_painted


class Painters(Protocol):
    """Paint the GAN's and the L1 model's images, and wait until a page shows them.

    Attributes:
        tolerance: Mean difference, in levels of 255, that a page's images may have.
    """

    tolerance: float

    def paint(self, label_map: np.ndarray, seed: int, dropout: bool = True) -> list[np.ndarray]: ...

    def wait(self, page: Page, pictures: list[np.ndarray]) -> None: ...


class ServerPainters:
    """The painters of a running app, by its endpoint for programs; the page shows the very same images."""

    tolerance = 0.0

    def __init__(self, url: str) -> None:
        self.client = program_at(url)

    def paint(self, label_map: np.ndarray, seed: int, dropout: bool = True) -> list[np.ndarray]:
        message = encode(label_map).model_dump()
        *files, _ = self.client.predict(message, seed, dropout, api_name="/paint")
        return [np.asarray(Image.open(file)) for file in files]

    def wait(self, page: Page, pictures: list[np.ndarray]) -> None:
        wait_for_pictures(page, [to_data_url(picture) for picture in pictures])


class BrowserPainters(SitePainters):
    """The painters that a site should equal, to half a level."""

    tolerance = 0.5

    def wait(self, page: Page, pictures: list[np.ndarray]) -> None:
        wait_for_painted(page, pictures)


def painters_behind(url: str, folders: Mapping[str, Path]) -> Painters:
    """Return the painters of a page: of the app, or of a site that was written from these released folders."""
    is_site = httpx.get(f"{url}/service_worker.js").status_code == 200
    return BrowserPainters(folders) if is_site else ServerPainters(url)


def expect_pictures(page: Page, painters: Painters, label_map: np.ndarray, seed: int = 1, dropout: bool = True) -> None:
    """Wait until the page shows what its models paint for a map."""
    painters.wait(page, painters.paint(label_map, seed, dropout))
