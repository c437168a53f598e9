"""`python -m demo.maps.draw` writes the example label maps to the PNG files in the folders beside this script.

A file is an indexed PNG whose pixel values are class indices and whose colours are the palette's.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from demo.maps import facades, streets
from pix2pix.labels import PALETTES

DRAWINGS = {"facades": facades.DRAWINGS, "cityscapes": streets.DRAWINGS}


def path_of(dataset: str, drawing: Callable[[], np.ndarray]) -> Path:
    """Return the file of a drawing; the page shows its name as the title."""
    return Path(__file__).with_name(dataset) / (drawing.__name__.replace("_", "-") + ".png")


def main() -> None:
    """Write every drawing to its file."""
    for dataset, drawings in DRAWINGS.items():
        for drawing in drawings:
            image = Image.fromarray(drawing())
            image.putpalette(PALETTES[dataset].rgb.tobytes())
            image.save(path_of(dataset, drawing), optimize=True)


if __name__ == "__main__":
    main()
