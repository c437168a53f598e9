"""pytorch-fid's Inception: features of 8-bit images, equal to those that pytorch-fid computes from PNG files.

Distances depend on the weights, so every number names them; it is called FID only with the published weights.
"""

import hashlib
import os
import socket
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from types import ModuleType
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn

from pix2pix.fid.distances import FidError
from pix2pix.fid.measure import OFFICIAL_HASH, Measure
from pix2pix.files import replacing
from pix2pix.surroundings import ProxyError, check_proxies, in_words, through_proxy

WEIGHTS_FILE = f"pt_inception-2015-12-05-{OFFICIAL_HASH}.pth"
DIMS = (64, 192, 768, 2048)
BATCH_SIZE = 16
"""Images per pass through a network; with Inception, the process then takes about 1 GB of memory."""
TIMEOUT_SECONDS = 20.0
"""Limit for connecting to the server of the weights, and for each wait for more data."""


class Inception:
    """Computes features of images.

    Args:
        weights: The file that `find_weights` returns.
        dims: 2048 as published, or the mean of an earlier layer: 768, 192, 64.
        device: Where to compute; a GPU by default if there is one.

    Attributes:
        measure: What distances of the features may be called.

    Raises:
        FidError: If the file does not contain the weights of pytorch-fid's Inception.
    """

    def __init__(self, weights: Path, dims: int = 2048, device: torch.device | None = None) -> None:
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        weights_hash, network = _load(weights, dims)
        self.measure = Measure(weights_hash, dims)
        # Channels-last is 1.4 times as fast on a CPU; features differ by less than 1e-6 of the largest one.
        self.network = network.eval().to(self.device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def features(self, batches: Iterable[Tensor]) -> np.ndarray:
        """Compute features of 8-bit images.

        Args:
            batches: Each uint8 RGB [N, 3, H, W].

        Returns:
            float32 [N of all batches, dims].

        Raises:
            FidError: If a feature is not finite.
        """
        parts = [np.empty((0, self.measure.dims), np.float32)]
        for batch in batches:
            x = batch.to(self.device, memory_format=torch.channels_last).float() / 255
            parts.append(self.network(x)[0].mean((2, 3)).cpu().numpy())  # [N, dims, h, w] → [N, dims]
        features = np.concatenate(parts)
        if not np.isfinite(features).all():
            raise FidError(
                f"Inception {self.measure.weights} returned features that are not finite; its weights are damaged"
            )
        return features

    def cached_features(self, key: str, count: int, batches: Iterable[Tensor]) -> np.ndarray:
        """Return features from the user's cache folder, or compute and cache them if they are missing or damaged.

        Args:
            key: Identifies the images, such as a hash of them.
            count: Number of images in all batches.
            batches: As in `features`; not used if the features are in the cache.
        """
        path = cache_folder() / f"features-{key}-{self.measure.weights}-{self.measure.dims}.npz"
        features = _read_cache(path)
        if features is None or features.shape != (count, self.measure.dims):
            features = self.features(batches)
            with suppress(OSError):  # without a cache, only time is lost
                path.parent.mkdir(parents=True, exist_ok=True)
                with replacing(path) as file:
                    np.savez(file, features=features)
        return features


def cache_folder() -> Path:
    """Return $XDG_CACHE_HOME/pix2pix, or ~/.cache/pix2pix."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pix2pix"


def _read_cache(path: Path) -> np.ndarray | None:
    """Return the features in a cache file; None if it is missing or fails the checksums of npz."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive["features"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def downloaded_weights() -> Path:
    """Return where pytorch-fid keeps the file of the weights: $TORCH_HOME/hub/checkpoints."""
    return Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS_FILE


def find_weights(path: Path | None = None) -> Path:
    """Return `path`, or the file in pytorch-fid's folder, downloaded if missing.

    Raises:
        FidError: If it is missing and cannot be downloaded. The download fails if the server is silent for
            `TIMEOUT_SECONDS`.
    """
    if path is not None:
        if not path.is_file():
            raise FidError(f"--fid-weights {path} is not a file")
        return path
    path = downloaded_weights()
    if not path.is_file():
        url = _pytorch_fid().FID_WEIGHTS_URL
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(TIMEOUT_SECONDS)  # torch.hub has no timeout of its own
        try:
            check_proxies(socks=False)
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path), hash_prefix=OFFICIAL_HASH)
        except (OSError, RuntimeError, HTTPException, ProxyError) as error:  # RuntimeError: not the expected file
            way = "" if isinstance(error, ProxyError) else through_proxy(url)
            raise FidError(
                f"Inception's weights could not be downloaded{way} ({in_words(error)}); get {url} from elsewhere, "
                f"and put it at {path} or pass it as --fid-weights"
            ) from error
        finally:
            socket.setdefaulttimeout(before)
    return path


def _load(path: Path, dims: int) -> tuple[str, nn.Module]:
    """Return the first 8 digits of the file's sha256, and the network up to the layer with `dims` features."""
    pytorch_fid = _pytorch_fid()
    block = pytorch_fid.InceptionV3.BLOCK_INDEX_BY_DIM[dims]
    try:
        with open(path, "rb") as file:
            weights_hash = hashlib.file_digest(file, "sha256").hexdigest()[:8]
        state = torch.load(path, map_location="cpu", weights_only=True)
        # pytorch-fid's constructor always downloads weights and checks them against its layers; it gets ours instead.
        # It draws initial weights first, which must not disturb the randomness of a running training.
        given = mock.patch.object(pytorch_fid, "load_state_dict_from_url", lambda *_, **__: state)
        with given, torch.random.fork_rng(devices=[]):
            return weights_hash, pytorch_fid.InceptionV3([block])
    except Exception as error:  # zipfile, the unpickler and load_state_dict raise anything
        reason = " ".join(str(error).split())[:200]
        raise FidError(f"{path} does not contain the weights of pytorch-fid's Inception: {reason}") from error


def _pytorch_fid() -> ModuleType:
    """Import pytorch-fid's Inception when it is used: with torchvision, this takes as long as importing PyTorch."""
    from pytorch_fid import inception

    return inception
