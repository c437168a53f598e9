"""Patches for Gradio and uvicorn that a public server needs.

Every patch says what Gradio or uvicorn does, what the patch does, and when it can go. `CHECKED_WITH` is the version of
Gradio that they were checked with; a test fails when another one is installed.
"""

import asyncio
import logging
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import gradio as gr
import gradio.queueing
import gradio.route_utils
import gradio.routes
import gradio.utils
from fastapi import HTTPException, Request
from gradio.blocks import Block
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event, EventQueue, Queue
from gradio.server_messages import EventMessage
from gradio.state_holder import SessionState
from gradio.utils import LRUCache
from gradio_client.utils import is_http_url_like
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from demo.server.limits import NOT_UNDERSTOOD, address_of, why_not_now
from demo.server.settings import MAX_WAITING

CHECKED_WITH = "6.31.0"
QUEUE_SECONDS = 0.004
"""Interval at which the queue is inspected; a map waits for half of it on average."""
FIRST_REQUEST_SECONDS = 10
"""A connection without a request is closed after this long."""
OPEN_FILES = 10_240
"""Limit of open files, mostly connections; every system grants this many."""
MAX_SESSION_NAME = 64
MAX_UNFETCHED = 200
"""Maximum number of messages kept for a page that does not fetch them; a stroke has about twenty."""
FAILED = "The server could not answer this. Nothing on this page is lost; try once more."


def patch_gradio(demo: gr.Blocks) -> None:
    """Apply all patches, for Blocks whose queue has been set up."""
    _patch_requests()
    _patch_files()
    _patch_sessions()
    _patch_queue(demo._queue)


# ---- Start ----


@contextmanager
def without_servers() -> Iterator[None]:
    """Keep Gradio from making servers while a page is built and its queue is set up, inside this context.

    Gradio makes the page's web server three times before `launch` makes the one that is used.
    This leaves `Blocks.app` None until then, which halves the time to build and launch a page.
    It can go when Gradio makes the server in `launch` only.
    """
    with patch.object(gradio.routes.App, "create_app", lambda *_, **__: None):
        yield


# ---- Requests and connections ----


_get_fn = gradio.route_utils.get_fn
_connection_made = AutoHTTPProtocol.connection_made


def _get_known_fn(blocks: gr.Blocks, api_name: str | None, body: Any) -> Any:
    if len(body.session_hash or "") > MAX_SESSION_NAME:
        raise HTTPException(422, NOT_UNDERSTOOD)
    try:
        return _get_fn(blocks, api_name, body)
    except (KeyError, gradio.route_utils.FnIndexInferError):
        raise HTTPException(422, NOT_UNDERSTOOD) from None


def _error_payload(error: BaseException | None, show_error: bool) -> dict[str, Any]:
    shown = error if isinstance(error, gr.Error) else gr.Error(FAILED)
    return {"error": shown.message, "duration": shown.duration, "visible": shown.visible, "title": shown.title}


async def _fetch_nothing(url: str, request: Any) -> None:
    raise HTTPException(403, "This server fetches nothing for others.")


def _connection_made_for_a_time(protocol: Any, transport: asyncio.Transport) -> None:
    _connection_made(protocol, transport)
    protocol.loop.call_later(FIRST_REQUEST_SECONDS, _close_without_request, protocol, transport)


def _close_without_request(protocol: Any, transport: asyncio.Transport) -> None:
    if protocol.cycle is None:
        transport.close()


def _patch_requests() -> None:
    # Gradio answers an unknown event, or an endless session name, with an internal error.
    # The patch answers that the request cannot be understood.
    # It can go when Gradio answers with a status of 400 to 499.
    gradio.route_utils.get_fn = _get_known_fn

    # Gradio shows the message of any exception, which may name folders.
    # The patch shows only sentences that were raised as gr.Error.
    # It can go when Gradio distinguishes the two while show_error is on.
    gradio.queueing.error_payload = gradio.utils.error_payload = _error_payload

    # Gradio fetches pages of any public server for anybody.
    # The patch refuses.
    # It can go when this route can be switched off.
    gradio.routes.secure_url_stream_response = _fetch_nothing

    # uvicorn keeps connections without a request open for ever, until there is no room for others.
    # The patch closes them after a few seconds.
    # It can go when uvicorn has a timeout for the first request.
    AutoHTTPProtocol.connection_made = _connection_made_for_a_time  # type: ignore[method-assign, assignment]

    if sys.platform != "win32":
        _raise_limit_of_open_files()


def _raise_limit_of_open_files() -> None:
    """Raise the soft limit, which is 1024 on many systems; some report an unlimited maximum and refuse it."""
    import resource  # does not exist on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


# ---- Files ----


_keep_upload = Block.async_move_resource_to_block_cache


async def _keep_upload_only(block: Block, path: Any) -> str | None:
    if is_http_url_like(str(path)):
        raise gr.Error("Send the image itself, not its address.", print_exception=False)
    return await _keep_upload(block, path)


def _delete_old_files(demo: gr.Blocks, age: float | None) -> None:
    """Delete old temporary files of this process, and all old ones in GRADIO_TEMP_DIR, except those the page needs."""
    kept = {file for block in demo.blocks.values() for file in getattr(block, "keep_in_cache", ())}
    known = {file for files in demo.temp_file_sets for file in list(files)}  # a copy: others may be added meanwhile
    folder = os.environ.get("GRADIO_TEMP_DIR")
    found = {str(path) for path in Path(folder).rglob("*") if path.is_file()} if folder and age is not None else set()
    for file in (known | found) - kept:
        try:
            if age is None or time.time() - os.lstat(file).st_ctime > age:
                os.remove(file)
        except FileNotFoundError:
            pass
        except OSError as error:
            logging.getLogger(__name__).error("A temporary file cannot be deleted: %s", error)
    for files in demo.temp_file_sets:
        files.difference_update([file for file in list(files) if not os.path.lexists(file)])


def _patch_files() -> None:
    # Gradio downloads an address that is sent instead of an uploaded file, however large.
    # The patch refuses addresses.
    # It can go when Gradio can be told to take uploads only.
    Block.async_move_resource_to_block_cache = _keep_upload_only  # type: ignore[assignment, method-assign]

    # Gradio stops deleting temporary files for good if one is added during a pass, and forgets those of broken uploads.
    # The patch copies the list before each pass and looks into the folder.
    # It can go when both are fixed in delete_files_created_by_app.
    gradio.route_utils.delete_files_created_by_app = _delete_old_files  # type: ignore[assignment]


# ---- Sessions ----


class RecentSessions(LRUCache[str, Any]):
    """Messages by session. The least recently used session is dropped; Gradio drops the oldest, even while it paints.

    Args:
        max_size: Maximum number of sessions.
        event_ids: Event ids by session, which Gradio keeps for ever; they are dropped with the session.
    """

    def __init__(self, max_size: int, event_ids: dict[str, set[str]]) -> None:
        super().__init__(max_size)
        self.event_ids = event_ids

    def __contains__(self, session: object) -> bool:
        is_kept = super().__contains__(session)
        if is_kept:
            self.move_to_end(str(session))
        return is_kept

    def __delitem__(self, session: str) -> None:
        super().__delitem__(session)
        self.event_ids.pop(session, None)

    def popitem(self, last: bool = True) -> tuple[str, Any]:
        session, messages = super().popitem(last)
        self.event_ids.pop(session, None)
        return session, messages


_start_session = SessionState.__init__


def _start_session_at_once(session: SessionState, blocks: gr.Blocks) -> None:
    _start_session(session, SimpleNamespace(default_config=blocks.default_config, blocks=()))  # type: ignore[arg-type]


def _patch_sessions() -> None:
    # Gradio describes every component for each new visitor (20 ms of the event loop) and keeps their maps and images.
    # The patch leaves both out: only "deep links" need them, and this page has none.
    # It can go when Gradio does this only for pages with a DeepLinkButton.
    SessionState.__init__ = _start_session_at_once  # type: ignore[assignment, method-assign]
    SessionState._update_value_in_config = SessionState._update_config = lambda *_: None  # type: ignore[assignment, method-assign]


# ---- The queue ----


_send = Queue.send_message
_push = Queue.push


def _send_if_kept(queue: Queue, event: Event, message: EventMessage) -> None:
    if event.session_hash not in queue.pending_messages_per_session:
        return
    if queue.pending_messages_per_session[event.session_hash].qsize() >= MAX_UNFETCHED:
        del queue.pending_messages_per_session[event.session_hash]  # the page is gone
        return
    _send(queue, event, message)


async def _push_in_turn(queue: Queue, body: PredictBodyInternal, request: Request, username: str | None) -> Any:
    # Checked again here: requests arrive together, and their bodies later.
    if reason := why_not_now(queue, address_of(request.client)):
        raise HTTPException(429, reason)
    answer = await _push(queue, body, request, username)
    for waiting in queue.event_queue_per_concurrency_id.values():
        take_turns(waiting)
    return answer


def take_turns(waiting: EventQueue) -> None:
    """Order a queue: the first event of every address, then the second of every address, and so on."""
    before: Counter[str] = Counter()
    turns = {}
    for event in waiting.queue:
        address = address_of(event.request.client) if event.request else ""
        turns[event._id] = before[address]
        before[address] += 1
    waiting.queue.sort(key=lambda event: turns[event._id])


def _patch_queue(queue: Queue) -> None:
    # Gradio serves everything that one address has requested before the first request of the next address.
    # The patch makes addresses take turns.
    # It can go when Gradio's queue is fair.
    queue.push = partial(_push_in_turn, queue)  # type: ignore[method-assign]

    # Gradio builds a table of the last 10,000 events at every event, for a dashboard that is off.
    # The patch keeps one event and never builds the table.
    # It can go when Gradio skips the table without enable_monitoring.
    queue.ANALYTICS_MAX_EVENTS = 1
    queue.ANAYLTICS_CACHE_FREQUENCY = math.inf  # type: ignore[assignment]

    # Gradio inspects the queue, and progress that this page never reports, a thousand times a second: 10 % of a core.
    # The patch inspects it every few milliseconds.
    # It can go when the queue waits for events instead.
    queue.sleep_when_free = QUEUE_SECONDS
    queue.progress_update_sleep_when_free = 1.0

    # Gradio keeps unfetched images of 2000 sessions, and a message to a dropped session ends all messages.
    # The patch bounds sessions and messages, and drops messages to unknown sessions.
    # It can go when Gradio bounds both.
    queue.pending_messages_per_session = RecentSessions(2 * MAX_WAITING, queue.pending_event_ids_session)
    queue.send_message = partial(_send_if_kept, queue)  # type: ignore[method-assign]
