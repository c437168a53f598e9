"""Two replicas of the app behind docs/haproxy.cfg, as one server."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.helpers.app import ROOT, tiny_models
from tests.helpers.environment import PATIENCE
from tests.helpers.server import MAP, join, outcome, program_at, start_app
from tests.helpers.tiny import free_port

HAPROXY = shutil.which("haproxy")
pytestmark = pytest.mark.skipif(not HAPROXY, reason="needs haproxy")


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, subprocess.Popen[str]]]]:
    """The address of the proxy, and the replicas by the value of their cookie."""
    weights = tiny_models(tmp_path_factory, "facades")
    started = {name: start_app(tmp_path_factory.mktemp(name), weights) for name in "ab"}
    address = f"127.0.0.1:{free_port()}"
    places = {f"REPLICA_{name.upper()}": url.removeprefix("http://").rstrip("/") for name, (_, url) in started.items()}
    assert HAPROXY
    proxy = subprocess.Popen(
        [HAPROXY, "-db", "-f", ROOT / "docs" / "haproxy.cfg"], env=os.environ | places | {"BIND": address}
    )
    url = f"http://{address}/"
    while not reachable(url):
        assert proxy.poll() is None
        time.sleep(0.05)
    yield url, {name: app for name, (app, _) in started.items()}
    proxy.terminate()
    for app, _ in started.values():
        app.terminate()
        app.communicate(timeout=PATIENCE)


def reachable(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def open_page(url: str) -> httpx.Client:
    """A browser, as far as cookies go, that has opened the page."""
    visitor = httpx.Client(base_url=url, timeout=60)
    assert visitor.get("/").status_code == 200
    return visitor


def test_visitors_are_spread_and_each_stays_with_a_replica(replicas):
    url, _ = replicas
    visitors = [open_page(url) for _ in range(6)]
    assert {visitor.cookies["replica"] for visitor in visitors} == {"a", "b"}
    for number, visitor in enumerate(visitors):
        for _ in range(2):
            assert join(url, f"visitor-{number}", visitor).status_code == 200
            assert outcome(url, f"visitor-{number}", visitor)["success"]


def test_a_program_that_keeps_no_cookies_gets_its_files(replicas):
    url, _ = replicas
    for _ in range(3):
        gan, l1, _ = program_at(url).predict(MAP, 1, True, api_name="/paint")
        assert np.asarray(Image.open(gan)).shape == np.asarray(Image.open(l1)).shape == (256, 256, 3)


def test_when_a_replica_stops_its_visitors_go_on_with_the_other(replicas):
    url, apps = replicas
    visitors = {visitor.cookies["replica"]: visitor for visitor in (open_page(url) for _ in range(6))}
    apps["a"].send_signal(signal.SIGTERM)
    assert apps["a"].wait(PATIENCE) == 0
    for name, visitor in visitors.items():
        assert join(url, f"later-{name}", visitor).status_code == 200
        assert outcome(url, f"later-{name}", visitor)["success"]
    assert open_page(url).cookies["replica"] == "b"
