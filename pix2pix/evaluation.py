"""Scores generators against the photographs of a split; `python -m pix2pix.evaluation RUN` scores the kept epochs of a training run.

Scores go to `evaluation.jsonl` of the run folder; what is already there is not computed again.
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from pix2pix.data import DataError, PairedDataset
from pix2pix.fid import choose, default_subset_size, frechet_distance, kernel_distance, sample_count
from pix2pix.files import naming
from pix2pix.inception import BATCH_SIZE, FidError, Inception, find_weights
from pix2pix.networks import UNet
from pix2pix.pictures import to_float, to_uint8
from pix2pix.release import ReleaseError, load_weights

SPLITS = ("train", "val", "test")


class EvaluationError(ValueError):
    """A run folder that cannot be scored; the message names the file and says what to do."""


class Evaluator:
    """Scores generators at equal conditions: the same label images, photographs and dropout noise for each.

    Args:
        inception: Makes the features.
        splits: Datasets by name of the split. The photographs of "train", where it is there, are what those of another are compared with.
        fingerprints: Of these datasets, under which the features of their photographs are kept in the user's cache folder.
        samples: How many pictures of a split to score; all by default. Only figures of equal n can be compared.
    """

    def __init__(
        self,
        inception: Inception,
        splits: Mapping[str, PairedDataset],
        fingerprints: Mapping[str, str],
        samples: int | None = None,
    ) -> None:
        self.inception, self.splits, self.fingerprints = inception, splits, fingerprints
        self._chosen = {split: choose(len(pairs), samples, pairs.files[0].parent) for split, pairs in splits.items()}
        self._photos: dict[str, np.ndarray] = {}

    def conditions(self, split: str) -> dict[str, Any]:
        """What a score depends on beside the generator."""
        inception = self.inception
        return {"split": split, "n": len(self._chosen[split]), "weights": inception.weights_hash, "dims": inception.dims}

    def score(self, generator: UNet, split: str) -> dict[str, Any]:
        """Distance of a generator's pictures from the photographs of their label images.

        Args:
            generator: On the device of `inception`.
            split: One of `splits`.

        Returns:
            `conditions`, "fid", "kid", "kid_std" over subsets of "kid_subset_size" pictures, "seconds", and as a scale for "fid" the
            "real_floor": the same distance between photographs and "real_floor_n" other photographs.

        Raises:
            FidError: If the split has too few pictures.
        """
        chosen = self._chosen[split]
        photos = self._photo_features(split)[chosen]
        floor, floor_n = self._real_floor(split)
        started = time.monotonic()
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
        return frechet_distance(mine[choose(len(mine), n, split)], others[choose(len(others), n, "train")]), n

    def _photo_features(self, split: str) -> np.ndarray:
        """Features of all photographs of a split [N, dims]."""
        if split not in self._photos:
            pairs = self.splits[split]
            self._photos[split] = self.inception.cached_features(self.fingerprints[split][:16], len(pairs), _photos(pairs))
        return self._photos[split]


@torch.inference_mode()
def generate(generator: UNet, pairs: PairedDataset, indices: Sequence[int] | np.ndarray, device: torch.device) -> Iterator[Tensor]:
    """G's pictures of a dataset's label images, in batches uint8 [N, 3, 256, 256]. The seed of a picture's dropout is its index."""
    # Batch norm uses the statistics of the batch; alone, as published, a picture depends on no other.
    size = 1 if any(isinstance(module, torch.nn.BatchNorm2d) for module in generator.modules()) else BATCH_SIZE
    for start in tqdm(range(0, len(indices), size), f"painting {pairs.files[0].parent.name}", unit=" batches", leave=False, disable=None):
        batch = [int(index) for index in indices[start : start + size]]
        label_images = to_float(torch.stack([pairs.pair(index)[0] for index in batch]))
        height, width = label_images.shape[-2:]
        per_picture = [generator.dropout_masks(height, width, torch.Generator().manual_seed(index)) for index in batch]
        masks = [torch.cat(layer).to(device) for layer in zip(*per_picture, strict=True)]
        yield to_uint8(generator(label_images.to(device), masks))


def _photos(pairs: PairedDataset) -> Iterator[Tensor]:
    for start in tqdm(range(0, len(pairs), BATCH_SIZE), f"photographs of {pairs.files[0].parent.name}", leave=False, disable=None):
        yield torch.stack([pairs.pair(index)[1] for index in range(start, min(start + BATCH_SIZE, len(pairs)))])


def kept_weights(run: Path) -> dict[int, Path]:
    """The kept generators of a run folder by epoch, ascending.

    Raises:
        EvaluationError: If there is none.
    """
    matches = ((re.fullmatch(r"epoch-(\d+)\.safetensors", path.name), path) for path in (run / "weights").glob("*"))
    found = {int(match[1]): path for match, path in matches if match}
    if not found:
        raise EvaluationError(f"{run / 'weights'} holds no epoch-NNN.safetensors; the first is written at the end of a run's first epoch")
    return dict(sorted(found.items()))


def read_config(run: Path) -> dict[str, Any]:
    """What a run folder's `config.json` says of the dataset and the generator, and the fingerprints of the splits as "data".

    Raises:
        EvaluationError: If it is missing or something else.
    """
    path = run / "config.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return {name: record["config"][name] for name in ("dataset", "data_dir", "base_channels", "norm")} | {"data": dict(record["data"])}
    except (OSError, ValueError, KeyError, TypeError) as error:  # such as the config.json of a released folder
        raise EvaluationError(f"{path} is not that of a training run; name a run folder, such as runs/facades-gan") from error


def read_scores(path: Path) -> list[dict[str, Any]]:
    """The records of an `evaluation.jsonl`, without a line that a crash cut short; none where there is no file."""
    records = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        with suppress(ValueError):
            records.append(json.loads(line))
    return [record for record in records if isinstance(record, dict)]


def append_score(path: Path, record: dict[str, Any]) -> None:
    """Adds a record to an `evaluation.jsonl`, on a line of its own also where a crash cut the last one short."""
    with naming(path), open(path, "a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.write(b"\n")
        file.write(json.dumps(record).encode() + b"\n")


def open_splits(config: dict[str, Any], data_dir: Path, wanted: Sequence[str] | None) -> tuple[dict[str, PairedDataset], dict[str, str]]:
    """The wanted splits of a run's dataset, and the training split as the scale; and their fingerprints.

    Args:
        config: As `read_config` returns it.
        data_dir: The parent folder of all datasets.
        wanted: All that are there by default.

    Raises:
        DataError: If a split is missing or broken.
        EvaluationError: If it is not the one that the run recorded.
    """
    present = [split for split in SPLITS if (data_dir / config["dataset"] / split).is_dir()]
    names = dict.fromkeys([*(wanted or present or SPLITS), *(split for split in present if split == "train")])
    splits = {split: PairedDataset(data_dir, config["dataset"], split) for split in names}
    fingerprints = {split: pairs.fingerprint() for split, pairs in splits.items()}
    for split, fingerprint in fingerprints.items():
        if config["data"].get(split, fingerprint) != fingerprint:
            raise EvaluationError(f"{data_dir} does not hold the {split} pictures that the run recorded; name another --data-dir")
    return splits, fingerprints


def score_run(run: Path, config: dict[str, Any], evaluator: Evaluator, splits: Sequence[str]) -> None:
    """Scores the kept epochs of a run that have no score yet under these conditions; prints and records each as it is done."""
    path, device = run / "evaluation.jsonl", evaluator.inception.device
    done = read_scores(path)
    frechet_name, kernel_name = evaluator.inception.names
    print(f"fid: {frechet_name}; kid: {kernel_name}; real: fid between photographs")
    for epoch, weights in kept_weights(run).items():
        for split in splits:
            key = {"epoch": epoch} | evaluator.conditions(split)
            record = next((record for record in done if key.items() <= record.items()), None)
            if record is None:
                generator = load_weights(weights, config["base_channels"], config["norm"]).to(device)
                record = key | evaluator.score(generator, split)
                append_score(path, record)
            print(
                f"epoch {epoch:3d} {split:5s} fid {record['fid']:.3f}, kid {record['kid']:.5f} ± {record['kid_std']:.5f} "
                f"(n = {record['n']}), real {record['real_floor']:.3f} (n = {record['real_floor_n']})"
            )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pix2pix.evaluation", description="Score the kept epochs of a run by FID and KID.")
    parser.add_argument("run", type=Path, metavar="RUN", help="run folder; scores are added to its evaluation.jsonl")
    parser.add_argument("--data-dir", type=Path, help="folder that holds facades/ and cityscapes/ (default: the run's)")
    parser.add_argument("--splits", nargs="+", choices=SPLITS, help="splits to score (default: all that are there)")
    parser.add_argument("--samples", type=sample_count, help="score this many pictures of each split, the same each time (default: all)")
    parser.add_argument("--fid-weights", type=Path, help="Inception's weights (default: pytorch-fid's, downloaded where they are missing)")
    flags = parser.parse_args(arguments)
    try:
        config = read_config(flags.run)
        splits, fingerprints = open_splits(config, flags.data_dir or Path(config["data_dir"]), flags.splits)
        inception = Inception(find_weights(flags.fid_weights))
        score_run(flags.run, config, Evaluator(inception, splits, fingerprints, flags.samples), flags.splits or list(splits))
    except (DataError, EvaluationError, FidError, ReleaseError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on after the last score.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
