"""FID and KID on the command line.

`python -m pix2pix.fid RUN` scores the kept epochs of a training run.
`python -m pix2pix.fid DIR DIR` compares two folders of images.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from pix2pix import run_config
from pix2pix.config import TrainConfig
from pix2pix.data import SPLITS, DataError
from pix2pix.data.dataset import PairedDataset
from pix2pix.fid.accuracy import AccuracyEvaluator, describe_accuracy, record_accuracy
from pix2pix.fid.distances import FidError, default_subset_size, frechet_distance, kernel_distance
from pix2pix.fid.evaluator import Evaluator, choose
from pix2pix.fid.inception import BATCH_SIZE, DIMS, Inception, find_weights
from pix2pix.fid.scoring import describe, release_best, score_epoch
from pix2pix.flags import Parser, complain
from pix2pix.hub import locate
from pix2pix.image_files import list_images, printable, read_image
from pix2pix.labels import PALETTES, Palette
from pix2pix.release import ReleaseError, load_config
from pix2pix.run_folder import RunFolder, RunFolderError
from pix2pix.segmenter import BUNDLED, Segmenter
from pix2pix.training_data import source_of


def score_run(run: RunFolder, flags: argparse.Namespace) -> None:
    """Score the kept epochs of a run that have no score under these conditions; print and record each at once."""
    config, hashes, _ = run_config.read(run)
    kept = run.kept_weights()
    if not kept:
        raise RunFolderError(
            f"{run.weights_folder} contains no epoch-NNN.safetensors; a run writes the first after its first epoch"
        )
    folder = {"data_dir" if config.data is None else "data": flags.data_dir} if flags.data_dir else {}
    splits, fingerprints = open_wanted(replace(config, **folder), flags.splits, hashes)
    samples = config.fid_samples if flags.samples is None else flags.samples
    inception = Inception(find_weights(flags.fid_weights or config.fid_weights), flags.dims)
    evaluator = Evaluator(inception, splits, fingerprints, samples)
    print(inception.measure.legend)
    for epoch in kept:
        for record in score_epoch(run, config, epoch, evaluator, flags.splits or list(splits)):
            print(describe(record), flush=True)
    palette = run_config.describe_release(run, config, config.epochs).input_palette
    if "val" in splits and (segmenter := find_segmenter(palette, flags.segmenter)):
        print_accuracies(run, config, AccuracyEvaluator(segmenter, splits["val"], samples))
    if (samples, flags.dims) == (config.fid_samples, 2048):  # the conditions of scores during training
        _release_best_anew(run, config, evaluator)


def find_segmenter(palette: Palette | None, named: str | None) -> Segmenter | None:
    """Load the segmenter for images that were generated from label images; None if there is none.

    Args:
        palette: The classes of the label images; None if the images were generated from something else.
        named: A released folder, or a model on the Hub; None is the bundled segmenter of these classes.

    Raises:
        ReleaseError: If the named one cannot be used, or has other classes.
    """
    if named is None:
        bundled = [folder for dataset, folder in BUNDLED.items() if PALETTES[dataset] == palette and folder.is_dir()]
        return Segmenter(bundled[0], precision="fp32") if bundled else None
    segmenter = Segmenter(locate(named), precision="fp32")
    if segmenter.palette != palette:
        raise ReleaseError(f"{named} reads other classes than this run was trained on; choose another --segmenter")
    return segmenter


def print_accuracies(run: RunFolder, config: TrainConfig, evaluator: AccuracyEvaluator) -> None:
    """Score how well the segmenter reads the kept epochs of a run; print and record each at once."""
    print(f"classes that the {evaluator.segmenter.name} reads off the images; in brackets: off the photos")
    for epoch in run.kept_weights():
        print(describe_accuracy(record_accuracy(run, config, epoch, evaluator)), flush=True)


def _release_best_anew(run: RunFolder, config: TrainConfig, evaluator: Evaluator) -> None:
    if run.release_best.exists():
        chosen_by = load_config(run.release_best).metrics.get("val", {}).get("weights")
        if chosen_by != evaluator.inception.measure.weights:
            print(f"{run.release_best} was chosen by Inception {chosen_by} and is kept; remove it to choose again")
            return
    with suppress(RunFolderError), run.lock():  # a training that holds the lock does it itself
        release_best(run, config, evaluator)


def open_wanted(
    config: TrainConfig, wanted: Sequence[str] | None, hashes: dict[str, str]
) -> tuple[dict[str, PairedDataset], dict[str, str]]:
    """Open the wanted splits of a run's pairs, and the training split for comparison; return fingerprints too.

    Args:
        config: Configuration of the run, with the folder of its pairs on this machine.
        wanted: Names of splits; None for all that exist.
        hashes: The fingerprints that the run recorded.

    Raises:
        DataError: If a split is missing or broken, or differs from the record of the run.
    """
    source = source_of(config)
    found = source.open(needed=wanted or ())
    splits = {split: found[split] for split in (wanted or found)} | {s: found[s] for s in ("train",) if s in found}
    if not splits:
        raise DataError(f"{source.folder} contains no pairs. {source.advice}")
    fingerprints = {split: pairs.fingerprint() for split, pairs in splits.items()}
    for split, fingerprint in fingerprints.items():
        if hashes.get(split, fingerprint) != fingerprint:
            raise DataError(
                f"the {split} images in {source.folder} are not those that the run recorded; choose another --data-dir"
            )
    return splits, fingerprints


def compare_folders(folders: Sequence[Path], flags: argparse.Namespace) -> None:
    """Print the distances between two folders of images."""
    inception = Inception(find_weights(flags.fid_weights), flags.dims)
    a, b = (inception.features(read_folder(folder, flags.samples or 0)) for folder in folders)
    (kid, spread), fid = kernel_distance(a, b), frechet_distance(a, b)
    frechet_name, kernel_name = inception.measure.full_names
    print(f"{frechet_name}: {fid:.4f} (n = {len(a)} and {len(b)})")
    print(f"{kernel_name}: {kid:.6f} ± {spread:.6f} (100 subsets of {default_subset_size(len(a), len(b))})")


def read_folder(folder: Path, samples: int = 0) -> Iterator[Tensor]:
    """Yield at most `samples` images of a folder (0: all) in batches uint8 [N, 3, H, W].

    Raises:
        FidError: If there are none, or one is not readable or differs in size from those before it.
    """
    try:
        files = list_images(folder)
    except ValueError as error:
        raise FidError(str(error)) from error
    if not files:
        raise FidError(f"{folder} is not a folder with images")
    chosen = [files[index] for index in choose(len(files), samples)]
    shape: torch.Size | None = None
    for start in tqdm(range(0, len(chosen), BATCH_SIZE), str(folder), unit=" batches", leave=False, disable=None):
        images = [_read(path) for path in chosen[start : start + BATCH_SIZE]]
        shape = shape or images[0].shape
        for path, image in zip(chosen[start:], images, strict=False):
            if image.shape != shape:
                height, width = image.shape[1:]
                raise FidError(
                    f"{printable(path)} is {width}x{height}, unlike the images before it; all must have one size"
                )
        yield torch.stack(images)


def _read(path: Path) -> Tensor:
    try:
        return torch.tensor(read_image(path, "#000000")).permute(2, 0, 1)
    except ValueError as error:
        raise FidError(str(error)) from error


def sample_count(text: str) -> int:
    """Parse the value of --samples."""
    if not text.isdecimal() or int(text) == 1:
        raise argparse.ArgumentTypeError(f"must be 0 for all, or a whole number of at least 2, not {text!r}")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = _make_parser()
    flags = parser.parse_args(arguments)
    if len(flags.folders) > 2:
        parser.error(f"name one run folder or two folders of images, not {len(flags.folders)}")
    if len(flags.folders) == 2 and (flags.splits or flags.data_dir or flags.segmenter):
        parser.error(
            "--splits, --data-dir and --segmenter are only for a run folder; "
            "two folders of images are compared as they are"
        )
    try:
        if len(flags.folders) == 1:
            score_run(RunFolder(flags.folders[0]), flags)
        else:
            compare_folders(flags.folders, flags)
    except (DataError, FidError, ReleaseError, RunFolderError, OSError) as error:
        complain(error)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to resume after the last score of the run.", file=sys.stderr)
        return 130
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m pix2pix.fid",
        usage="%(prog)s [flags] RUN | DIR DIR",
        description="Compute FID and KID of the kept epochs of a training run, or between two folders of images. "
        "The scores of a run are added to its records.",
    )
    add = parser.add_argument
    add("folders", type=Path, nargs="+", metavar="RUN | DIR DIR", help="run folder, or two folders of images")
    weights_help = "Inception's weights (default: the run's, or pytorch-fid's, downloaded if missing)"
    add("--fid-weights", type=Path, metavar="FILE", help=weights_help)
    samples_help = (
        "maximum number of images to score per split or folder, always the same ones; 0 for all "
        "(default: --fid-samples of the run, or all of a folder)"
    )
    add("--samples", type=sample_count, metavar="N", help=samples_help)
    add("--dims", type=int, default=2048, choices=DIMS, help="Inception's features (default: 2048, as published)")
    add("--splits", nargs="+", choices=SPLITS, help="splits of the run to score (default: all that exist)")
    segmenter_help = "model trained with --direction AtoB that reads classes (default: the bundled one of the dataset)"
    add("--segmenter", metavar="RELEASE", help=segmenter_help)
    data_help = "folder that contains facades/ and cityscapes/, or that of your own pairs (default: the run's)"
    add("--data-dir", type=Path, metavar="DIR", help=data_help)
    return parser


if __name__ == "__main__":
    sys.exit(main())
