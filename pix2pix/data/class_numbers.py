"""Label maps whose pixels number classes: Cityscapes labelIds and labelTrainIds, the CMP Facade Database, others."""

import numpy as np

from pix2pix.labels import CITYSCAPES, FACADES, Palette

LEAST_REPEATED = 0.5
"""Share of pixels equal to their left neighbour in class numbers: 0.81 at least in both datasets."""

IGNORED = 255
CITYSCAPES_IDS = (*[0] * 5, *range(1, 14), 13, *range(14, 29))
"""Class of CITYSCAPES by official id 0 to 33: five painted black, 5 to 17, polegroup (pole), 19 to 33."""
CITYSCAPES_TRAIN_IDS = tuple(CITYSCAPES_IDS[number] for number in (7, 8, 11, 12, 13, 17, *range(19, 29), 31, 32, 33))
"""Class of CITYSCAPES by the 19 official trainIds, road to bicycle; `IGNORED` is unlabeled."""


def looks_like_class_numbers(numbers: np.ndarray) -> bool:
    """Return whether integers [H, W] number classes: low, at least two, and mostly equal to their left neighbour."""
    values = np.unique(numbers)
    classes = values[values != IGNORED]
    repeated = (numbers[:, 1:] == numbers[:, :-1]).mean() if numbers.shape[1] > 1 else 0.0
    return len(classes) >= 2 and classes[0] >= 0 and classes[-1] < 64 and repeated >= LEAST_REPEATED


def classes_from_numbers(numbers: np.ndarray, palette: Palette, name: str = "") -> tuple[np.ndarray, str] | None:
    """Read class numbers as classes of a palette.

    Known are Cityscapes' labelIds and labelTrainIds, the numbers 1 to 12 of the CMP Facade Database, and the
    palette's own from 0 or, where the last one is used, from 1. A file's name, "…_labelIds.png", decides where two
    fit.

    Args:
        numbers: Stored values, integers [H, W].
        palette: The classes.
        name: The file's name.

    Returns:
        The label map, uint8 [H, W], and what the numbers were; None if they are no class numbers, or of no known kind.
    """
    if not looks_like_class_numbers(numbers):
        return None
    values = np.unique(numbers)
    lowest, highest, ignored = int(values[0]), int(values[values != IGNORED][-1]), IGNORED in values
    own = tuple(range(len(palette)))
    if palette == CITYSCAPES:
        by_train_ids = "trainids" in name.lower() or "labelids" not in name.lower() and (ignored or highest < 19)
        kind, table = ("trainIds", CITYSCAPES_TRAIN_IDS) if by_train_ids else ("label ids", CITYSCAPES_IDS)
        kind = f"Cityscapes {kind}"
    elif palette == FACADES and (lowest > 0 or highest == len(palette)):
        kind, table = "CMP class numbers from 1", (0, *own)
    elif lowest > 0 and highest == len(palette):
        kind, table = "class numbers from 1", (0, *own)
    else:
        kind, table = "class numbers from 0", own
    if highest >= len(table) or ignored and palette != CITYSCAPES:
        return None
    lookup = np.zeros(IGNORED + 1, np.uint8)
    lookup[: len(table)] = table
    return lookup[numbers], kind
