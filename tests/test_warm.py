"""A program that is started warm finds what it would find in a fresh interpreter, and ends as it would there."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import warm
from tests.helpers.environment import PATIENCE
from tests.helpers.warm import FreshProgram, WarmProgram, run_warm, server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs start warm on Linux only")

PROBE = """
import json, os, random, signal, sys, threading
found = {
    "arguments": sys.argv,
    "path": sys.path[:2],
    "main": [__name__, sys.modules["__main__"].__dict__ is globals()],
    "folder": os.getcwd(),
    "environment": {name: value for name, value in os.environ.items() if name != "_"},
    "handlers": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "leads": os.getsid(0) == os.getpid(),
    "threads": threading.active_count(),
    "streams": [(stream.fileno(), stream.encoding, stream.errors, stream.line_buffering, stream.isatty())
                for stream in (sys.stdin, sys.stdout, sys.stderr)],
    "read": sys.stdin.read(),
    "open": sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else [],
}
print(json.dumps(found))
print("to the other stream", file=sys.stderr)
sys.exit("the end")
"""


@pytest.mark.parametrize("kind", ["file", "module", "code"])
@pytest.mark.parametrize("is_leader", [False, True])
def test_a_warm_program_finds_what_a_fresh_interpreter_does(tmp_path: Path, kind: str, is_leader: bool) -> None:
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "probe.py").write_text(PROBE)
    start = {"file": ["programs/probe.py"], "module": ["-m", "programs.probe"], "code": ["-c", PROBE]}[kind]
    command = [sys.executable, *start, "one", "--two"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "ASKED": "yes"}
    del environment["USER" if "USER" in environment else "COLUMNS"]
    options = {"cwd": tmp_path, "env": environment, "start_new_session": is_leader, "stdin": subprocess.DEVNULL}
    fresh = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, **options)
    warm = run_warm(command, PATIENCE, **options)
    assert json.loads(warm.stdout) == json.loads(fresh.stdout)
    assert (warm.returncode, warm.stderr) == (fresh.returncode, fresh.stderr) == (1, "to the other stream\nthe end\n")


@pytest.mark.parametrize("setting", ["ascii:strict", "latin-1", ":backslashreplace"])
def test_a_warm_program_has_the_encoding_that_a_fresh_interpreter_has(tmp_path: Path, setting: str) -> None:
    command, environment = [sys.executable, "-c", PROBE], os.environ | {"PYTHONIOENCODING": setting}
    options = {"cwd": tmp_path, "env": environment, "stdin": subprocess.DEVNULL}
    fresh = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, **options)
    assert json.loads(run_warm(command, PATIENCE, **options).stdout) == json.loads(fresh.stdout)


@pytest.mark.parametrize(
    "end, code",
    [
        ("pass", 0),
        ("sys.exit(130)", 130),
        ("os._exit(9)", 9),
        ("raise ValueError", 1),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("signal.raise_signal(signal.SIGTERM)", -signal.SIGTERM),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_a_warm_program_ends_with_the_code_of_a_fresh_one(end: str, code: int) -> None:
    end = f"import atexit, os, signal, sys; atexit.register(print, 'at exit'); {end}"
    ended = run_warm([sys.executable, "-c", end], PATIENCE)
    assert ended.returncode == code
    assert ended.stdout == ("at exit\n" if code >= 0 and code != 9 or code == -signal.SIGINT else "")


def test_signals_reach_a_warm_program_and_waiting_has_an_end() -> None:
    program = WarmProgram([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
    assert program.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.1)
    os.killpg(program.pid, signal.SIGTERM)
    assert program.wait(PATIENCE) == program.poll() == -signal.SIGTERM


@pytest.mark.parametrize("threads", ["1", "3"])
def test_a_warm_program_has_the_threads_it_is_asked_to_have(threads: str) -> None:
    command = [sys.executable, "-c", "import torch; print(torch.get_num_threads())"]
    assert run_warm(command, PATIENCE, env=os.environ | {"OMP_NUM_THREADS": threads}).stdout == f"{threads}\n"


def test_two_warm_programs_draw_differently() -> None:
    draw = "import random, numpy, tempfile; print(random.random(), numpy.random.random(), tempfile.mkdtemp())"
    first, second = (run_warm([sys.executable, "-c", draw], PATIENCE).stdout.split() for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a != b
    for name in (first[2], second[2]):
        os.rmdir(name)


def test_a_program_for_another_interpreter_is_refused() -> None:
    with pytest.raises(AssertionError, match="PYTHONUTF8"):
        WarmProgram([sys.executable, "-c", ""], env=os.environ | {"PYTHONUTF8": "0"})


def test_what_gradio_sets_in_this_process_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    server()
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "True")
    assert run_warm([sys.executable, "-c", "print('started')"], PATIENCE).stdout == "started\n"


def test_the_server_ends_with_the_tests_even_if_they_are_killed() -> None:
    server()  # it must not keep the other's socket open
    start = "from tests.helpers.warm import server; import os, signal; server(); os.kill(os.getpid(), signal.SIGKILL)"
    with subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE, env=os.environ | ROOT) as tests:
        assert tests.communicate(timeout=PATIENCE) == (b"", None)  # the server has its output, too, until it ends
    assert tests.returncode == -signal.SIGKILL


ROOT = {"PYTHONPATH": str(Path(__file__).parents[1])}


def test_elsewhere_a_fresh_interpreter_runs_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "WarmProgram", FreshProgram)
    monkeypatch.setattr(warm, "server", None)
    program = tmp_path / "program.py"
    program.write_text("import sys; print(sys.argv[1]); sys.exit(3)")
    ended = run_warm([sys.executable, program, "asked"], PATIENCE, start_new_session=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "asked\n", "")
