"""FID and KID from the command line.

`python -m pix2pix.fid RUN` scores the kept epochs of a training run; `python -m pix2pix.fid DIR DIR` compares two folders of pictures.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from pix2pix.data import SPLITS, DataError, PairedDataset
from pix2pix.distances import FidError, default_subset_size, frechet_distance, kernel_distance
from pix2pix.evaluation import Evaluator, choose, describe, release_best, score_epoch
from pix2pix.inception import BATCH_SIZE, DIMS, Inception, find_weights
from pix2pix.pictures import read_rgb
from pix2pix.release import ReleaseError, load_config
from pix2pix.run_folder import RunFolder, RunFolderError
from pix2pix.trainer import TrainConfig


def score_run(run: RunFolder, flags: argparse.Namespace) -> None:
    """Scores the kept epochs of a run that have no score yet under these conditions; prints and records each as it is done."""
    config, hashes, _ = run.read()
    kept = run.kept_weights()
    if not kept:
        raise RunFolderError(
            f"{run.path / 'weights'} holds no epoch-NNN.safetensors; the first is written at the end of a run's first epoch"
        )
    splits, fingerprints = open_splits(config, flags.data_dir or config.data_dir, flags.splits, hashes)
    samples = config.fid_samples if flags.samples is None else flags.samples
    inception = Inception(find_weights(flags.fid_weights or config.fid_weights), flags.dims)
    evaluator = Evaluator(inception, splits, fingerprints, samples)
    print(inception.measure.legend)
    for epoch in kept:
        for record in score_epoch(run, config, epoch, evaluator, flags.splits or list(splits)):
            print(describe(record), flush=True)
    if (samples, flags.dims) == (config.fid_samples, 2048):  # as training scores
        if run.release_best.exists():
            chosen_by = load_config(run.release_best).metrics.get("val", {}).get("weights")
            if chosen_by != inception.measure.weights:
                print(
                    f"{run.release_best} stays the epoch that Inception {chosen_by} prefers; remove the folder to choose anew"
                )
                return
        with suppress(RunFolderError), run.lock():  # a training that has the folder does it itself
            release_best(run, config, evaluator)


def open_splits(
    config: TrainConfig, data_dir: Path, wanted: Sequence[str] | None, hashes: dict[str, str]
) -> tuple[dict[str, PairedDataset], dict[str, str]]:
    """The wanted splits of a run's dataset, and the training split as the scale; and their fingerprints.

    Args:
        config: Of the run.
        data_dir: The parent folder of all datasets.
        wanted: All that are there by default.
        hashes: The fingerprints that the run recorded.

    Raises:
        DataError: If a split is missing or broken, or is not the one that the run recorded.
    """
    present = [split for split in SPLITS if (data_dir / config.dataset / split).is_dir()]
    names = dict.fromkeys([*(wanted or present or SPLITS), *(split for split in present if split == "train")])
    splits = {split: PairedDataset(data_dir, config.dataset, split) for split in names}
    fingerprints = {split: pairs.fingerprint() for split, pairs in splits.items()}
    for split, fingerprint in fingerprints.items():
        if hashes.get(split, fingerprint) != fingerprint:
            raise DataError(
                f"{data_dir} does not hold the {split} pictures that the run recorded; name another --data-dir"
            )
    return splits, fingerprints


def compare_folders(folders: Sequence[Path], flags: argparse.Namespace) -> None:
    """Prints the distances of two folders of pictures."""
    inception = Inception(find_weights(flags.fid_weights), flags.dims)
    a, b = (inception.features(read_folder(folder, flags.samples or 0)) for folder in folders)
    (kid, spread), fid = kernel_distance(a, b), frechet_distance(a, b)
    frechet_name, kernel_name = inception.measure.full_names
    print(f"{frechet_name}: {fid:.4f} (n = {len(a)} and {len(b)})")
    print(f"{kernel_name}: {kid:.6f} ± {spread:.6f} (100 subsets of {default_subset_size(len(a), len(b))})")


def read_folder(folder: Path, samples: int = 0) -> Iterator[Tensor]:
    """The pictures of a folder, at most `samples` of them but for 0, in batches uint8 [N, 3, H, W].

    Raises:
        FidError: If it holds none, or one is not readable or of another size than those before it.
    """
    suffixes = {".bmp", ".jpg", ".jpeg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}  # as pytorch-fid
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in suffixes)
    if not files:
        raise FidError(f"{folder} is not a folder with pictures")
    chosen = [files[index] for index in choose(len(files), samples)]
    shape: torch.Size | None = None
    for start in tqdm(range(0, len(chosen), BATCH_SIZE), str(folder), unit=" batches", leave=False, disable=None):
        pictures = [_read(path) for path in chosen[start : start + BATCH_SIZE]]
        shape = shape or pictures[0].shape
        for path, picture in zip(chosen[start:], pictures, strict=False):
            if picture.shape != shape:
                height, width = picture.shape[1:]
                raise FidError(
                    f"{path} is {width}x{height}, unlike the pictures before it; those of a folder must be of one size"
                )
        yield torch.stack(pictures)


def _read(path: Path) -> Tensor:
    try:
        return torch.tensor(read_rgb(path)).permute(2, 0, 1)
    except ValueError as error:
        raise FidError(str(error)) from error


def sample_count(text: str) -> int:
    """The value of --samples."""
    if not text.isdecimal() or int(text) == 1:
        raise argparse.ArgumentTypeError(f"must be 0 for all, or a whole number of at least 2, not {text!r}")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m pix2pix.fid",
        usage="%(prog)s [flags] RUN | DIR DIR",
        description="FID and KID of the kept epochs of a training run, added to its evaluation.jsonl; or of two folders of pictures.",
    )
    parser.add_argument(
        "folders",
        type=Path,
        nargs="+",
        metavar="RUN | DIR DIR",
        help="run folder, or two folders of pictures of one size",
    )
    parser.add_argument(
        "--fid-weights",
        type=Path,
        metavar="FILE",
        help="Inception's weights (default: the run's, or pytorch-fid's, downloaded if missing)",
    )
    parser.add_argument(
        "--samples",
        type=sample_count,
        metavar="N",
        help="score at most so many pictures of each split or folder, always the same ones; 0 for all "
        "(default: --fid-samples of the run; all of a folder)",
    )
    parser.add_argument(
        "--dims", type=int, default=2048, choices=DIMS, help="features of Inception (default: 2048, as published)"
    )
    parser.add_argument(
        "--splits", nargs="+", choices=SPLITS, help="splits of the run to score (default: all that are there)"
    )
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="folder that holds facades/ and cityscapes/ (default: the run's)"
    )
    flags = parser.parse_args(arguments)
    if len(flags.folders) > 2:
        parser.error(f"name one run folder or two folders of pictures, not {len(flags.folders)}")
    if len(flags.folders) == 2 and (flags.splits or flags.data_dir):
        parser.error("--splits and --data-dir belong to a run folder; two folders of pictures are compared whole")
    try:
        if len(flags.folders) == 1:
            score_run(RunFolder(flags.folders[0]), flags)
        else:
            compare_folders(flags.folders, flags)
    except (DataError, FidError, ReleaseError, RunFolderError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on after the last score of a run.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
