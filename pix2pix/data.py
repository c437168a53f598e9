"""Datasets in the pix2pix packaging: 512x256 JPEGs, the photo in the left half and its label image in the right half.

A data folder holds `facades/` and `cityscapes/`, each with `train/`, `val/` and `test/`; any split may be missing.
`python -m pix2pix.data facades --data-dir DIR` downloads facades; `python -m pix2pix.data cityscapes` makes or divides Cityscapes.
"""

import argparse
import hashlib
import math
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from pix2pix import cityscapes
from pix2pix.download import DownloadError, download_facades
from pix2pix.pictures import read_rgb, to_float
from pix2pix.transforms import jitter

SPLITS = ("train", "val", "test")
PAIR_SIZE = (512, 256)
PAIR_BYTES = 2 * 3 * 256 * 256
KEPT_SHARE = 0.25
"""Of the free memory. Of several training processes on a machine each keeps its own pictures, so this leaves room for four."""


class DataError(ValueError):
    """A dataset folder or file that cannot be used; the message names it and says what is wrong."""


def read_pair(path: Path) -> Tensor:
    """Reads one 512x256 file and splits it.

    Returns:
        uint8 [2, 3, 256, 256], torch.channels_last: label image, photo.

    Raises:
        DataError: If the file cannot be read or is not 512x256.
    """
    try:
        both = read_rgb(path)  # [256, 512, 3]
    except ValueError as error:
        raise DataError(str(error)) from error
    height, width, _ = both.shape
    if (width, height) != PAIR_SIZE:
        raise DataError(f"{path} is {width}x{height}; a pair is 512x256, photo left and label image right")
    photo, label_image = np.split(both, 2, axis=1)
    return torch.from_numpy(np.stack([label_image, photo])).permute(0, 3, 1, 2)


def available_memory() -> int:
    """Bytes that can be had without swapping, within the limit of a container."""
    available = psutil.virtual_memory().available
    try:
        limit, used = (int(Path(f"/sys/fs/cgroup/memory.{name}").read_text()) for name in ("max", "current"))
    except (OSError, ValueError):  # no container, or one without a limit, which reads "max"
        return available
    return min(available, limit - used)


class PairedDataset(Dataset[tuple[Tensor, Tensor]]):
    """The pairs of one split, in numeric order, without jitter.

    Args:
        data_dir: The parent folder of all datasets.
        dataset: "facades" or "cityscapes".
        split: "train", "val" or "test".

    Raises:
        DataError: If the split is missing or empty, or is the validation split of Cityscapes with the test pictures still in it.
    """

    def __init__(self, data_dir: Path, dataset: str, split: str) -> None:
        folder = Path(data_dir) / dataset / split
        if not folder.is_dir():
            raise DataError(
                f"{folder} does not exist; --data-dir must be the folder that holds {dataset}/{split}; to get it: "
                f"python -m pix2pix.data {dataset}"
            )
        files = [path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
        self.files = sorted(files, key=lambda path: (len(path.stem), path.stem))  # 2.jpg before 10.jpg
        if not self.files:
            raise DataError(f"{folder} holds no JPEG or PNG pictures")
        if (dataset, split) == ("cityscapes", "val") and (folder / f"{cityscapes.COUNTS['val']}.jpg").exists():
            raise DataError(
                f"{folder} still holds the pictures of the test split, from {cityscapes.NUM_VALIDATION + 1}.jpg on; to divide them, once: "
                f"python -m pix2pix.data cityscapes --data-dir {shlex.quote(str(data_dir))}"
            )
        self._kept: Tensor | None = None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Label image and photo, each float32 [3, 256, 256] in [-1, 1]."""
        label_image, photo = to_float(self.pair(index).contiguous())
        return label_image, photo

    def __getstate__(self) -> dict[str, Any]:
        """Forked workers share the kept pictures; those that are started afresh read the files, rather than each get a copy."""
        return self.__dict__ | {"_kept": None}

    def pair(self, index: int) -> Tensor:
        """Label image and photo as `read_pair` returns them, from memory where they were kept; not to be changed."""
        return read_pair(self.files[index]) if self._kept is None else self._kept[index]

    def fingerprint(self, keep: bool = False) -> str:
        """Decodes every file, so that a broken one is named before training, and returns the sha256 of names and contents.

        Args:
            keep: Whether to keep the decoded pictures in memory: 157 MB for facades, 1.2 GB for Cityscapes. They are not kept where
                they would take more than `KEPT_SHARE` of what is free.

        Raises:
            DataError: If a file cannot be used.
        """
        digest = hashlib.sha256()
        kept = None
        if keep and len(self) * PAIR_BYTES < KEPT_SHARE * available_memory():
            kept = torch.empty(len(self), 2, 256, 256, 3, dtype=torch.uint8).permute(0, 1, 4, 2, 3)
        for index, path in enumerate(
            tqdm(self.files, f"checking {self.files[0].parent.name}", unit=" files", leave=False, disable=None)
        ):
            pair = read_pair(path)
            if kept is not None:
                kept[index] = pair
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
        self._kept = kept
        return digest.hexdigest()


class JitteredDataset(Dataset[tuple[Tensor, Tensor]]):
    """The pairs of one training epoch. Jitter is a function of (seed, epoch, picture), whichever worker draws it."""

    def __init__(self, pairs: PairedDataset, seed: int, epoch: int) -> None:
        self.pairs, self.seed, self.epoch = pairs, seed, epoch

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([self.seed, self.epoch, index])
        label_image, photo = to_float(jitter(self.pairs.pair(index), rng))
        return label_image, photo


class _Loader(DataLoader):
    """A DataLoader whose errors are sentences, also where worker processes are their cause."""

    def __iter__(self) -> Iterator[list[Tensor]]:  # type: ignore[override]
        try:
            yield from super().__iter__()
        except (
            DataError
        ) as error:  # that of a worker is its whole traceback, which ends with "pix2pix.data.DataError: the sentence"
            raise DataError(
                str(error).strip().splitlines()[-1].removeprefix(f"{DataError.__module__}.{DataError.__name__}: ")
            ) from None
        except RuntimeError as error:
            if not str(error).startswith("DataLoader worker (pid"):  # that one has been killed
                raise
            what = str(error).strip().splitlines()[0].rstrip(".")
            raise DataError(
                f"a process that loads pictures has ended: {what}. It may have lacked memory, or room in /dev/shm: the same command goes "
                "on from the last checkpoint, with fewer --workers or --workers 0."
            ) from error


def training_batches(
    pairs: PairedDataset,
    seed: int,
    epoch: int,
    batch_size: int,
    workers: int,
    skip: int = 0,
    rank: int = 0,
    num_processes: int = 1,
) -> DataLoader:
    """Batches of one epoch, label images and photos, each float32 [N, 3, 256, 256] in [-1, 1].

    The order is a function of (seed, epoch). `skip` leaves out the batches that a resumed run has seen. Of every num_processes * batch_size
    pictures in a row, process `rank` gets its batch_size. With one process the last batch may be smaller; several fill it up with the first
    pictures of the epoch, so that all have as many.
    """
    order = np.random.default_rng([seed, epoch]).permutation(len(pairs))
    together = num_processes * batch_size
    if num_processes > 1:
        order = np.resize(order, math.ceil(len(order) / together) * together)  # repeats from the start
    mine = order[np.arange(len(order)) // batch_size % num_processes == rank]
    return _Loader(
        JitteredDataset(pairs, seed, epoch),
        batch_size,
        sampler=mine[skip * batch_size :].tolist(),
        num_workers=workers,
        collate_fn=_stack,
        worker_init_fn=_init_worker,
        pin_memory=torch.cuda.is_available(),
    )


def _stack(pairs: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
    """Batch of label images, batch of photos; in this thread alone, see `jitter`."""
    return [torch.from_numpy(np.stack(halves)) for halves in zip(*pairs, strict=True)]


def _init_worker(worker: int) -> None:
    """A terminal or a launcher sends signals to whole process groups; the training process ends a run, and still needs its workers then."""
    if os.name == "posix":
        os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m pix2pix.data",
        description="Download facades, or make Cityscapes from its official packages; without them, divide its pix2pix packaging's "
        "500 validation pictures into val and test.",
    )
    parser.add_argument("dataset", choices=["facades", "cityscapes"])
    parser.add_argument(
        "--data-dir", type=Path, default=Path("datasets"), help="folder to put it in (default: datasets)"
    )
    parser.add_argument("--photos", metavar="ZIP", type=Path, help="leftImg8bit_trainvaltest.zip of Cityscapes")
    parser.add_argument("--labels", metavar="ZIP", type=Path, help="gtFine_trainvaltest.zip of Cityscapes")
    flags = parser.parse_args(arguments)
    if (flags.photos is None) != (flags.labels is None) or (flags.photos and flags.dataset == "facades"):
        parser.error("--photos and --labels belong together, and to cityscapes")
    try:
        if flags.dataset == "facades":
            download_facades(flags.data_dir)
        elif flags.photos:
            cityscapes.prepare(flags.data_dir, flags.photos, flags.labels)
        else:
            cityscapes.divide_validation(flags.data_dir)
    except (DownloadError, cityscapes.CityscapesError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Give the same command again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
