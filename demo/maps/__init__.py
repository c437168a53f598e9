"""Label maps of the page: example maps drawn by the project, and random ones that follow rules, one per seed."""

from pathlib import Path

from demo.maps.random_facades import random_facade
from demo.maps.random_streets import random_street

MAPS = Path(__file__).parent
"""Holds a folder of example maps for each bundled dataset."""
RANDOM_MAPS = {"facades": random_facade, "cityscapes": random_street}
"""By dataset: a function from a seed, at least 0, to a label map, uint8 [256, 256]. Equal seeds give equal maps."""
