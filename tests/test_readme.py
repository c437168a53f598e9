"""The commands and lines of code in README and docs work."""

import io
import json
import re
import shlex
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest
from accelerate.commands.launch import launch_command_parser
from PIL import Image

import train
from demo.app import build_demo, launch
from demo.models import load_models
from pix2pix import painter
from tests.helpers.environment import PATIENCE

ROOT = Path(__file__).parents[1]
README = "\n".join(
    path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
)
"""README and docs together."""
COMMANDS = [shlex.split(line, comments=True) for line in re.findall(r"^python .*$", README, re.MULTILINE)]
TRAINING_FLAGS = [
    shlex.split(flags)
    for flags in re.findall(r"^(?:python|torchrun|accelerate)[^#\n]* ?\btrain\.py\b([^#\n]*)", README, re.MULTILINE)
]


def code_with(text: str) -> str:
    """The one Python block that contains a text."""
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if text in block]
    return block


def test_the_lines_of_python_paint(monkeypatch):
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(code_with("Painter.load"), names)
    picture = names["image"]
    assert isinstance(picture, np.ndarray) and picture.shape == (256, 256, 3) and picture.std() > 10


@pytest.fixture(scope="module")
def app_url():
    demo = build_demo(load_models({}))
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True)
    yield url.rstrip("/")
    demo.close()


@pytest.fixture
def with_labels(tmp_path, monkeypatch):
    """A working folder with the image that the docs name."""
    (tmp_path / "labels.png").write_bytes((ROOT / "demo" / "maps" / "facades" / "village-house.png").read_bytes())
    monkeypatch.chdir(tmp_path)


def test_the_lines_for_a_running_app_paint(app_url, with_labels):
    lines = code_with("gradio_client").replace("http://127.0.0.1:7860", app_url)
    first, second = lines.split("\nruns = ")
    names: dict[str, object] = {}
    for part in (first, "runs = " + second):
        exec(part, names)
        pictures = [np.asarray(Image.open(str(names[name]))) for name in ("gan", "l1")]
        assert [picture.shape for picture in pictures] == [(256, 256, 3)] * 2
        assert set(names.pop("milliseconds")) == {"gan", "l1"}  # type: ignore[call-overload]
        del names["gan"], names["l1"]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")
def test_the_lines_of_curl_paint(app_url, with_labels):
    (script,) = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    answer = subprocess.run(
        ["bash", "-e", "-c", script.replace("http://127.0.0.1:7860", app_url)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "event: complete" in answer.stdout, answer.stdout + answer.stderr
    gan, l1, milliseconds = json.loads(answer.stdout.split("data: ")[1])
    for file in (gan, l1):
        assert Image.open(io.BytesIO(httpx.get(file["url"], timeout=60).content)).size == (256, 256)
    assert set(milliseconds) == {"gan", "l1"}


@pytest.mark.parametrize("flags", TRAINING_FLAGS, ids=" ".join)
def test_the_flags_of_training_are_known(flags):
    config, _ = train.parse_flags(flags)  # ends the program where one is not
    assert config.epochs == int(dict(pairwise(flags)).get("--epochs", 200))


@pytest.mark.parametrize("line", re.findall(r"^accelerate launch (.*) train\.py", README, re.MULTILINE))
def test_the_flags_of_the_launcher_are_known(line):
    assert launch_command_parser().parse_args([*shlex.split(line), "train.py"]).num_processes in (8, 16)


def test_the_command_for_files_paints(tmp_path, monkeypatch):
    (command,) = [command for command in COMMANDS if "pix2pix.painter" in command]
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "house.png").write_bytes(
        (ROOT / "demo" / "maps" / "facades" / "village-house.png").read_bytes()
    )
    (tmp_path / "demo").symlink_to(ROOT / "demo")
    monkeypatch.chdir(tmp_path)
    assert painter.main(command[3:]) == 0
    assert Image.open("images/house.png").size == (256, 256)
