"""A program whose terminal is closed, and one that a shell started with `nohup`."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pix2pix.stop_signals import handling_stop_signals, stop_signals
from tests.helpers.app import ROOT
from tests.helpers.environment import PATIENCE
from tests.helpers.training import arguments

SCRIPT = """
import signal, sys
from pix2pix.stop_signals import handling_stop_signals
with handling_stop_signals(lambda number, _: print("handled", signal.Signals(number).name, file=sys.stderr)):
    signal.raise_signal(signal.SIGHUP)
print("ended", file=sys.stderr)
"""


def test_a_training_whose_terminal_is_closed_saves(data_dir: Path, tmp_path: Path) -> None:
    flags = arguments(data_dir, tmp_path, epochs=1000)
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under nohup, which ignores it
        os.execv(sys.executable, [sys.executable, str(ROOT / "train.py"), *flags])
    said = b""
    while b"epoch 2/" not in said:
        said += os.read(terminal, 4096)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130, said.decode()
    assert (tmp_path / "checkpoint.pt").exists()


WRITER = """
import contextlib, os, signal, sys
from pix2pix.surroundings import prepare_program
signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as if the signal came late
prepare_program()
print("ready", flush=True)
with contextlib.suppress(OSError):
    os.read(0, 1)  # until the terminal is gone
for stream in (sys.stdout, sys.stderr):
    print("lost", file=stream, flush=True)
sys.stdout.write("lost, too")
raise SystemExit(7)
"""


@pytest.mark.parametrize("flags", [[], ["-u"]], ids=["buffered", "unbuffered"])
def test_output_to_a_closed_terminal_is_no_error(flags: list[str]) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, *flags, "-c", WRITER])
    while b"ready" not in os.read(terminal, 4096):
        pass
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_nohup_keeps_a_program_running() -> None:
    command = ["nohup", sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stderr.splitlines()[-1] == "ended" and "handled" not in done.stderr


@pytest.mark.parametrize("number", stop_signals())
def test_earlier_handlers_come_back(number: signal.Signals) -> None:
    before, heard = signal.getsignal(number), []
    with handling_stop_signals(lambda number, _: heard.append(number)):
        signal.raise_signal(number)
    assert heard == [number] and signal.getsignal(number) == before
