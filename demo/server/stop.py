"""A stop that finishes its work, and the request log."""

import logging
import os
import signal
import threading
import time
from contextlib import AbstractContextManager

import gradio as gr

from demo.server.settings import DELIVERY_SECONDS, STOP_SECONDS
from pix2pix.stop_signals import handling_stop_signals, stop_signals

log = logging.getLogger("pix2pix.requests")

stopping = threading.Event()
"""Set when the server has been asked to stop."""


def log_requests() -> None:
    """Write a line per request to standard error if PIX2PIX_LOG_REQUESTS is 1; it contains no query, map or image."""
    if os.environ.get("PIX2PIX_LOG_REQUESTS") == "1":
        logging.basicConfig(format="%(asctime)s %(message)s")
        log.setLevel(logging.INFO)


def noting_stop_signals() -> AbstractContextManager[None]:
    """Note every signal to stop instead of ending at once; start the server inside of this, in the main thread."""
    return handling_stop_signals(lambda *_: stopping.set())


def block_until_stopped(demo: gr.Blocks) -> None:
    """Wait until a signal to stop was noted, then for the maps in the queue, and close the server."""
    while not stopping.wait(0.5):  # on Windows, a wait without a timeout would not see signals
        pass
    for number in stop_signals():
        signal.signal(number, signal.SIG_DFL)  # a second signal ends the program at once
    queue = demo._queue
    deadline = time.monotonic() + STOP_SECONDS
    while len(queue) + queue.get_active_worker_count() and time.monotonic() < deadline:
        time.sleep(0.05)
    deadline = time.monotonic() + DELIVERY_SECONDS
    while _has_unfetched(demo) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)  # the last messages are on their way
    demo.close(verbose=False)


def _has_unfetched(demo: gr.Blocks) -> bool:
    return not all(messages.empty() for messages in list(demo._queue.pending_messages_per_session.values()))
