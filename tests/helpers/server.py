"""The app as a server of its own, and the requests that a page sends to it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from gradio_client import Client

from demo.label_canvas import encode
from tests.helpers.app import ROOT, weight_flags
from tests.helpers.environment import PATIENCE
from tests.helpers.tiny import free_port
from tests.helpers.warm import APP, WarmProgram

MAP = encode(np.zeros((256, 256), np.uint8)).model_dump()


def program_at(url: str) -> Client:
    """Connect to an app as a program does, and wait longer for answers than the 5 s that are httpx's default."""
    return Client(url, verbose=False, httpx_kwargs={"timeout": 60})


@cache
def event_of_paint(url: str) -> int:
    events = httpx.get(f"{url}config", timeout=60).json()["dependencies"]
    (paint,) = [event["id"] for event in events if event["api_name"] == "paint"]
    return paint


def join(url: str, session: str, client: Any = httpx) -> httpx.Response:
    """Requests images."""
    data = {"data": [MAP, 1, True], "fn_index": event_of_paint(url), "session_hash": session}
    return client.post(f"{url}gradio_api/queue/join", json=data, timeout=60)


def outcome(url: str, session: str, client: Any = httpx, opened: threading.Semaphore | None = None) -> dict[str, Any]:
    """Returns the last message of a session's stream; releases `opened` once the stream has begun."""
    with client.stream("GET", f"{url}gradio_api/queue/data", params={"session_hash": session}, timeout=60) as stream:
        if opened:
            opened.release()
        for line in stream.iter_lines():
            message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if message.get("msg") == "process_completed":
                return message
    raise AssertionError("the stream ended without images")


def start_app(
    folder: Path,
    weights: dict[str, Path],
    program: Sequence[str] = (sys.executable, "app.py"),
    where: Path = ROOT,
    is_warm: bool = True,
    **environment: str,
) -> tuple[subprocess.Popen[str], str]:
    """Starts `app.py`, or `program` in the folder `where`, on a free port; returns the process and its address."""
    environment |= {"GRADIO_SERVER_PORT": str(free_port()), "GRADIO_TEMP_DIR": str(folder)}
    command = [*program, *weight_flags(weights)]
    start = partial(WarmProgram, imports=APP) if is_warm else subprocess.Popen
    app = start(
        command, cwd=where, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert app.stdout is not None
    line = app.stdout.readline()
    assert line.startswith("Paint at "), app.communicate(timeout=PATIENCE)
    return app, line.split()[-1]
