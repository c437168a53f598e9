"""Label maps and photos of a dataset's validation split, if the dataset is on this machine."""

import hashlib
from pathlib import Path

import numpy as np

from pix2pix.data import read_pair
from pix2pix.image_files import list_images
from pix2pix.labels import PALETTES, Palette


def find_samples(data_dir: Path) -> "dict[str, ValidationSamples]":
    """Find the validation samples of every dataset in a data folder, by dataset.

    Raises:
        ValueError: If there are none, or a folder holds no image.
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

    The photo of a sample is looked up by its map: it is shown while the canvas holds exactly the sample's map, and
    again when undo restores that map.

    Args:
        folder: Holds the 512x256 pairs.
        palette: Classes and colours of the label images.

    Raises:
        ValueError: If the folder holds no image.
    """

    def __init__(self, folder: Path, palette: Palette) -> None:
        self.palette = palette
        self.files = list_images(folder)
        if not self.files:
            raise ValueError(f"{folder} holds no JPEG, PNG or WebP images")
        self._file_of_map: dict[str, Path] = {}

    def label_map(self, number: int) -> np.ndarray:
        """Return the map of a sample, uint8 [256, 256]; raise ValueError if its file cannot be used."""
        path = self.files[number]
        label_image, _ = read_pair(path)
        label_map, _ = self.palette.from_image(label_image)
        self._file_of_map[_digest(label_map)] = path
        return label_map

    def photo_of(self, label_map: np.ndarray) -> np.ndarray | None:
        """Return the photo, uint8 RGB [256, 256, 3], of a map from `label_map`; None for any other map."""
        path = self._file_of_map.get(_digest(label_map))
        return read_pair(path)[1] if path else None


def _digest(label_map: np.ndarray) -> str:
    return hashlib.sha256(label_map.tobytes()).hexdigest()
