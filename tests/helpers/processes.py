"""Training in two real processes on the CPU."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import train
from tests.helpers.environment import PATIENCE
from tests.helpers.tiny import free_port
from tests.helpers.training import SCRIPT
from tests.helpers.warm import WarmProgram

ROOT = Path(train.__file__).parent


ENVIRONMENT = os.environ | {"CUDA_VISIBLE_DEVICES": ""}


class Ended(NamedTuple):
    """What two processes ended with, the first one's first."""

    codes: list[int]
    outputs: list[str]
    errors: list[str]


def two_processes(flags: list[str], tmp_path: Path, action: str = "pass", steps: frozenset[int] = frozenset()) -> Ended:
    """Run train.py in two processes, which run `action` after the given steps; it may use `self.rank`."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(root=str(ROOT), steps=set(steps), action=action))
    common = ENVIRONMENT | {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
    }
    started = [
        WarmProgram(
            [sys.executable, str(script), *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=common | {"RANK": rank, "LOCAL_RANK": rank},
        )
        for rank in ("0", "1")
    ]
    try:
        texts = [process.communicate(timeout=PATIENCE) for process in started]
    finally:
        for process in started:
            process.kill()
    return Ended([process.returncode for process in started], [out for out, _ in texts], [error for _, error in texts])
