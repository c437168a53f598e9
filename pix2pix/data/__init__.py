"""Datasets in the pix2pix packaging: 512x256 JPEGs, the photo in the left half and its label image in the right half.

A data folder holds `facades/` and `cityscapes/`, each with `train/`, `val/` and `test/`; any split may be missing.
The web app reads pairs too, so this file imports nothing that only training needs.
"""

from pathlib import Path

import numpy as np

from pix2pix.image_files import printable, read_image

SPLITS = ("train", "val", "test")
PAIR_SIZE = (512, 256)


class DataError(ValueError):
    """A dataset folder or file cannot be used; the message names it and the reason."""


def read_pair(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read one 512x256 file and split it.

    Returns:
        Label image and photo, each uint8 RGB [256, 256, 3].

    Raises:
        DataError: If the file cannot be read, has transparent pixels, or is not 512x256.
    """
    try:
        both = read_image(path)  # [256, 512, 3]
    except ValueError as error:
        raise DataError(str(error)) from error
    height, width, _ = both.shape
    if (width, height) != PAIR_SIZE:
        raise DataError(f"{printable(path)} is {width}x{height}; a pair is 512x256, photo left and label image right")
    photo, label_image = np.split(both, 2, axis=1)
    return label_image, photo
