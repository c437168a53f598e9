"""Pairs of images: people's own in several layouts, and datasets in the pix2pix packaging.

The packaging is 512x256 JPEGs, the photo in the left half and its label image in the right half; a data folder holds
`facades/` and `cityscapes/`, each with `train/`, `val/` and `test/`, of which any may be missing.

The web app reads pairs too, so this file imports nothing that only training needs.
"""

SPLITS = ("train", "val", "test")


class DataError(ValueError):
    """A dataset folder or file cannot be used; the message names it and the reason."""
