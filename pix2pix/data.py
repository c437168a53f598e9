"""Datasets in the pix2pix packaging: 512x256 JPEGs, the photo in the left half and its label image in the right half.

A data folder holds `facades/` and `cityscapes/`, each with `train/`, `val/` and `test/`; any split may be missing.
`python -m pix2pix.data facades --data-dir DIR` downloads facades.
"""

import argparse
import hashlib
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.v2.functional import pil_to_tensor
from tqdm import tqdm

from pix2pix.download import DownloadError, download_facades
from pix2pix.pictures import to_float
from pix2pix.transforms import jitter

PAIR_SIZE = (512, 256)


class DataError(ValueError):
    """A dataset folder or file that cannot be used; the message names it and says what is wrong."""


def read_pair(path: Path) -> Tensor:
    """Reads one 512x256 file and splits it.

    Returns:
        uint8 [2, 3, 256, 256]: label image, photo.

    Raises:
        DataError: If the file cannot be read or is not 512x256.
    """
    try:
        with Image.open(path) as image:
            both = pil_to_tensor(image.convert("RGB"))  # [3, 256, 512]
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} is not a readable picture: {error}") from error
    _, height, width = both.shape
    if (width, height) != PAIR_SIZE:
        raise DataError(f"{path} is {width}x{height}; a pair is 512x256, photo left and label image right")
    photo, label_image = both.chunk(2, dim=2)
    return torch.stack([label_image, photo])


class PairedDataset(Dataset[tuple[Tensor, Tensor]]):
    """The pairs of one split, in numeric order, without jitter.

    Args:
        data_dir: The parent folder of all datasets.
        dataset: "facades" or "cityscapes".
        split: "train", "val" or "test".

    Raises:
        DataError: If the split is missing or empty.
    """

    def __init__(self, data_dir: Path, dataset: str, split: str) -> None:
        folder = Path(data_dir) / dataset / split
        if not folder.is_dir():
            raise DataError(f"{folder} does not exist; --data-dir must be the folder that holds {dataset}/{split}")
        files = [path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
        self.files = sorted(files, key=lambda path: (len(path.stem), path.stem))  # 2.jpg before 10.jpg
        if not self.files:
            raise DataError(f"{folder} holds no JPEG or PNG pictures")

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Label image and photo, each float32 [3, 256, 256] in [-1, 1]."""
        label_image, photo = to_float(read_pair(self.files[index]))
        return label_image, photo

    def fingerprint(self) -> str:
        """Decodes every file, so that a broken one is named before training, and returns the sha256 of names and contents.

        Raises:
            DataError: If a file cannot be used.
        """
        digest = hashlib.sha256()
        for path in tqdm(self.files, f"checking {self.files[0].parent.name}", unit=" files", leave=False, disable=None):
            read_pair(path)
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


class JitteredDataset(Dataset[tuple[Tensor, Tensor]]):
    """The pairs of one training epoch. Jitter is a function of (seed, epoch, picture), whichever worker draws it."""

    def __init__(self, pairs: PairedDataset, seed: int, epoch: int) -> None:
        self.pairs, self.seed, self.epoch = pairs, seed, epoch

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([self.seed, self.epoch, index])
        label_image, photo = to_float(jitter(read_pair(self.pairs.files[index]), rng))
        return label_image, photo


def training_batches(pairs: PairedDataset, seed: int, epoch: int, batch_size: int, workers: int, skip: int = 0) -> DataLoader:
    """Batches of one epoch, label images and photos, each float32 [N, 3, 256, 256] in [-1, 1].

    The order is a function of (seed, epoch). `skip` leaves out the batches that a resumed run has seen; the last batch may be smaller.
    """
    order = np.random.default_rng([seed, epoch]).permutation(len(pairs))
    rest = order[skip * batch_size :].tolist()
    return DataLoader(JitteredDataset(pairs, seed, epoch), batch_size, sampler=rest, num_workers=workers, worker_init_fn=_init_worker)


def _init_worker(worker: int) -> None:
    """Ctrl-C in a terminal reaches all processes; it is the training process that ends a run, and it still needs its workers then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pix2pix.data", description="Download a dataset in the pix2pix packaging.")
    parser.add_argument("dataset", choices=["facades"])
    parser.add_argument("--data-dir", type=Path, default=Path("datasets"), help="folder to put it in (default: datasets)")
    flags = parser.parse_args(arguments)
    try:
        download_facades(flags.data_dir)
    except DownloadError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
