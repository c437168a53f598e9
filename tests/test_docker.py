"""The Dockerfile, without a daemon: files are copied, and commands run with the packages of this environment."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.helpers.environment import PATIENCE
from tests.helpers.tiny import free_port

ROOT = Path(__file__).parents[1]
PORT = "7860"
IGNORED = [line.removeprefix("**/") for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split()]


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments, in order."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line and line[0] != "#")]


def arguments_of(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def command_in(text: str, port: int) -> list[str]:
    """The command of CMD or HEALTHCHECK, with this Python and another port."""
    program, *rest = json.loads(text[text.index("[") :].replace(PORT, str(port)))
    assert program == "python"
    return [sys.executable, *rest]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The working folder of the image."""
    for sources, target in ((shlex.split(rest)[:-1], shlex.split(rest)[-1]) for rest in arguments_of("COPY")):
        for source in sources:
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns(*IGNORED)
                shutil.copytree(ROOT / source, tmp_path / target, ignore=ignored, copy_function=os.symlink)
            else:
                shutil.copy(ROOT / source, tmp_path / target)
    return tmp_path


def test_the_container_serves_the_page_reports_its_health_and_stops_when_told(image):
    port = free_port()
    [health], [start] = arguments_of("HEALTHCHECK"), arguments_of("CMD")
    assert arguments_of("EXPOSE") == [PORT] and PORT in health
    settings = dict(setting.split("=") for rest in arguments_of("ENV") for setting in shlex.split(rest))
    assert settings["GRADIO_SERVER_NAME"] == "0.0.0.0"
    inherited = {name: value for name, value in os.environ.items() if name != "GRADIO_TEMP_DIR"}
    environment = inherited | settings | {"GRADIO_SERVER_PORT": str(port)}
    app = subprocess.Popen(command_in(start, port), cwd=image, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + PATIENCE
        while subprocess.run(command_in(health, port), cwd=image, stderr=subprocess.DEVNULL).returncode:
            assert app.poll() is None and time.monotonic() < until, "it is not healthy"
            time.sleep(1)
        assert "label-canvas" in httpx.get(f"http://127.0.0.1:{port}/", timeout=PATIENCE).text
        app.send_signal(signal.SIGTERM)  # what `docker stop` sends
        _, errors = app.communicate(timeout=PATIENCE)
    finally:
        app.kill()
    assert app.returncode in (0, 143) and "Traceback" not in errors


def test_packages_are_installed_before_the_code_which_changes_more_often():
    words = [f"{word} {rest}" for word, rest in instructions()]
    install = words.index("RUN pip install --no-cache-dir -r requirements.txt")
    copied = [index for index, text in enumerate(words) if text.startswith("COPY")]
    assert words[copied[0]] == "COPY requirements.txt ./" and copied[0] < install < copied[1]
    users = [index for index, text in enumerate(words) if text.startswith("USER ")]
    assert install < users[0] < words.index(f"CMD {arguments_of('CMD')[0]}"), "the app runs as root"


def test_the_image_has_a_python_that_the_package_allows():
    [base] = arguments_of("FROM")
    version = tuple(map(int, re.findall(r"\d+", base)[:2]))
    [needed] = re.findall(r'requires-python = ">=(\d+)\.(\d+)', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert version >= tuple(map(int, needed))
