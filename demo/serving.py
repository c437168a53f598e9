"""What one visitor may take of the server, and what its owner sees of it: limits, health, a request log, a stop that finishes its work.

The limits are per address. Behind a proxy that is the visitor's own one only if uvicorn trusts the proxy: FORWARDED_ALLOW_IPS names it.
docs/serving.md lists the settings, which come from the environment.
"""

import errno
import ipaddress
import logging
import math
import os
import signal
import threading
import time
from collections import Counter
from functools import partial
from types import SimpleNamespace
from typing import Any

import gradio as gr
import gradio.route_utils
import limits
from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from gradio.blocks import Block
from gradio.queueing import Event, Queue
from gradio.server_messages import EventMessage
from gradio.state_holder import SessionState
from gradio.utils import LRUCache
from gradio_client.utils import is_http_url_like
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
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
        raise SystemExit(f"The environment variable {name} must be a rate such as '1000 per 10 seconds', not {text!r}.") from None


MAX_WAITING = whole_number("PIX2PIX_MAX_WAITING", 256)
"""Pictures in the queue, of all visitors. A page has one at most; its place in the queue is shown."""
MAX_WAITING_PER_ADDRESS = whole_number("PIX2PIX_MAX_WAITING_PER_ADDRESS", 64)
"""Of these, from one address: a class in one network fits, and the others still find a place."""
MAX_OPEN_PER_ADDRESS = whole_number("PIX2PIX_MAX_OPEN_PER_ADDRESS", 256)
"""Requests under way from one address; a page that paints keeps up to two open."""
MAX_BODY_BYTES = whole_number("PIX2PIX_MAX_BODY_BYTES", 2_000_000)
"""Of one request; the map with the most runs takes 0.3 MB."""
MAX_UPLOAD_BYTES = whole_number("PIX2PIX_MAX_UPLOAD_BYTES", 10_000_000)
"""Of one that uploads a picture."""
UPLOAD_PATH = "/gradio_api/upload"
RATE = rate("PIX2PIX_RATE", "1000 per 10 seconds")
"""Requests from one address, without those for the page's fixed files, about 60; a stroke takes two."""
TOO_LARGE = "The request is larger than {:,} bytes, which is more than {} may take."
STOP_SECONDS = 20
"""How long a stop waits for the pictures in the queue; container engines kill after 10 to 30."""
QUEUE_SECONDS = 0.004
"""How often the queue is looked at; a map waits for half of it on average."""
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

        self.open[address] += 1
        try:
            if refusal := await self.refusal(request, address):
                return await refusal(scope, receive, send_and_note)
            await self.app(scope, at_most(request, receive), send_and_note)
        except OSError as error:
            if status or error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            await refuse(507, "The server could not keep your file, its disk is full. Nothing on this page is lost; try again later.")(
                scope, receive, send_and_note
            )
        finally:
            self.open[address] -= 1
            self.open += Counter()  # drops addresses that are at zero
            path = scope.get("raw_path", b"").decode("ascii", "replace")[:200]  # percent-encoded, so a line stays a line
            log.info("%s %s %s %d %.0f ms", address, request.method, path, status, 1000 * (time.perf_counter() - start))

    def health(self) -> JSONResponse:
        """What a load balancer asks for: 503 once the server is stopping."""
        if stopping.is_set():
            return JSONResponse({"status": "stopping"}, 503)
        return JSONResponse({"status": "ok", "waiting": len(self.demo._queue)})

    async def refusal(self, request: Request, address: str) -> JSONResponse | None:
        """Why this request is not served, as the page shows it; None if it is."""
        limit, sentence = limit_of(request)
        if int(request.headers.get("content-length", 0)) > limit:  # the server has checked that it is a number
            return refuse(413, sentence)
        is_asset = request.method == "GET" and request.url.path.startswith(("/assets/", "/static/"))
        if not is_asset and not await self.rate_limiter.hit(RATE, address):
            return refuse(429, f"Too many requests from your address; at most {RATE} are served. Please wait a moment.")
        if self.open[address] > MAX_OPEN_PER_ADDRESS:
            return refuse(429, f"Your address has {MAX_OPEN_PER_ADDRESS} requests open already. Please close other pages and try again.")
        if request.method != "POST":
            return None
        if stopping.is_set():
            return refuse(429, "The server is about to restart. Your map stays on this page; paint on in a minute.")
        if len(self.demo._queue) >= MAX_WAITING:
            return refuse(429, f"The server is busy: {MAX_WAITING} pictures are waiting. Your map stays on the page; paint on in a moment.")
        if self.waiting(address) >= MAX_WAITING_PER_ADDRESS:
            return refuse(429, f"{MAX_WAITING_PER_ADDRESS} pictures for your address are waiting already. Please wait for these.")
        return None

    def waiting(self, address: str) -> int:
        """Pictures in the queue that were asked for from an address."""
        queues = self.demo._queue.event_queue_per_concurrency_id.values()
        return sum(address_of(event.request.client) == address for queue in queues for event in queue.queue if event.request)


def address_of(client: Any) -> str:
    """Whom the limits count: an IPv4 address, or the network of 64 bits that an IPv6 subscriber has."""
    try:
        address = ipaddress.ip_address(client.host)
    except (AttributeError, ValueError):
        return client.host if client else ""
    address = getattr(address, "ipv4_mapped", None) or address  # as a proxy that listens on IPv6 names who came by IPv4
    return str(ipaddress.ip_network((address, 64), strict=False) if address.version == 6 else address)


def limit_of(request: Request) -> tuple[int, str]:
    """How many bytes a request may have, and what is said of more."""
    if request.url.path.endswith(UPLOAD_PATH):
        return MAX_UPLOAD_BYTES, TOO_LARGE.format(MAX_UPLOAD_BYTES, "a picture")
    return MAX_BODY_BYTES, TOO_LARGE.format(MAX_BODY_BYTES, "a map")


def at_most(request: Request, receive: Receive) -> Receive:
    """`receive`, but it raises HTTPException as soon as more bytes than the request may have have come, whatever its header said."""
    limit, sentence = limit_of(request)
    received = 0

    async def receive_some() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, sentence)
        return message

    return receive_some


def refuse(status: int, sentence: str) -> JSONResponse:
    """An answer that Gradio's client shows as an error; in place of one with 503 it would show words of its own."""
    return JSONResponse({"detail": sentence}, status, {"Retry-After": "5", "Connection": "close"})


stopping = threading.Event()
"""Set when the server has been asked to stop."""


async def refuse_malformed(request: Request, error: Exception) -> JSONResponse:
    """In place of FastAPI's own refusal, which quotes what was sent: a page cannot show that, and an infinite number breaks it."""
    return refuse(422, "The request cannot be understood.")


def app_keywords(demo: gr.Blocks) -> dict[str, Any]:
    """For `launch(app_kwargs=...)`."""
    return {"middleware": [Middleware(Limits, demo=demo)], "exception_handlers": {RequestValidationError: refuse_malformed}}


_keep_upload = Block.async_move_resource_to_block_cache


async def _keep_upload_only(block: Block, path: Any) -> str | None:
    if is_http_url_like(str(path)):
        raise gr.Error("Send the picture itself, not its address.", print_exception=False)
    return await _keep_upload(block, path)


def _delete_old_files(demo: gr.Blocks, age: float | None) -> None:
    kept = {file for block in demo.blocks.values() for file in getattr(block, "keep_in_cache", ())}
    for files in demo.temp_file_sets:
        for file in set(files) - kept:  # a copy, as others may come meanwhile
            try:
                if age is None or time.time() - os.lstat(file).st_ctime > age:
                    os.remove(file)
                    files.discard(file)
            except FileNotFoundError:
                files.discard(file)
            except OSError as error:
                logging.getLogger(__name__).error("A temporary file cannot be deleted: %s", error)


class RecentSessions(LRUCache[str, Any]):
    """Drops the session that has been looked for longest ago, where Gradio's would drop the one that began longest ago, be it painting."""

    def __contains__(self, session: object) -> bool:
        is_kept = super().__contains__(session)
        if is_kept:
            self.move_to_end(str(session))
        return is_kept


_send = Queue.send_message


def _send_if_kept(queue: Queue, event: Event, message: EventMessage) -> None:
    if event.session_hash in queue.pending_messages_per_session:
        _send(queue, event, message)


_start_session = SessionState.__init__


def _start_session_at_once(session: SessionState, blocks: gr.Blocks) -> None:
    _start_session(session, SimpleNamespace(default_config=blocks.default_config, blocks=()))  # type: ignore[arg-type]


def adjust_gradio(demo: gr.Blocks) -> None:
    """What Gradio 6.31 does otherwise, and a public server should not. For Blocks whose queue has been set up."""
    # It would fetch addresses in the place of uploaded files, for any input, however much they hold.
    Block.async_move_resource_to_block_cache = _keep_upload_only  # type: ignore[assignment, method-assign]
    # It would stop deleting temporary files for good, should one come while it looks through them.
    gradio.route_utils.delete_files_created_by_app = _delete_old_files  # type: ignore[assignment]
    # It would describe every component for each new visitor and program, 20 ms of the event loop, and keep their maps and pictures,
    # for "deep links", which this page has not.
    SessionState.__init__ = _start_session_at_once  # type: ignore[assignment, method-assign]
    SessionState._update_value_in_config = SessionState._update_config = lambda *_: None  # type: ignore[assignment, method-assign]
    # It would make a table of the last 10,000 strokes at each one, for a dashboard that is off.
    demo._queue.ANALYTICS_MAX_EVENTS = 1
    demo._queue.ANAYLTICS_CACHE_FREQUENCY = math.inf  # type: ignore[assignment]
    # It would look a thousand times a second for maps, and for news of how far they are: a tenth of a core for nothing.
    demo._queue.sleep_when_free = QUEUE_SECONDS
    demo._queue.progress_update_sleep_when_free = 1.0  # there is no such news
    # It would keep the pictures of 2000 sessions that nobody fetches; and news for a session that is no longer kept would end all news.
    demo._queue.pending_messages_per_session = RecentSessions(2 * MAX_WAITING)
    demo._queue.send_message = partial(_send_if_kept, demo._queue)  # type: ignore[method-assign]


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
    while not all(messages.empty() for messages in list(queue.pending_messages_per_session.values())) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)  # the last ones are on their way
    demo.close(verbose=False)
