"""Pairs of images in people's own folders.

Three layouts are known; SPLIT is train, and val or test where present:

    DIR/SPLIT/1.jpg                        both images side by side, A on the left and B on the right
    DIR/A/SPLIT/1.jpg, DIR/B/SPLIT/1.png   two folders, matched by name without the suffix
    DIR/SPLIT/A/1.jpg, DIR/SPLIT/B/1.png   the same inside the split

Direction BtoA, the published one, translates B (label images) to A (photos); AtoB is the other way.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pix2pix.data import SPLITS, DataError
from pix2pix.data.label_images import label_image_from_numbers, share_of_palette
from pix2pix.data.palette import background_class
from pix2pix.data_description import DIRECTIONS, SIDES, input_side
from pix2pix.image_files import ImageFileError, image_size, list_images, printable, read_image, stem_key
from pix2pix.labels import Palette

MAX_NAMED = 6
"""Files without a partner that a message names."""


class LayoutError(DataError):
    """A folder without usable pairs; one sentence says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class PairFiles:
    """The files of one pair.

    Attributes:
        a: The file of A, or of both images side by side.
        b: The file of B; None if `a` holds both.
    """

    a: Path
    b: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        return (self.a,) if self.b is None else (self.a, self.b)

    def path_of(self, side: int) -> Path | None:
        """Return the file of A (0) or B (1) alone; None if one file holds both."""
        return None if self.b is None else (self.a, self.b)[side]

    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Return width and height of A and of B, from the files' headers."""
        if self.b is not None:
            return image_size(self.a), image_size(self.b)
        width, height = image_size(self.a)
        return ((width // 2, height),) * 2

    def read(self, backgrounds: tuple[str | None, str | None] = (None, None)) -> tuple[np.ndarray, np.ndarray]:
        """Read A and B, each uint8 RGB [H, W, 3] in its own size; `backgrounds` of A and B as in `read_image`.

        Raises:
            ImageFileError: If a file cannot be read, or is no two images side by side.
        """
        if self.b is not None:
            return read_image(self.a, backgrounds[0]), read_image(self.b, backgrounds[1])
        both = read_image(self.a)
        width = both.shape[1]
        if width % 2:
            raise ImageFileError(self.a, f"is {width} pixels wide, so it holds no two images of one size side by side")
        return both[:, : width // 2], both[:, width // 2 :]


def find_pairs(folder: Path) -> dict[str, list[PairFiles]]:
    """Find the pairs of each split in any of the layouts, in numeric order.

    Returns:
        Pairs by split, for those that exist.

    Raises:
        LayoutError: If a split has several layouts, or an image has no partner.
        ValueError: If a folder cannot be listed, or two images have the same name.
    """
    return {split: pairs for split in SPLITS if (pairs := _pairs_of_split(folder, split))}


def _pairs_of_split(folder: Path, split: str) -> list[PairFiles]:
    layouts: list[list[PairFiles]] = []
    if (folder / split).is_dir() and (files := list_images(folder / split)):
        layouts.append([PairFiles(path) for path in files])
    for a, b in ((folder / "A" / split, folder / "B" / split), (folder / split / "A", folder / split / "B")):
        if a.is_dir() or b.is_dir():
            layouts.append(_matched(a, b))
    if len(layouts) > 1:
        raise LayoutError(
            f"{printable(folder)} contains the pairs of {split} in several layouts; keep one, side by side or A and B."
        )
    return layouts[0] if layouts else []


def _matched(a: Path, b: Path) -> list[PairFiles]:
    """Match the images of two folders by their stems."""
    for folder, other in ((a, b), (b, a)):
        if not folder.is_dir():
            raise LayoutError(f"{printable(folder)} does not exist; it must hold the partners of {printable(other)}.")
    in_a, in_b = ({stem_key(path): path for path in list_images(folder)} for folder in (a, b))
    if unmatched := [path for key, path in (in_a | in_b).items() if key not in in_a or key not in in_b]:
        others = ", ".join(map(printable, unmatched[1:MAX_NAMED]))
        others = others and f"; also without a partner: {others}"
        others += f" and {len(unmatched) - MAX_NAMED} more" if len(unmatched) > MAX_NAMED else ""
        missing = b if unmatched[0].parent == a else a
        raise LayoutError(f"{printable(unmatched[0])} has no image of the same name in {printable(missing)}{others}.")
    return [PairFiles(path, in_b[key]) for key, path in in_a.items()]


def split_val(pairs: Sequence[PairFiles], share: float, seed: int) -> tuple[list[PairFiles], list[PairFiles]]:
    """Draw a validation split, the same for the same files and seed.

    Args:
        pairs: Pairs to divide.
        share: Share of them for validation, 0 to below 1; above 0, at least one pair.
        seed: Seed of the draw.

    Returns:
        The pairs of train and of val, each in the order given.

    Raises:
        LayoutError: If the share is out of range, or leaves no pair to train on.
    """
    if not 0 <= share < 1:
        raise LayoutError(f"--val-share must be at least 0 and below 1, not {share}.")
    number = max(1, round(share * len(pairs))) if share else 0
    if number >= len(pairs):
        raise LayoutError(
            f"--val-share {share} leaves none of {len(pairs)} pairs to train on; add pairs, or give --val-share 0."
        )
    drawn = set(np.random.default_rng(seed).permutation(len(pairs))[:number].tolist())
    train = [pair for index, pair in enumerate(pairs) if index not in drawn]
    return train, [pairs[index] for index in sorted(drawn)]


class PairReader:
    """Read pairs as the networks get them: source first, both of one size.

    With a palette, class numbers are painted in its colours, and transparent pixels of label images become background.
    Images of another size are resized: label images to the nearest pixel, so that no colour is made up, others
    bicubically.

    Args:
        files: Pairs, at least one.
        direction: "BtoA" or "AtoB".
        size: Width and height of an image, multiples of 256.
        palette: Classes of the label images; None if there are none, or they are unknown.
        label_side: Which images are the label images, A (0) or B (1); None finds out from the first readable pair.

    Raises:
        LayoutError: If the direction or the size cannot be used.
        ImageFileError: With a palette, if no pair can be read.
    """

    def __init__(
        self,
        files: Sequence[PairFiles],
        direction: str = "BtoA",
        size: tuple[int, int] = (256, 256),
        palette: Palette | None = None,
        label_side: int | None = None,
    ) -> None:
        if direction not in DIRECTIONS:
            raise LayoutError(f"--direction must be AtoB or BtoA, not {direction}.")
        if not set(size) <= set(SIDES):
            raise LayoutError(
                f"--size must be multiples of 256 up to {SIDES[-1]}, such as 512x256, not {size[0]}x{size[1]}."
            )
        self.files, self.direction, self.size, self.palette = list(files), direction, size, palette
        self.label_side = label_side if palette is not None else None
        self._has_numbers = False
        self._backgrounds: tuple[str | None, str | None] = (None, None)
        if palette is not None:
            self._look_at_first(palette)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def input_side(self) -> int:
        """Which images are the input, A (0) or B (1)."""
        return input_side(self.direction)

    @property
    def palette_of(self) -> str:
        """Whether the palette describes the "input" or the "output"; "input" without one."""
        return "input" if self.label_side in (None, self.input_side) else "output"

    @property
    def variant(self) -> str:
        """What the target images depend on besides their files, for names in caches; empty as published."""
        classes = self.palette.colors if self.palette and self.palette_of == "output" else None
        how = (self.direction, self.size, classes)
        return "" if how == ("BtoA", (256, 256), None) else "-" + hashlib.sha256(repr(how).encode()).hexdigest()[:8]

    def sides(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return A and B, each uint8 RGB [H, W, 3] in its own size, class numbers painted in the palette's colours."""
        sides = list(self.files[index].read(self._backgrounds))
        if self._has_numbers and self.palette is not None and self.label_side is not None:
            path = self.files[index].path_of(self.label_side)
            if found := label_image_from_numbers(sides[self.label_side], self.palette, path):
                sides[self.label_side] = found[0]
        return sides[0], sides[1]

    def all_sides(self) -> Iterator[tuple[Path, np.ndarray, np.ndarray]]:
        """Yield file, A and B of every pair, as `PairChecks.add` takes them."""
        for index, files in enumerate(self.files):
            yield files.a, *self.sides(index)

    def pair(self, index: int) -> Tensor:
        """Return source and target, uint8 [2, 3, H, W] in torch.channels_last.

        Raises:
            ImageFileError: If a file cannot be used.
        """
        return self.fit(*self.sides(index))

    def fit(self, a: np.ndarray, b: np.ndarray) -> Tensor:
        """Return what `pair` does, of the result of `sides`."""
        fitted = [self._fitted(image, side == self.label_side) for side, image in enumerate((a, b))]
        if self.input_side:
            fitted.reverse()
        return torch.from_numpy(np.stack(fitted)).permute(0, 3, 1, 2)

    def resized_note(self) -> str:
        """Return a sentence about the images that are resized, from the files' headers; empty if there are none."""
        others = []
        for pair in self.files:
            with suppress(ImageFileError):  # reported when it is read
                others += [(pair, size) for size in pair.sizes() if size != self.size]
        if not others:
            return ""
        pair, (width, height) = others[0]
        number = len({id(pair) for pair, _ in others})
        return (
            f"Resized to {self.size[0]}x{self.size[1]} per image: {number} of {len(self)} pairs, "
            f"for example {printable(pair.a)} from {width}x{height}."
        )

    def _fitted(self, image: np.ndarray, is_label_image: bool) -> np.ndarray:
        width, height = self.size
        if image.shape[:2] == (height, width):
            return image
        how = Image.Resampling.NEAREST if is_label_image else Image.Resampling.BICUBIC
        return np.asarray(Image.fromarray(image).resize(self.size, how))

    def _look_at_first(self, palette: Palette) -> None:
        """Learn from the first readable pair which side holds the label images, and whether they are class numbers."""
        background = palette.colors[background_class(palette)]
        shares, have_numbers = [], []
        first, images = self._first_readable((background, background))
        for side, image in enumerate(images):
            numbers = label_image_from_numbers(image, palette, first.path_of(side))
            have_numbers.append(numbers is not None)
            shares.append(1.0 if numbers else share_of_palette(image, palette))
        if self.label_side is None:
            self.label_side = int(shares[1] > shares[0]) if shares[0] != shares[1] else self.input_side
        self._has_numbers = have_numbers[self.label_side]
        self._backgrounds = (None, background) if self.label_side else (background, None)

    def _first_readable(self, backgrounds: tuple[str, str]) -> tuple[PairFiles, tuple[np.ndarray, np.ndarray]]:
        """Return the first pair that can be read, and A and B of it; if there is none, raise the first one's error."""
        for pair in self.files:
            with suppress(ImageFileError):  # reported when it is read
                return pair, pair.read(backgrounds)
        return self.files[0], self.files[0].read(backgrounds)
