"""Where pairs come from and how they are read: people's own folder, or a dataset whose folder and palette are known."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pix2pix.data import SPLITS, DataError, cityscapes
from pix2pix.data.dataset import PairedDataset
from pix2pix.data.jitter import PUBLISHED_JITTER, Jitter
from pix2pix.data.layouts import PairReader, find_pairs, split_val
from pix2pix.data.palette import read_palette
from pix2pix.image_files import list_images, printable
from pix2pix.labels import PALETTES, Palette

PALETTE_FILE = "palette.json"


@dataclass(frozen=True)
class PairSource:
    """A folder of pairs, and how they are read.

    Attributes:
        folder: Contains the pairs in one of the layouts of `layouts.py`.
        palette: Classes of the label images; None if there are none, or they are unknown.
        label_side: Which images are the label images, A (0) or B (1); None finds out from the first pair.
        direction: "BtoA" or "AtoB".
        jitter: The jitter of the training split, and the size of all images.
        val_share: Share of the training pairs that is drawn for validation where there is no val; 0 for none.
        seed: Seed of that draw.
        advice: What to do if a split is missing, a sentence.
    """

    folder: Path
    palette: Palette | None = None
    label_side: int | None = None
    direction: str = "BtoA"
    jitter: Jitter = PUBLISHED_JITTER
    val_share: float = 0.0
    seed: int = 0
    advice: str = (
        "Put images with both halves side by side into its folder train, or images of equal names into A/train and "
        "B/train."
    )

    def open(self, needed: Sequence[str] = ("train",)) -> dict[str, PairedDataset]:
        """Open all splits that exist.

        Args:
            needed: Splits that must exist.

        Raises:
            DataError: If a needed split is missing, or a folder cannot be used.
        """
        if not self.folder.is_dir():
            what = "is a file, not a folder" if self.folder.exists() else "does not exist"
            raise DataError(f"{printable(self.folder)} {what}. {self.advice}")
        try:
            found = find_pairs(self.folder)
            if not found and list_images(self.folder):
                raise DataError(
                    f"{printable(self.folder)} contains images itself; put them into a folder train, and give the "
                    "folder around that."
                )
            if "train" in found and "val" not in found and self.val_share:
                found["train"], found["val"] = split_val(found["train"], self.val_share, self.seed)
            if missing := [split for split in needed if split not in found]:
                raise DataError(f"{printable(self.folder)} contains no pairs of {missing[0]}. {self.advice}")
            splits: dict[str, PairedDataset] = {}
            side = self.label_side
            for split in (split for split in SPLITS if split in found):
                reader = PairReader(found[split], self.direction, self.jitter.size, self.palette, side)
                side = reader.label_side  # the first split, train, decides for all
                splits[split] = PairedDataset(reader, split, self.jitter)
        except DataError:
            raise
        except ValueError as error:  # the lister or the first image may raise one
            raise DataError(str(error)) from error
        return splits


def packaged(data_dir: Path, dataset: str, direction: str = "BtoA", jitter: Jitter = PUBLISHED_JITTER) -> PairSource:
    """Return the source of a dataset in the pix2pix packaging, whose right halves are label images.

    Args:
        data_dir: The parent folder of all datasets.
        dataset: "facades" or "cityscapes".
        direction: See `PairSource`.
        jitter: See `PairSource`.

    Raises:
        DataError: If Cityscapes' validation split still contains the test images.
    """
    folder = data_dir / dataset
    if dataset == "cityscapes" and (folder / "val" / f"{cityscapes.COUNTS['val']}.jpg").exists():
        raise DataError(
            f"{folder / 'val'} still contains the images of the test split, {cityscapes.NUM_VALIDATION + 1}.jpg and up."
            f" To divide them, run once: python -m pix2pix.data cityscapes --data-dir {shlex.quote(str(data_dir))}"
        )
    is_made = dataset == "cityscapes"
    way = cityscapes.how_to_get(data_dir) if is_made else f"To get it, run python -m pix2pix.data {dataset}."
    advice = f"--data-dir must be the folder that contains {dataset}/train. {way}"
    return PairSource(folder, PALETTES[dataset], 1, direction, jitter, advice=advice)


def own_source(
    folder: Path,
    palette: Path | None = None,
    direction: str = "BtoA",
    jitter: Jitter = PUBLISHED_JITTER,
    val_share: float = 0.0,
    seed: int = 0,
) -> PairSource:
    """Return the source of people's own pairs.

    Args:
        folder: See `PairSource`, as are the others.
        palette: A palette file; None takes palette.json in the folder, if there is one.

    Raises:
        PaletteError: If the palette cannot be used.
    """
    path = palette or folder / PALETTE_FILE
    classes = read_palette(path) if palette or path.exists() else None
    return PairSource(folder, classes, None, direction, jitter, val_share, seed)
