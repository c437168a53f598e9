"""Models of tiny networks for tests of the page."""

from pathlib import Path

import pytest

from demo.models import Model
from pix2pix import release
from pix2pix.labels import PALETTES
from pix2pix.painter import Painter
from pix2pix.release import OBJECTIVES
from tests.helpers.tiny import tiny_generator, tiny_release_config

ROOT = Path(__file__).parents[2]


def tiny_models(tmp_path_factory: pytest.TempPathFactory, dataset: str, epochs: int = 3) -> dict[str, Path]:
    """Released folders of both models of a dataset, with random weights, by the page's name for them."""
    folders = {f"{dataset}-{objective}": tmp_path_factory.mktemp(objective) for objective in OBJECTIVES}
    for seed, (objective, folder) in enumerate(zip(OBJECTIVES, folders.values(), strict=True)):
        config = tiny_release_config(dataset=dataset, objective=objective, palette=PALETTES[dataset], epochs=epochs)
        release.save(folder, tiny_generator(seed), config)
    return folders


def local_models(folders: dict[str, Path]) -> dict[str, Model]:
    """Models of the page from released folders."""
    return {name: Model(name, Painter.load(folder), str(folder)) for name, folder in folders.items()}


def weight_flags(folders: dict[str, Path]) -> list[str]:
    """The flags of `app.py` that name released folders."""
    return [part for name, folder in folders.items() for part in ("--weights", f"{name}={folder}")]
