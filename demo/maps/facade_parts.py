"""The parts that facades are drawn from: rectangles, windows, walls.

A facade map is 256x256 and made of rectangles, the last one on top, as the CMP facades were annotated.
"""

import numpy as np

from pix2pix.labels import FACADES

SIZE = 256


def rect(label_map: np.ndarray, name: str, x0: int, y0: int, x1: int, y1: int) -> None:
    """Fill columns x0 to x1 and rows y0 to y1, ends excluded, with one class."""
    label_map[max(y0, 0) : y1, max(x0, 0) : x1] = FACADES.index(name)


def centers(x0: int, x1: int, count: int) -> list[int]:
    """Return the middles of `count` equal columns between x0 and x1."""
    return [round(x0 + (x1 - x0) * (column + 0.5) / count) for column in range(count)]


def centered(label_map: np.ndarray, name: str, x: int, y: int, width: int, height: int) -> None:
    """Draw a rectangle whose top edge has its middle at (x, y)."""
    rect(label_map, name, x - width // 2, y, x - width // 2 + width, y + height)


def window(
    label_map: np.ndarray, x: int, y: int, width: int, height: int, cornice: int = 0, sill: int = 0, blind: int = 0
) -> None:
    """Draw a window whose top edge has its middle at (x, y).

    Args:
        label_map: Drawn on.
        x: Column of the middle.
        y: Row of the top edge.
        width: Of the window alone.
        height: Of the window alone.
        cornice: Height of the cornice above; 0 for none.
        sill: Height of the sill below; 0 for none.
        blind: Width of the blinds at either side; 0 for none.
    """
    centered(label_map, "blind", x, y, width + 2 * blind, height)
    centered(label_map, "window", x, y, width, height)
    centered(label_map, "cornice", x, y - cornice, width + 8, cornice)
    centered(label_map, "sill", x, y + height, width + 6, sill)


def building(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    """Return a label map with one wall in front of the sky."""
    label_map = np.full((SIZE, SIZE), FACADES.index("background"), np.uint8)
    rect(label_map, "facade", x0, y0, x1, y1)
    return label_map
