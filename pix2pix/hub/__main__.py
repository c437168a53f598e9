"""`python -m pix2pix.hub pull owner/name[@revision]`, `push FOLDER owner/name`, `pack FOLDER owner/name OUTPUT`."""

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path

from pix2pix.hub import HubModel, pull
from pix2pix.release import MAX_EPOCHS


def parse_epochs(text: str) -> list[int]:
    """Reads "1,10,100" as [1, 10, 100]."""
    epochs = sorted({int(number) for number in text.split(",")} if re.fullmatch(r"\d{1,9}(,\d{1,9})*", text) else ())
    if not 0 < len(epochs) < MAX_EPOCHS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not one to {MAX_EPOCHS - 1} epochs with commas between, such as 1,10,100"
        )
    return epochs


def parse() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pix2pix.hub", description="Released folders on the Hugging Face Hub."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    puller = commands.add_parser("pull", help="fetch a model into the cache and print its folder")
    puller.add_argument("model", help="owner/name or owner/name@revision")
    pusher = commands.add_parser("push", help="publish a released folder with its numbers, curves and samples")
    pusher.add_argument("folder", type=Path, help="released folder, such as runs/facades-gan/release")
    pusher.add_argument("model", help="owner/name")
    pusher.add_argument("--private", action="store_true", help="let only the owner see a repository that is made now")
    pusher.add_argument("--revision", metavar="BRANCH", help="branch to push to, made if absent (default: main)")
    pusher.add_argument("--message", help="of the commit")
    packer = commands.add_parser("pack", help="write what push would publish into a folder, and ask nobody")
    packer.add_argument("folder", type=Path, help="released folder")
    packer.add_argument("model", help="owner/name that the model card speaks of")
    packer.add_argument("output", type=Path, help="folder for the files")
    for command in (pusher, packer):
        command.add_argument(
            "--epochs",
            type=parse_epochs,
            default=[],
            metavar="N,N,...",
            help=f"earlier epochs to publish too, at most {MAX_EPOCHS - 1}: the page then shows what training did",
        )
    return parser


def run(flags: argparse.Namespace) -> str:
    """Does what was asked; returns what to say."""
    model = HubModel.parse(flags.model)
    if flags.command == "pull":
        folder = pull(model)
        return f"{model.repo}@{folder.name}\n{folder}"

    from pix2pix.hub.card import (
        pack,
    )  # here, as reports and scores take seconds to import, which a pull need not wait for
    from pix2pix.hub.push import push

    if flags.command == "pack":
        pack(flags.folder, flags.output, model.repo, flags.epochs)
        return str(flags.output)
    pushed = push(
        flags.folder,
        replace(model, revision=flags.revision or model.revision),
        flags.private,
        flags.message,
        flags.epochs,
    )
    return f"{'pushed' if pushed.is_new else 'nothing has changed since'} {pushed.model.repo}@{pushed.model.revision}"


def main(arguments: list[str] | None = None) -> int:
    flags = parse().parse_args(arguments)
    try:
        print(run(flags))
    except (OSError, ValueError) as error:  # ReleaseError and ReportError too
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
