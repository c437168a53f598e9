"""One split as a dataset, and the batches of an epoch: its order, its jitter, and each process's share."""

import hashlib
import math
import os
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from pix2pix.data import DataError, cityscapes, read_pair
from pix2pix.data.jitter import LOAD_SIZE, enlarge, jitter
from pix2pix.image_files import list_images
from pix2pix.pictures import to_float

ENLARGED_BYTES = 2 * 3 * LOAD_SIZE * LOAD_SIZE
KEPT_SHARE = 0.25
"""Share of the free memory that enlarged images may take; it leaves room for four processes, which keep their own."""


def available_memory() -> int:
    """Bytes available without swapping, within the limit of a container."""
    available = psutil.virtual_memory().available
    try:
        limit, used = (int(Path(f"/sys/fs/cgroup/memory.{name}").read_text()) for name in ("max", "current"))
    except (OSError, ValueError):  # no container, or one whose limit is "max"
        return available
    return min(available, limit - used)


class PairedDataset(Dataset[tuple[Tensor, Tensor]]):
    """The pairs of one split, in numeric order, without jitter.

    Args:
        data_dir: The parent folder of all datasets.
        dataset: "facades" or "cityscapes".
        split: "train", "val" or "test".
        direction: "BtoA" translates label images to photos; "AtoB" translates photos to label images, so that whatever
            is called label image below is the photo, and the other way round.

    Raises:
        DataError: If the split is missing or empty, holds two files of one stem, or if Cityscapes' validation split
            still contains the test images.
    """

    def __init__(self, data_dir: Path, dataset: str, split: str, direction: str = "BtoA") -> None:
        self.direction = direction
        folder = Path(data_dir) / dataset / split
        if not folder.is_dir():
            is_made = dataset == "cityscapes"
            way = cityscapes.how_to_get(data_dir) if is_made else f"To get it, run python -m pix2pix.data {dataset}"
            raise DataError(
                f"{folder} does not exist; --data-dir must be the folder that contains {dataset}/{split}. {way}"
            )
        try:
            self.files = list_images(folder)
        except ValueError as error:
            raise DataError(str(error)) from error
        if not self.files:
            raise DataError(f"{folder} contains no JPEG, PNG or WebP files")
        if (dataset, split) == ("cityscapes", "val") and (folder / f"{cityscapes.COUNTS['val']}.jpg").exists():
            raise DataError(
                f"{folder} still contains the images of the test split, {cityscapes.NUM_VALIDATION + 1}.jpg and up. "
                f"To divide them, run once: python -m pix2pix.data cityscapes --data-dir {shlex.quote(str(data_dir))}"
            )
        self._enlarged: Tensor | None = None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return label image and photo, each float32 [3, 256, 256] in [-1, 1]."""
        label_image, photo = to_float(self.pair(index).contiguous())
        return label_image, photo

    def __getstate__(self) -> dict[str, Any]:
        """Leave the kept images out: forked workers share them, and workers started afresh read the files instead."""
        return self.__dict__ | {"_enlarged": None}

    def pair(self, index: int) -> Tensor:
        """Return label image and photo, uint8 [2, 3, 256, 256] in torch.channels_last; do not modify the result."""
        label_image, photo = read_pair(self.files[index])
        source_and_target = (label_image, photo) if self.direction == "BtoA" else (photo, label_image)
        return torch.from_numpy(np.stack(source_and_target)).permute(0, 3, 1, 2)

    def enlarged(self, index: int) -> Tensor:
        """Return the pair enlarged for jitter, uint8 [2, 3, 286, 286], from memory if kept; do not modify it."""
        return enlarge(self.pair(index)) if self._enlarged is None else self._enlarged[index]

    def fingerprint(self, keep: bool = False) -> str:
        """Return the sha256 of names and contents; decode every file, so that a broken one is reported at once.

        Args:
            keep: Keep the enlarged images in memory (196 MB for facades, 1.5 GB for Cityscapes), unless they would take
                more than `KEPT_SHARE` of what is free. Enlarging does not depend on the random draws of jitter.

        Raises:
            DataError: If a file cannot be used.
        """
        digest = hashlib.sha256()
        kept = None
        if keep and len(self) * ENLARGED_BYTES < KEPT_SHARE * available_memory():
            kept = torch.empty(len(self), 2, LOAD_SIZE, LOAD_SIZE, 3, dtype=torch.uint8).permute(0, 1, 4, 2, 3)
        split = self.files[0].parent.name
        for index, path in enumerate(tqdm(self.files, f"checking {split}", unit=" files", leave=False, disable=None)):
            pair = self.pair(index)
            if kept is not None:
                kept[index] = enlarge(pair)
            digest.update(os.fsencode(path.name) + hashlib.sha256(path.read_bytes()).digest())
        self._enlarged = kept
        return digest.hexdigest()


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of an epoch, counted from 0, in which training sees the pairs 0 to count - 1."""
    return np.random.default_rng([seed, epoch]).permutation(count)


def jitter_rng(seed: int, epoch: int, index: int) -> np.random.Generator:
    """Return the source of a pair's jitter in an epoch, counted from 0."""
    return np.random.default_rng([seed, epoch, index])


class JitteredDataset(Dataset[tuple[Tensor, Tensor]]):
    """The pairs of one training epoch. Jitter is a function of (seed, epoch, index), whichever worker draws it."""

    def __init__(self, pairs: PairedDataset, seed: int, epoch: int) -> None:
        self.pairs, self.seed, self.epoch = pairs, seed, epoch

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        label_image, photo = to_float(jitter(self.pairs.enlarged(index), jitter_rng(self.seed, self.epoch, index)))
        return label_image, photo


class _Loader(DataLoader):
    """A DataLoader that reports errors in one sentence, including those of worker processes."""

    def __iter__(self) -> Iterator[list[Tensor]]:  # type: ignore[override]
        try:
            yield from super().__iter__()
        except DataError as error:
            # A worker's message is its whole traceback, which ends with "pix2pix.data.DataError: the sentence".
            last_line = str(error).strip().splitlines()[-1]
            raise DataError(last_line.removeprefix(f"{DataError.__module__}.{DataError.__name__}: ")) from None
        except RuntimeError as error:
            if not str(error).startswith("DataLoader worker (pid"):  # the message for a killed worker
                raise
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise DataError(
                f"a process that loads images has ended: {reason}. Memory or space in /dev/shm may have run out. "
                "To resume from the last checkpoint, run the same command with fewer --workers, or --workers 0."
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
    """Return the batches of one epoch: label images and photos, each float32 [N, 3, 256, 256] in [-1, 1].

    Args:
        pairs: The training split.
        seed: With `epoch`, decides order and jitter.
        epoch: Counted from 0.
        batch_size: Pairs per process and step. With one process, the last batch may be smaller.
        workers: Processes that load images; 0 loads them in this one.
        skip: Batches that a resumed run has seen already.
        rank: Number of this process, which gets its own batch_size out of every num_processes * batch_size pairs.
        num_processes: Processes that train together. The last batches are filled with the epoch's first pairs, so that
            all processes have equally many.
    """
    order = epoch_order(len(pairs), seed, epoch)
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
    """Make one batch of label images and one of photos, in this thread alone (see `jitter`)."""
    return [torch.from_numpy(np.stack(halves)) for halves in zip(*pairs, strict=True)]


def _init_worker(worker: int) -> None:
    """Shield a worker from signals to the process group; the training process needs it until the run has ended."""
    if os.name == "posix":
        os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
