"""The tests pass whatever the shell has set, whatever runs beside them, and however busy the machine is."""

import os
import random
import subprocess
import sys
from pathlib import Path

import gradio.utils
import pytest
from playwright.sync_api import TimeoutError

from tests.helpers import chromium
from tests.helpers.app import ROOT
from tests.helpers.environment import PATIENCE, isolated
from tests.helpers.tiny import free_port

HOSTILE = {
    **{name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY", "HF_ENDPOINT")},
    **{name: "/nonexistent" for name in ("HF_HOME", "HF_HUB_CACHE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")},
    **{name: "/nonexistent" for name in ("GRADIO_TEMP_DIR", "GRADIO_ROOT_PATH", "XDG_CACHE_HOME", "TORCH_HOME")},
    **{name: "1" for name in ("HF_HUB_OFFLINE", "TQDM_DISABLE", "NO_COLOR", "FORCE_COLOR", "COLUMNS")},
    **{name: "1" for name in ("GRADIO_SERVER_PORT", "GRADIO_SHARE", "ACCELERATE_USE_CPU")},
    "OMP_NUM_THREADS": "7",
    "PIX2PIX_HUB_OWNER": "nobody",
    "PIX2PIX_RATE": "never",
    "SPACE_ID": "owner/space",
    "HF_TOKEN": "hf_wrong",
    "GRADIO_SERVER_NAME": "192.0.2.1",
    "LC_ALL": "C",
    "LANG": "ja_JP.SJIS",
    "PYTHONIOENCODING": "ascii:strict",
    "PYTHONWARNINGS": "error::DeprecationWarning",
    "WORLD_SIZE": "2",
    "RANK": "1",
}


def test_the_tests_have_nothing_of_the_shell_but_what_they_need(tmp_path):
    found = isolated(HOSTILE | {"PATH": "/bin", "HOME": "/root", "PYTEST_XDIST_WORKER": "gw0"}, tmp_path)
    assert {name: value for name, value in found.items() if HOSTILE.get(name) == value} == {
        "TORCH_HOME": "/nonexistent"
    }
    assert (found["PATH"], found["HOME"], found["PYTEST_XDIST_WORKER"]) == ("/bin", "/root", "gw0")
    assert os.environ["HF_HOME"].endswith("/huggingface") and "HF_TOKEN" not in os.environ


def test_the_files_of_apps_are_those_of_this_process():
    """Gradio names files by their contents, and deletes those of an app when it ends."""
    assert Path(gradio.utils.get_upload_folder()).parent == Path(os.environ["HF_HOME"]).parent


def test_a_port_is_given_to_one_server_only(monkeypatch):
    given = free_port()  # no server has started there yet
    drawn = iter([given, *range(15000, 30000)])
    monkeypatch.setattr(random.SystemRandom, "randint", lambda *_: next(drawn))
    assert free_port() != given


def test_tests_pass_in_a_hostile_environment():
    files = ["tests/test_hub.py", "tests/test_command_line.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", "environment_var or flags"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | HOSTILE, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout.decode("ascii", "replace")
    assert b"2 passed" in done.stdout


def test_every_page_waits_as_long_as_assertions_do(monkeypatch):
    monkeypatch.setattr(chromium, "PATIENCE", 0.25)
    with chromium.started_browser() as browser:
        for make in (browser.new_page, lambda: browser.new_context().new_page()):
            with pytest.raises(TimeoutError, match="250ms"):
                make().wait_for_function("() => false")
