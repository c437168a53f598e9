"""Inputs and targets of validation pairs, if the data is on this machine: label maps and their photos, for example."""

import hashlib
from pathlib import Path

import numpy as np

from pix2pix.data.layouts import PairFiles, PairReader, find_pairs, split_val
from pix2pix.image_files import list_images
from pix2pix.labels import PALETTES, Palette
from pix2pix.release import ReleaseConfig


def find_samples(data_dir: Path) -> "dict[str, ValidationSamples]":
    """Find the validation samples of every bundled dataset in a data folder, by dataset.

    Raises:
        ValueError: If there are none, a folder holds no image, or its first image cannot be read.
    """
    folders = {dataset: data_dir / dataset / "val" for dataset in PALETTES}
    samples = {}
    for dataset, folder in folders.items():
        if folder.is_dir():
            files = [PairFiles(path) for path in list_images(folder)]
            if not files:
                raise ValueError(f"{folder} holds no JPEG, PNG or WebP images")
            palette = PALETTES[dataset]
            samples[dataset] = ValidationSamples(PairReader(files, palette=palette), palette)
    if not samples:
        raise ValueError(f"{data_dir} holds none of the folders {', '.join(f'{dataset}/val' for dataset in PALETTES)}")
    return samples


def find_own_samples(folder: Path, config: ReleaseConfig) -> "ValidationSamples":
    """Find pairs for a model of people's own data: those of val, else test, else those of train that it has not seen.

    Args:
        folder: In any layout of `pix2pix.data.layouts`.
        config: The model, which says what its inputs are.

    Raises:
        ValueError: If the folder holds no pairs, or the first one cannot be read.
    """
    pairs = find_pairs(folder)
    split = next((split for split in ("val", "test", "train") if split in pairs), None)
    if split is None:
        raise ValueError(f"{folder} holds no pairs; name the folder that a model of this tab was trained on")
    files = pairs[split]
    if split == "train" and 0 < (num_unseen := len(files) - config.pairs) < len(files):
        _, files = split_val(files, num_unseen / len(files), config.seed)  # as the training drew them
    reader = PairReader(files, config.direction, config.size, config.palette)
    return ValidationSamples(reader, config.painted_palette)


class ValidationSamples:
    """Pairs whose inputs people can put on the canvas.

    The target of a sample is looked up by its input: it is shown while the canvas holds exactly that, and again when
    undo restores it.

    Args:
        reader: Reads the pairs.
        palette: Classes of the inputs, which are label maps or drawings; None for other images.
    """

    def __init__(self, reader: PairReader, palette: Palette | None) -> None:
        self._reader = reader
        self._palette = palette
        self._number_of_input: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._reader)

    def input(self, number: int) -> np.ndarray:
        """Return the input of a pair: a label map, uint8 [H, W], or an image, uint8 RGB [H, W, 3].

        Raises:
            ValueError: If its file cannot be used.
        """
        image = self._read(number, 0)
        found = self._palette.from_image(image)[0] if self._palette else image
        self._number_of_input[digest(found)] = number
        return found

    def photo_of(self, shown: np.ndarray) -> np.ndarray | None:
        """Return the target, uint8 RGB [H, W, 3], of an input from `input`; None for any other map or image."""
        number = self._number_of_input.get(digest(shown))
        return None if number is None else self._read(number, 1)

    def _read(self, number: int, half: int) -> np.ndarray:
        return np.ascontiguousarray(self._reader.pair(number)[half].permute(1, 2, 0).numpy())


def digest(image: np.ndarray) -> str:
    """Return a key for a label map or an image."""
    return hashlib.sha256(image.tobytes()).hexdigest()
