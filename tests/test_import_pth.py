"""Generators of the common PyTorch pix2pix, written by an independent definition, paint the same after the import."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from pix2pix import import_pth, release
from pix2pix.labels import CITYSCAPES, FACADES
from pix2pix.painter import Painter
from pix2pix.pixel_values import to_float, to_uint8
from pix2pix.pth_files import read_state
from tests.helpers.environment import PATIENCE
from tests.helpers.tiny import draw_label_map
from tests.helpers.warm import run_warm

ROOT = Path(__file__).parents[1]


class Nested(nn.Module):
    """A block around another one, as in that project: `model` is a list of layers, the inner block in the middle."""

    def __init__(self, outer: int, inner: int, norm: str, inside: "Nested | None", outermost: bool = False) -> None:
        super().__init__()
        bias = norm == "instance"
        norm_layer = nn.InstanceNorm2d if norm == "instance" else nn.BatchNorm2d
        down = nn.Conv2d(3 if outermost else outer, inner, 4, 2, 1, bias=bias)
        up = nn.ConvTranspose2d(inner if inside is None else 2 * inner, outer, 4, 2, 1, bias=bias or outermost)
        if outermost:
            layers = [down, inside, nn.ReLU(), up, nn.Tanh()]
        elif inside is None:
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, norm_layer(outer)]
        else:
            layers = [nn.LeakyReLU(0.2), down, norm_layer(inner), inside, nn.ReLU(), up, norm_layer(outer)]
        self.outermost, self.model = outermost, nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class CommonUNet(nn.Module):
    def __init__(self, norm: str, blocks: int = 8, channels: int = 2) -> None:
        super().__init__()
        widths = [3, *(channels * min(2**depth, 8) for depth in range(blocks))]
        block = None
        for depth in range(blocks, 0, -1):
            block = Nested(widths[depth - 1], widths[depth], norm, block, outermost=depth == 1)
        self.model = block

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def common_unet(norm: str, blocks: int = 8) -> CommonUNet:
    """A network whose weights and biases are far from symmetric."""
    torch.manual_seed(1)
    network = CommonUNet(norm, blocks)
    for weight in network.parameters():
        nn.init.normal_(weight, 0.1, 0.3)
    return network


def import_file(path: Path, output: Path, dataset: str = "facades") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pix2pix.import_pth", str(path), "--dataset", dataset, "--output", str(output)]
    return run_warm(command, PATIENCE, cwd=ROOT)


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_the_imported_network_computes_the_same(norm):
    theirs = common_unet(norm)
    state = theirs.state_dict()
    # That project's encoder has no biases with batch norm.
    assert ("model.model.0.bias" in state) == (norm == "instance")
    ours, base_channels, found_norm = import_pth.to_generator(state)
    assert (base_channels, found_norm) == (2, norm)
    x = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        expected = theirs.train()(x)  # batch norm uses the statistics of the image
        torch.testing.assert_close(ours(x), expected, rtol=0, atol=2e-5)
    assert expected.std() > 0.05


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_the_command_makes_a_folder_that_paints_the_same_image(norm, tmp_path):
    theirs = common_unet(norm)
    torch.save(
        {f"module.{name}": weight for name, weight in theirs.state_dict().items()}, tmp_path / "latest_net_G.pth"
    )
    done = import_file(tmp_path / "latest_net_G.pth", tmp_path / "released")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(f"UNet-256, 2 base channels, {norm} norm")
    painter = Painter.load(tmp_path / "released", precision="fp32")
    assert painter.config.palette == FACADES and painter.config.norm == norm
    label_image = painter.label_image(draw_label_map(1))
    with torch.no_grad():
        expected = (
            to_uint8(theirs(to_float(torch.tensor(label_image).permute(2, 0, 1)[None])))[0].permute(1, 2, 0).numpy()
        )
    difference = np.abs(painter.paint_image(label_image, 0, dropout=False).astype(int) - expected)
    assert difference.max() <= 3 and difference.mean() < 0.2  # the rounding of half precision


def test_the_dataset_decides_the_palette(tmp_path):
    torch.save(common_unet("instance").state_dict(), tmp_path / "G.pth")
    flags = ["--dataset", "cityscapes", "--objective", "l1", "--epochs", "200", "--output", str(tmp_path / "r")]
    assert import_pth.main([str(tmp_path / "G.pth"), *flags]) == 0
    config = release.load_config(tmp_path / "r")
    assert (config.palette, config.dataset, config.objective, config.epochs) == (CITYSCAPES, "cityscapes", "l1", 200)


def damaged(change: str) -> object:
    state = common_unet("instance").state_dict()
    if change == "shape":
        state["model.model.1.model.1.weight"] = torch.zeros(4, 3, 4, 4)
    elif change == "missing":
        del state["model.model.3.bias"]
    elif change == "more":
        state["model.model.9.weight"] = torch.zeros(1)
    elif change == "channels":
        state["model.model.0.weight"] = torch.zeros(2, 1, 4, 4)
    elif change == "not finite":
        state["model.model.0.weight"][0, 0, 0, 0] = 1e9
    elif change == "smaller":
        return common_unet("instance", blocks=7).state_dict()
    elif change == "larger":
        return common_unet("instance", blocks=9).state_dict()
    elif change == "another network":
        return nn.Linear(2, 2).state_dict()
    elif change == "no dict":
        return [torch.zeros(1)]
    elif change == "whole training state":
        return {"G": state, "epoch": 3}
    return state


SENTENCES = {
    "shape": "not a UNet-256 with 3 input and 3 output channels: "
    "model.model.1.model.1.weight is (4, 3, 4, 4), not (4, 2, 4, 4)",
    "missing": "model.model.3.bias is missing",
    "more": "it also has model.model.9.weight",
    "channels": "model.model.0.weight is (2, 1, 4, 4), not (2, 3, 4, 4)",
    "not finite": "down1.weight holds values that are not finite in half precision",
    "smaller": "not a UNet-256 with 3 input and 3 output channels: ",
    "larger": "not a UNet-256 with 3 input and 3 output channels: ",
    "another network": "its first weight, model.model.0.weight, is missing or malformed",
    "no dict": "holds no state dict",
    "whole training state": "holds no state dict",
}


@pytest.mark.parametrize("change", SENTENCES)
def test_another_state_is_refused_with_a_sentence(change, tmp_path, capsys):
    torch.save(damaged(change), tmp_path / "G.pth")
    assert import_pth.main([str(tmp_path / "G.pth"), "--dataset", "facades", "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert SENTENCES[change] in said and str(tmp_path) in said and said.count("\n") == 1


class Trap:
    def __reduce__(self):
        return os.mkdir, ("trapped",)


def write_other(kind: str, path: Path) -> None:
    """Write a file that holds no state dict, or half of one."""
    state = common_unet("instance").state_dict()
    if kind == "missing":
        return
    if kind == "pickled code":
        torch.save({"model.model.0.weight": Trap()}, path)
    elif kind == "whole module":
        torch.save(nn.Linear(2, 2), path)
    elif kind == "whole module, old format":
        torch.save(nn.Linear(2, 2), path, _use_new_zipfile_serialization=False)
    elif kind == "TorchScript":
        torch.jit.script(nn.Linear(2, 2)).save(str(path))
    elif kind == "other ZIP":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("weights/latest_net_G.pth", "")
    elif kind.startswith("half"):
        torch.save(state, path, _use_new_zipfile_serialization=kind == "half")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif kind == "damaged safetensors":
        save_file(state, path)
        path.write_bytes(path.read_bytes()[:-4])
    else:
        path.write_bytes(OTHER_BYTES[kind])


OTHER_BYTES = {
    "empty": b"",
    "text": b"not weights",
    "LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2145\nsize 217\n",
    "web page": b"\n<!DOCTYPE html><html><title>Sign in</title></html>",
    "gzip": b"\x1f\x8b\x08" + bytes(600),
    "tar": b"latest_net_G.pth".ljust(257, b"\0") + b"ustar\0" + bytes(600),
    "image": b"\x89PNG\r\n\x1a\n" + bytes(600),
}
OTHERS = {
    "missing": "cannot be read: No such file or directory",
    "pickled code": "holds a posix.mkdir and not only weights; it is not read, because that could run code",
    "whole module": "holds a torch.nn.modules.linear.Linear and not only weights",
    "whole module, old format": "holds a torch.nn.modules.linear.Linear and not only weights",
    "TorchScript": "holds a TorchScript module and not only weights",
    "other ZIP": "is an archive: unpack it",
    "half": "is damaged or incomplete: get it again",
    "half, old format": "is damaged or incomplete, or no file of PyTorch weights",
    "damaged safetensors": "is damaged or incomplete, get it again",
    "empty": "is empty: get it again",
    "text": "is no file of PyTorch weights",
    "LFS pointer": "is a pointer of Git LFS, not the weights: run git lfs pull",
    "web page": "is a web page, not the weights: download the file itself",
    "gzip": "is an archive: unpack it",
    "tar": "is an archive: unpack it",
    "image": "is no file of PyTorch weights",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_file_of_another_kind_is_named_and_never_run(kind, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "G.pth"
    write_other(kind, path)
    assert import_pth.main([str(path), "--dataset", "facades", "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{path} {OTHERS[kind]}") and said.count("\n") == 1
    assert not (tmp_path / "trapped").exists()


def same_weights(state: dict[str, torch.Tensor]) -> bool:
    """Whether a state dict is read as the plain one of the same network."""
    expected = import_pth.to_generator(common_unet("instance").state_dict())[0].state_dict()
    found = import_pth.to_generator(state)[0].state_dict()
    return all(torch.equal(found[name], weight) for name, weight in expected.items())


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "netG.", "module._orig_mod.", "_orig_mod.module.", "module.netG.module."]
)
def test_names_that_wrappers_give_are_understood(prefix):
    state = common_unet("instance").state_dict()
    renamed = {prefix + name: weight for name, weight in state.items()}
    assert same_weights(renamed)
    if "netG" in prefix:
        assert same_weights(renamed | {prefix.replace("netG", "netD") + "model.0.weight": torch.zeros(1)})
    assert same_weights({name.replace("model.model.1.", "model.model.1._orig_mod."): w for name, w in state.items()})


def test_safetensors_are_read_whatever_their_name(tmp_path):
    save_file(common_unet("instance").state_dict(), tmp_path / "G.pth")
    assert same_weights(read_state(tmp_path / "G.pth"))


def test_instance_norms_with_weights_are_called_so(tmp_path, capsys):
    state = common_unet("instance").state_dict() | {
        name: weight
        for name, weight in common_unet("batch").state_dict().items()
        if re.search(r"model\.[26]\.(weight|bias)$", name) and weight.dim() == 1
    }
    torch.save(state, tmp_path / "G.pth")
    assert import_pth.main([str(tmp_path / "G.pth"), "--dataset", "facades", "--output", str(tmp_path / "out")]) == 1
    assert "its instance norms have weights (affine=True), which the UNet here lacks" in capsys.readouterr().err
