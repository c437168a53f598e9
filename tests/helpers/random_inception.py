"""Inception with random weights: the official ones would have to be downloaded."""

from pathlib import Path
from unittest import mock

import torch
from pytorch_fid import inception as pytorch_fid_inception
from torchvision.models.inception import Inception3

from pix2pix.fid import inception


def weights_below(torch_home: Path) -> Path:
    return torch_home / "hub" / "checkpoints" / inception.WEIGHTS_FILE


def write_random_weights(torch_home: Path) -> None:
    """Write a weights file of pytorch-fid's Inception to where a TORCH_HOME has it."""
    keeping_initial = mock.patch.object(Inception3, "load_state_dict")
    without_download = mock.patch.object(pytorch_fid_inception, "load_state_dict_from_url")
    with keeping_initial, without_download, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = pytorch_fid_inception.fid_inception_v3()
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(module.weight)
    path = weights_below(torch_home)
    path.parent.mkdir(parents=True)
    torch.save(network.state_dict(), path)
