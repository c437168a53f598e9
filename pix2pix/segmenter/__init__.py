"""The classes of a photo, by a generator that was trained from photos to label images (`--direction AtoB`).

One for each dataset lies beside this file. They make maps of photos for the page, and measure generated images.
"""

from pathlib import Path

import numpy as np

from pix2pix.labels import Palette
from pix2pix.painter import Painter
from pix2pix.release import ReleaseError

BUNDLED = {dataset: Path(__file__).parent / f"{dataset}-map" for dataset in ("facades", "cityscapes")}


class Segmenter:
    """Reads a label map from a photo: the class whose colour is nearest in the generated label image, without dropout.

    Args:
        folder: A released folder, or a run folder, with a palette; trained from photos to label images.
        precision: One of `precision.PAINTING_PRECISIONS`; scores are measured in fp32.

    Raises:
        ReleaseError: If the folder cannot be used, or its generator makes no label images.
    """

    def __init__(self, folder: Path, precision: str = "auto") -> None:
        self._painter = Painter.load(folder, precision=precision)
        config = self._painter.config
        if config.output_palette is None:
            raise ReleaseError(f"{folder} makes no label maps of photos; choose a model trained with --direction AtoB")
        self.config = config
        self.palette: Palette = config.output_palette
        self.weights = self._painter.weights_sha256[:8]

    @property
    def name(self) -> str:
        """What it is, for tables."""
        return f"own segmenter, base {self.config.base_channels} ({self.weights})"

    def label_map(self, photo: np.ndarray) -> np.ndarray:
        """Return the classes of a photo: uint8 RGB [H, W, 3], sides multiples of 256 → uint8 [H, W]."""
        return self.palette.from_image(self._painter.paint_image(photo, seed=0, dropout=False))[0]
