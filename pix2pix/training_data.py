"""The pairs that a configuration names: opened, read once, and checked before the first step."""

import sys

from pix2pix.config import TrainConfig
from pix2pix.data import DataError
from pix2pix.data.dataset import PairedDataset
from pix2pix.data.facades import download_facades
from pix2pix.data.jitter import Jitter
from pix2pix.data.source import PairSource, own_source, packaged


def source_of(config: TrainConfig) -> PairSource:
    """Return where a configuration's pairs come from, and how they are read.

    Raises:
        DataError: If the palette cannot be used, or Cityscapes is not yet divided.
    """
    jitter = Jitter(config.image_size, crops=not config.no_jitter, flips=not config.no_flip)
    if config.data is None:
        return packaged(config.data_dir, config.dataset, config.direction, jitter)
    return own_source(config.data, config.palette, config.direction, jitter, config.val_share, config.seed)


def open_splits(config: TrainConfig, download: bool = True) -> dict[str, PairedDataset]:
    """Open the training split, which may be downloaded, and all other splits that exist.

    Raises:
        DataError: If a folder or the palette cannot be used, or there are fewer images than a step takes.
        DownloadError: If facades cannot be downloaded.
    """
    source = source_of(config)
    if download and config.data is None and config.dataset == "facades" and not source.folder.exists():
        download_facades(config.data_dir)
    splits = source.open()
    together, available = config.batch_size * config.num_processes, len(splits["train"])
    if together > available:
        folder = splits["train"].files[0].parent
        raise DataError(f"--batch-size {config.batch_size} needs {together} images per step; {folder} has {available}")
    return splits


def read_splits(config: TrainConfig, splits: dict[str, PairedDataset], is_main: bool = True) -> dict[str, str]:
    """Read and check all pairs; keep the training split in memory if it fits.

    Args:
        config: With `force`, problems are only reported.
        splits: The open splits.
        is_main: Whether this process reports notes and problems that it does not raise.

    Returns:
        The fingerprint of each split.

    Raises:
        DataError: If a file cannot be used, or if pairs look wrong: a sentence for each kind of problem.
    """
    checks = splits["train"].checks()
    hashes = {}
    for split, pairs in splits.items():
        hashes[split] = pairs.fingerprint(keep=split == "train", checks=checks)
        if is_main and (note := pairs.reader.resized_note()):
            print(f"{split}: {note}")
    problems = checks.problems()
    if problems and not config.force:
        raise DataError("\n".join([*problems, "Nothing was trained. Correct the pairs, or train anyway with --force."]))
    if is_main:
        for problem in problems:
            print(f"Training anyway: {problem}", file=sys.stderr)
    return hashes
