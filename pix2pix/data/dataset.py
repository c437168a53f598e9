"""One split as a dataset, and the batches of an epoch: its order, its jitter, and each process's share."""

import hashlib
import math
import os
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

from pix2pix.data import DataError
from pix2pix.data.drawings import drawing_colors
from pix2pix.data.jitter import PUBLISHED_JITTER, Jitter
from pix2pix.data.layouts import PairReader
from pix2pix.data.pair_checks import PairChecks
from pix2pix.data_description import DataDescription
from pix2pix.pixel_values import to_float

DESCRIBED = 50
"""Pairs that are looked at to tell line drawings from other images."""
KEPT_SHARE = 0.25
"""Share of the free memory that enlarged images may take; it leaves room for four processes, which keep their own."""


def available_memory() -> int:
    """Return the bytes available without swapping, within the limit of a container."""
    available = psutil.virtual_memory().available
    try:
        limit, used = (int(Path(f"/sys/fs/cgroup/memory.{name}").read_text()) for name in ("max", "current"))
    except (OSError, ValueError):  # no container, or one whose limit is "max"
        return available
    return min(available, limit - used)


class PairedDataset(Dataset[tuple[Tensor, Tensor]]):
    """The pairs of one split, without jitter: input and target, as published a label image and a photo.

    Args:
        reader: Reads the pairs, at least one.
        split: "train", "val" or "test".
        jitter: What training does to the pairs; it decides how they are kept in memory.
    """

    def __init__(self, reader: PairReader, split: str, jitter: Jitter = PUBLISHED_JITTER) -> None:
        self.reader, self.split, self.jitter = reader, split, jitter
        self._enlarged: Tensor | None = None

    def __len__(self) -> int:
        return len(self.reader)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return input and target, each float32 [3, H, W] in [-1, 1]."""
        source, target = to_float(self.pair(index).contiguous())
        return source, target

    def __getstate__(self) -> dict[str, Any]:
        """Leave the kept images out: forked workers share them, and workers started afresh read the files instead."""
        return self.__dict__ | {"_enlarged": None}

    @property
    def files(self) -> list[Path]:
        """The file of each pair, or of its image A."""
        return [pair.a for pair in self.reader.files]

    @property
    def description(self) -> DataDescription:
        """What a release says about its training data; it reads some of the inputs."""
        reader = self.reader
        inputs = (reader.sides(index)[reader.input_side] for index in range(min(len(self), DESCRIBED)))
        drawing = None if reader.palette else drawing_colors(inputs)
        return DataDescription(len(self), reader.palette, reader.palette_of, drawing)

    def checks(self) -> PairChecks:
        """Return checks for pairs as these are read."""
        return PairChecks(self.reader.palette, self.reader.direction, self.reader.size)

    def pair(self, index: int) -> Tensor:
        """Return input and target, uint8 [2, 3, H, W] in torch.channels_last; do not modify the result.

        Raises:
            DataError: If a file cannot be used.
        """
        return self._read(index)[0]

    def _read(self, index: int) -> tuple[Tensor, np.ndarray, np.ndarray]:
        """Read a pair once: as a tensor for the networks, and A and B as they are in the files."""
        try:
            a, b = self.reader.sides(index)
        except ValueError as error:
            raise DataError(str(error)) from error
        return self.reader.fit(a, b), a, b

    def enlarged(self, index: int) -> Tensor:
        """Return the pair enlarged for jitter, uint8 [2, 3, height, width], from memory if kept; do not modify it."""
        return self.jitter.enlarge(self.pair(index)) if self._enlarged is None else self._enlarged[index]

    def fingerprint(self, keep: bool = False, checks: PairChecks | None = None) -> str:
        """Return the sha256 of names and contents; decode every file, so that a broken one is reported at once.

        Args:
            keep: Keep the enlarged images in memory (196 MB for facades, 1.5 GB for Cityscapes), unless they would take
                more than `KEPT_SHARE` of what is free. Enlarging does not depend on the random draws of jitter.
            checks: Gets every pair.

        Raises:
            DataError: If a file cannot be used.
        """
        digest = hashlib.sha256()
        kept = self._memory() if keep else None
        shown = tqdm(self.reader.files, f"checking {self.split}", unit=" files", leave=False, disable=None)
        for index, files in enumerate(shown):
            pair, a, b = self._read(index)
            if checks:
                checks.add(files.a, a, b)
            if kept is not None:
                kept[index] = self.jitter.enlarge(pair)
            for path in files.paths:
                digest.update(os.fsencode(path.name) + hashlib.sha256(path.read_bytes()).digest())
        self._enlarged = kept
        return digest.hexdigest()

    def _memory(self) -> Tensor | None:
        """Allocate memory for all enlarged pairs; None if they would take too much."""
        if len(self) * self.jitter.large_bytes >= KEPT_SHARE * available_memory():
            return None
        width, height = self.jitter.large_size
        return torch.empty(len(self), 2, height, width, 3, dtype=torch.uint8).permute(0, 1, 4, 2, 3)


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
        rng = jitter_rng(self.seed, self.epoch, index)
        source, target = to_float(self.pairs.jitter(self.pairs.enlarged(index), rng))
        return source, target


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
    """Return the batches of one epoch: inputs and targets, each float32 [N, 3, H, W] in [-1, 1].

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
    """Make one batch of inputs and one of targets, in this thread alone (see `Jitter`)."""
    return [torch.from_numpy(np.stack(halves)) for halves in zip(*pairs, strict=True)]


def _init_worker(worker: int) -> None:
    """Shield a worker from signals to the process group; the training process needs it until the run has ended."""
    if os.name == "posix":
        os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
