"""What the tests share: a tiny dataset of coloured rectangles, tiny networks, a released folder of them."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image

from pix2pix import release, run_config
from pix2pix.config import TrainConfig
from pix2pix.data.dataset import PairedDataset
from pix2pix.fid.inception import Inception
from pix2pix.run_folder import RunFolder
from tests.helpers.chromium import browser as browser
from tests.helpers.hub_server import HubServer
from tests.helpers.once import made_once
from tests.helpers.random_inception import weights_below, write_random_weights
from tests.helpers.sites import bundled_site as bundled_site
from tests.helpers.sites import tiny_app as tiny_app
from tests.helpers.sites import tiny_folders as tiny_folders
from tests.helpers.sites import tiny_site as tiny_site
from tests.helpers.tiny import draw_pair, published_pairs, tiny_generator, tiny_release_config, use_endpoint

torch.set_num_threads(1)  # at this size, threads cost more than they bring


@pytest.fixture(autouse=True)
def seed() -> None:
    """Draw the same, whatever has drawn before in this process, which is chance where several run the tests."""
    torch.manual_seed(0)
    np.random.seed(0)


@pytest.fixture(autouse=True)
def signal_handlers() -> Iterator[None]:
    """Training installs its own; give Ctrl-C back to pytest."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with facades/train (4 pairs) and facades/val (1 pair), JPEG as in the real dataset. Read-only."""
    folder = tmp_path_factory.mktemp("datasets")
    for split, seeds in {"train": range(1, 5), "val": range(5, 6)}.items():
        (folder / "facades" / split).mkdir(parents=True)
        for number, seed in enumerate(seeds, 1):
            draw_pair(seed).save(folder / "facades" / split / f"{number}.jpg", quality=90)
    return folder


@pytest.fixture
def tiny_config(data_dir: Path, tmp_path: Path) -> Callable[..., TrainConfig]:
    """Make configurations of runs that take seconds."""

    def make(**changes: object) -> TrainConfig:
        tiny = {
            "data_dir": data_dir,
            "run_dir": tmp_path / "run",
            "base_channels": 2,
            "epochs": 2,
            "workers": 0,
            "precision": "fp32",
        }
        return TrainConfig(**(tiny | changes))

    return make


@pytest.fixture(scope="session")
def released_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released folder with an untrained generator. Not to be changed."""
    folder = tmp_path_factory.mktemp("released")
    release.save(folder, tiny_generator(), tiny_release_config())
    return folder


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file of pytorch-fid's Inception with random values, below a TORCH_HOME. Read-only."""
    return weights_below(made_once(tmp_path_factory, "torch_home", write_random_weights))


@pytest.fixture(scope="session")
def small_inception(inception_weights: Path) -> Inception:
    """Inception up to the first layer that gives features, which takes a tenth of the time."""
    return Inception(inception_weights, dims=64, device=torch.device("cpu"))


@pytest.fixture
def feature_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of features, which is the user's cache folder during the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pix2pix"


@pytest.fixture(scope="session")
def image_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders of 64x64 images, 8 and 6, cut out of drawn photos; those of the second are darker."""
    parent = tmp_path_factory.mktemp("images")
    for name, count, brightness in (("a", 8, 1.0), ("b", 6, 0.8)):
        (parent / name).mkdir()
        for seed in range(count):
            pixels = np.asarray(draw_pair(seed))[64:128, 64:128] * brightness
            Image.fromarray(pixels.astype(np.uint8)).save(parent / name / f"{seed}.png")
    return parent / "a", parent / "b"


@pytest.fixture
def train_pairs(data_dir: Path) -> PairedDataset:
    return published_pairs(data_dir, "facades", "train")


@pytest.fixture
def kept_run(tiny_config: Callable, train_pairs: PairedDataset) -> Path:
    """A run folder with untrained generators as those of epochs 1 and 10."""
    run = RunFolder(tiny_config().run_dir)
    run.path.mkdir()
    run_config.record(run, tiny_config(), {"train": train_pairs.fingerprint()})
    for epoch in (1, 10):
        release.save_weights(run.weights(epoch), tiny_generator(epoch))
    return run.path


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A Hub for one test, with its own cache and a token that may write. huggingface_hub reads constants on import."""
    server = HubServer()
    server.tokens = {"hf_writer": "write", "hf_reader": "read"}
    use_endpoint(monkeypatch, server.url)
    settings = {"HF_HUB_CACHE": tmp_path / "cache", "HF_TOKEN_PATH": tmp_path / "token", "HF_HUB_DISABLE_XET": True}
    for name, value in settings.items():
        monkeypatch.setattr(constants, name, str(value) if isinstance(value, Path) else value)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setenv("HF_TOKEN", "hf_writer")
    yield server
    server.close()
