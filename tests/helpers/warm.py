"""Python programs that start in a process which has already imported what takes them seconds.

`WarmProgram` is `subprocess.Popen` for a program in Python. A server imports third-party packages once, and forks a
process for every program: that has its own arguments, working folder, environment, streams and, if asked, session. Its
process id, its signals and its exit code are real. The server ends when the tests do, however they end, as its socket
closes then.

What Python and packages read only at their start is that of the tests: a program whose environment differs in a
variable of `READ_ONCE` is refused here, and is for `subprocess`, as is one whose start or imports are what is tested.
The server never imports this project, nor Gradio, which reads each app's port and temporary folder when imported.
OMP_NUM_THREADS counts for PyTorch; NumPy's threads are those of the server.

On other systems than Linux, `WarmProgram` starts a fresh interpreter: Windows has no fork, macOS no sockets of packets.
"""

import atexit
import codecs
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

TRAINING = ("torch", "torch._dynamo", "accelerate", "huggingface_hub.hf_api", "psutil")
APP = (*TRAINING, "pandas", "fastapi", "mcp", "uvicorn")
"""What the programs import of third parties that takes long; PyTorch's optimisers import its compiler."""
READ_ONCE = ("PYTHON", "HF_", "HUGGING", "TRANSFORMERS_", "MKL_", "LD_", "HOME", "DO_NOT_TRACK", "LANG")
"""Beginnings of the variables that Python or imported packages read only once."""
SET_BY_THE_APP = {"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
"""Before it imports what reads them; no other program minds. Gradio sets one in the tests' process, too."""
READ_LATER = ("PYTHONPATH", "PYTHONIOENCODING", "HF_TOKEN")
LIMIT = 200_000
"""Bytes of the largest request."""


@cache
def server() -> tuple[socket.socket, dict[str, str]]:
    """Start the server; return the socket that it reads and the environment that it was started in."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    # with -P, because this folder has names of other modules
    process = subprocess.Popen([sys.executable, "-P", __file__], stdin=there, env=environment | SET_BY_THE_APP)
    there.close()
    atexit.register(process.wait)
    atexit.register(here.close)  # before
    return here, environment


class WarmProgram(subprocess.Popen):
    """A program that was started by `[sys.executable, FILE, ...]`, or with `-m MODULE` or `-c CODE` for the file."""

    def __init__(self, command: Sequence[str | Path], imports: Sequence[str] = TRAINING, **options: Any) -> None:
        (_, of_server), environment = server(), options.get("env") or os.environ
        for name in {*of_server, *environment} - {*READ_LATER, *SET_BY_THE_APP}:
            differs = environment.get(name) != of_server.get(name)
            assert not (differs and name.startswith(READ_ONCE)), f"with another {name}, start a fresh interpreter"
        assert command[0] == sys.executable
        self.imports = imports
        super().__init__([*map(str, command)], **options)

    def _execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *others) -> None:
        pipes, is_leader = others[3:9], others[14]
        self.told, tells = os.pipe()
        streams = [own if given == -1 else given for own, given in enumerate((pipes[0], pipes[3], pipes[5]))]
        request = {
            "imports": self.imports,
            "arguments": args[1:],
            "folder": os.path.abspath(cwd or "."),
            "environment": dict(env or os.environ),
            "is_leader": is_leader,
        }
        socket.send_fds(server()[0], [json.dumps(request).encode()], [*streams, tells])
        os.close(tells)
        self._close_pipe_fds(*pipes)
        self.pid = self._number()
        self._child_created = True

    def _number(self) -> int:
        number = os.read(self.told, 4)
        assert number, "the server of warm programs has ended"
        return int.from_bytes(number, "little", signed=True)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self.told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._number()
            os.close(self.told)
        return self.returncode

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode


class FreshProgram(subprocess.Popen):
    """A program with the same arguments in a fresh interpreter, which imports everything itself."""

    def __init__(self, command: Sequence[str | Path], imports: Sequence[str] = TRAINING, **options: Any) -> None:
        super().__init__([*map(str, command)], **options)


if sys.platform != "linux":
    WarmProgram = FreshProgram


def run_warm(
    command: Sequence[str | Path], timeout: float, imports: Sequence[str] = TRAINING, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, like `subprocess.run(..., capture_output=True, text=True)`."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with WarmProgram(command, imports, **(pipes | options)) as program:
        try:
            out, error = program.communicate(timeout=timeout)
        except BaseException:
            program.kill()
            raise
    return subprocess.CompletedProcess(program.args, program.returncode, out, error)


def serve() -> dict[str, Any]:
    """Fork for every request; return it in the process that is to be the program."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests and their programs
    channel = socket.socket(fileno=os.dup(0))
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, LIMIT, 4)
        if not message:
            sys.exit()
        request = json.loads(message)
        for name in request["imports"]:
            importlib.import_module(name)
        gc.freeze()
        if os.fork() == 0:
            channel.close()
            *streams, tells = descriptors
            keep(tells, streams)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            signal.signal(signal.SIGINT, interrupt)  # ignored if the tests run in a shell's background
            return request
        for descriptor in descriptors:
            os.close(descriptor)


def keep(tells: int, streams: list[int]) -> None:
    """Fork again: return in the program; the keeper tells its process id, waits for it and tells its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    program = os.fork()
    if program == 0:
        os.close(tells)
        return
    for descriptor in (0, 1, 2, *streams):
        os.close(descriptor)
    os.write(tells, program.to_bytes(4, "little"))
    code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    with suppress(BrokenPipeError):
        os.write(tells, code.to_bytes(4, "little", signed=True))
    os._exit(0)


def become(request: dict[str, Any]) -> None:
    """Make this process that of the program, and run it. How it ends is how this process ends."""
    if request["is_leader"]:
        os.setsid()
    os.chdir(request["folder"])
    own = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}  # Python may set it at its start
    os.environ.clear()
    os.environ.update(own | request["environment"])
    open_streams(*os.environ.get("PYTHONIOENCODING", "").split(":"))
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()
    if "OMP_NUM_THREADS" in os.environ:
        sys.modules["torch"].set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    (kind, *rest), module = request["arguments"], ModuleType("__main__")
    place = {"-c": "", "-m": os.getcwd()}.get(kind, os.path.dirname(os.path.realpath(kind)))
    sys.path[:0] = [place, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = [kind, *rest]
    if kind == "-c":
        code, *sys.argv[1:] = rest
        sys.modules["__main__"] = module
        exec(code, vars(module))
    elif kind == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(kind, run_name="__main__")


def open_streams(encoding: str, errors: str = "") -> None:
    """Open the standard streams as Python does with these of PYTHONIOENCODING, or else like the server's."""
    chosen, errors = encoding and codecs.lookup(encoding).name or None, errors or (encoding and "strict")
    sys.stdin = sys.__stdin__ = open(0, encoding=chosen, errors=errors or sys.stdin.errors, closefd=False)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding=chosen, errors=errors or sys.stdout.errors, closefd=False)
    sys.stderr = sys.__stderr__ = open(2, "w", 1, encoding=chosen, errors=sys.stderr.errors, closefd=False)


if __name__ == "__main__":
    become(serve())
