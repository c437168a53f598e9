"""Random facades that follow rules: a style, storeys and bays, then what fits on each storey.

A building is consistent, as real ones are: all windows of a storey are alike, and a bay keeps its place from storey to
storey. `styles.py` says what is likely; nothing is taken from the dataset.
"""

import numpy as np

from demo.maps.facade_parts import SIZE, building, centered, centers, rect, window
from demo.maps.styles import STYLES, Range


class Facade:
    """A facade while it is being drawn.

    Args:
        seed: Selects the facade; at least 0.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.style = style = STYLES[self.rng.integers(len(STYLES))]
        width = round(SIZE * self.uniform(style.width))
        self.left = int(self.rng.integers(0, SIZE - width + 1))
        self.right = self.left + width
        self.top, self.bottom = self.integer(style.top), SIZE - self.integer((0, 12))
        self.label_map = building(self.left, self.top, self.right, self.bottom)
        self.columns = centers(self.left + 4, self.right - 4, self.integer(style.bays))
        self.bay = (width - 8) / len(self.columns)

        storeys = self.integer(style.storeys)
        eaves = self.top + self.integer((8, 20))
        storey = (self.bottom - eaves) / (storeys + self.uniform((1.1, 1.4)))  # the ground floor is higher
        self.floors = [round(eaves + number * storey) for number in range(storeys + 1)]
        """Rows at which the storeys begin, highest first; the last is the ground floor."""

        self.window_width = round(self.bay * self.uniform(style.window_width))
        self.has_cornices, self.has_sills, self.has_blinds = (
            self.chance(p) for p in (style.cornices, style.sills, style.blinds)
        )
        self.has_twins = self.window_width > 24 and not self.has_blinds and self.chance(0.5)
        middle, last = len(self.columns) // 2, len(self.columns) - 1
        self.accent = ((), (), (middle, last - middle), (0, last))[self.integer((0, 3))]
        """Bays with wider windows: often none, else the middle or both ends."""

    def uniform(self, limits: Range) -> float:
        return float(self.rng.uniform(*limits))

    def integer(self, limits: tuple[int, int]) -> int:
        return int(self.rng.integers(limits[0], limits[1] + 1))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def draw(self) -> np.ndarray:
        """Return the label map, uint8 [256, 256]."""
        self.neighbours()
        self.roof()
        for y0, y1 in zip(self.floors, self.floors[1:], strict=False):
            self.storey(y0, y1)
        self.moldings()
        self.pillars()
        self.balconies()
        self.ground_floor()
        return self.label_map

    def neighbours(self) -> None:
        """Draw lower houses at the sides where there is room."""
        for x0, x1 in ((0, self.left), (self.right, SIZE)):
            if x1 - x0 < 20 or self.chance(0.4):
                continue
            top = self.top + self.integer((10, 70))
            rect(self.label_map, "facade", x0, top, x1, self.bottom)
            rect(self.label_map, "molding", x0, top, x1, top + 5)
            height = self.integer((22, 30))
            for y in range(top + 16, self.bottom - height - 8, height + self.integer((14, 24))):
                for x in centers(x0, x1, max(1, (x1 - x0) // 32)):
                    window(self.label_map, x, y, 14, height, sill=4)

    def roof(self) -> None:
        """Draw the main cornice and, above it, dormers, a gable or nothing."""
        eaves = self.floors[0]
        above = self.top - 24
        if self.chance(self.style.dormers) and above > 0:
            rect(self.label_map, "facade", self.left + 8, above, self.right - 8, self.top)
            for x in self.columns[:: 1 + (self.bay < 40)]:
                window(self.label_map, x, above + 5, 14, 17, cornice=4)
        elif self.chance(0.25) and above > 0:
            width = round(self.bay * (2 if len(self.columns) % 2 == 0 else 1))
            middle = (self.left + self.right) // 2
            centered(self.label_map, "facade", middle, above, width, 24)
            centered(self.label_map, "deco", middle, above + 8, width // 2, 12)
        if self.chance(self.style.moldings):
            overhang = 4 * self.chance(0.5)
            rect(self.label_map, "molding", self.left - overhang, self.top, self.right + overhang, eaves - 4)
            if self.chance(self.style.decoration) and eaves - self.top > 14:
                for x in centers(self.left, self.right, 2 * len(self.columns)):
                    centered(self.label_map, "deco", x, self.top + 4, 7, eaves - self.top - 8)

    def storey(self, y0: int, y1: int) -> None:
        """Draw one row of windows, all alike except for the accent bays and lowered blinds."""
        width = min(self.window_width + self.integer((-2, 2)), round(0.9 * self.bay))
        height = round((y1 - y0) * self.uniform(self.style.window_height))
        cornice = (self.has_cornices and not self.chance(0.2)) * self.integer((5, 8))
        sill = self.has_sills * self.integer((4, 6))
        blind = self.has_blinds * min(width // 2, round(0.46 * self.bay) - width // 2)
        blind *= blind > 3
        decorated = self.chance(self.style.decoration)
        y = y0 + max(cornice + 2, (y1 - y0 - height) // (3 if decorated else 2))
        below = y + height + sill
        decorated &= y1 - below > 12
        for i, x in enumerate(self.columns):
            if i in self.accent:
                window(self.label_map, x, y, min(round(1.35 * width), round(0.9 * self.bay)), height, cornice, sill)
            elif self.has_twins:
                for middle in (x - width // 4 - 2, x + width // 4 + 2):
                    window(self.label_map, middle, y, width // 2, height, cornice, sill)
            else:
                window(self.label_map, x, y, width, height, cornice, sill, blind)
            if not blind and self.chance(0.3 * self.style.blinds):
                centered(self.label_map, "blind", x, y, width, height // self.integer((1, 3)))
            if decorated:
                centered(self.label_map, "deco", x, below + 2, max(10, width - 4), y1 - below - 7)

    def moldings(self) -> None:
        """Draw bands between the storeys, nearly always one above the ground floor."""
        everywhere = self.chance(self.style.moldings * 0.6)
        for y in self.floors[1:-1]:
            if everywhere:
                rect(self.label_map, "molding", self.left, y - 3, self.right, y + self.integer((0, 3)))
        if self.chance(self.style.moldings):
            rect(
                self.label_map,
                "molding",
                self.left,
                self.floors[-1] - 5,
                self.right,
                self.floors[-1] + self.integer((2, 7)),
            )

    def pillars(self) -> None:
        """Draw pillars between the bays, from the eaves to the ground floor."""
        if not self.chance(self.style.pillars):
            return
        width = self.integer((5, 9))
        middles = [(one + other) // 2 for one, other in zip(self.columns, self.columns[1:], strict=False)]
        for x in (self.left + width, *middles, self.right - width):
            centered(self.label_map, "pillar", x, self.floors[0], width, self.floors[-1] - 5 - self.floors[0])

    def balconies(self) -> None:
        """Draw balconies in columns, over the middle, or along every third storey."""
        if not self.chance(self.style.balconies):
            return
        storeys = list(zip(self.floors, self.floors[1:], strict=False))
        height = round(self.uniform((0.3, 0.42)) * (storeys[0][1] - storeys[0][0]))
        last = len(self.columns) - 1
        columns = (
            {1, last - 1, *([last // 2] if last > 4 else [])} if self.chance(0.7) else {last // 2, (last + 1) // 2}
        )
        along = self.chance(0.25)
        for number, (_, y1) in enumerate(storeys):
            y = y1 - height - 4
            if along and number % 3 == 0:
                rect(self.label_map, "balcony", self.left + 4, y, self.right - 4, y + height)
            elif not along:
                for column in columns:
                    centered(self.label_map, "balcony", self.columns[column], y, round(0.9 * self.bay), height)

    def ground_floor(self) -> None:
        """Draw a door in one bay and, beside it, windows or shops one or two bays wide."""
        y0, y1 = self.floors[-1] + self.integer((8, 12)), self.bottom
        count = len(self.columns)
        door = int(self.rng.choice([count // 2, count // 2, 0, count - 1]))
        bays_per_shop = self.chance(self.style.shops) * self.integer((1, 2))
        for bays in (range(door), range(door + 1, count)):
            if bays and bays_per_shop:
                x0 = self.left + 4 + bays[0] * self.bay
                width = len(bays) * self.bay
                shops = max(1, len(bays) // bays_per_shop)
                for x in centers(round(x0), round(x0 + width), shops):
                    centered(self.label_map, "shop", x, y0, round(width / shops) - 6, y1 - y0)
            else:
                for x in (self.columns[bay] for bay in bays):
                    window(
                        self.label_map, x, y0 + 4, self.window_width, round(0.5 * (y1 - y0)), sill=5 * self.has_sills
                    )
        self.door(self.columns[door], y0, y1)

    def door(self, x: int, y0: int, y1: int) -> None:
        """Draw a door, between pillars or under a cornice where the style has them."""
        width = min(round(0.6 * self.bay), 34)
        height = round((y1 - y0) * self.uniform((0.75, 0.95)))
        centered(self.label_map, "door", x, y1 - height, width, height)
        if self.chance(self.style.pillars):
            for side in (x - width // 2 - 4, x + width // 2 + 4):
                centered(self.label_map, "pillar", side, y1 - height - 4, 7, height + 4)
        if self.chance(self.style.cornices):
            centered(self.label_map, "cornice", x, y1 - height - 6, width + 12, 6)
        elif self.chance(self.style.decoration):
            centered(self.label_map, "deco", x, y1 - height - 9, width, 9)


def random_facade(seed: int) -> np.ndarray:
    """Return a random facade, uint8 [256, 256] of the classes of `FACADES`."""
    return Facade(seed).draw()
