"""Tiny data, networks and releases for tests that take seconds."""

import random
import socket
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image

from pix2pix.data.dataset import PairedDataset
from pix2pix.data.source import packaged
from pix2pix.labels import FACADES
from pix2pix.networks import UNet
from pix2pix.release import ReleaseConfig

holders: list[socket.socket] = []
"""What `free_port` holds."""

needs_vnni = pytest.mark.skipif(not torch.cpu._is_vnni_supported(), reason="this CPU has no VNNI instructions")


def free_port() -> int:
    """Return a port for a server that starts later: below 32768, so that no connection takes it until then.

    The UDP port of the same number is held until this process ends: no other call returns it, in no other process.
    """
    while True:
        port = random.SystemRandom().randint(15000, 30000)
        holder = socket.socket(type=socket.SOCK_DGRAM)
        with socket.socket() as probe, suppress(OSError):
            holder.bind(("127.0.0.1", port))
            probe.bind(("127.0.0.1", port))
            holders.append(holder)
            return port
        holder.close()


def draw_label_map(seed: int) -> np.ndarray:
    """Class indices [256, 256]: a few overlapping rectangles."""
    rng = np.random.default_rng(seed)
    label_map = np.ones((256, 256), np.uint8)
    for _ in range(12):
        top, left, height, width = rng.integers(0, 200), rng.integers(0, 200), *rng.integers(16, 80, 2)
        label_map[top : top + height, left : left + width] = rng.integers(len(FACADES))
    return label_map


def draw_pair(seed: int) -> Image.Image:
    """A 512x256 pair: as the photo, the label image in other colours and with noise; right of it the label image."""
    label_image = FACADES.to_image(draw_label_map(seed))
    noise = np.random.default_rng(seed).integers(-20, 20, (256, 256, 1))
    photo = np.clip(200 - label_image[..., ::-1] // 2 + noise, 0, 255).astype(np.uint8)
    return Image.fromarray(np.concatenate([photo, label_image], 1))


def published_pairs(data_dir: Path, dataset: str, split: str, direction: str = "BtoA") -> PairedDataset:
    """Open one split of a dataset in the published packaging."""
    return packaged(data_dir, dataset, direction).open([split])[split]


def draw_photo(width: int, height: int, seed: int = 0) -> Image.Image:
    """Smooth colours with noise, which nothing takes for a label map."""
    small = np.random.default_rng(seed).integers(0, 255, (5, 7, 3), np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    noise = np.random.default_rng(seed).integers(-12, 12, smooth.shape)
    return Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8))


def tiny_release_config(**changes: object) -> ReleaseConfig:
    tiny = {
        "dataset": "facades",
        "objective": "gan",
        "palette": FACADES,
        "base_channels": 2,
        "norm": "instance",
        "epochs": 3,
        "seed": 7,
    }
    return ReleaseConfig(**(tiny | changes))


def tiny_generator(seed: int = 0, norm: str = "instance") -> UNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return UNet(2, norm)


def use_endpoint(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
