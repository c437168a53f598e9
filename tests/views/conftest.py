"""A fresh page of an app with earlier epochs and validation samples for every test, or of the site of tiny networks.

The pages are in tabs that the tests share, of one browser.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pix2pix.release import weights_of_epoch
from tests.helpers.app import tiny_models, weight_flags
from tests.helpers.both_pages import app_url as app_url
from tests.helpers.both_pages import pytest_generate_tests as pytest_generate_tests
from tests.helpers.browser import served_app
from tests.helpers.chromium import find_chromium
from tests.helpers.fresh_pages import browser as browser
from tests.helpers.fresh_pages import page as page
from tests.helpers.fresh_pages import phone as phone
from tests.helpers.fresh_pages import shared_tabs as shared_tabs
from tests.helpers.fresh_pages import tabs as tabs
from tests.helpers.tiny_pages import painters as painters
from tests.helpers.tiny_pages import site_url as site_url


@pytest.fixture(scope="session")
def gradio_url(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with tiny networks of four epochs, the earlier three kept, and a validation split.

    The earlier weights of each model are the other model's, so that it can be told which of them painted.
    """
    find_chromium()
    flags = ["--data-dir", str(data_dir)]
    folders = tiny_models(tmp_path_factory, "facades", epochs=4)
    for folder, other in zip(folders.values(), reversed(folders.values()), strict=True):
        (folder / "epochs").mkdir()
        for epoch in (1, 2, 3):
            weights_of_epoch(folder / "epochs", epoch).symlink_to(other / "model.safetensors")
    with served_app(tmp_path_factory.mktemp("app"), *flags, *weight_flags(folders)) as url:
        yield url
