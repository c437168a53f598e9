"""A fresh page of an app with earlier epochs and validation samples for every test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from demo.models import BUNDLED_WEIGHTS
from pix2pix.release import weights_of_epoch
from tests.helpers.both_pages import pytest_generate_tests as pytest_generate_tests
from tests.helpers.browser import served_app
from tests.helpers.fresh_pages import page as page
from tests.helpers.fresh_pages import painters as painters
from tests.helpers.fresh_pages import phone as phone
from tests.helpers.site import served_site
from tests.helpers.sites import bundled_site as bundled_site


@pytest.fixture(scope="module")
def app_url(
    request: pytest.FixtureRequest, browser: Browser, data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The site with the bundled weights, or the app with three earlier "epochs" of each and a validation split.

    The earlier weights of each model are the other model's, so that it can be told which of them painted.
    """
    if request.param == "site":
        with served_site(request.getfixturevalue("bundled_site")) as url:
            yield url
        return
    flags = ["--data-dir", str(data_dir)]
    for name, other in (("facades-gan", "facades-l1"), ("facades-l1", "facades-gan")):
        folder = shutil.copytree(BUNDLED_WEIGHTS / name, tmp_path_factory.mktemp("released") / name)
        (folder / "epochs").mkdir()
        for epoch in (1, 2, 3):
            weights_of_epoch(folder / "epochs", epoch).symlink_to(BUNDLED_WEIGHTS / other / "model.safetensors")
        flags += ["--weights", f"{name}={folder}"]
    with served_app(tmp_path_factory.mktemp("app"), *flags) as url:
        yield url
