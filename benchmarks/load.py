"""Measure how long many visitors wait for their images, and what they cost the server.

    python -m benchmarks.load                               # 20 visitors paint a stroke per second, for a minute
    python -m benchmarks.load --visitors 20 --seconds 250   # 5,000 strokes: do memory, files and sockets stay flat?
    python -m benchmarks.load --flood 10                    # one more visitor floods the server on ten connections
    python -m benchmarks.load --url http://127.0.0.1:7860   # an app that is already running

Starts the app with the bundled weights and uses its real queue on the loopback, as the page does: the next map is sent
when the previous one has been answered, and only the newest stroke counts. Every visitor has an address of its own, as
behind a proxy. The visitors run on the same machine and use part of it.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.stroke import running_app
from demo.label_canvas import encode
from demo.views import SIDE_BY_SIDE, VARIATIONS

MAX_VISITORS = 500
MAX_SECONDS = 3600
TIMEOUT_SECONDS = 120
"""A stroke has failed after this long without a message from the server."""


@dataclass
class Tally:
    """What happened to the strokes of all visitors."""

    drawn: int = 0
    stale: int = 0
    told_to_wait: int = 0
    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


class Visitor:
    """One page: draws rectangles, sends the newest map, waits for its images."""

    def __init__(self, client: httpx.AsyncClient, event: dict[str, Any], tally: Tally, seed: int) -> None:
        self.client, self.event, self.tally, self.random = client, event, tally, random.Random(seed)
        self.session = uuid.uuid4().hex
        self.headers = {"X-Forwarded-For": f"10.0.{seed // 250}.{seed % 250 + 1}"}
        self.map = np.zeros((256, 256), np.uint8)
        self.drawn_at: float | None = None  # time of the newest stroke that has not been sent
        self.changed = asyncio.Event()

    def draw(self) -> None:
        """Draw a rectangle; the stroke before it is stale if it has not been sent."""
        x, y, width, height = (self.random.randrange(8, 128) for _ in range(4))
        self.map[y : y + height, x : x + width] = self.random.randrange(12)
        self.tally.drawn += 1
        self.tally.stale += self.drawn_at is not None
        self.drawn_at = time.perf_counter()
        self.changed.set()

    async def draw_every(self, interval: float, until: float) -> None:
        await asyncio.sleep(self.random.uniform(0, interval))  # visitors do not draw in step
        while time.perf_counter() < until:
            self.draw()
            await asyncio.sleep(interval)

    async def send(self) -> None:
        """Send until cancelled."""
        while True:
            await self.changed.wait()
            self.changed.clear()
            drawn_at, self.drawn_at = self.drawn_at, None
            assert drawn_at is not None
            try:
                await self.paint()
                self.tally.seconds.append(time.perf_counter() - drawn_at)
            except (httpx.HTTPError, RuntimeError) as error:
                self.tally.errors[str(error) or type(error).__name__] += 1

    async def paint(self) -> None:
        """Send one request and read its answer; raise RuntimeError with the page's message if it fails."""
        data = [encode(self.map).model_dump(), {"seed": 1, "dropout": True}, SIDE_BY_SIDE]
        body = {
            "data": data,
            "fn_index": self.event["id"],
            "trigger_id": self.event["inputs"][0],
            "session_hash": self.session,
        }
        joined = await self.client.post("/gradio_api/queue/join", json=body, headers=self.headers)
        if joined.is_error:
            raise RuntimeError(f"{joined.status_code} {joined.json()['detail']}")
        waited = False
        session = {"session_hash": self.session}
        async with self.client.stream("GET", "/gradio_api/queue/data", params=session, headers=self.headers) as answer:
            async for line in answer.aiter_lines():
                message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                waited |= message.get("msg") == "estimation" and message["rank"] > 0
                if message.get("msg") == "process_completed":
                    self.tally.told_to_wait += waited
                    if not message["success"]:
                        raise RuntimeError(message["output"]["error"])
                    return
        raise RuntimeError("the stream ended without images")


async def flood(client: httpx.AsyncClient, event: dict[str, Any], answers: Counter[int]) -> None:
    """Keep requesting four variations over one connection, without fetching the results, until cancelled."""
    label_map = encode(np.random.default_rng(0).integers(0, 12, (256, 256))).model_dump()
    while True:
        data = [label_map, {"seed": 1, "dropout": True}, VARIATIONS]
        body = {"data": data, "fn_index": event["id"], "trigger_id": event["inputs"][0]}
        answer = await client.post(
            "/gradio_api/queue/join",
            json=body | {"session_hash": uuid.uuid4().hex},
            headers={"X-Forwarded-For": "10.9.9.9"},
        )
        answers[answer.status_code] += 1


def describe(server: psutil.Process, files: Path) -> str:
    """Describe the memory, files and sockets that the server holds now."""
    temporary = sum(path.is_file() for path in files.rglob("*"))
    memory, handles = server.memory_info().rss / 1e6, server.num_fds()
    return f"memory {memory:6.0f} MB, open files and sockets {handles:4d}, temporary files {temporary:4d}"


async def visit(
    url: str, visitors: int, seconds: float, interval: float, floods: int, server: psutil.Process | None, files: Path
) -> Tally:
    """Let visitors paint, then wait for the remaining answers; print the server's state five times."""
    tally = Tally()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=2 * visitors)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, limits=limits) as client:
        config = (await client.get("/config")).json()
        # The page's own event: the one that a stroke on the canvas fires.
        event = next(item for item in config["dependencies"] if any(name == "input" for _, name in item["targets"]))
        people = [Visitor(client, event, tally, seed) for seed in range(visitors)]
        until = time.perf_counter() + seconds
        senders = [asyncio.create_task(visitor.send()) for visitor in people]
        answers: Counter[int] = Counter()
        flooding = [asyncio.create_task(flood(client, event, answers)) for _ in range(floods)]
        drawers = [asyncio.create_task(visitor.draw_every(interval, until)) for visitor in people]
        for part in range(5):
            await asyncio.sleep(seconds / 5)
            if server:
                print(f"after {seconds * (part + 1) / 5:5.0f} s: {describe(server, files)}", flush=True)
        await asyncio.gather(*drawers)
        for task in flooding:
            task.cancel()
        if floods:
            print(f"the flood was answered {dict(answers)}")
        deadline = time.perf_counter() + TIMEOUT_SECONDS
        while len(tally.seconds) + tally.stale + tally.errors.total() < tally.drawn and time.perf_counter() < deadline:
            await asyncio.sleep(0.05)
        for sender in senders:
            sender.cancel()
    return tally


def report(tally: Tally, seconds: float) -> None:
    served = len(tally.seconds)
    print(f"strokes drawn {tally.drawn}, served {served} ({served / seconds:.1f} per second), stale {tally.stale}")
    unanswered = tally.drawn - served - tally.stale - tally.errors.total()
    print(f"errors {tally.errors.total()}, unanswered {unanswered}, told to wait {tally.told_to_wait}")
    for sentence, count in tally.errors.most_common(5):
        print(f"  {count} times: {sentence}")
    if served > 1:
        cuts = statistics.quantiles(tally.seconds, n=100)
        shown = ", ".join(f"p{percent} {1000 * cuts[percent - 1]:.0f} ms" for percent in (50, 95, 99))
        print(f"stroke to images: {shown}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulated visitors who paint at the same time.")
    parser.add_argument(
        "--visitors", type=int, default=20, choices=range(1, MAX_VISITORS + 1), metavar=f"1..{MAX_VISITORS}"
    )
    parser.add_argument(
        "--seconds", type=int, default=60, choices=range(5, MAX_SECONDS + 1), metavar=f"5..{MAX_SECONDS}"
    )
    parser.add_argument(
        "--interval", type=float, default=1.0, help="seconds between two strokes of a visitor (default: 1)"
    )
    parser.add_argument(
        "--flood",
        type=int,
        default=0,
        metavar="N",
        help="connections of one more visitor who floods the server (default: 0)",
    )
    parser.add_argument("--weights", metavar="NAME=FOLDER", action="append", default=[], help="as for app.py")
    parser.add_argument("--url", help="address of an app that is already running")
    flags = parser.parse_args()
    shape = flags.visitors, flags.seconds, flags.interval, flags.flood
    if flags.url:
        report(asyncio.run(visit(flags.url, *shape, None, Path())), flags.seconds)
        return
    with tempfile.TemporaryDirectory() as files:
        os.environ["GRADIO_TEMP_DIR"] = files
        with running_app(flags.weights) as url:
            server = next(child for child in psutil.Process().children() if "app.py" in child.cmdline())
            report(asyncio.run(visit(url, *shape, server, Path(files))), flags.seconds)


if __name__ == "__main__":
    main()
