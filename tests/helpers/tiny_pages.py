"""Fixtures for folders of tests whose `app_url` is the app, or the site, of tiny networks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.chromium import find_chromium
from tests.helpers.painters import Painters, painters_behind
from tests.helpers.site import served_site


@pytest.fixture(scope="session")
def gradio_url(request: pytest.FixtureRequest) -> str:
    find_chromium()
    return request.getfixturevalue("tiny_app")


@pytest.fixture(scope="session")
def site_url(tiny_site: Path) -> Iterator[str]:
    with served_site(tiny_site) as url:
        yield url


@pytest.fixture(scope="module")
def painters(app_url: str, tiny_folders: dict[str, Path]) -> Painters:
    """What paints the images of facades."""
    facades = {name: folder for name, folder in tiny_folders.items() if name.startswith("facades")}
    return painters_behind(app_url, facades)
