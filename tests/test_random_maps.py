"""Facades and streets by rules: valid, plausible, always others, and the same for the same seed."""

import numpy as np
import pytest

from demo.maps import RANDOM_MAPS
from pix2pix.labels import PALETTES

SEEDS = range(200)


@pytest.fixture(scope="module")
def maps() -> dict[str, np.ndarray]:
    """Label maps of 200 seeds by dataset, uint8 [200, 256, 256]."""
    return {dataset: np.stack([draw(seed) for seed in SEEDS]) for dataset, draw in RANDOM_MAPS.items()}


def shares(label_maps: np.ndarray, dataset: str, name: str) -> np.ndarray:
    """The share of a class in each of the maps."""
    return (label_maps == PALETTES[dataset].index(name)).mean((1, 2))


def test_there_is_one_for_every_dataset():
    assert list(RANDOM_MAPS) == list(PALETTES)


@pytest.mark.parametrize("dataset", PALETTES)
def test_all_maps_are_of_the_palette_and_different(maps, dataset):
    assert maps[dataset].dtype == np.uint8 and maps[dataset].shape == (200, 256, 256)
    assert maps[dataset].max() < len(PALETTES[dataset])
    assert len({label_map.tobytes() for label_map in maps[dataset]}) == 200
    kinds = [len(np.unique(label_map)) for label_map in maps[dataset]]
    assert min(kinds) >= 4


@pytest.mark.parametrize("dataset", PALETTES)
def test_equal_seeds_give_equal_maps(maps, dataset):
    for seed in (0, 7, 2**32 - 1):
        np.testing.assert_array_equal(RANDOM_MAPS[dataset](seed), RANDOM_MAPS[dataset](seed))
    np.testing.assert_array_equal(RANDOM_MAPS[dataset](7), maps[dataset][7])


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("background", 0.02, 0.65),
        ("facade", 0.12, 0.65),
        ("window", 0.02, 0.36),
        ("door", 0.003, 0.07),
        ("molding", 0, 0.25),
    ],
)
def test_every_facade_has_a_wall_windows_and_a_door_before_the_sky(maps, name, least, most):
    found = shares(maps["facades"], "facades", name)
    assert least <= found.min() and found.max() <= most


def test_facades_use_every_class_and_the_wall_stands_on_the_ground(maps):
    palette = PALETTES["facades"]
    assert len(np.unique(maps["facades"])) == len(palette)
    assert (maps["facades"][:, 240] != palette.index("background")).any(1).all()
    assert (maps["facades"][:, 0] == palette.index("background")).all(
        1
    ).mean() > 0.9  # sky above, but for what reaches the edge


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("sky", 0.01, 0.3), ("road", 0.2, 0.45), ("car", 0.001, 0.15), ("sidewalk", 0.002, 0.15)],
)
def test_every_street_has_a_road_below_the_sky_and_cars_on_it(maps, name, least, most):
    found = shares(maps["cityscapes"], "cityscapes", name)
    assert least <= found.min() and found.max() <= most


def test_streets_are_closed_in_by_houses_or_trees_and_seen_over_the_bonnet(maps):
    streets, palette = maps["cityscapes"], PALETTES["cityscapes"]
    beside = shares(streets, "cityscapes", "building") + shares(streets, "cityscapes", "vegetation")
    assert beside.min() > 0.12
    assert (streets[:, :100] != palette.index("road")).all()
    assert (streets[:, 255] == palette.index("unlabeled")).all()
    assert (shares(streets, "cityscapes", "person") > 0).mean() > 0.8
    present = {palette.names[index] for index in np.unique(streets)}
    assert {"rider", "bicycle", "bus", "truck", "traffic light", "wall", "fence", "terrain", "parking"} <= present
