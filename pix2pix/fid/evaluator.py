"""Score generators: the distance between their images of a split and its photos."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from pix2pix.data.dataset import PairedDataset
from pix2pix.fid.distances import FidError, default_subset_size, frechet_distance, kernel_distance
from pix2pix.fid.inception import BATCH_SIZE, Inception
from pix2pix.networks import UNet
from pix2pix.pixel_values import to_float, to_uint8


def choose(count: int, samples: int) -> np.ndarray:
    """Return ascending indices of at most `samples` of `count` images (0: all); random, but always the same ones."""
    return np.sort(np.random.default_rng(0).permutation(count)[: samples or count])


class Evaluator:
    """Scores generators under equal conditions: the same label images, photos and dropout noise for each.

    Args:
        inception: Computes the features.
        splits: Datasets by name of the split. Photos of "train", if present, are what those of other splits are
            compared with.
        fingerprints: Fingerprints of these datasets, under which features of photos are cached.
        samples: Maximum number of images per split; 0 for all. Only figures of equal n are comparable.

    Raises:
        FidError: If a split has too few images.
    """

    def __init__(
        self,
        inception: Inception,
        splits: Mapping[str, PairedDataset],
        fingerprints: Mapping[str, str],
        samples: int = 0,
    ) -> None:
        self.inception, self.splits, self.fingerprints = inception, splits, fingerprints
        self._chosen = {split: choose(len(pairs), samples) for split, pairs in splits.items()}
        for split, pairs in splits.items():
            needed = 2 if split != "train" and "train" in splits else 4  # `_real_floor` halves the others
            if len(pairs) < needed:
                few = f"the split {split} has too few images for a score, {len(pairs)}"
                raise FidError(f"{few}; at least {needed} are needed")
        self._photos: dict[str, np.ndarray] = {}

    def conditions(self, split: str) -> dict[str, Any]:
        """Return all that a score depends on besides the generator."""
        measure = self.inception.measure
        return {"split": split, "n": len(self._chosen[split]), "weights": measure.weights, "dims": measure.dims}

    def score(self, generator: UNet, split: str) -> dict[str, Any]:
        """Compute the distance between a generator's images and the photos of the same label images.

        Args:
            generator: On the device of `inception`.
            split: One of `splits`.

        Returns:
            `conditions`; "fid"; "kid" and its "kid_std" over subsets of "kid_subset_size" images; "real_floor", which
            is "fid" between photos and "real_floor_n" other photos; and the "seconds" that all of this took.
        """
        started = time.monotonic()
        chosen = self._chosen[split]
        photos = self._photo_features(split)[chosen]
        floor, floor_n = self._real_floor(split)
        fakes = self.inception.features(generate(generator, self.splits[split], chosen, self.inception.device))
        kid, kid_std = kernel_distance(fakes, photos)
        return self.conditions(split) | {
            "fid": frechet_distance(fakes, photos),
            "kid": kid,
            "kid_std": kid_std,
            "kid_subset_size": default_subset_size(len(fakes), len(photos)),
            "real_floor": floor,
            "real_floor_n": floor_n,
            "seconds": time.monotonic() - started,
        }

    def _real_floor(self, split: str) -> tuple[float, int]:
        """Return the distance to as many training photos, or between two parts of the training split, and their n."""
        photos, n = self._photo_features(split), len(self._chosen[split])
        if split == "train" or "train" not in self.splits:
            n = min(n, len(photos) // 2)
            order = np.random.default_rng(0).permutation(len(photos))
            return frechet_distance(photos[order[:n]], photos[order[n : 2 * n]]), n
        others = self._photo_features("train")
        n = min(n, len(others))
        mine = photos[self._chosen[split]]
        return frechet_distance(mine[choose(len(mine), n)], others[choose(len(others), n)]), n

    def _photo_features(self, split: str) -> np.ndarray:
        """Return features of all photos of a split [N, dims]."""
        if split not in self._photos:
            pairs = self.splits[split]
            key = self.fingerprints[split][:16] + pairs.reader.variant
            self._photos[split] = self.inception.cached_features(key, len(pairs), _photos(pairs))
        return self._photos[split]


@torch.inference_mode()
def generate(
    generator: UNet, pairs: PairedDataset, indices: Sequence[int] | np.ndarray, device: torch.device
) -> Iterator[Tensor]:
    """Yield G's images of a dataset's label images in batches uint8 [N, 3, H, W]; an index seeds its dropout."""
    # Batch norm uses the statistics of the batch; as published, an image alone depends on no other.
    size = 1 if any(isinstance(module, torch.nn.BatchNorm2d) for module in generator.modules()) else BATCH_SIZE
    starts, split = range(0, len(indices), size), pairs.split
    for start in tqdm(starts, f"painting {split}", unit=" batches", leave=False, disable=None):
        batch = [int(index) for index in indices[start : start + size]]
        label_images = to_float(torch.stack([pairs.pair(index)[0] for index in batch]))
        masks = generator.batch_masks(batch, *label_images.shape[-2:])
        yield to_uint8(generator(label_images.to(device), masks))


def _photos(pairs: PairedDataset) -> Iterator[Tensor]:
    starts, split = range(0, len(pairs), BATCH_SIZE), pairs.split
    for start in tqdm(starts, f"photos of {split}", leave=False, disable=None):
        yield torch.stack([pairs.pair(index)[1] for index in range(start, min(start + BATCH_SIZE, len(pairs)))])
