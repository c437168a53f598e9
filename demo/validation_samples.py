"""Label maps of a dataset's validation split with the photographs that they belong to, where a person has the dataset."""

import hashlib
from pathlib import Path

import numpy as np

from pix2pix.data import read_pair
from pix2pix.labels import PALETTES, Palette


def find_samples(data_dir: Path) -> "dict[str, ValidationSamples]":
    """The validation samples of every dataset in a data folder, by dataset.

    Raises:
        ValueError: If there are none, or a folder holds no picture.
    """
    folders = {dataset: data_dir / dataset / "val" for dataset in PALETTES}
    samples = {
        dataset: ValidationSamples(folder, PALETTES[dataset]) for dataset, folder in folders.items() if folder.is_dir()
    }
    if not samples:
        raise ValueError(f"{data_dir} holds none of the folders {', '.join(f'{dataset}/val' for dataset in PALETTES)}")
    return samples


class ValidationSamples:
    """The validation pairs of one dataset.

    A photograph is found again by its map. So it is shown for as long as the map on a canvas is the sample's, to the pixel, and again
    when undo brings that map back.

    Args:
        folder: Holds the 512x256 pairs.
        palette: Colours to read the label images by.

    Raises:
        ValueError: If the folder holds no picture.
    """

    def __init__(self, folder: Path, palette: Palette) -> None:
        self.palette = palette
        self.files = sorted(path for path in folder.glob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
        if not self.files:
            raise ValueError(f"{folder} holds no JPEG or PNG pictures")
        self._file_of_map: dict[str, Path] = {}

    def label_map(self, number: int) -> np.ndarray:
        """The map of a sample, uint8 [256, 256]; numbers from 0. Raises ValueError if its file cannot be used."""
        path = self.files[number]
        label_image, _ = read_pair(path)
        label_map, _ = self.palette.from_image(label_image)
        self._file_of_map[_digest(label_map)] = path
        return label_map

    def photo_of(self, label_map: np.ndarray) -> np.ndarray | None:
        """The photograph of a map that `label_map` has returned, uint8 RGB [256, 256, 3]; None for every other map."""
        path = self._file_of_map.get(_digest(label_map))
        return read_pair(path)[1] if path else None


def _digest(label_map: np.ndarray) -> str:
    return hashlib.sha256(label_map.tobytes()).hexdigest()
