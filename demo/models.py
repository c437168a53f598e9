"""The models that the page compares, and their sources: a folder, the Hugging Face Hub, or the bundled weights.

The page never waits for the Hub: it paints with the weights at hand, and a thread replaces them once the download is
complete.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import numpy as np

from pix2pix.hub import HubModel, cached, fetch, locate
from pix2pix.labels import PALETTES
from pix2pix.lineage import DATASET_NAME
from pix2pix.painter import Painter
from pix2pix.release import OBJECTIVES, ReleaseConfig, ReleaseError
from pix2pix.surroundings import in_words

MODELS = tuple(f"{dataset}-{objective}" for dataset in PALETTES for objective in OBJECTIVES)
"""The models whose datasets the page knows."""
MODEL_NAME = re.compile(f"({DATASET_NAME})-({'|'.join(OBJECTIVES)})")
"""Any other name in this form is a tab of people's own."""
BUNDLED_WEIGHTS = Path(__file__).parent / "weights"
BUNDLED = "bundled weights"
PUBLISHED_MODELS = Path(__file__).parent / "models.json"
"""Repository and commit of the published models, "owner/name@commit", by name."""
OWNER_VARIABLE = "PIX2PIX_HUB_OWNER"
Source = Path | HubModel


@dataclass
class Model:
    """One model of the page. All but its name changes while the page is open, so read `painter` anew for every map.

    Attributes:
        name: "DATASET-OBJECTIVE", or "NAME-OBJECTIVE" for a tab of people's own.
        painter: None until there is one.
        source: Where its weights come from, in words: "bundled weights", a folder, or "owner/name@1234567".
        notice: What is being downloaded or unavailable, and what is shown instead; empty for nothing.
        wanted: The model that is being downloaded; None for none.
    """

    name: str
    painter: Painter | None = None
    source: str = ""
    notice: str = ""
    wanted: HubModel | None = None

    @property
    def dataset(self) -> str:
        return split_name(self.name)[0]

    def fetch(self) -> None:
        """Download the wanted model and take its painter; `notice` reports progress and errors."""
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
                self.painter, self.source = read_painter(self.name, folder, source), source
            self.notice = ""
        except (OSError, RuntimeError, ValueError) as error:
            instead = f"Shown instead: {self.source}." if self.painter else "There is nothing to show instead."
            self.notice = f"{in_words(error)}. {instead}"
        finally:
            self.wanted = None


def painters_of(models: Mapping[str, Model]) -> dict[str, Painter] | None:
    """Return the current painters of models by objective; None until every model has one."""
    painters = {objective: model.painter for objective, model in models.items() if model.painter}
    return painters if len(painters) == len(models) else None


def split_name(name: str) -> tuple[str, str]:
    """Divide the name of a model into its dataset or own tab, and its objective."""
    match = MODEL_NAME.fullmatch(name)
    assert match, f"{name!r} is no name of a model"
    return match[1], match[2]


def by_dataset(models: Mapping[str, Model]) -> dict[str, dict[str, Model]]:
    """Group models by dataset or own tab, then by objective."""
    grouped: dict[str, dict[str, Model]] = {}
    for name, model in models.items():
        dataset, objective = split_name(name)
        grouped.setdefault(dataset, {})[objective] = model
    return grouped


def read_painter(name: str, folder: Path, source: str) -> Painter:
    """Read a released folder as the model `name`, and paint once: no visitor should wait for the slow first image.

    Raises:
        ReleaseError: If it cannot be used or is another model.
    """
    painter = Painter.load(folder)
    check_config(name, painter.config, source)
    width, height = painter.config.size
    painter.paint_image(np.zeros((height, width, 3), np.uint8), 0)
    return painter


def check_config(name: str, config: ReleaseConfig, source: str) -> None:
    """Raise ReleaseError unless a released folder from `source` can be the model `name`."""
    dataset, objective = split_name(name)
    if name not in MODELS:
        if objective != config.objective:
            raise ReleaseError(f"{source} is of the objective {config.objective}; name it {dataset}-{config.objective}")
        return
    if name != f"{config.dataset}-{config.objective}":
        raise ReleaseError(f"{source} holds a {config.dataset}-{config.objective} model")
    if config.input_palette != PALETTES[dataset] or config.size != (256, 256):
        raise ReleaseError(
            f"{source} has another palette or size than the examples of {dataset}; under another name, such as "
            f"my-{name}, it gets a tab of its own"
        )


def check_agreement(pair: Mapping[str, Model]) -> None:
    """Raise ReleaseError if the models of one tab cannot share a canvas."""
    configs = [model.painter.config for model in pair.values() if model.painter]
    names = " and ".join(model.name for model in pair.values())
    for one, other in zip(configs, configs[1:], strict=False):
        what = ""
        if one.size != other.size:
            what = "sizes, " + " and ".join(f"{width}x{height}" for width, height in (one.size, other.size))
        elif one.painted_palette != other.painted_palette:
            what = "palettes"
        elif one.palette_of != other.palette_of or not one.painted_palette and one.direction != other.direction:
            what = "directions"
        if what:
            raise ReleaseError(f"{names} have different {what}; both models of a tab take the same input")


def models_on_hub(environment: Mapping[str, str]) -> dict[str, HubModel]:
    """Return the published models: those of `PIX2PIX_HUB_OWNER`, else those of `models.json`.

    Raises:
        ReleaseError: If either is malformed.
    """
    if owner := environment.get(OWNER_VARIABLE):
        try:
            return {name: HubModel.parse(f"{owner}/{name}") for name in MODELS}
        except ReleaseError as error:
            raise ReleaseError(f"{OWNER_VARIABLE} is {owner!r}, which is no name of a user or organisation") from error
    try:
        sources = json.loads(PUBLISHED_MODELS.read_text(encoding="utf-8"))
        if unknown := sorted(sources.keys() - set(MODELS)):
            raise ReleaseError(f"{unknown[0]!r} is none of {', '.join(MODELS)}")
        return {name: HubModel.parse(source) for name, source in sources.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ReleaseError(f"{PUBLISHED_MODELS} is malformed: {error}") from error


def load_own(name: str, source: Source) -> Model:
    """Return a model of people's own; one on the Hub is downloaded now, as the page needs its palette and size.

    Raises:
        ReleaseError: If it cannot be used.
    """
    folder = locate(source if isinstance(source, Path) else str(source))
    words = str(source) if isinstance(source, Path) else f"{source.repo}@{folder.name[:7]}"
    return Model(name, read_painter(name, folder, words), words)


def start_model(name: str, source: Source) -> Model:
    """Return a model with the weights at hand; its `wanted` is what must be downloaded.

    Raises:
        ReleaseError: If a folder cannot be used. For a model on the Hub, `notice` says so instead.
    """
    if name not in MODELS:
        return load_own(name, source)
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


def find_sources(named: Mapping[str, Source]) -> dict[str, Source]:
    """Find where the models come from: named sources before published ones before bundled ones.

    Args:
        named: Sources by model name, such as those of the command line.

    Returns:
        Sources by model name: people's own as they are named, then, in the order of `MODELS`, both models of every
        dataset that has one.

    Raises:
        ReleaseError: If one of two models is missing or a list of published models is malformed.
    """
    bundled = {name: BUNDLED_WEIGHTS / name for name in MODELS if (BUNDLED_WEIGHTS / name).is_dir()}
    sources: dict[str, Source] = bundled | models_on_hub(os.environ) | dict(named)
    if not sources:
        first = " ".join(f"--weights {name}=SOURCE" for name in MODELS[: len(OBJECTIVES)])
        raise ReleaseError(
            "no weights are installed; a clone of the project has them in demo/weights. Name both models of a dataset, "
            f"{first}, each a released folder or owner/name on the Hugging Face Hub; or set {OWNER_VARIABLE} to their "
            "owner there"
        )
    datasets = [dataset for dataset in PALETTES if any(name.startswith(f"{dataset}-") for name in sources)]
    own = sorted((name for name in named if name not in MODELS), key=lambda name: split_name(name)[1])
    names = [*own, *(f"{dataset}-{objective}" for dataset in datasets for objective in OBJECTIVES)]
    for name in names:
        if name not in sources:
            raise ReleaseError(
                f"{name}: the page compares both models of a dataset; name a folder for this one with "
                f"--weights {name}=FOLDER"
            )
    return {name: sources[name] for name in names}


def load_models(named: Mapping[str, Source]) -> dict[str, Model]:
    """Load the models of the page; see `find_sources` for arguments and order.

    Raises:
        ReleaseError: If a source cannot be used or one of two models is missing; the message names it.
    """
    models = {}
    for name, source in find_sources(named).items():
        try:
            models[name] = start_model(name, source)
        except ReleaseError as error:
            raise ReleaseError(f"{name}: {error}") from error
    for pair in by_dataset(models).values():
        check_agreement(pair)
    return models


def fetch_wanted(models: Mapping[str, Model]) -> None:
    """Start a download thread for every wanted model. Call it once the page is built."""
    for model in models.values():
        if model.wanted:
            Thread(target=model.fetch, name=f"fetching {model.name}", daemon=True).start()
