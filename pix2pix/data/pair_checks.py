"""What is wrong with pairs, checked before the first training step. Every problem is one sentence that names a file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pix2pix.data.class_numbers import looks_like_class_numbers
from pix2pix.data.label_images import (
    LEAST_NEAR,
    MAJORITY,
    is_bgr,
    is_constant,
    share_of_palette,
    which_are_maps,
)
from pix2pix.image_files import printable
from pix2pix.labels import Palette


class PairChecks:
    """Collects what is wrong with pairs to be trained on, so that a loop that reads them for other reasons can check.

    Args:
        palette: Colours of the label images; None for other pairs, such as edges; few colours and drawings
            then tell swapped halves.
        direction: "BtoA" expects photos left and label images right, as published. "AtoB" is either the other way
            round, or as published and translated from photos to label images: both are what was asked for.
        size: Width and height that the images will be resized to.
    """

    def __init__(
        self, palette: Palette | None = None, direction: str = "BtoA", size: tuple[int, int] = (256, 256)
    ) -> None:
        self.palette, self.direction, self.size = palette, direction, size
        self._files: dict[str, list[Path]] = {}
        self._maps_left: list[Path] = []  # where only A looks like a map
        self._maps_right: list[Path] = []
        self._shares: list[float] = []
        self._all: list[Path] = []

    def add(self, path: Path, left: np.ndarray, right: np.ndarray) -> None:
        """Check one pair: its file, left image (A), right image (B); each image uint8 RGB [H, W, 3]."""
        self._all.append(path)
        if problem := _pair_problem(left, right, self.palette, self.direction, self.size):
            self._files.setdefault(problem, []).append(path)
            return
        are_maps = which_are_maps(left, right, self.palette)
        if are_maps[0] != are_maps[1]:
            (self._maps_left if are_maps[0] else self._maps_right).append(path)
            if self.palette is not None:
                self._shares.append(share_of_palette(left if are_maps[0] else right, self.palette))

    def files_by_problem(self) -> dict[str, list[Path]]:
        """Return every problem with its files; a problem has no subject and no full stop."""
        left, right = self._maps_left, self._maps_right
        fewer, more = (left, right) if len(left) <= len(right) else (right, left)
        least = 1 if self.palette else MAJORITY * len(self._all)  # without a palette, one verdict is a guess
        found: dict[str, list[Path]] = {}
        if self.direction == "BtoA" and more is left and len(left) >= least:
            found[_SWAPPED if self.palette else _SWAPPED_DRAWINGS] = left if fewer else self._all
        if fewer and len(fewer) + len(more) >= least:
            found[_OTHER_WAY_ROUND] = fewer
        if self._shares and (share := float(np.mean(self._shares))) < LEAST_MEAN_NEAR:
            found[
                f"on average, only {share:.0%} of the flat areas of label maps have a colour of the palette; "
                "add the missing colours to it"
            ] = self._all
        return self._files | found

    def problems(self) -> list[str]:
        """Return one sentence per kind of problem, with the first file, and how many others; empty if all is well."""
        return [
            f"{printable(files[0])}{f' and {len(files) - 1} more' if len(files) > 1 else ''}: {problem}."
            for problem, files in self.files_by_problem().items()
        ]


_SWAPPED = "the images A (left) look like label maps; give --direction AtoB"
_SWAPPED_DRAWINGS = "the images A (left) look like label maps or line drawings; give --direction AtoB"
_OTHER_WAY_ROUND = "the label map or drawing is on the other side than in most pairs; exchange the two images"
LEAST_MEAN_NEAR = 0.8
"""Mean share of palette colours in a folder's label images, below which colours are missing.

It is 0.95 in facades (400 pairs of train), 0.92 in Cityscapes (300 of val).
"""
MOST_STRETCHED = 1.9
"""Largest ratio by which resizing may change an image's proportions; the halves of a lone square image reach 2."""


def _pair_problem(
    left: np.ndarray, right: np.ndarray, palette: Palette | None, direction: str, size: tuple[int, int]
) -> str | None:
    """Return what is wrong with one pair, wherever its label image is: a sentence without its subject, the file."""
    sides = {"image A (left)": left, "image B (right)": right}
    photo_side, label_side = reversed(sides) if direction == "AtoB" else sides
    shares = {side: share_of_palette(pixels, palette) if palette else 0.0 for side, pixels in sides.items()}
    if palette and shares[photo_side] >= LEAST_NEAR > shares[label_side]:
        label_side, photo_side = photo_side, label_side
    label_image = sides[label_side]
    if (label_image == label_image[..., :1]).all() and looks_like_class_numbers(label_image[..., 0]):
        return f"{label_side} holds class numbers instead of colours; give a palette of these classes"
    for side in (photo_side, label_side):
        in_palette = side == label_side and shares[side] >= LEAST_NEAR
        if is_constant(sides[side]) and not in_palette:
            return f"{side} has one colour throughout; replace or remove the pair"
    if stretched := _stretched(sides, size):
        return stretched
    if palette is None:
        return None
    if is_bgr(label_image, palette, shares[label_side]):
        return f"{label_side} has red and blue exchanged (BGR); save it as RGB"
    if shares[label_side] < LEAST_NEAR:
        return "neither image is a label map in the palette's colours; give the palette of these maps with --palette"
    return None


def _stretched(sides: Mapping[str, np.ndarray], size: tuple[int, int]) -> str | None:
    """Return the problem of an image that resizing would distort, such as half of an image that is no pair."""
    for side, pixels in sides.items():
        height, width = pixels.shape[:2]
        ratio = (width / height) / (size[0] / size[1])
        if not 1 / MOST_STRETCHED < ratio < MOST_STRETCHED:
            other = "512x256" if width > height else "256x512"
            return (
                f"{side} is {width}x{height}, and would be distorted to {size[0]}x{size[1]}; "
                f"put two images side by side, or give another --size, such as {other}"
            )
    return None
