"""Limits, health, request log and stop of the server."""

import asyncio
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import gradio as gr
import httpx
import limits
import numpy as np
import pytest
from starlette.datastructures import Address
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from demo.app import build_demo, launch
from demo.server import limits as server_limits
from demo.server import settings, stop
from demo.server.address import AddressError, check_address
from pix2pix.painter import Painter
from tests.helpers.app import ROOT, local_models, tiny_models
from tests.helpers.environment import PATIENCE
from tests.helpers.server import join, outcome, start_app
from tests.helpers.tiny import free_port
from tests.helpers.warm import APP, run_warm


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that answers with the length of what it got."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Sends a request through the limits to `echo`."""
    guarded = server_limits.Limits(echo, gr.Blocks())

    async def ask(method: str, path: str, address: str = "10.0.0.1", **keywords: Any) -> httpx.Response:
        transport = httpx.ASGITransport(guarded, client=(address, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.request(method, path, **keywords)

    return ask


@pytest.fixture
def stopping() -> Iterator[None]:
    stop.stopping.set()
    yield
    stop.stopping.clear()


@pytest.mark.anyio
async def test_health_is_ok_and_tells_how_many_wait(ask):
    answer = await ask("GET", "/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "waiting": 0})


@pytest.mark.anyio
async def test_a_server_that_stops_says_so_and_paints_no_more(ask, stopping):
    assert (await ask("GET", "/health")).status_code == 503
    answer = await ask("POST", "/gradio_api/queue/join")
    assert (answer.status_code, answer.json()["detail"][:31]) == (429, "The server is about to restart.")
    assert (await ask("GET", "/gradio_api/queue/data")).status_code == 200  # what was asked for before is still fetched


@pytest.mark.anyio
async def test_too_many_requests_of_one_address_are_refused_and_those_of_another_served(ask, monkeypatch):
    monkeypatch.setattr(server_limits, "RATE", limits.parse("3 per minute"))
    statuses = [(await ask("GET", "/")).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert (
        (await ask("GET", "/"))
        .json()["detail"]
        .startswith("Too many requests from your address; at most 3 per 1 minute are served.")
    )
    assert (await ask("GET", "/", "10.0.0.2")).status_code == 200


@pytest.mark.anyio
async def test_the_pages_fixed_files_are_not_counted_as_a_class_may_open_it_together(ask, monkeypatch):
    monkeypatch.setattr(server_limits, "RATE", limits.parse("2 per minute"))
    folders = ("assets", "static", "in_browser")
    assert {(await ask("GET", f"/{folder}/x.js")).status_code for folder in folders for _ in range(5)} == {200}
    assert [(await ask("POST", "/assets/x.js")).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.anyio
async def test_what_costs_the_server_more_is_served_less_often(ask, monkeypatch):
    monkeypatch.setattr(server_limits, "PAGE_RATE", limits.parse("3 per minute"))
    paths = ("/", "/config", "/gradio_api/run/predict", "/")
    assert [(await ask("GET", path)).status_code for path in paths] == [200, 200, 200, 429]
    assert (await ask("POST", "/gradio_api/queue/join")).status_code == 200


@pytest.mark.anyio
async def test_a_language_model_cannot_take_anothers_address():
    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(Request(scope).headers.get("x-forwarded-for"))(scope, receive, send)

    transport = httpx.ASGITransport(server_limits.Limits(tell, gr.Blocks()), client=("10.0.0.1", 5))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://app", headers={"X-Forwarded-For": "9.9.9.9"}
    ) as client:
        assert (await client.post("/gradio_api/mcp/")).text == "10.0.0.1"
        assert (await client.get("/config")).text == "9.9.9.9"


@pytest.mark.anyio
async def test_language_models_leave_threads_to_the_page(ask, monkeypatch):
    monkeypatch.setattr(server_limits, "MAX_OPEN_MCP", 0)
    assert (await ask("POST", "/gradio_api/mcp/")).status_code == 429
    assert (await ask("GET", "/")).status_code == 200


@pytest.mark.anyio
async def test_the_addresses_of_one_ipv6_subscriber_are_one_visitor(ask, monkeypatch):
    monkeypatch.setattr(server_limits, "RATE", limits.parse("2 per minute"))
    statuses = [
        (await ask("GET", "/", address)).status_code
        for address in ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:0:3::")
    ]
    assert statuses == [200, 200, 429]
    assert (await ask("GET", "/", "2001:db8:0:1::1")).status_code == 200


def test_who_asks_has_a_name_for_the_limits_whatever_the_server_knows():
    clients = (None, Address("10.0.0.1", 5), Address("::ffff:10.0.0.1", 5), Address("testclient", 5))
    assert [server_limits.address_of(client) for client in clients] == ["", "10.0.0.1", "10.0.0.1", "testclient"]


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.anyio
async def test_a_body_over_the_limit_is_refused_whether_its_length_is_announced_or_not(announced):
    app = gr.routes.App(middleware=[server_limits.app_keywords(gr.Blocks())["middleware"][0]])
    seen = []

    @app.post("/gradio_api/run/take")
    async def take(body: dict[str, Any]) -> int:
        seen.append(body)
        return 1

    async def chunks():
        for _ in range(30):
            yield b'"' + b"x" * 99_998 + b'"'

    content = b"x" * 3_000_000 if announced else chunks()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
        answer = await client.post(
            "/gradio_api/run/take", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413
        assert answer.json()["detail"] == "The request is larger than 400,000 bytes, which is more than a map may take."
        assert not seen
        assert (await client.post("/gradio_api/run/take", json={"a": 1})).status_code == 200


@pytest.mark.anyio
async def test_an_address_cannot_keep_more_requests_open_than_allowed(monkeypatch):
    monkeypatch.setattr(server_limits, "MAX_OPEN_PER_ADDRESS", 2)
    release = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await release.wait()
        await PlainTextResponse("done")(scope, receive, send)

    guarded = server_limits.Limits(slow, gr.Blocks())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(guarded, client=("10.0.0.1", 5)), base_url="http://app"
    ) as client:
        first = [asyncio.create_task(client.get("/")) for _ in range(2)]
        while guarded.open["10.0.0.1"] < 2:
            await asyncio.sleep(0)
        assert (await client.get("/")).status_code == 429
        release.set()
        assert [(await task).status_code for task in first] == [200, 200]
        assert (await client.get("/")).status_code == 200
    assert not guarded.open


@pytest.mark.anyio
async def test_a_full_disk_is_told_with_a_sentence():
    async def full(scope: Scope, receive: Receive, send: Send) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    transport = httpx.ASGITransport(server_limits.Limits(full, gr.Blocks()))
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        answer = await client.post("/gradio_api/upload")
    assert answer.status_code == 507
    assert answer.json()["detail"].startswith("The server could not keep your file because its disk is full. ")


@pytest.mark.anyio
async def test_each_request_is_one_line_of_the_log_without_its_query(ask, caplog):
    with caplog.at_level(logging.INFO, "pix2pix.requests"):
        await ask("GET", "/assets/a%0Ab?session_hash=secret")
    (line,) = caplog.messages
    assert line.startswith("10.0.0.1 GET /assets/a%0Ab 200 ") and line.endswith(" ms")


@pytest.fixture(scope="module")
def held_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, threading.Event]]:
    """A server whose pictures are finished only while the event is set."""
    models = local_models(tiny_models(tmp_path_factory, "facades"))
    demo, may_paint = build_demo(models), threading.Event()
    for painter in (model.painter for model in models.values() if model.painter):

        def paint(*arguments: Any, painter: Painter = painter, **keywords: Any) -> np.ndarray:
            may_paint.wait()
            return Painter.paint_image(painter, *arguments, **keywords)

        painter.paint_image = paint  # type: ignore[method-assign]
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True)
    yield url, may_paint
    may_paint.set()
    demo.close()


def test_an_address_cannot_fill_the_queue_and_what_it_sent_is_painted(held_server, monkeypatch):
    url, may_paint = held_server
    monkeypatch.setattr(server_limits, "MAX_WAITING_PER_ADDRESS", 3)
    statuses: list[int] = []
    while len(statuses) < 30 and (not statuses or statuses[-1] == 200):
        answer = join(url, f"visitor-{len(statuses)}")
        statuses.append(answer.status_code)
    assert statuses[-1] == 429 and answer.json()["detail"].startswith("3 maps from your address are waiting already.")
    assert len(statuses) > 3  # those that are being painted do not wait
    may_paint.set()
    for number in range(len(statuses) - 1):
        assert outcome(url, f"visitor-{number}")["success"]
    may_paint.clear()


@pytest.mark.parametrize("port", ["7860a", "0", "65536"])
def test_a_port_of_the_environment_that_does_not_exist_ends_the_start_with_a_sentence(port):
    ended = start([], GRADIO_SERVER_PORT=port)
    sentence = f"The environment variable GRADIO_SERVER_PORT must be a whole number from 1 to 65535, not '{port}'."
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", sentence + "\n")


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_a_port_in_use_ends_the_start_with_a_sentence(by):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        flags = ["--port", port] if by == "flag" else []
        ended = start(flags, GRADIO_SERVER_PORT="1" if by == "flag" else port)  # the flag counts
    sentence = f"port {port} is in use: end the program that uses it, or choose another with --port"
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1] == f"python app.py: error: {sentence}"


def start(flags: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return run_warm([sys.executable, "app.py", *flags], PATIENCE, APP, cwd=ROOT, env=os.environ | environment)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-name.invalid", "a\0b"])
def test_a_host_of_another_machine_is_refused(host):
    with pytest.raises(AddressError, match="is no address of this machine: choose another with --host"):
        check_address(host, 15000)


def has_ipv6() -> bool:
    """Whether this machine has the address ::1; many containers have not."""
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


IPV6 = pytest.param("::1", marks=pytest.mark.skipif(not has_ipv6(), reason="needs IPv6"))


@pytest.mark.parametrize("host", ["127.0.0.1", IPV6, "0.0.0.0", "localhost"])
def test_a_free_port_of_this_machine_is_accepted_until_a_server_listens_on_it(host):
    port = free_port()
    check_address(host, port)
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.create_server(address[:2], family=family):
        with pytest.raises(AddressError, match=f"port {port} is in use"):
            check_address(host, port)


# The app, with something done to it before.
CHANGED_APP = """
import runpy, signal, sys
sys.path.insert(0, ".")
import gradio as gr
from demo.server.stop import stopping
from pix2pix.painter import Painter
launch, paint = gr.Blocks.launch, Painter.paint_image

def launch_and_do(*arguments, **keywords):
    launched = launch(*arguments, **keywords)
    {action}
    return launched

def paint_in_the_end(*arguments, **keywords):
    stopping.wait()
    return paint(*arguments, **keywords)

gr.Blocks.launch = launch_and_do
runpy.run_path("app.py", run_name="__main__")
"""
HELD = (sys.executable, "-c", CHANGED_APP.format(action="Painter.paint_image = paint_in_the_end"))
ASKED_TO_STOP = (sys.executable, "-c", CHANGED_APP.format(action="signal.raise_signal(signal.SIGTERM)"))


def test_a_server_that_is_asked_to_stop_finishes_what_it_has_begun(tmp_path, tmp_path_factory):
    """No image is finished when it is asked."""
    app, url = start_app(tmp_path, tiny_models(tmp_path_factory, "facades"), HELD, PIX2PIX_LOG_REQUESTS="1")
    sessions = [f"visitor-{number}" for number in range(6)]
    assert [join(url, session).status_code for session in sessions] == [200] * 6
    opened = threading.Semaphore(0)
    with ThreadPoolExecutor(len(sessions)) as pages:
        outcomes = [pages.submit(outcome, url, session, opened=opened) for session in sessions]
        for _ in sessions:
            assert opened.acquire(timeout=60)
        app.send_signal(signal.SIGTERM)
        assert all(page.result()["success"] for page in outcomes)
    _, log = app.communicate(timeout=PATIENCE)
    assert app.returncode == 0
    assert "Traceback" not in log
    assert sum("POST /gradio_api/queue/join 200" in line for line in log.splitlines()) == 6


def test_a_signal_right_after_the_server_has_started_stops_it_as_any_later_one(tmp_path, tmp_path_factory):
    app, _ = start_app(tmp_path, tiny_models(tmp_path_factory, "facades"), ASKED_TO_STOP)
    _, log = app.communicate(timeout=PATIENCE)
    assert app.returncode == 0 and "Traceback" not in log


@pytest.fixture
def bad_visitor() -> Iterator[httpx.Client]:
    """Has an address of its own."""
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2", limits=limits), timeout=60) as client:
        yield client


def open_and_leave(url: str, words: str) -> socket.socket:
    """A connection from the bad visitor's address on which so much is said and no more."""
    connection = socket.create_connection((httpx.URL(url).host, httpx.URL(url).port), source_address=("127.0.0.2", 0))
    connection.sendall(words.encode())
    return connection


def test_one_bad_visitor_does_not_stop_the_others(tmp_path, tmp_path_factory, bad_visitor):
    app, url = start_app(tmp_path, tiny_models(tmp_path_factory, "facades"))
    unfinished = [
        "",
        "GET / HTTP/1.1\r\nHost: a\r\n",
        "POST /gradio_api/queue/join HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{",
    ]
    left_open = [open_and_leave(url, words) for words in unfinished for _ in range(100)]
    statuses: Counter[int] = Counter()
    done = threading.Event()

    def flood(number: int) -> None:
        while not done.is_set():
            if number == 0:
                answer = bad_visitor.post(f"{url}gradio_api/upload", files={"files": ("huge.png", bytes(20_000_000))})
            elif number == 1:
                answer = bad_visitor.get(f"{url}config")
            else:
                answer = join(url, f"bad-{number}-{statuses.total()}", bad_visitor)
            statuses[answer.status_code] += 1

    with ThreadPoolExecutor(6) as floods:
        running = [floods.submit(flood, number) for number in range(6)]
        try:
            for stroke in range(12):
                assert join(url, f"good-{stroke}").status_code == 200
                assert outcome(url, f"good-{stroke}")["success"]
            deadline = time.monotonic() + 120
            while not (statuses[413] and statuses[429]) and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            done.set()
    for flooding in running:
        flooding.result()
    assert statuses[429] > 0 and statuses[413] > 0 and set(statuses) == {200, 413, 429}
    for connection in left_open:
        connection.close()
    while httpx.get(f"{url}health", timeout=60).json() != {"status": "ok", "waiting": 0}:
        time.sleep(0.05)
    app.terminate()
    assert "Traceback" not in app.communicate(timeout=PATIENCE)[1]


@pytest.mark.parametrize(
    "read, value", [(settings.whole_number, "many"), (settings.whole_number, "0"), (settings.rate, "fast")]
)
def test_a_setting_that_cannot_be_read_is_one_sentence(monkeypatch, read, value):
    monkeypatch.setenv("PIX2PIX_SETTING", value)
    with pytest.raises(SystemExit, match=f"^The environment variable PIX2PIX_SETTING must be a .*, not '{value}'\\.$"):
        read("PIX2PIX_SETTING", 1)
