"""Get a dataset, or look at your own.

`python -m pix2pix.data facades` downloads facades; `python -m pix2pix.data cityscapes` makes or divides Cityscapes.
`python -m pix2pix.data check DIR` says what is wrong with your own pairs; `... palette DIR` finds their colours.
"""

import argparse
import sys
from pathlib import Path

from pix2pix.data.checks import check_pairs
from pix2pix.data.cityscapes import CityscapesError, divide_validation, prepare
from pix2pix.data.facades import DownloadError, download_facades
from pix2pix.data.layouts import DIRECTIONS, LayoutError, PairReader, find_pairs
from pix2pix.data.palette import PaletteError, find_palette, read_palette, write_palette
from pix2pix.flags import Parser
from pix2pix.image_files import ImageFileError

PALETTE_FILE = "palette.json"


def check(folder: Path, direction: str | None) -> int:
    """Print the pairs of a folder and everything that is wrong with them; return 1 if anything is.

    Raises:
        ImageFileError, LayoutError, PaletteError: If a file cannot be used.
    """
    path = folder / PALETTE_FILE
    palette = read_palette(path) if path.exists() else None
    problems = []
    for split, files in find_pairs(folder).items():
        reader = PairReader(files, direction or "BtoA", palette=palette)
        print(f"{split}: {len(files)} pairs. {reader.resized_note()}".rstrip())
        problems += check_pairs(reader.all_sides(), palette, direction)
    print(f"palette: {len(palette)} classes of {path}" if palette else f"palette: none ({PALETTE_FILE} is missing)")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def make_palette(folder: Path, direction: str | None) -> int:
    """Find the colours of the training pairs' label images, and write them into the folder; return 0.

    Raises:
        ImageFileError, LayoutError, PaletteError: If a file cannot be used, or palette.json exists.
    """
    sides = PairReader(find_pairs(folder)["train"]).all_sides()
    found = find_palette(a if direction == "AtoB" else b for _, a, b in sides)
    write_palette(folder / PALETTE_FILE, found)
    for name, color, share in zip(found.palette.names, found.palette.colors, found.shares, strict=True):
        print(f"{name:10} {color} {share:6.1%}")
    print(f"left over  {found.left_over:14.1%}\nNow edit the names in {folder / PALETTE_FILE}.")
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(
        prog="python -m pix2pix.data",
        description="Download facades, or make Cityscapes from its official packages. Without --photos and --labels, "
        "divide the 500 validation images of its pix2pix packaging into val and test. Or look at your own pairs.",
    )
    parser.add_argument(
        "what", choices=["facades", "cityscapes", "check", "palette"], help="dataset to make, or what to do"
    )
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="for check and palette: your own pairs")
    parser.add_argument(
        "--data-dir", metavar="DIR", type=Path, default=Path("datasets"), help="parent folder (default: datasets)"
    )
    parser.add_argument("--photos", metavar="ZIP", type=Path, help="leftImg8bit_trainvaltest.zip of Cityscapes")
    parser.add_argument("--labels", metavar="ZIP", type=Path, help="gtFine_trainvaltest.zip of Cityscapes")
    parser.add_argument(
        "--direction",
        choices=DIRECTIONS,
        help="for check and palette: BtoA has label images on the right (default: BtoA)",
    )
    flags = parser.parse_args(arguments)
    if (flags.photos is None) != (flags.labels is None) or (flags.photos and flags.what != "cityscapes"):
        parser.error("--photos and --labels are used together, and only with cityscapes")
    if (flags.what in ("check", "palette")) != (flags.folder is not None):
        parser.error("check and palette need the folder DIR of your pairs; facades and cityscapes use --data-dir")
    try:
        return run(flags)
    except (CityscapesError, DownloadError, ImageFileError, LayoutError, PaletteError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to continue.", file=sys.stderr)
        return 130


def run(flags: argparse.Namespace) -> int:
    """Do what the flags say; return the exit status."""
    if flags.what == "check":
        return check(flags.folder, flags.direction)
    if flags.what == "palette":
        return make_palette(flags.folder, flags.direction)
    if flags.what == "facades":
        download_facades(flags.data_dir)
    elif flags.photos:
        prepare(flags.data_dir, flags.photos, flags.labels)
    else:
        divide_validation(flags.data_dir)
    return 0


if __name__ == "__main__":
    sys.exit(main())
