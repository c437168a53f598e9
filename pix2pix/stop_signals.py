"""The signals that ask a program to stop: Ctrl-C, termination, and a terminal or connection that was closed."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object]


def stop_signals() -> list[signal.Signals]:
    """List the signals; the one of a closed terminal is missing on Windows, and where `nohup` has switched it off."""
    hangup = getattr(signal, "SIGHUP", None)
    closed = [hangup] if hangup and signal.getsignal(hangup) != signal.SIG_IGN else []
    return [signal.SIGINT, signal.SIGTERM, *closed]


@contextmanager
def handling_stop_signals(handler: Handler) -> Iterator[None]:
    """Call a handler for each of the signals, in the main thread; restore the earlier handlers at the end."""
    before = {number: signal.signal(number, handler) for number in stop_signals()}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
