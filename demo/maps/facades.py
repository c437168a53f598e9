"""Example maps of facades, drawn by hand in code.

First sky (`background`) and wall (`facade`), then bands of molding, then rows of windows with what belongs to them
(cornice above, sill below, blinds at the sides), last what stands in front: pillars, balconies, decoration. Sizes
follow the training maps (a window is about 14 to 26 pixels wide and 25 to 45 high), but every building is invented.
"""

from collections.abc import Callable

import numpy as np

from demo.maps.facade_parts import building, centered, centers, rect, window


def haussmann() -> np.ndarray:
    """A Paris apartment house: shops, long balconies on the second and fifth floor, a roof with dormers."""
    label_map = building(4, 10, 252, 256)
    rect(label_map, "background", 0, 0, 256, 14)
    columns = centers(4, 252, 6)
    for x in columns:
        window(label_map, x, 22, 16, 22, cornice=7)  # dormers
        window(label_map, x, 58, 18, 30)
        window(label_map, x, 100, 18, 32, cornice=6)
        centered(label_map, "balcony", x, 122, 26, 13)
        window(label_map, x, 148, 18, 36, cornice=8)
    rect(label_map, "molding", 4, 46, 252, 54)
    rect(label_map, "balcony", 4, 76, 252, 89)
    rect(label_map, "balcony", 4, 172, 252, 187)
    rect(label_map, "molding", 4, 187, 252, 198)
    for x0, x1 in ((10, 50), (54, 92), (164, 202), (206, 246)):
        rect(label_map, "shop", x0, 204, x1, 256)
    for x in (102, 154):
        centered(label_map, "pillar", x, 204, 8, 52)
    centered(label_map, "door", 128, 214, 28, 42)
    centered(label_map, "deco", 128, 200, 24, 14)
    return label_map


def viennese_apartments() -> np.ndarray:
    """A Gründerzeit house: giant pillars through two floors, decorated fields, a portal."""
    label_map = building(0, 22, 256, 256)
    columns = centers(6, 250, 7)
    rect(label_map, "molding", 0, 22, 256, 38)
    for x in columns:
        window(label_map, x, 46, 16, 18, sill=4)
        window(label_map, x, 84, 16, 34, cornice=8, sill=5)
        centered(label_map, "deco", x, 123, 18, 10)
        window(label_map, x, 142, 16, 34, cornice=9, sill=8)
        window(label_map, x, 206, 17, 30, sill=4)
    rect(label_map, "molding", 0, 68, 256, 75)
    rect(label_map, "molding", 0, 184, 256, 196)
    for left, right in zip(columns, columns[1:], strict=False):
        centered(label_map, "pillar", (left + right) // 2, 75, 7, 109)
    middle = columns[3]
    centered(label_map, "deco", middle, 4, 46, 22)
    centered(label_map, "balcony", middle, 164, 58, 20)
    centered(label_map, "facade", middle, 196, 50, 60)
    for x in (middle - 19, middle + 19):
        centered(label_map, "pillar", x, 200, 7, 56)
    centered(label_map, "deco", middle, 198, 28, 12)
    centered(label_map, "door", middle, 212, 26, 44)
    rect(label_map, "molding", 0, 244, 104, 249)
    rect(label_map, "molding", 152, 244, 256, 249)
    return label_map


def brick_townhouse() -> np.ndarray:
    """Four floors of brick between lower neighbours, a bracketed cornice on top and a shop below."""
    label_map = building(40, 18, 216, 256)
    rect(label_map, "molding", 36, 18, 220, 36)
    for x in centers(44, 212, 9):
        centered(label_map, "deco", x, 24, 7, 16)
    for y, height in ((54, 30), (100, 34), (150, 36)):
        for x in centers(48, 208, 4):
            window(label_map, x, y, 22, height, cornice=6, sill=5)
    rect(label_map, "molding", 40, 196, 216, 206)
    rect(label_map, "shop", 46, 208, 158, 250)
    for x in (50, 102, 154):
        centered(label_map, "pillar", x, 206, 7, 50)
    rect(label_map, "cornice", 166, 209, 208, 216)
    centered(label_map, "door", 187, 216, 24, 40)
    for x in (18, 238):
        for y in (96, 150, 204):
            window(label_map, x, y, 16, 26, sill=5)
    return label_map


def modern_office() -> np.ndarray:
    """A concrete grid: bands between the floors, wide windows, a few blinds down, a glazed ground floor."""
    label_map = building(8, 16, 248, 256)
    rect(label_map, "molding", 8, 16, 248, 28)
    for floor, y in enumerate(range(36, 196, 32)):
        for column, x in enumerate(centers(12, 244, 8)):
            window(label_map, x, y, 23, 21)
            if (2 * column + 3 * floor) % 7 == 0:
                centered(label_map, "blind", x, y, 23, 11)
        rect(label_map, "molding", 8, y + 22, 248, y + 28)
    rect(label_map, "cornice", 8, 194, 248, 202)
    for x0, x1 in ((14, 62), (66, 106), (150, 190), (194, 242)):
        rect(label_map, "shop", x0, 208, x1, 250)
    for x in (64, 108, 148, 192):
        centered(label_map, "pillar", x, 202, 6, 54)
    centered(label_map, "door", 128, 212, 30, 44)
    return label_map


def village_house() -> np.ndarray:
    """A small house with shutters under a wide roof, a wooden balcony and flowers in front of the windows."""
    label_map = building(24, 56, 232, 246)
    rect(label_map, "facade", 44, 34, 212, 56)
    rect(label_map, "molding", 16, 70, 240, 82)
    for x in (84, 172):
        window(label_map, x, 40, 20, 24, cornice=6)
    for x in (58, 198):
        window(label_map, x, 98, 24, 38, sill=7, blind=11)
        window(label_map, x, 176, 24, 40, cornice=6, sill=7, blind=11)
    for x in (110, 146):
        window(label_map, x, 94, 20, 46, blind=6)
    rect(label_map, "balcony", 88, 124, 168, 152)
    rect(label_map, "molding", 24, 156, 232, 162)
    centered(label_map, "deco", 128, 166, 44, 11)
    centered(label_map, "pillar", 107, 177, 7, 69)
    centered(label_map, "pillar", 149, 177, 7, 69)
    centered(label_map, "door", 128, 180, 32, 66)
    return label_map


def art_nouveau() -> np.ndarray:
    """A town house around a bay window, with large decorated fields and windows in groups of three."""
    label_map = building(14, 30, 242, 256)
    rect(label_map, "facade", 84, 12, 172, 30)  # the gable over the bay
    rect(label_map, "molding", 14, 32, 242, 42)
    rect(label_map, "molding", 80, 8, 176, 16)
    centered(label_map, "deco", 128, 18, 52, 26)
    for x in (48, 208):
        window(label_map, x, 56, 30, 30, cornice=8, sill=5)
        centered(label_map, "deco", x, 92, 34, 10)
        window(label_map, x, 112, 30, 38, cornice=7, sill=5)
        window(label_map, x, 166, 30, 34, cornice=6)
        centered(label_map, "balcony", x, 184, 46, 18)
    for y, height in ((52, 34), (108, 38), (164, 30)):
        for x in (102, 128, 154):
            window(label_map, x, y, 18, height, cornice=6, sill=6)
        centered(label_map, "deco", 128, y + height + 6, 74, 9)
    for x in (86, 170):
        centered(label_map, "pillar", x, 42, 7, 162)
    rect(label_map, "molding", 14, 206, 242, 215)
    window(label_map, 38, 222, 22, 26, sill=5)
    window(label_map, 66, 222, 14, 26, sill=5)
    centered(label_map, "deco", 200, 215, 44, 10)
    centered(label_map, "door", 200, 223, 30, 33)
    rect(label_map, "shop", 90, 220, 168, 252)
    return label_map


def canal_houses() -> np.ndarray:
    """Four narrow houses of different height with stepped gables, side by side under the sky."""
    label_map = building(6, 100, 250, 256)
    _canal_house(label_map, 6, 66, eaves=66, floors=3, columns=2, width=17, door=21, shop=(34, 61))
    _canal_house(label_map, 66, 132, eaves=40, floors=4, columns=3, width=12, door=117, shop=(71, 104))
    _canal_house(label_map, 132, 186, eaves=78, floors=3, columns=2, width=12, blind=5, door=147, shop=(160, 181))
    _canal_house(label_map, 186, 250, eaves=54, floors=4, columns=3, width=12, door=235, shop=(191, 222))
    return label_map


def _canal_house(
    label_map: np.ndarray,
    x0: int,
    x1: int,
    eaves: int,
    floors: int,
    columns: int,
    width: int,
    door: int,
    shop: tuple[int, int],
    blind: int = 0,
) -> None:
    middle = (x0 + x1) // 2
    rect(label_map, "facade", x0, eaves, x1, 256)
    for step in (1, 2, 3):
        centered(label_map, "facade", middle, eaves - 10 * step, x1 - x0 - 15 * step, 10)
    centered(label_map, "deco", middle, eaves - 36, 14, 8)
    window(label_map, middle, eaves - 16, 14, 18, sill=4)
    rect(label_map, "molding", x0, eaves + 8, x1, eaves + 14)
    spacing = (182 - eaves) // floors
    for floor in range(floors):
        for x in centers(x0 + 2, x1 - 2, columns):
            window(label_map, x, eaves + 22 + floor * spacing, width, spacing - 16, cornice=5, sill=4, blind=blind)
    rect(label_map, "molding", x0, 200, x1, 206)
    centered(label_map, "cornice", door, 209, 21, 5)
    centered(label_map, "door", door, 214, 17, 42)
    rect(label_map, "shop", shop[0], 214, shop[1], 246)


def palazzo() -> np.ndarray:
    """An Italian palace: few large windows under heavy cornices, strong bands, a portal with a balcony."""
    label_map = building(6, 26, 250, 256)
    rect(label_map, "molding", 0, 22, 256, 40)
    for x in centers(6, 250, 17):
        centered(label_map, "deco", x, 32, 7, 9)
    columns = centers(10, 246, 5)
    for x in columns:
        window(label_map, x, 54, 22, 24, sill=5)
        window(label_map, x, 110, 24, 46, cornice=13, sill=6)
        window(label_map, x, 192, 24, 36, cornice=6, sill=7)
    rect(label_map, "molding", 6, 86, 250, 94)
    rect(label_map, "molding", 6, 162, 250, 176)
    rect(label_map, "molding", 6, 240, 250, 248)
    for x in (14, 242):
        centered(label_map, "pillar", x, 94, 9, 68)
        centered(label_map, "pillar", x, 176, 11, 64)
    middle = columns[2]
    centered(label_map, "balcony", middle, 144, 62, 20)
    centered(label_map, "facade", middle, 176, 56, 80)
    centered(label_map, "deco", middle, 166, 30, 20)
    for x in (middle - 21, middle + 21):
        centered(label_map, "pillar", x, 180, 9, 76)
    centered(label_map, "door", middle, 194, 28, 62)
    return label_map


def arcade() -> np.ndarray:
    """A southern street front: shuttered windows over a row of pillars with shops behind."""
    label_map = building(0, 12, 256, 256)
    rect(label_map, "molding", 0, 12, 256, 24)
    columns = centers(0, 256, 5)
    for x in columns:
        window(label_map, x, 36, 17, 28, sill=5, blind=8)
        window(label_map, x, 88, 17, 36, cornice=7, sill=5, blind=8)
        centered(label_map, "cornice", x, 178, 40, 7)
        centered(label_map, "shop", x, 185, 34, 71)
    for x in columns[::2]:
        centered(label_map, "balcony", x, 106, 40, 23)
    rect(label_map, "molding", 0, 132, 256, 138)
    for x in centers(0, 256, 10):
        centered(label_map, "deco", x, 142, 14, 12)
    rect(label_map, "molding", 0, 158, 256, 172)
    for x in (4, *[(left + right) // 2 for left, right in zip(columns, columns[1:], strict=False)], 252):
        centered(label_map, "pillar", x, 172, 9, 84)
    centered(label_map, "door", columns[2], 194, 22, 62)
    return label_map


def balcony_flats() -> np.ndarray:
    """A block of flats of the last century: two stacks of balconies, a stair in the middle, sky at both sides."""
    label_map = building(22, 24, 234, 250)
    rect(label_map, "molding", 18, 24, 238, 34)
    for y in range(42, 200, 40):
        for x in (38, 218):
            window(label_map, x, y + 4, 17, 22, sill=5)
        for x0 in (54, 148):
            rect(label_map, "window", x0 + 5, y, x0 + 31, y + 24)
            rect(label_map, "blind", x0 + 34, y, x0 + 44, y + 24)
            rect(label_map, "balcony", x0, y + 14, x0 + 52, y + 32)
        window(label_map, 127, y - 4, 18, 26)
    rect(label_map, "molding", 22, 200, 234, 206)
    for x in (62, 92, 162, 192):
        window(label_map, x, 214, 22, 18, sill=4)
    rect(label_map, "cornice", 106, 206, 148, 212)
    centered(label_map, "door", 127, 212, 26, 38)
    rect(label_map, "shop", 28, 212, 48, 246)
    rect(label_map, "shop", 208, 212, 228, 246)
    return label_map


DRAWINGS: tuple[Callable[[], np.ndarray], ...] = (
    haussmann,
    viennese_apartments,
    brick_townhouse,
    modern_office,
    village_house,
    art_nouveau,
    canal_houses,
    palazzo,
    arcade,
    balcony_flats,
)
