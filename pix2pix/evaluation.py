"""Scores of generators: how far their pictures of a split are from its photographs; and of the epochs of a run."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from pix2pix.data import PairedDataset
from pix2pix.distances import FidError, default_subset_size, frechet_distance, kernel_distance
from pix2pix.files import append_record, read_records
from pix2pix.inception import BATCH_SIZE, Inception
from pix2pix.networks import UNet
from pix2pix.pictures import to_float, to_uint8
from pix2pix.release import load_weights, save
from pix2pix.run_folder import RunFolder, release_config
from pix2pix.trainer import TrainConfig


def choose(count: int, samples: int) -> np.ndarray:
    """Which pictures of `count` to score: at most `samples`, spread at random but always the same; all if 0. Ascending indices."""
    return np.sort(np.random.default_rng(0).permutation(count)[: samples or count])


class Evaluator:
    """Scores generators at equal conditions: the same label images, photographs and dropout noise for each.

    Args:
        inception: Makes the features.
        splits: Datasets by name of the split. The photographs of "train", where it is there, are what those of another are compared with.
        fingerprints: Of these datasets, under which the features of their photographs are kept in the user's cache folder.
        samples: At most so many pictures of each split are scored; 0 for all. Only figures of equal n can be compared.

    Raises:
        FidError: If a split has too few pictures.
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
            fewest = (
                2 if split != "train" and "train" in splits else 4
            )  # the scale of the others is between two halves of theirs
            if len(pairs) < fewest:
                raise FidError(
                    f"{pairs.files[0].parent} holds too few pictures for a score, {len(pairs)}; at least {fewest} are needed"
                )
        self._photos: dict[str, np.ndarray] = {}

    def conditions(self, split: str) -> dict[str, Any]:
        """What a score depends on beside the generator."""
        measure = self.inception.measure
        return {"split": split, "n": len(self._chosen[split]), "weights": measure.weights, "dims": measure.dims}

    def score(self, generator: UNet, split: str) -> dict[str, Any]:
        """Distance of a generator's pictures from the photographs of their label images.

        Args:
            generator: On the device of `inception`.
            split: One of `splits`.

        Returns:
            `conditions`, "fid", "kid", "kid_std" over subsets of "kid_subset_size" pictures, "seconds" that all of this took, and as a
            scale for "fid" the "real_floor": the same distance between photographs and "real_floor_n" other photographs.
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
        """Distance from as many photographs of the training split; of the training split itself, between two parts of it."""
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
        """Features of all photographs of a split [N, dims]."""
        if split not in self._photos:
            pairs = self.splits[split]
            self._photos[split] = self.inception.cached_features(
                self.fingerprints[split][:16], len(pairs), _photos(pairs)
            )
        return self._photos[split]


@torch.inference_mode()
def generate(
    generator: UNet, pairs: PairedDataset, indices: Sequence[int] | np.ndarray, device: torch.device
) -> Iterator[Tensor]:
    """G's pictures of a dataset's label images, in batches uint8 [N, 3, 256, 256]. The seed of a picture's dropout is its index."""
    # Batch norm uses the statistics of the batch; alone, as published, a picture depends on no other.
    size = 1 if any(isinstance(module, torch.nn.BatchNorm2d) for module in generator.modules()) else BATCH_SIZE
    for start in tqdm(
        range(0, len(indices), size),
        f"painting {pairs.files[0].parent.name}",
        unit=" batches",
        leave=False,
        disable=None,
    ):
        batch = [int(index) for index in indices[start : start + size]]
        label_images = to_float(torch.stack([pairs.pair(index)[0] for index in batch]))
        height, width = label_images.shape[-2:]
        per_picture = [generator.dropout_masks(height, width, torch.Generator().manual_seed(index)) for index in batch]
        masks = [torch.cat(layer).to(device) for layer in zip(*per_picture, strict=True)]
        yield to_uint8(generator(label_images.to(device), masks))


def _photos(pairs: PairedDataset) -> Iterator[Tensor]:
    for start in tqdm(
        range(0, len(pairs), BATCH_SIZE), f"photographs of {pairs.files[0].parent.name}", leave=False, disable=None
    ):
        yield torch.stack([pairs.pair(index)[1] for index in range(start, min(start + BATCH_SIZE, len(pairs)))])


def score_epoch(
    run: RunFolder, config: TrainConfig, epoch: int, evaluator: Evaluator, splits: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Scores a kept epoch of a run; a score that the run has already under these conditions is not computed again.

    Args:
        run: New scores are added to its records as they are made.
        config: Of the run.
        epoch: One of `run.kept_weights()`.
        evaluator: Knows the splits.
        splits: To score, in this order.

    Yields:
        The record of each split: "epoch", and what `Evaluator.score` returns.

    Raises:
        ReleaseError: If the kept weights cannot be used.
    """
    done = read_records(run.scores)
    generator: UNet | None = None
    for split in splits:
        key = {"epoch": epoch} | evaluator.conditions(split)
        record = next((record for record in done if key.items() <= record.items()), None)
        if record is None:
            generator = generator or load_weights(run.weights(epoch), config.base_channels, config.norm).to(
                evaluator.inception.device
            )
            record = key | evaluator.score(generator, split)
            append_record(run.scores, record)
        yield record


def release_best(run: RunFolder, config: TrainConfig, evaluator: Evaluator) -> None:
    """Releases the epoch that is closest to the validation photographs, of all that were scored under the evaluator's conditions.

    That is decided from the run's records alone. Where the best epoch's weights are not kept any more, what is released stays.
    """
    if "val" not in evaluator.splits:
        return
    conditions = evaluator.conditions("val")
    scored = {record["epoch"]: record for record in read_records(run.scores) if conditions.items() <= record.items()}
    if scored:
        best = min(scored.values(), key=lambda record: record["fid"])
        weights = run.kept_weights().get(best["epoch"])
        if weights:
            generator = load_weights(weights, config.base_channels, config.norm)
            score = {name: value for name, value in best.items() if name not in ("epoch", "split", "seconds")}
            metrics = {"val": score | {"chosen_among": len(scored)}}
            save(run.release_best, generator, release_config(config, best["epoch"], metrics, run.lineage()))


def describe(record: dict[str, Any]) -> str:
    """A score in a line."""
    return (
        f"epoch {record['epoch']:3d} {record['split']:5s} fid {record['fid']:.3f}, kid {record['kid']:.5f} ± {record['kid_std']:.5f} "
        f"(n = {record['n']}), real {record['real_floor']:.3f} (n = {record['real_floor_n']})"
    )
