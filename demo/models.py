"""Which models the page compares, and where they come from: a folder, the Hugging Face Hub, or the weights that are bundled.

The page never waits for the Hub: it paints with what is there, and a thread puts a model in its place once it has been fetched.
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import numpy as np

from demo.page_flags import PAGE_FLAGS
from pix2pix.hub import HubModel, cached, fetch
from pix2pix.labels import PALETTES
from pix2pix.painter import Painter
from pix2pix.release import ReleaseError

DATASETS = ("facades", "cityscapes")
MODELS = tuple(f"{dataset}-{objective}" for dataset in DATASETS for objective in ("gan", "l1"))
BUNDLED_WEIGHTS = Path(__file__).parent / "weights"
BUNDLED = "bundled weights"
PUBLISHED_MODELS = Path(__file__).parent / "models.json"
"""Repository and commit, "owner/name@commit", of those that have been published, by name."""
OWNER_VARIABLE = "PIX2PIX_HUB_OWNER"


@dataclass
class Model:
    """One model of the page. All but its name changes while the page is open, so look `painter` up for every picture.

    Attributes:
        name: "DATASET-OBJECTIVE".
        painter: None until there is one.
        source: Where its weights are from, in words: "bundled weights", a folder, or "owner/name@1234567".
        notice: What is being fetched or could not be had, and what is shown instead; empty for nothing.
        wanted: What is being fetched; None for nothing.
    """

    name: str
    painter: Painter | None = None
    source: str = ""
    notice: str = ""
    wanted: HubModel | None = None

    @property
    def dataset(self) -> str:
        return self.name.split("-")[0]

    def fetch(self) -> None:
        """Asks the Hub for what is wanted and takes it; says in `notice` how far it is, and what went wrong."""
        wanted = self.wanted
        assert wanted
        meanwhile = f"shown meanwhile: {self.source}" if self.painter else "nothing is shown until then"

        def report(done: int, size: int) -> None:
            self.notice = f"{wanted} is being fetched, {done / 1e6:.0f} of {size / 1e6:.0f} MB; {meanwhile}."

        self.notice = f"{wanted} is being fetched; {meanwhile}."
        try:
            folder = fetch(wanted, report)
            source = f"{wanted.repo}@{folder.name[:7]}"
            if source != self.source:
                painter = read_painter(self.name, folder, source)
                painter.paint(
                    np.zeros((256, 256), np.uint8), 0
                )  # the first picture is slow, and no visitor should wait for it
                self.painter, self.source = painter, source
            self.notice = ""
        except (OSError, RuntimeError, ValueError) as error:
            self.notice = f"{error}. " + (
                f"Shown instead: {self.source}." if self.painter else "There is nothing to show instead."
            )
        finally:
            self.wanted = None


def painters_of(models: Sequence[Model]) -> list[Painter] | None:
    """The painters that the models have now; None until all have one."""
    painters = [model.painter for model in models if model.painter]
    return painters if len(painters) == len(models) else None


def read_painter(name: str, folder: Path, source: str) -> Painter:
    """Reads a released folder that is to be the model `name`.

    Raises:
        ReleaseError: If it cannot be used, or is another model.
    """
    painter = Painter.load(folder)
    config = painter.config
    if name != f"{config.dataset}-{config.objective}":
        raise ReleaseError(f"{source} holds a {config.dataset}-{config.objective} model")
    if config.palette != PALETTES[config.dataset]:
        raise ReleaseError(
            f"the palette of {source} is not that of {config.dataset}, in which the examples are painted"
        )
    return painter


def parse_weights(argument: str) -> tuple[str, Path | HubModel]:
    """NAME=FOLDER or NAME=owner/name[@revision] of the command line → its two parts. A folder that exists wins."""
    name, _, source = argument.partition("=")
    if name not in MODELS or not source:
        raise argparse.ArgumentTypeError(f"{argument!r} is not NAME=FOLDER, with NAME one of {', '.join(MODELS)}")
    if Path(source).is_dir():
        return name, Path(source)
    try:
        return name, HubModel.parse(source)
    except ReleaseError as error:
        raise argparse.ArgumentTypeError(f"there is no folder {source!r}") from error


def published(environment: Mapping[str, str]) -> dict[str, HubModel]:
    """The models that are published: those of `PIX2PIX_HUB_OWNER`, or those of `models.json`.

    Raises:
        ReleaseError: If either is malformed.
    """
    if owner := environment.get(OWNER_VARIABLE):
        try:
            return {name: HubModel.parse(f"{owner}/{name}") for name in MODELS}
        except ReleaseError as error:
            raise ReleaseError(
                f"{OWNER_VARIABLE} is {owner!r}, which is no name of a user or an organisation"
            ) from error
    try:
        sources = json.loads(PUBLISHED_MODELS.read_text(encoding="utf-8"))
        if unknown := sorted(sources.keys() - set(MODELS)):
            raise ReleaseError(f"{unknown[0]!r} is none of {', '.join(MODELS)}")
        return {name: HubModel.parse(source) for name, source in sources.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ReleaseError(f"{PUBLISHED_MODELS} is malformed: {error}") from error


def start_model(name: str, source: Path | HubModel) -> Model:
    """What can be shown of a model at once; `wanted` says what is to be fetched.

    Raises:
        ReleaseError: If a folder cannot be used. Of the Hub's models, `notice` says so.
    """
    bundled = BUNDLED_WEIGHTS / name
    if isinstance(source, Path):
        words = BUNDLED if source == bundled else str(source)
        return Model(name, read_painter(name, source, words), words)
    model, folder = Model(name), cached(source)
    if folder:
        words = f"{source.repo}@{folder.name[:7]}"
        try:
            model = Model(name, read_painter(name, folder, words), words)
        except ReleaseError as error:
            model.notice = str(error)
    if model.painter is None and bundled.is_dir():
        model.painter, model.source = read_painter(name, bundled, BUNDLED), BUNDLED
    if folder is None or not source.pinned:
        model.wanted = source
    elif model.notice:
        model.notice += f". Shown instead: {model.source or 'nothing'}."
    return model


def load_models(arguments: list[str]) -> dict[str, Model]:
    """Finds the models: those that the command line names, those that are published, those that are bundled.

    Args:
        arguments: Of the command line. A wrong one, or a folder that cannot be used, ends the program with a sentence.

    Returns:
        By name, in the order of `MODELS`, and always both of a dataset.
    """
    parser = argparse.ArgumentParser(
        prog="app.py",
        description="Paint a facade or a street and compare what a GAN and an L1 model make of it.",
        parents=[PAGE_FLAGS],
    )
    parser.add_argument(
        "--weights",
        metavar="NAME=SOURCE",
        type=parse_weights,
        action="append",
        default=[],
        help=f"a released folder, or owner/name[@revision] on the Hugging Face Hub, to use for NAME ({', '.join(MODELS)}); repeatable",
    )
    named = dict(parser.parse_args(arguments).weights)
    bundled = {name: BUNDLED_WEIGHTS / name for name in MODELS if (BUNDLED_WEIGHTS / name).is_dir()}
    try:
        sources: dict[str, Path | HubModel] = bundled | published(os.environ) | named
    except ReleaseError as error:
        parser.error(str(error))
    offered = [dataset for dataset in DATASETS if any(name.startswith(dataset) for name in sources)] or DATASETS[:1]
    models = {}
    for name in (name for name in MODELS if name.split("-")[0] in offered):
        if name not in sources:
            parser.error(
                f"{name}: the page compares both models of a dataset; name a folder for this one with --weights {name}=FOLDER"
            )
        try:
            models[name] = start_model(name, sources[name])
        except ReleaseError as error:
            parser.error(f"{name}: {error}")
    return models


def fetch_wanted(models: Mapping[str, Model]) -> None:
    """Starts a thread for every model that is wanted from the Hub. To be called once the page is built, which shows what was there."""
    for model in models.values():
        if model.wanted:
            Thread(target=model.fetch, name=f"fetching {model.name}", daemon=True).start()
