"""Publish models: `python -m pix2pix.publish push FOLDER owner/name`, or `pack FOLDER owner/name OUTPUT` to look
first."""

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path

from pix2pix.flags import Parser, complain, folder_to_write
from pix2pix.hub import HubModel, locate
from pix2pix.publish.pack import pack
from pix2pix.publish.push import push
from pix2pix.release import MAX_EPOCHS


def parse_epochs(text: str) -> list[int]:
    """Read "1,10,100" as [1, 10, 100]."""
    epochs = sorted({int(number) for number in text.split(",")} if re.fullmatch(r"\d{1,9}(,\d{1,9})*", text) else ())
    if not 0 < len(epochs) < MAX_EPOCHS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of one to {MAX_EPOCHS - 1} epochs with commas between them, such as 1,10,100"
        )
    return epochs


def parse_maps(text: str) -> Path:
    """Read the name of a folder that exists."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def parse() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m pix2pix.publish", description="Publish released folders on the Hugging Face Hub.")
    commands = parser.add_subparsers(dest="command", required=True)
    pusher = commands.add_parser("push", help="upload a released folder with its scores, curves and samples")
    pusher.add_argument("folder", metavar="FOLDER", type=Path, help="released folder or run, such as runs/facades-gan")
    pusher.add_argument("model", metavar="OWNER/NAME", help="repository on the Hugging Face Hub")
    pusher.add_argument("--private", action="store_true", help="make a new repository visible to its owner only")
    pusher.add_argument("--revision", metavar="BRANCH", help="branch to push to, created if missing (default: main)")
    pusher.add_argument("--message", metavar="TEXT", help="commit message (default: Upload a released folder)")
    packer = commands.add_parser("pack", help="write what push would upload into a folder; needs no network")
    packer.add_argument("folder", metavar="FOLDER", type=Path, help="released folder or run")
    packer.add_argument("model", metavar="OWNER/NAME", help="repository that the model card's example loads")
    packer.add_argument("output", metavar="OUTPUT", type=folder_to_write, help="folder for the files")
    for command in (pusher, packer):
        command.add_argument(
            "--epochs",
            type=parse_epochs,
            default=[],
            metavar="N,N,...",
            help=f"at most {MAX_EPOCHS - 1} earlier epochs to publish, for the page's Epochs view (default: none)",
        )
        command.add_argument(
            "--maps",
            type=parse_maps,
            metavar="DIR",
            help="label maps to paint for the card: PNG files in a folder for each dataset (default: no samples)",
        )
    return parser


def run(flags: argparse.Namespace) -> str:
    """Pack or push, and return what to print."""
    model, folder = HubModel.parse(flags.model), locate(flags.folder)
    if flags.command == "pack":
        pack(folder, flags.output, model.repo, flags.epochs, flags.maps)
        return str(flags.output)
    branch = replace(model, revision=flags.revision or model.revision)
    pushed = push(folder, branch, flags.private, flags.message, flags.epochs, flags.maps)
    return f"{'pushed' if pushed.is_new else 'nothing has changed since'} {pushed.model.repo}@{pushed.model.revision}"


def main(arguments: list[str] | None = None) -> int:
    flags = parse().parse_args(arguments)
    try:
        print(run(flags))
    except (OSError, ValueError) as error:  # ReleaseError and ReportError too
        complain(error)
        return 1
    if flags.maps is None:
        print("The model card has no samples; --maps names the folder of label maps to paint.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
