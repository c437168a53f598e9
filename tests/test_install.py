"""The project as an installed package: a wheel, its console scripts, and what it needs at run time."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from demo.label_canvas import encode
from pix2pix import release
from pix2pix.labels import PALETTES
from pix2pix.painter import Painter
from pix2pix.release import OBJECTIVES
from tests.helpers.environment import PATIENCE
from tests.helpers.hub_server import HubServer
from tests.helpers.server import program_at, start_app
from tests.helpers.tiny import draw_label_map, tiny_generator, tiny_release_config
from tests.helpers.training import arguments

ROOT = Path(__file__).parents[1]
FEW_FILES = ["pyproject.toml", "requirements.txt", "README.md", "LICENSE", "app.py", "train.py"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
MAX_WEIGHTS = 30_000_000
"""Bytes of weights in a wheel."""


def copy_small(source: str, target: str) -> str:
    """Copy a file; weights become zeros, which compress fast."""
    if not source.endswith(".safetensors"):
        return shutil.copy(source, target)
    with open(target, "wb") as file:
        file.truncate(os.path.getsize(source))
    return target


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built in a copy, because building leaves files behind."""
    copy, wheels = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheels")
    for name in FEW_FILES:
        shutil.copy(ROOT / name, copy)
    for name in ("pix2pix", "demo", "docs", "tests", "benchmarks"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored, copy_function=copy_small)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(wheels)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "."], cwd=copy, check=True, env=ENVIRONMENT)
    (built,) = wheels.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the console scripts in a fresh environment that borrows only other packages from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    # pytorch-fid installs scipy for a program of its own; nothing here may need it, or a certain version of it.
    (packages / "borrowed.pth").write_text(
        f"{sysconfig.get_path('purelib')}\nimport sys; sys.modules['scipy'] = None\n"
    )
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True, env=ENVIRONMENT)
    return folder / "bin"


def test_the_wheel_holds_every_file_that_the_programs_read_and_few_weights(wheel):
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    files = {path for folder in ("pix2pix", "demo") for path in (ROOT / folder).rglob("*") if path.is_file()}
    names = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    left_out = {name for name in names if name.startswith("demo/weights/") or name.endswith((".pyi", ".d.ts"))}
    assert {name for name in sizes if ".dist-info/" not in name} == (names - left_out) | {"app.py", "train.py"}
    assert sum(size for name, size in sizes.items() if name.endswith(".safetensors")) <= MAX_WEIGHTS


def test_the_installed_programs_train_and_paint_in_another_folder(scripts, data_dir, tmp_path):
    def run(program: str, *flags: object) -> str:
        command = [str(scripts / program), *map(str, flags)]
        ended = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    said = run("pix2pix-train", *arguments(data_dir, Path("run"), objective="l1", epochs=1))
    assert "pix2pix-app --weights facades-l1=run/release" in said and "python app.py" not in said
    recorded = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert recorded["machine"]["code"] == f"pix2pix-studio {VERSION}"
    label_map = draw_label_map(3)
    Image.fromarray(PALETTES["facades"].to_image(label_map)).save(tmp_path / "house.png")
    places = ["--input", "house.png", "--output", "painted"]
    run("pix2pix-paint", "--weights", "run/release", *places, "--precision", "fp32")
    painter = Painter.load(tmp_path / "run" / "release", precision="fp32")
    painted = np.asarray(Image.open(tmp_path / "painted" / "house.png")).astype(int)
    assert np.abs(painted - painter.paint(label_map, 0)).max() <= 1


@pytest.fixture
def hub() -> Iterator[HubServer]:
    server = HubServer()
    yield server
    server.close()


def test_the_installed_app_takes_its_models_from_the_hub_and_serves_its_page(scripts, hub, tmp_path):
    for dataset, palette in PALETTES.items():
        for objective in OBJECTIVES:
            folder = tmp_path / f"{dataset}-{objective}"
            config = tiny_release_config(dataset=dataset, objective=objective, palette=palette)
            release.save(folder, tiny_generator(), config)
            hub.add(f"me/{folder.name}", {path.name: path.read_bytes() for path in folder.iterdir()})
    settings = {"HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}
    settings |= {"PIX2PIX_HUB_OWNER": "me", "no_proxy": "127.0.0.1", "PYTHONPATH": ""}
    app, url = start_app(tmp_path / "temporary", {}, [str(scripts / "pix2pix-app")], tmp_path, False, **settings)
    try:
        pages = httpx.Client(base_url=url, timeout=60)
        page = pages.get("").text
        modules = set(re.findall(r"modulepreload[^>]+?(gradio_api/file=[^>]+?/label_canvas/[^>]+?\.js)", page))
        assert len(modules) == len(list((ROOT / "demo" / "label_canvas").rglob("*.js")))
        assert {pages.get(module).status_code for module in modules} == {200}
        message = encode(draw_label_map(0)).model_dump()
        client = program_at(url)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                answer = client.predict(message, 1, True, api_name="/paint")
                break
            except ValueError:  # the models are still being downloaded
                assert time.monotonic() < until
                time.sleep(0.2)
        assert Image.open(answer[0]).size == (256, 256)
    finally:
        app.terminate()
        app.communicate(timeout=PATIENCE)


def test_every_console_script_is_a_function_of_a_program(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (listed,) = [archive.read(name).decode() for name in archive.namelist() if name.endswith("entry_points.txt")]
    found = dict(line.split(" = ") for line in listed.splitlines() if " = " in line)
    assert found.keys() == {f"pix2pix-{name}" for name in ("train", "app", "paint", "data", "export")}

    for target in found.values():
        module, _, function = target.partition(":")
        assert callable(getattr(importlib.import_module(module), function))
