"""The programs in docs/onnx.md paint what `Painter` does."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from pix2pix import export, release
from pix2pix.painter import Painter
from tests.helpers.tiny import tiny_generator, tiny_release_config

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "onnx.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture
def painter(tmp_path, monkeypatch) -> Painter:
    """Painter of a tiny model, whose export is where the document expects that of the facades GAN."""
    torch.manual_seed(0)
    release.save(tmp_path / "release", tiny_generator(), tiny_release_config())
    assert export.main([str(tmp_path / "release"), "--output", str(tmp_path / "onnx" / "facades-gan")]) == 0
    (tmp_path / "demo").symlink_to(ROOT / "demo")
    monkeypatch.chdir(tmp_path)
    return Painter.load(tmp_path / "release", precision="fp32")


def levels_apart(found: np.ndarray, expected: np.ndarray) -> int:
    return np.abs(found.astype(int) - expected).max().item()


def test_the_lines_of_python_paint_a_batch(painter):
    names: dict[str, object] = {}
    first, second = blocks("python")
    exec(first, names)
    for file, seed in zip(("village-house", "palazzo"), (1, 2), strict=True):
        label_map, _ = painter.palette.from_image(
            np.asarray(Image.open(f"demo/maps/facades/{file}.png").convert("RGB"))
        )
        expected = painter.paint(label_map, seed)
        assert levels_apart(np.asarray(Image.open(f"photo{seed}.png")), expected) <= 1
        assert levels_apart(painter.paint(label_map, seed + 1), expected) > 1
    exec(second, names)
    assert np.array_equal(names["image"], painter.palette.to_image(np.ones((256, 256), int)))


def compiles() -> bool:
    """Whether g++ finds onnxruntime's headers, in its own folders or those of the variable CPATH."""
    command = ["g++", "-E", "-x", "c++", "-include", "onnxruntime_cxx_api.h", "/dev/null"]
    return bool(shutil.which("g++")) and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not compiles(), reason="needs g++, and onnxruntime's C++ headers on CPATH")
@pytest.mark.parametrize("seed", [None, 1, 2**32 - 1])
def test_the_program_in_cpp_paints(painter, seed):
    (library,) = (Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*")
    Path("libonnxruntime.so.1").symlink_to(library)
    (code,) = blocks("cpp")
    Path("paint.cpp").write_text(code, encoding="utf-8")
    build = [
        "g++",
        "-std=c++17",
        "-Wall",
        "-Wextra",
        "-Werror",
        "paint.cpp",
        str(library),
        "-Wl,-rpath,.",
        "-o",
        "paint",
    ]
    subprocess.run(build, check=True)
    label_image = np.random.default_rng(0).integers(0, 256, (512, 256, 3), np.uint8)
    Image.fromarray(label_image).save("label_image.ppm")
    command = ["./paint", "onnx/facades-gan/model.onnx", "label_image.ppm", "photo.ppm"]
    subprocess.run([*command, *([] if seed is None else [str(seed)])], check=True)
    expected = painter.paint_image(label_image, seed or 0, dropout=seed is not None)
    assert levels_apart(np.asarray(Image.open("photo.ppm")), expected) <= 1
    assert levels_apart(painter.paint_image(label_image, 5), expected) > 1
    assert subprocess.run([*command[:2], "missing.ppm", "x.ppm"], capture_output=True).returncode == 1
