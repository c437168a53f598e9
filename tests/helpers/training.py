"""Small runs of `train.py`: their flags, and comparing what they leave."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

import train
from tests.helpers.environment import PATIENCE
from tests.helpers.warm import run_warm


def arguments(data_dir: Path, run_dir: Path, **flags: object) -> list[str]:
    tiny = {
        "data_dir": data_dir,
        "run_dir": run_dir,
        "base_channels": 2,
        "epochs": 2,
        "workers": 0,
        "precision": "fp32",
    }
    tiny |= {"sample_every": 0, "fid_every": 0}
    return [part for name, value in (tiny | flags).items() for part in ("--" + name.replace("_", "-"), str(value))]


def log(run_dir: Path) -> list[dict[str, float]]:
    """The log without what depends on the clock."""
    records = [json.loads(line) for line in (run_dir / "log.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in record.items() if name not in ("seconds", "pictures_per_second")}
        for record in records
    ]


def assert_identical(found: Any, expected: Any, name: str = "state") -> None:
    """Bit for bit, down through dictionaries and lists."""
    assert type(found) is type(expected), name
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), name
        for key in expected:
            assert_identical(found[key], expected[key], f"{name}.{key}")
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected), name
        for index, (a, b) in enumerate(zip(found, expected, strict=True)):
            assert_identical(a, b, f"{name}[{index}]")
    elif isinstance(expected, torch.Tensor):
        assert torch.equal(found, expected), name
    else:
        assert found == expected, name


def state(run_dir: Path) -> dict[str, Any]:
    trainer = torch.load(run_dir / "checkpoint.pt", weights_only=True)["trainer"]
    del trainer["seconds"]
    return trainer


def assert_same_run(found: Path, expected: Path) -> None:
    assert_identical(state(found), state(expected))
    assert log(found) == log(expected)
    assert (found / "release" / "model.safetensors").read_bytes() == (
        expected / "release" / "model.safetensors"
    ).read_bytes()


# In a process of its own, so that signals and crashes are real: at the given step, `action` happens.
SCRIPT = """
import os, signal, sys, torch
sys.path.insert(0, {root!r})
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored if the tests were started with nohup
torch.set_num_threads(1)
import train
from pix2pix.trainer import Trainer
step = Trainer.step
def step_and_act(self, *arguments):
    losses = step(self, *arguments)
    if self.step_count in {steps}:
        {action}
    return losses
Trainer.step = step_and_act
sys.exit(train.main(sys.argv[1:]))
"""


def run_until(action: str, steps: set[int], flags: list[str]) -> subprocess.CompletedProcess[str]:
    script = SCRIPT.format(root=str(Path(train.__file__).parent), steps=steps, action=action)
    # In a process group of its own, as a terminal starts it.
    return run_warm([sys.executable, "-c", script, *flags], PATIENCE, start_new_session=True)
