"""Kinds of buildings and what each usually has. Probabilities follow the training maps."""

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Style:
    """What one kind of building usually looks like.

    Attributes:
        storeys: Smallest and largest number of storeys above the ground floor.
        bays: Smallest and largest number of window columns.
        width: Width of the building as a share of the image.
        top: Row at which the wall begins.
        window_width: Window width as a share of a bay.
        window_height: Window height as a share of a storey.
        moldings, cornices, sills, blinds, balconies, pillars, decoration, shops, dormers: Probabilities, 0 to 1.
    """

    storeys: tuple[int, int]
    bays: tuple[int, int]
    width: Range
    top: tuple[int, int]
    window_width: Range
    window_height: Range
    moldings: float = 0.0
    cornices: float = 0.0
    sills: float = 0.0
    blinds: float = 0.0
    balconies: float = 0.0
    pillars: float = 0.0
    decoration: float = 0.0
    shops: float = 0.0
    dormers: float = 0.0


STYLES = (
    Style(  # apartments of the nineteenth century
        storeys=(3, 5),
        bays=(4, 7),
        width=(0.85, 1.0),
        top=(8, 40),
        window_width=(0.4, 0.56),
        window_height=(0.56, 0.7),
        moldings=0.9,
        cornices=0.75,
        sills=0.75,
        blinds=0.1,
        balconies=0.55,
        pillars=0.2,
        decoration=0.55,
        shops=0.65,
        dormers=0.35,
    ),
    Style(  # a town house
        storeys=(2, 3),
        bays=(2, 4),
        width=(0.5, 0.8),
        top=(14, 50),
        window_width=(0.34, 0.46),
        window_height=(0.54, 0.66),
        moldings=0.8,
        cornices=0.6,
        sills=0.9,
        blinds=0.2,
        balconies=0.3,
        pillars=0.1,
        decoration=0.4,
        shops=0.6,
        dormers=0.3,
    ),
    Style(  # a palace
        storeys=(1, 2),
        bays=(4, 7),
        width=(0.9, 1.0),
        top=(14, 50),
        window_width=(0.42, 0.55),
        window_height=(0.5, 0.62),
        moldings=1.0,
        cornices=0.9,
        sills=0.8,
        balconies=0.4,
        pillars=0.75,
        decoration=0.8,
        shops=0.1,
    ),
    Style(  # flats of the twentieth century
        storeys=(3, 5),
        bays=(3, 5),
        width=(0.75, 1.0),
        top=(10, 40),
        window_width=(0.4, 0.55),
        window_height=(0.5, 0.62),
        moldings=0.35,
        cornices=0.1,
        sills=0.5,
        blinds=0.4,
        balconies=0.95,
        decoration=0.05,
        shops=0.35,
    ),
    Style(  # offices
        storeys=(4, 6),
        bays=(5, 8),
        width=(0.85, 1.0),
        top=(8, 30),
        window_width=(0.62, 0.8),
        window_height=(0.5, 0.66),
        moldings=0.8,
        sills=0.2,
        blinds=0.4,
        pillars=0.25,
        decoration=0.05,
        shops=0.8,
    ),
    Style(  # a house with shutters
        storeys=(1, 2),
        bays=(3, 4),
        width=(0.6, 0.85),
        top=(40, 80),
        window_width=(0.28, 0.36),
        window_height=(0.5, 0.6),
        moldings=0.6,
        cornices=0.3,
        sills=0.9,
        blinds=0.85,
        balconies=0.5,
        decoration=0.25,
        shops=0.15,
        dormers=0.4,
    ),
)
