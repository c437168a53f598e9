"""What Gradio 6.31 and uvicorn do otherwise, and a public server should not. Each change says what they would do."""

import asyncio
import logging
import math
import os
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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

from demo.serving import MAX_WAITING, NOT_UNDERSTOOD, address_of, why_not_now

QUEUE_SECONDS = 0.004
"""How often the queue is looked at; a map waits for half of it on average."""
FIRST_REQUEST_SECONDS = 10
"""After which a connection is closed that has not said what it wants."""
OPEN_FILES = 10_240
"""Connections, above all; the most that every system grants."""
MAX_SESSION_NAME = 64
MAX_UNFETCHED = 200
"""Messages that are kept for a page that does not fetch them; some twenty for a stroke."""
FAILED = "The server could not answer this. Nothing on this page is lost; try once more."


def adjust_gradio(demo: gr.Blocks) -> None:
    """For Blocks whose queue has been set up."""
    _adjust_requests()
    _adjust_files()
    _adjust_sessions()
    _adjust_queue(demo._queue)


# ---- Requests and connections ----------------------------------------------------------------------------------------------------


_get_fn = gradio.route_utils.get_fn
_connection_made = AutoHTTPProtocol.connection_made


def _get_fn_that_is_there(blocks: gr.Blocks, api_name: str | None, body: Any) -> Any:
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
    protocol.loop.call_later(FIRST_REQUEST_SECONDS, _close_unless_asked, protocol, transport)


def _close_unless_asked(protocol: Any, transport: asyncio.Transport) -> None:
    if protocol.cycle is None:  # no request yet
        transport.close()


def _adjust_requests() -> None:
    # It would answer an unknown event, or one of an endlessly named session, by a fault of the server.
    gradio.route_utils.get_fn = _get_fn_that_is_there
    # It would show people, and whoever asks, the words of any exception, with names of folders.
    gradio.queueing.error_payload = gradio.utils.error_payload = _error_payload
    # It would fetch the page of any public server for anybody.
    gradio.routes.secure_url_stream_response = _fetch_nothing
    # It would keep connections open for ever that ask for nothing, until there is no room for others.
    AutoHTTPProtocol.connection_made = _connection_made_for_a_time  # type: ignore[method-assign, assignment]
    if sys.platform != "win32":
        import resource

        # Many systems let a process have 1024 open files, and more if it asks; some say "any number" and refuse that.
        before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
        if before != resource.RLIM_INFINITY and before < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


# ---- Files -----------------------------------------------------------------------------------------------------------------------


_keep_upload = Block.async_move_resource_to_block_cache


async def _keep_upload_only(block: Block, path: Any) -> str | None:
    if is_http_url_like(str(path)):
        raise gr.Error("Send the picture itself, not its address.", print_exception=False)
    return await _keep_upload(block, path)


def _delete_old_files(demo: gr.Blocks, age: float | None) -> None:
    """But for what the page needs: all that are old in the folder for such files, if one is named, and those of this process."""
    kept = {file for block in demo.blocks.values() for file in getattr(block, "keep_in_cache", ())}
    known = {file for files in demo.temp_file_sets for file in list(files)}  # a copy, as others may come meanwhile
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


def _adjust_files() -> None:
    # It would fetch addresses in the place of uploaded files, for any input, however much they hold.
    Block.async_move_resource_to_block_cache = _keep_upload_only  # type: ignore[assignment, method-assign]
    # It would stop deleting temporary files for good, should one come while it looks through them, and forget those of uploads that
    # break off.
    gradio.route_utils.delete_files_created_by_app = _delete_old_files  # type: ignore[assignment]


# ---- Sessions --------------------------------------------------------------------------------------------------------------------


class RecentSessions(LRUCache[str, Any]):
    """Drops the session that has been looked for longest ago, where Gradio's would drop the one that began longest ago, be it painting.

    Args:
        max_size: So many are kept.
        event_ids: Of sessions, which Gradio would keep for good; they go with the session.
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


def _adjust_sessions() -> None:
    # It would describe every component for each new visitor and program, 20 ms of the event loop, and keep their maps and pictures,
    # for "deep links", which this page has not.
    SessionState.__init__ = _start_session_at_once  # type: ignore[assignment, method-assign]
    SessionState._update_value_in_config = SessionState._update_config = lambda *_: None  # type: ignore[assignment, method-assign]


# ---- The queue -------------------------------------------------------------------------------------------------------------------


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
    if reason := why_not_now(
        queue, address_of(request.client)
    ):  # once more: requests come together, and their bodies later
        raise HTTPException(429, reason)
    answer = await _push(queue, body, request, username)
    for waiting in queue.event_queue_per_concurrency_id.values():
        take_turns(waiting)
    return answer


def take_turns(waiting: EventQueue) -> None:
    """Orders what waits: first the first of every address, then the second of every address, and so on."""
    before: Counter[str] = Counter()
    turns = {}
    for event in waiting.queue:
        address = address_of(event.request.client) if event.request else ""
        turns[event._id] = before[address]
        before[address] += 1
    waiting.queue.sort(key=lambda event: turns[event._id])


def _adjust_queue(queue: Queue) -> None:
    # It would serve all that one address has asked for before the next one's first.
    queue.push = partial(_push_in_turn, queue)  # type: ignore[method-assign]
    # It would make a table of the last 10,000 strokes at each one, for a dashboard that is off.
    queue.ANALYTICS_MAX_EVENTS = 1
    queue.ANAYLTICS_CACHE_FREQUENCY = math.inf  # type: ignore[assignment]
    # It would look a thousand times a second for maps, and for news of how far they are: a tenth of a core for nothing.
    queue.sleep_when_free = QUEUE_SECONDS
    queue.progress_update_sleep_when_free = 1.0  # there is no such news
    # It would keep the pictures of 2000 sessions that nobody fetches; and news for a session that is no longer kept would end all news.
    queue.pending_messages_per_session = RecentSessions(2 * MAX_WAITING, queue.pending_event_ids_session)
    queue.send_message = partial(_send_if_kept, queue)  # type: ignore[method-assign]
