"""Label maps that nobody has drawn: as many plausible facades and streets as there are seeds. Equal seeds give equal maps."""

from demo.surprise.facades import random_facade
from demo.surprise.streets import random_street

SURPRISES = {"facades": random_facade, "cityscapes": random_street}
"""By dataset: a seed, from 0 → a label map, uint8 [256, 256]."""
