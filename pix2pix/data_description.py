"""What pairs of images are: their direction, their size, and the classes in them."""

import re
from typing import NamedTuple

from pix2pix.labels import Palette

DIRECTIONS = ("BtoA", "AtoB")
"""Which image of a pair becomes which; A is the left one. BtoA is the published direction, label image to photo."""
SIDES = tuple(range(256, 1025, 256))
"""Widths and heights of images, in pixels; the generator halves its input eight times."""
PALETTE_OF = ("input", "output")
VAL_SHARE = 0.1
"""Share of people's own pairs that is drawn for validation where there is no split val."""


def input_side(direction: str) -> int:
    """Return which image of a pair is the input: A (0) or B (1)."""
    return int(direction == "BtoA")


def parse_size(text: str) -> tuple[int, int]:
    """Read "512x256" as width and height, each one of `SIDES`; raise ValueError, a sentence without its subject."""
    sides = tuple(map(int, text.split("x"))) if re.fullmatch(r"\d{1,5}x\d{1,5}", text) else ()
    if len(sides) != 2 or not set(sides) <= set(SIDES):
        raise ValueError(f"must be WIDTHxHEIGHT, each of {', '.join(map(str, SIDES))}, not {text[:50]!r}")
    return sides


class DataDescription(NamedTuple):
    """What only the training images know.

    Attributes:
        pairs: Number of training pairs.
        palette: Classes and colours of the label images; None if there are none, such as for edges.
        palette_of: Whether the label images are the "input" or the "output".
        drawing: Colours of paper and lines, "#rrggbb", if the input images are line drawings.
    """

    pairs: int
    palette: Palette | None
    palette_of: str
    drawing: tuple[str, str] | None = None

    @property
    def names(self) -> tuple[str, str]:
        """What input and target show, in words."""
        if self.palette is None:
            return "drawing" if self.drawing else "input", "target"
        return ("label map", "photo") if self.palette_of == "input" else ("photo", "label map")
