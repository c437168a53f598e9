"""Which models the page compares, and the folders that they come from."""

import argparse
from pathlib import Path

from pix2pix.labels import PALETTES
from pix2pix.painter import Painter

DATASETS = ("facades", "cityscapes")
MODELS = tuple(f"{dataset}-{objective}" for dataset in DATASETS for objective in ("gan", "l1"))
BUNDLED_WEIGHTS = Path(__file__).parent / "weights"


def parse_folder(argument: str) -> tuple[str, Path]:
    """NAME=FOLDER of the command line → its two parts."""
    name, _, folder = argument.partition("=")
    if name not in MODELS or not folder:
        raise argparse.ArgumentTypeError(f"{argument!r} is not NAME=FOLDER, with NAME one of {', '.join(MODELS)}")
    if not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {folder!r}")
    return name, Path(folder)


def load_painters(arguments: list[str]) -> dict[str, Painter]:
    """Loads the bundled models, but for those that the command line replaces or adds.

    Args:
        arguments: Of the command line. A wrong one, or a folder that cannot be used, ends the program with a sentence.

    Returns:
        One painter per name, in the order of `MODELS`, and always both of a dataset.
    """
    parser = argparse.ArgumentParser(
        prog="app.py", description="Paint a facade or a street and compare what a GAN and an L1 model make of it."
    )
    parser.add_argument(
        "--weights",
        metavar="NAME=FOLDER",
        type=parse_folder,
        action="append",
        default=[],
        help=f"a released folder to use for NAME ({', '.join(MODELS)}); repeatable",
    )
    folders = {name: BUNDLED_WEIGHTS / name for name in MODELS} | dict(parser.parse_args(arguments).weights)
    present = {name: folder for name, folder in folders.items() if folder.is_dir()}
    offered = [dataset for dataset in DATASETS if any(name.startswith(dataset) for name in present)] or DATASETS[:1]
    painters = {}
    for name in (name for name in MODELS if name.split("-")[0] in offered):
        folder = folders[name]
        if name not in present:
            parser.error(f"{name}: the page compares both models of a dataset; name a folder for this one with --weights {name}=FOLDER")
        try:
            painters[name] = Painter.load(folder)
        except ValueError as error:
            parser.error(f"{name}: {error}")
        config = painters[name].config
        if name != f"{config.dataset}-{config.objective}":
            parser.error(f"{name}: {folder} holds a {config.dataset}-{config.objective} model")
        if config.palette != PALETTES[config.dataset]:
            parser.error(f"{name}: the palette of {folder} is not that of {config.dataset}, in which the examples are painted")
    return painters
