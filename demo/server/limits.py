"""Limits per visitor, health and a log line per request, as middleware in front of Gradio.

Limits count by address. Behind a proxy, the address is the visitor's only if uvicorn trusts the proxy:
FORWARDED_ALLOW_IPS names it. `settings.py` has the numbers.
"""

import errno
import ipaddress
import time
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import gradio as gr
from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from gradio.queueing import Queue
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo import modules
from demo.browser_models import BROWSER_FILES, FOLDERS, BrowserModels
from demo.server.settings import (
    MAX_BODY_BYTES,
    MAX_BODY_PARTS,
    MAX_OPEN_MCP,
    MAX_OPEN_PER_ADDRESS,
    MAX_UPLOAD_BYTES,
    MAX_WAITING,
    MAX_WAITING_PER_ADDRESS,
    PAGE_RATE,
    RATE,
    ROOT_PATH,
)
from demo.server.stop import log, stopping

UPLOAD_PATH = "/gradio_api/upload"
MCP_PATH = "/gradio_api/mcp"
PAGE_PATHS = ("/config", "/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/run/")
ASSET_PATHS = (
    "/assets/",
    "/static/",
    "/svelte/",
    "/theme.css",
    "/favicon.ico",
    "/robots.txt",
    "/manifest.json",
    f"{BROWSER_FILES}/",
)
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
MODULES_PATH = f"/gradio_api/{modules.PATH}/"
PATHS = (*ASSET_PATHS, *PAGE_PATHS, *(f"/gradio_api/{name}" for name in API_NAMES))
"""Beginnings of the paths that page and programs use. Others are refused; one would fetch from other servers."""
ISOLATION = ((b"cross-origin-opener-policy", b"same-origin"), (b"cross-origin-embedder-policy", b"require-corp"))
"""Headers with which browsers grant WebAssembly more than one thread."""
NOT_UNDERSTOOD = "The request cannot be understood."
TOO_LARGE = "The request is larger than {:,} bytes, which is more than {} may take."


class Limits:
    """ASGI middleware: answers /health, refuses excessive requests with one sentence, logs every request.

    Args:
        app: The application behind it.
        demo: The page, whose queue is inspected.
        max_body_bytes: Maximum size of a request other than an upload.
        is_isolated: Whether browsers paint, which need `ISOLATION` for more than one thread.
    """

    def __init__(
        self, app: ASGIApp, demo: gr.Blocks, max_body_bytes: int = MAX_BODY_BYTES, is_isolated: bool = False
    ) -> None:
        self.app, self.demo, self.max_body_bytes, self.is_isolated = app, demo, max_body_bytes, is_isolated
        self.rate_limiter = MovingWindowRateLimiter(MemoryStorage())
        self.prefix = urlsplit(ROOT_PATH).path
        self.open: Counter[str] = Counter()
        self.open_mcp = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if self.prefix and (scope["path"] + "/").startswith(self.prefix + "/"):
            if scope["path"] == self.prefix:
                query = scope["query_string"].decode("latin-1")
                return await RedirectResponse(f"{ROOT_PATH}/{query and '?' + query}")(scope, receive, send)
            scope = without_prefix(scope, self.prefix)
        request = Request(scope)
        if request.url.path == "/health":
            return await self.health()(scope, receive, send)
        address, start, status = address_of(request.client), time.perf_counter(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *(ISOLATION if self.is_isolated else ())]
            await send(message)

        if request.url.path.startswith(MCP_PATH):  # the MCP server sends requests to itself and trusts these headers
            others = [(name, value) for name, value in scope["headers"] if name != b"x-forwarded-for"]
            scope["headers"] = [*others, (b"x-forwarded-for", address.encode())]
        is_tool_call = request.method == "POST" and request.url.path.startswith(MCP_PATH)
        self.open[address] += 1
        self.open_mcp += is_tool_call
        try:
            if refusal := self.refusal(request, address):
                return await refusal(scope, receive, send_and_note)
            await self.app(scope, checked(request, receive, self.max_body_bytes), send_and_note)
        except RuntimeError as error:
            if not (status and isinstance(error.__cause__, HTTPException)):
                raise
            await send({"type": "http.response.body"})  # the stream of an unknown session, which was already refused
        except OSError as error:
            if status or error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            sentence = "The server could not keep your file because its disk is full. "
            answer = refusal_of(507, sentence + "Nothing on this page is lost; try again later.")
            await answer(scope, receive, send_and_note)
        finally:
            self.open_mcp -= is_tool_call
            self.open[address] -= 1
            self.open += Counter()  # drops addresses with a count of zero
            path = scope.get("raw_path", b"").decode("ascii", "replace")[:200]  # percent-encoded, so one line stays one
            log.info("%s %s %s %d %.0f ms", address, request.method, path, status, 1000 * (time.perf_counter() - start))

    def health(self) -> JSONResponse:
        """Answer a load balancer: 503 while the server is stopping."""
        if stopping.is_set():
            return JSONResponse({"status": "stopping"}, 503)
        return JSONResponse({"status": "ok", "waiting": len(self.demo._queue)})

    def refusal(self, request: Request, address: str) -> JSONResponse | None:
        """Return the refusal that the page shows; None if the request is served."""
        path = request.url.path
        if path != "/" and not path.startswith(PATHS):
            return refusal_of(404, "There is no such page.")
        limit, sentence = limit_of(request, self.max_body_bytes)
        if int(request.headers.get("content-length", 0)) > limit:  # the server has checked that it is a number
            return refusal_of(413, sentence)
        is_asset = request.method == "GET" and path.startswith((*ASSET_PATHS, MODULES_PATH))
        is_page = path == "/" or path.startswith(PAGE_PATHS)
        is_mcp = request.method == "POST" and path.startswith(MCP_PATH)
        for is_limited, most in ((not is_asset, RATE), (is_page, PAGE_RATE)):
            if is_limited and not self.rate_limiter.hit(most, address):
                sentence = f"Too many requests from your address; at most {most} are served. Please wait a moment."
                return refusal_of(429, sentence)
        if self.open[address] > MAX_OPEN_PER_ADDRESS:
            sentence = f"Your address has {MAX_OPEN_PER_ADDRESS} requests open already."
            return refusal_of(429, f"{sentence} Please close other pages and try again.")
        if is_mcp and self.open_mcp > MAX_OPEN_MCP:
            sentence = f"The server answers {MAX_OPEN_MCP} requests of language models at a time."
            return refusal_of(429, f"{sentence} Try again in a moment.")
        if path.startswith("/gradio_api/info"):
            self.demo.app.api_info = None  # Gradio would show everybody the host name that the first visitor used
        if request.method == "POST" and (reason := why_not_now(self.demo._queue, address)):
            return refusal_of(429, reason)
        return None


def without_prefix(scope: Scope, prefix: str) -> Scope:
    """Remove the path that the page is served below, which only some proxies strip."""
    raw = scope.get("raw_path") or b""
    quoted = quote(prefix).encode()
    return {**scope, "path": scope["path"].removeprefix(prefix), "raw_path": raw.removeprefix(quoted)}


def why_not_now(queue: Queue, address: str) -> str | None:
    """Return why the queue takes nothing more from an address for now; None if it does."""
    if stopping.is_set():
        return "The server is about to restart. Your map stays on this page; continue in a minute."
    if len(queue) >= MAX_WAITING:
        sentence = f"The server is busy: {MAX_WAITING} maps are waiting."
        return f"{sentence} Your map stays on the page; continue in a moment."
    waiting = [event for queued in queue.event_queue_per_concurrency_id.values() for event in queued.queue]
    mine = [event for event in waiting if event.request and address_of(event.request.client) == address]
    if len(mine) >= MAX_WAITING_PER_ADDRESS:
        return f"{MAX_WAITING_PER_ADDRESS} maps from your address are waiting already. Please wait for their images."
    return None


def address_of(client: Any) -> str:
    """Return what the limits count by: an IPv4 address, or the 64-bit network of an IPv6 subscriber."""
    return _network_of(client.host) if client else ""


@lru_cache(4096)
def _network_of(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    address = getattr(address, "ipv4_mapped", None) or address  # a proxy on IPv6 reports IPv4 visitors like this
    return str(ipaddress.ip_network((address, 64), strict=False) if address.version == 6 else address)


def limit_of(request: Request, max_body_bytes: int) -> tuple[int, str]:
    """Return the maximum size of a request in bytes, and the sentence for larger ones."""
    if request.url.path.endswith(UPLOAD_PATH):
        return MAX_UPLOAD_BYTES, TOO_LARGE.format(MAX_UPLOAD_BYTES, "an image")
    return max_body_bytes, TOO_LARGE.format(max_body_bytes, "a map")


def checked(request: Request, receive: Receive, max_body_bytes: int) -> Receive:
    """Wrap `receive` so that it raises HTTPException after too many bytes or parts, whatever the header says."""
    limit, sentence = limit_of(request, max_body_bytes)
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


def refusal_of(status: int, sentence: str) -> JSONResponse:
    """Make an answer that Gradio's client shows as an error; for status 503 the client would use its own words."""
    return JSONResponse({"detail": sentence}, status, {"Retry-After": "5", "Connection": "close"})


async def refuse_malformed(request: Request, error: Exception) -> JSONResponse:
    """Replace FastAPI's refusal, which quotes the request: a page cannot show that, and infinity breaks it."""
    return refusal_of(422, NOT_UNDERSTOOD)


def serve_folder(path: str, folder: Path) -> Route:
    """Serve files whose names change with their content, so that browsers need not ask again.

    It is a route, as a mount looks for its files below `ROOT_PATH`, which `Limits` has removed from the request.
    """
    files = StaticFiles(directory=folder)

    async def send(request: Request) -> Response:
        response = await files.get_response(request.path_params["file"], request.scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    return Route(f"{path}/{{file:path}}", send)


def app_keywords(
    demo: gr.Blocks, browser_models: BrowserModels | None = None, is_shared: bool = False
) -> dict[str, Any]:
    """Return the keywords for `launch(app_kwargs=...)`.

    Args:
        demo: The page. Canvases of more than 256x256 pixels need larger requests.
        browser_models: What browsers may paint with, if there is something.
        is_shared: Whether Gradio's servers share the page, which then loads files from others; isolated, it could not.
    """
    largest = max((getattr(block, "message_bytes", 0) for block in demo.blocks.values()), default=0)
    max_body_bytes, is_isolated = max(MAX_BODY_BYTES, largest), browser_models is not None and not is_shared
    limits = Middleware(Limits, demo=demo, max_body_bytes=max_body_bytes, is_isolated=is_isolated)
    folders = {name: browser_models.site / name for name in FOLDERS} if browser_models else {}
    return {
        "middleware": [limits],
        "exception_handlers": {RequestValidationError: refuse_malformed},
        "routes": [serve_folder(f"{BROWSER_FILES}/{name}", folder) for name, folder in folders.items()],
    }
