"""A fresh page of an app with earlier epochs and validation samples for every test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from demo.models import BUNDLED_WEIGHTS
from pix2pix.release import weights_of_epoch
from tests.helpers.browser import served_app
from tests.helpers.fresh_pages import page as page
from tests.helpers.fresh_pages import phone as phone


@pytest.fixture(scope="module")
def app_url(browser: Browser, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with the bundled weights, three earlier "epochs" of each, and a validation split of one drawn pair.

    The earlier weights of each model are the other model's, so that it can be told which of them painted.
    """
    flags = ["--data-dir", str(data_dir)]
    for name, other in (("facades-gan", "facades-l1"), ("facades-l1", "facades-gan")):
        folder = shutil.copytree(BUNDLED_WEIGHTS / name, tmp_path_factory.mktemp("released") / name)
        (folder / "epochs").mkdir()
        for epoch in (1, 2, 3):
            weights_of_epoch(folder / "epochs", epoch).symlink_to(BUNDLED_WEIGHTS / other / "model.safetensors")
        flags += ["--weights", f"{name}={folder}"]
    with served_app(tmp_path_factory.mktemp("app"), *flags) as url:
        yield url
