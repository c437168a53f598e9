"""What one visitor may take of the server, and what its owner sees of it: limits, health, a request log, a stop that finishes its work.

What Gradio would do otherwise is changed in `hardening.py`. The limits are per address. Behind a proxy that is the visitor's own one
only if uvicorn trusts the proxy: FORWARDED_ALLOW_IPS names it.
docs/serving.md lists the settings, which come from the environment.
"""

import errno
import ipaddress
import logging
import os
import signal
import threading
import time
from collections import Counter
from functools import lru_cache
from typing import Any

import gradio as gr
import limits
from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from gradio.queueing import Queue
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def whole_number(name: str, default: int) -> int:
    """A setting of the environment; ends the program with a sentence if it is no whole number from 1."""
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise SystemExit(f"The environment variable {name} must be a whole number, at least 1, not {text!r}.")
    return int(text)


def rate(name: str, default: str) -> limits.RateLimitItem:
    """A setting such as "1000 per 10 seconds"; ends the program with a sentence if it is none."""
    text = os.environ.get(name, default)
    try:
        return limits.parse(text)
    except ValueError:
        raise SystemExit(
            f"The environment variable {name} must be a rate such as '1000 per 10 seconds', not {text!r}."
        ) from None


MAX_WAITING = whole_number("PIX2PIX_MAX_WAITING", 256)
"""Pictures in the queue, of all visitors. A page has one at most; its place in the queue is shown."""
MAX_WAITING_PER_ADDRESS = whole_number("PIX2PIX_MAX_WAITING_PER_ADDRESS", 64)
"""Of these, from one address: a class in one network fits, and the others still find a place."""
MAX_OPEN_PER_ADDRESS = whole_number("PIX2PIX_MAX_OPEN_PER_ADDRESS", 256)
"""Requests under way from one address; a page that paints keeps up to two open."""
MAX_BODY_BYTES = whole_number("PIX2PIX_MAX_BODY_BYTES", 400_000)
"""Of one request; the map with the most runs takes 262,144."""
MAX_BODY_PARTS = 1000
"""Lists, objects and commas of one request; the page's have some twenty, and Gradio looks at each for seconds if there are very many."""
MAX_UPLOAD_BYTES = whole_number("PIX2PIX_MAX_UPLOAD_BYTES", 10_000_000)
"""Of one that uploads a picture."""
UPLOAD_PATH = "/gradio_api/upload"
RATE = rate("PIX2PIX_RATE", "1000 per 10 seconds")
"""Requests from one address, without those for the page's fixed files, about 60; a stroke takes two."""
PAGE_RATE = rate("PIX2PIX_PAGE_RATE", "100 per 10 seconds")
"""Of these, those that make the page, or do work outside of the queue, such as drawing a street for "Surprise me"."""
PAGE_PATHS = ("/config", "/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/run/")
ASSET_PATHS = ("/assets/", "/static/", "/svelte/", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json")
API_NAMES = (
    "app_id",
    "call/",
    "cancel",
    "file=",
    "heartbeat/",
    "mcp",
    "queue/",
    "reset",
    "startup-events",
    "theme.css",
    "upload",
)
PATHS = (*ASSET_PATHS, *PAGE_PATHS, *(f"/gradio_api/{name}" for name in API_NAMES))
"""How the paths begin that the page and programs use; Gradio has more, among them one that fetches other servers' pages."""
MCP_PATH = "/gradio_api/mcp"
MAX_OPEN_MCP = 8
"""Requests of language models under way, of all visitors: each holds one of Gradio's 40 threads, which the page needs too."""
NOT_UNDERSTOOD = "The request cannot be understood."
TOO_LARGE = "The request is larger than {:,} bytes, which is more than {} may take."
STOP_SECONDS = 20
"""How long a stop waits for the pictures in the queue; container engines kill after 10 to 30."""
DELIVERY_SECONDS = 3
"""And then for pages to fetch theirs; a page that has been closed never does."""

log = logging.getLogger("pix2pix.requests")


class Limits:
    """ASGI middleware: answers /health, refuses what is too much with one sentence, and writes a line per request to `log`.

    Args:
        app: What it stands in front of.
        demo: Whose queue is looked at.
    """

    def __init__(self, app: ASGIApp, demo: gr.Blocks) -> None:
        self.app, self.demo = app, demo
        self.rate_limiter = MovingWindowRateLimiter(MemoryStorage())
        self.open: Counter[str] = Counter()
        self.open_mcp = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request = Request(scope)
        if request.url.path == "/health":
            return await self.health()(scope, receive, send)
        address, start, status = address_of(request.client), time.perf_counter(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if request.url.path.startswith(MCP_PATH):  # it asks the server itself, which believes these headers
            others = [(name, value) for name, value in scope["headers"] if name != b"x-forwarded-for"]
            scope["headers"] = [*others, (b"x-forwarded-for", address.encode())]
        is_tool_call = request.method == "POST" and request.url.path.startswith(MCP_PATH)
        self.open[address] += 1
        self.open_mcp += is_tool_call
        try:
            if refusal := self.refusal(request, address):
                return await refusal(scope, receive, send_and_note)
            await self.app(scope, checked(request, receive), send_and_note)
        except RuntimeError as error:
            if not (status and isinstance(error.__cause__, HTTPException)):
                raise
            await send(
                {"type": "http.response.body"}
            )  # a stream of a session that there is not, which has been told so
        except OSError as error:
            if status or error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            await refuse(
                507,
                "The server could not keep your file, its disk is full. Nothing on this page is lost; try again later.",
            )(scope, receive, send_and_note)
        finally:
            self.open_mcp -= is_tool_call
            self.open[address] -= 1
            self.open += Counter()  # drops addresses that are at zero
            path = scope.get("raw_path", b"").decode("ascii", "replace")[
                :200
            ]  # percent-encoded, so a line stays a line
            log.info("%s %s %s %d %.0f ms", address, request.method, path, status, 1000 * (time.perf_counter() - start))

    def health(self) -> JSONResponse:
        """What a load balancer asks for: 503 once the server is stopping."""
        if stopping.is_set():
            return JSONResponse({"status": "stopping"}, 503)
        return JSONResponse({"status": "ok", "waiting": len(self.demo._queue)})

    def refusal(self, request: Request, address: str) -> JSONResponse | None:
        """Why this request is not served, as the page shows it; None if it is."""
        path = request.url.path
        if path != "/" and not path.startswith(PATHS):
            return refuse(404, "There is no such page.")
        limit, sentence = limit_of(request)
        if int(request.headers.get("content-length", 0)) > limit:  # the server has checked that it is a number
            return refuse(413, sentence)
        is_asset = request.method == "GET" and path.startswith(ASSET_PATHS)
        is_page = path == "/" or path.startswith(PAGE_PATHS)
        for is_limited, most in ((not is_asset, RATE), (is_page, PAGE_RATE)):
            if is_limited and not self.rate_limiter.hit(most, address):
                return refuse(
                    429, f"Too many requests from your address; at most {most} are served. Please wait a moment."
                )
        if self.open[address] > MAX_OPEN_PER_ADDRESS:
            return refuse(
                429,
                f"Your address has {MAX_OPEN_PER_ADDRESS} requests open already. Please close other pages and try again.",
            )
        if self.open_mcp > MAX_OPEN_MCP and request.method == "POST" and path.startswith(MCP_PATH):
            return refuse(
                429, f"The server answers {MAX_OPEN_MCP} requests of language models at a time. Try again in a moment."
            )
        if path.startswith("/gradio_api/info"):
            self.demo.app.api_info = None  # Gradio would tell everybody the server's name as the first visitor wrote it
        if request.method == "POST" and (reason := why_not_now(self.demo._queue, address)):
            return refuse(429, reason)
        return None


def why_not_now(queue: Queue, address: str) -> str | None:
    """Why nothing more is taken from an address for now; None if it is."""
    if stopping.is_set():
        return "The server is about to restart. Your map stays on this page; paint on in a minute."
    if len(queue) >= MAX_WAITING:
        return (
            f"The server is busy: {MAX_WAITING} pictures are waiting. Your map stays on the page; paint on in a moment."
        )
    events = [
        event for waiting in queue.event_queue_per_concurrency_id.values() for event in waiting.queue if event.request
    ]
    if sum(address_of(event.request.client) == address for event in events) >= MAX_WAITING_PER_ADDRESS:
        return f"{MAX_WAITING_PER_ADDRESS} pictures for your address are waiting already. Please wait for these."
    return None


def address_of(client: Any) -> str:
    """Whom the limits count: an IPv4 address, or the network of 64 bits that an IPv6 subscriber has."""
    return _network_of(client.host) if client else ""


@lru_cache(4096)
def _network_of(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    address = getattr(address, "ipv4_mapped", None) or address  # as a proxy that listens on IPv6 names who came by IPv4
    return str(ipaddress.ip_network((address, 64), strict=False) if address.version == 6 else address)


def limit_of(request: Request) -> tuple[int, str]:
    """How many bytes a request may have, and what is said of more."""
    if request.url.path.endswith(UPLOAD_PATH):
        return MAX_UPLOAD_BYTES, TOO_LARGE.format(MAX_UPLOAD_BYTES, "a picture")
    return MAX_BODY_BYTES, TOO_LARGE.format(MAX_BODY_BYTES, "a map")


def checked(request: Request, receive: Receive) -> Receive:
    """`receive`, but it raises HTTPException once more bytes or parts have come than the request may have, whatever its header said."""
    limit, sentence = limit_of(request)
    is_file = request.url.path.endswith(UPLOAD_PATH)
    num_bytes = num_parts = 0

    async def receive_some() -> Message:
        nonlocal num_bytes, num_parts
        message = await receive()
        body = message.get("body", b"")
        num_bytes += len(body)
        num_parts += 0 if is_file else sum(body.count(sign) for sign in (b"[", b"{", b","))
        if num_bytes > limit:
            raise HTTPException(413, sentence)
        if num_parts > MAX_BODY_PARTS:
            raise HTTPException(422, NOT_UNDERSTOOD)
        return message

    return receive_some


def refuse(status: int, sentence: str) -> JSONResponse:
    """An answer that Gradio's client shows as an error; in place of one with 503 it would show words of its own."""
    return JSONResponse({"detail": sentence}, status, {"Retry-After": "5", "Connection": "close"})


stopping = threading.Event()
"""Set when the server has been asked to stop."""


async def refuse_malformed(request: Request, error: Exception) -> JSONResponse:
    """In place of FastAPI's own refusal, which quotes what was sent: a page cannot show that, and an infinite number breaks it."""
    return refuse(422, NOT_UNDERSTOOD)


def app_keywords(demo: gr.Blocks) -> dict[str, Any]:
    """For `launch(app_kwargs=...)`."""
    return {
        "middleware": [Middleware(Limits, demo=demo)],
        "exception_handlers": {RequestValidationError: refuse_malformed},
    }


def log_requests() -> None:
    """Writes the line per request to standard error where PIX2PIX_LOG_REQUESTS is 1; it holds no query, no map and no picture."""
    if os.environ.get("PIX2PIX_LOG_REQUESTS") == "1":
        logging.basicConfig(format="%(asctime)s %(message)s")
        log.setLevel(logging.INFO)


def block_until_stopped(demo: gr.Blocks) -> None:
    """Waits for Ctrl-C or termination, then for the pictures that are being painted, and closes the server. For the main thread."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    while not stopping.wait(0.5):  # a wait without an end would not see signals on Windows
        pass
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # a second one ends the program at once
    deadline = time.monotonic() + STOP_SECONDS
    queue = demo._queue
    while len(queue) + queue.get_active_worker_count() and time.monotonic() < deadline:
        time.sleep(0.05)
    deadline = time.monotonic() + DELIVERY_SECONDS
    while (
        not all(messages.empty() for messages in list(queue.pending_messages_per_session.values()))
        and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    time.sleep(0.2)  # the last ones are on their way
    demo.close(verbose=False)
