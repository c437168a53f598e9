"""The page below a path, behind proxies that strip it and proxies that keep it."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from playwright.sync_api import expect

from demo.static import NPM_PACKAGE
from pix2pix.labels import FACADES
from tests.helpers.app import tiny_models, weight_flags
from tests.helpers.browser import both_pictures_change, drag, press, served_app, set_brush_size
from tests.helpers.reverse_proxy import reverse_proxy
from tests.helpers.site import build_site
from tests.helpers.tabs import Tabs
from tests.helpers.tiny import draw_label_map


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an app that is served below a path."""
    models = tiny_models(tmp_path_factory, "facades") | tiny_models(tmp_path_factory, "cityscapes")
    flags = weight_flags(models)
    if NPM_PACKAGE.is_dir():
        site = build_site(tmp_path_factory.mktemp("tiny") / "site", models)
        flags += ["--browser-models", str(site)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_ROOT_PATH", "pix/")  # slashes make no difference
        with served_app(tmp_path_factory.mktemp("app"), *flags) as url:
            yield urlsplit(url).port or 0


@pytest.fixture(params=[True, False], ids=["strips", "keeps"])
def url(request: pytest.FixtureRequest, port: int) -> Iterator[str]:
    with reverse_proxy(port, "/pix", strips=request.param) as address:
        yield address


def test_the_page_paints_below_a_path(tabs: Tabs, url: str) -> None:
    with tabs.open(url, "/") as page:  # which allows no failed and no outside request
        set_brush_size(page, 64)
        with both_pictures_change(page):
            drag(page, (20, 20), (200, 200))
        with page.expect_download() as download:
            press(page, "Save the comparison")
        assert Image.open(download.value.path()).format == "PNG"
        if NPM_PACKAGE.is_dir():
            page.get_by_label("Compute in my browser").check()
            expect(page.locator(".engine-choice p")).to_contain_text("Computed by your browser")


def test_programs_paint_below_a_path(url: str, tmp_path: Path) -> None:
    Image.fromarray(FACADES.to_image(draw_label_map(0))).save(tmp_path / "map.png")
    client = Client(f"{url}/", verbose=False, download_files=tmp_path)
    *files, _ = client.predict(handle_file(tmp_path / "map.png"), 1, True, api_name="/predict")
    assert httpx.get(f"{url}/health").json()["status"] == "ok"
    assert httpx.get(f"{url}/config").json()["root"] == url
    assert [Image.open(file).size for file in files] == [(256, 256)] * 2


def test_the_path_without_a_slash_leads_to_the_page(tabs: Tabs, port: int) -> None:
    with reverse_proxy(port, "/pix", strips=False) as url, tabs.open(url, "?__theme=light") as page:
        expect(page.get_by_role("heading", level=1)).to_be_visible()
