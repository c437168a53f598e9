"""The signals that ask a program to stop: Ctrl-C, termination, and a terminal or connection that was closed."""

import os
import signal
import stat
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

    def handle(number: int, frame: FrameType | None) -> None:
        if number == getattr(signal, "SIGHUP", None):
            _leave_terminal()
        handler(number, frame)

    before = {number: signal.signal(number, handle) for number in stop_signals()}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _leave_terminal() -> None:
    """Send output to nowhere if it goes to a terminal: writing to one that is gone fails."""
    for descriptor in (1, 2):
        try:
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
        except OSError:
            pass  # closed already
