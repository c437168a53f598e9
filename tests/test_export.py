"""ONNX models compute what PyTorch does, image by image, and carry what is needed to use them."""

import hashlib
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from pix2pix import export, noise, release
from pix2pix.networks import UNet
from tests.helpers.environment import PATIENCE
from tests.helpers.tiny import tiny_generator, tiny_release_config
from tests.helpers.warm import run_warm

PLAIN = {"Conv": 8, "ConvTranspose": 8, "InstanceNormalization": 13, "Relu": 8, "LeakyRelu": 7, "Concat": 7, "Mul": 3}
PLAIN |= {"Tanh": 1, "Cast": 16}


def release_of(folder: Path, norm: str) -> UNet:
    """Writes a release whose parameters, those of the norms too, are far from 0 and 1; returns its generator."""
    generator = tiny_generator(norm=norm)
    with torch.no_grad():
        for weight in generator.parameters():
            weight.copy_((weight + 0.1 * torch.randn_like(weight)).half())
    release.save(folder, generator, tiny_release_config(norm=norm))
    return generator


@pytest.fixture(params=["instance", "batch"])
def exported(request, tmp_path) -> tuple[UNet, Path]:
    torch.manual_seed(0)
    generator = release_of(tmp_path / "release", request.param)
    assert export.main([str(tmp_path / "release"), "--output", str(tmp_path / "onnx")]) == 0
    return generator, tmp_path / "onnx" / "model.onnx"


@torch.no_grad()
@pytest.mark.parametrize("number, height, width", [(1, 256, 256), (3, 256, 256), (2, 512, 256), (1, 256, 768)])
def test_every_image_of_every_size_is_pytorchs(exported, number, height, width):
    generator, path = exported
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    label_images = np.random.default_rng(0).uniform(-1, 1, (number, 3, height, width)).astype(np.float32)
    masks = [noise.masks(seed, generator.dropout_channels, height, width) for seed in range(number)]
    together = {f"mask{layer}": np.stack(drawn) for layer, drawn in enumerate(zip(*masks, strict=True), 1)}
    (photos,) = session.run(["photo"], {"label_image": label_images} | together)
    assert photos.shape == (number, 3, height, width) and photos.std() > 0.01
    for index, photo in enumerate(photos):
        own_masks = [torch.from_numpy(mask)[None] for mask in masks[index]]
        expected = generator(torch.from_numpy(label_images[index : index + 1]), own_masks)[0]
        assert np.abs(photo - expected.numpy()).max() < 1e-3
        assert np.abs(photo - generator(torch.from_numpy(label_images[index : index + 1]))[0].numpy()).max() > 1e-3


def test_the_graph_has_plain_operations_only(exported):
    model = onnx.load(exported[1])
    assert Counter(node.op_type for node in model.graph.node) == PLAIN
    filters = [array for array in model.graph.initializer if array.name.endswith("conv.weight_fp16")]
    assert len(filters) == 15 and {array.data_type for array in filters} == {onnx.TensorProto.FLOAT16}


def test_the_file_names_its_release(exported, tmp_path):
    values = {item.key: item.value for item in onnx.load(exported[1]).metadata_props}
    written = json.loads((tmp_path / "release" / "config.json").read_text())
    assert json.loads(values["config"]) == written and len(written["palette"]) == 12
    weights = (tmp_path / "release" / "model.safetensors").read_bytes()
    assert values["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    assert "CMP Facade Database" in values["licence"]


def test_the_licence_lies_beside_the_model_and_the_difference_is_printed(tmp_path, capsys):
    release_of(tmp_path / "release", "instance")
    (tmp_path / "release" / "LICENSE.md").write_text("research only")
    assert export.main([str(tmp_path / "release"), "--output", str(tmp_path / "onnx")]) == 0
    assert (tmp_path / "onnx" / "LICENSE.md").read_text() == "research only"
    assert "from PyTorch in values of [-1, 1]" in capsys.readouterr().out


def test_a_model_that_differs_is_not_written(tmp_path, monkeypatch, capsys):
    release_of(tmp_path / "release", "instance")
    plain = export.Graph.add

    def steeper(self: export.Graph, operation: str, *inputs: str, **rest: object) -> str:
        return plain(self, operation, *inputs, **(rest | ({"alpha": 0.3} if operation == "LeakyRelu" else {})))

    monkeypatch.setattr(export.Graph, "add", steeper)
    assert export.main([str(tmp_path / "release"), "--output", str(tmp_path / "onnx")]) == 1
    assert "differs from PyTorch by" in capsys.readouterr().err
    assert not (tmp_path / "onnx").exists()


def test_a_folder_that_is_no_release_is_one_sentence(tmp_path, capsys):
    assert export.main([str(tmp_path), "--output", str(tmp_path / "onnx")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_without_onnx_the_command_says_what_to_install():
    code = "import sys; sys.modules['onnx'] = None; import pix2pix.export"
    ended = run_warm([sys.executable, "-c", code], PATIENCE)
    assert ended.returncode == 1
    assert ended.stderr == "Exporting needs two more packages: pip install onnx onnxruntime\n"
