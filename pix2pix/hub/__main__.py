"""Fetch models from the Hub: `python -m pix2pix.hub pull owner/name[@revision]`."""

import argparse
import sys

from pix2pix.flags import Parser, complain
from pix2pix.hub import HubModel, pull


def parse() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m pix2pix.hub", description="Fetch models from the Hugging Face Hub.")
    commands = parser.add_subparsers(dest="command", required=True)
    puller = commands.add_parser("pull", help="download a model into the cache and print its folder")
    puller.add_argument("model", metavar="OWNER/NAME[@REVISION]", help="model on the Hugging Face Hub")
    return parser


def main(arguments: list[str] | None = None) -> int:
    flags = parse().parse_args(arguments)
    try:
        model = HubModel.parse(flags.model)
        folder = pull(model)
    except (OSError, ValueError) as error:
        complain(error)
        return 1
    print(f"{model.repo}@{folder.name}\n{folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
