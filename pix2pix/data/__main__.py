"""Get a dataset, or look at your own.

`python -m pix2pix.data facades` downloads facades; `python -m pix2pix.data cityscapes` makes or divides Cityscapes.
`python -m pix2pix.data check DIR` says what is wrong with your own pairs; `... palette DIR` finds their colours.
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from pix2pix.data import DataError
from pix2pix.data.cityscapes import CityscapesError, divide_validation, prepare
from pix2pix.data.dataset import PairedDataset
from pix2pix.data.drawings import BLACK, WHITE
from pix2pix.data.facades import DownloadError, download_facades
from pix2pix.data.jitter import Jitter
from pix2pix.data.layouts import split_val
from pix2pix.data.palette import find_palette, write_palette
from pix2pix.data.source import PALETTE_FILE, PairSource, own_source
from pix2pix.data_description import DIRECTIONS, VAL_SHARE, input_side, parse_size
from pix2pix.flags import Parser, complain
from pix2pix.image_files import ImageFileError, printable

MUCH_LEFT_OVER = 0.2
"""Share of pixels far from all colours that label images do not reach: 0.12 in facades, 0.02 in Cityscapes."""


def check(source: PairSource) -> int:
    """Print what would be trained and everything that is wrong with it, file by file; return 1 if anything is.

    Raises:
        DataError: If the folder cannot be used.
    """
    is_well = True
    splits = source.open()
    for split, pairs in splits.items():
        print(f"{split}: {len(pairs)} pairs. {pairs.reader.resized_note()}".rstrip())
        if split == "train" and "val" not in splits:
            is_well = print_set_aside(pairs) and is_well
        for problem in all_problems(pairs):
            complain(problem)
            is_well = False
    reader = splits["train"].reader
    source_side, target_side = "AB" if reader.direction == "AtoB" else "BA"
    classes = "none"
    if reader.palette:
        what = "photos from label maps" if reader.palette_of == "input" else "label maps from photos"
        classes = f"{len(reader.palette)} classes. The model will make {what}"
    width, height = reader.size
    print(
        f"Training with these flags translates {source_side} to {target_side} at {width}x{height}; palette: {classes}."
    )
    return 0 if is_well else 1


def print_set_aside(pairs: PairedDataset) -> bool:
    """Print how many training pairs become val, or why none can; return whether it is possible."""
    try:
        _, drawn = split_val(pairs.reader.files, VAL_SHARE, seed=0)
    except DataError as error:
        complain(error)
        return False
    print(f"There is no val, so training sets aside {len(drawn)} of these pairs for validation (--val-share).")
    return True


def all_problems(pairs: PairedDataset) -> list[str]:
    """Return a sentence for every file and what is wrong with it, or one for all files if they share it."""
    checks, sentences = pairs.checks(), []
    for index in tqdm(range(len(pairs)), f"checking {pairs.split}", unit=" pairs", leave=False, disable=None):
        try:
            checks.add(pairs.files[index], *pairs.reader.sides(index))
        except ValueError as error:
            sentences.append(str(error))
    for problem, files in checks.files_by_problem().items():
        is_shared = len(files) == len(pairs) > 1
        subjects = [f"All {len(pairs)} pairs of {pairs.split}"] if is_shared else [printable(path) for path in files]
        sentences += [f"{subject}: {problem}." for subject in subjects]
    return sentences


def make_palette(folder: Path, direction: str) -> int:
    """Find the colours of the training pairs' label images, and write them into the folder; return 0.

    Raises:
        DataError: If the folder cannot be used, or palette.json exists.
        ImageFileError: If a file cannot be used.
    """
    sides = PairSource(folder).open()["train"].reader.all_sides()
    found = find_palette((a, b)[input_side(direction)] for _, a, b in sides)
    path = folder / PALETTE_FILE
    write_palette(path, found)
    for name, color, share in zip(found.palette.names, found.palette.colors, found.shares, strict=True):
        print(f"{name:10} {color} {share:6.1%}")
    print(f"left over  {found.left_over:14.1%}\nNow edit the names in {printable(path)}.")
    if found.left_out:
        images = "1 image does" if found.left_out == 1 else f"{found.left_out} images do"
        command = f"python -m pix2pix.data check {printable(folder)}"
        print(f"{images} not look like a label map and did not count. Then check all pairs with: {command}")
    if found.left_over > MUCH_LEFT_OVER or set(found.palette.colors) <= {BLACK, WHITE}:
        print(
            "If these images are drawings or photos rather than label maps, remove that file and train without a "
            "palette; if the other images are the label maps, remove it and give --direction.",
        )
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m pix2pix.data", description="Get a dataset, or look at your own pairs.")
    commands = parser.add_subparsers(dest="command", required=True)
    facades = commands.add_parser("facades", help="download facades")
    packaging = "the 500 validation images of its pix2pix packaging into val and test"
    cityscapes = commands.add_parser(
        "cityscapes", help=f"make Cityscapes from its official packages; without them, divide {packaging}"
    )
    for command in (facades, cityscapes):
        command.add_argument(
            "--data-dir", metavar="DIR", type=Path, default=Path("datasets"), help="parent folder (default: datasets)"
        )
    for flag, package in (("--photos", "leftImg8bit_trainvaltest.zip"), ("--labels", "gtFine_trainvaltest.zip")):
        cityscapes.add_argument(flag, metavar="ZIP", type=Path, help=package)
    checker = commands.add_parser("check", help="say what is wrong with your own pairs; flags are as for train.py")
    finder = commands.add_parser("palette", help="find the colours of your own label images, and write palette.json")
    for command in (checker, finder):
        command.add_argument("folder", type=Path, metavar="DIR", help="folder of your pairs")
        command.add_argument(
            "--direction", choices=DIRECTIONS, default="BtoA", help="BtoA: label images are B (default: BtoA)"
        )
    checker.add_argument(
        "--size", type=size, metavar="SIZE", default="256x256", help="what images will be resized to (default: 256x256)"
    )
    palette_help = "classes and colours of label images (default: palette.json in DIR, if there is one)"
    checker.add_argument("--palette", type=Path, metavar="FILE", help=palette_help)
    flags = parser.parse_args(arguments)
    if flags.command == "cityscapes" and (flags.photos is None) != (flags.labels is None):
        cityscapes.error("--photos and --labels are used together")
    return flags


def size(text: str) -> tuple[int, int]:
    """Read the value of --size."""
    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def main(arguments: list[str] | None = None) -> int:
    flags = parse(arguments)
    try:
        return run(flags)
    except (CityscapesError, DataError, DownloadError, ImageFileError) as error:
        complain(error)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to continue.", file=sys.stderr)
        return 130


def run(flags: argparse.Namespace) -> int:
    """Do what the flags say; return the exit status."""
    if flags.command == "check":
        return check(own_source(flags.folder, flags.palette, flags.direction, Jitter(flags.size)))
    if flags.command == "palette":
        return make_palette(flags.folder, flags.direction)
    if flags.command == "facades":
        download_facades(flags.data_dir)
    elif flags.photos:
        prepare(flags.data_dir, flags.photos, flags.labels)
    else:
        divide_validation(flags.data_dir)
    return 0


if __name__ == "__main__":
    sys.exit(main())
