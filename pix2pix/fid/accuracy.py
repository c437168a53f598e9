"""The paper's semantic score (Isola et al. 2017, section 3.1): can a segmenter read the classes off generated images?

The paper's segmenter is an FCN-8s, and its figures are for orientation only; ours is `pix2pix.segmenter`. A score means
something only beside that of real photos by the same segmenter.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from pix2pix.config import TrainConfig
from pix2pix.data.class_numbers import CITYSCAPES_TRAIN_IDS
from pix2pix.data.dataset import PairedDataset
from pix2pix.fid.evaluator import choose, generate
from pix2pix.files import append_record, read_records
from pix2pix.labels import CITYSCAPES, Palette
from pix2pix.networks import UNet
from pix2pix.release import load_weights
from pix2pix.run_folder import RunFolder
from pix2pix.segmenter import Segmenter


class Accuracy(NamedTuple):
    """How well predicted classes agree with true ones, each 0 to 1, as in Long et al. 2015.

    Attributes:
        pixel: Share of pixels that are right.
        class_mean: Mean over classes of the share of their pixels that are right.
        iou: Mean over classes of intersection over union.
    """

    pixel: float
    class_mean: float
    iou: float


NAMES = {"pixel": "per-pixel accuracy", "class_mean": "class accuracy", "iou": "mean IoU"}
"""The paper's names."""
PAPER = {
    "cGAN + L1": Accuracy(0.66, 0.23, 0.17),
    "L1": Accuracy(0.42, 0.15, 0.11),
    "photos": Accuracy(0.80, 0.26, 0.21),
}
"""Table 1 of the paper: Cityscapes labels → photos, by FCN-8s."""


def counted_classes(palette: Palette) -> Sequence[int]:
    """Return the classes that count: the 19 that Cityscapes evaluates, or all of another palette."""
    return sorted(set(CITYSCAPES_TRAIN_IDS)) if palette == CITYSCAPES else range(len(palette))


def confusion(truth: np.ndarray, predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """Count pixels by true and predicted class: two integer arrays of one shape → int64 [num_classes, num_classes]."""
    pairs = truth.ravel().astype(np.int64) * num_classes + predicted.ravel()
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def accuracy(counts: np.ndarray, classes: Sequence[int]) -> Accuracy:
    """Compute accuracies from a confusion matrix; pixels whose true class is not in `classes` do not count.

    Means are over the classes that occur in the truth.
    """
    counts = counts[list(classes)]
    right = counts[np.arange(len(classes)), list(classes)]
    true, predicted = counts.sum(1), counts.sum(0)[list(classes)]
    occurs = true > 0
    return Accuracy(
        float(right.sum() / true.sum()),
        float((right[occurs] / true[occurs]).mean()),
        float((right[occurs] / (true + predicted - right)[occurs]).mean()),
    )


class AccuracyEvaluator:
    """Scores generators by the classes that a segmenter reads off their images of a split.

    Args:
        segmenter: Its palette is that of the split's label images.
        pairs: The split.
        samples: Maximum number of images; 0 for all. They are those that are scored by FID.
    """

    def __init__(self, segmenter: Segmenter, pairs: PairedDataset, samples: int = 0) -> None:
        self.segmenter, self.pairs = segmenter, pairs
        self._chosen = choose(len(pairs), samples)
        self._truth = [segmenter.palette.from_image(self._pixels(index, 0))[0] for index in self._chosen]
        self._photos: Accuracy | None = None

    @property
    def conditions(self) -> dict[str, Any]:
        """Return all that a score depends on besides the generator."""
        return {"n": len(self._chosen), "segmenter": self.segmenter.weights}

    def score(self, generator: UNet) -> Accuracy:
        """Score a generator, on the CPU or a GPU; an image's index seeds its dropout, as for FID."""
        device = next(generator.parameters()).device
        batches = generate(generator, self.pairs, self._chosen, device)
        return self._score(image.permute(1, 2, 0).cpu().numpy() for batch in batches for image in batch)

    @property
    def photos(self) -> Accuracy:
        """The score of the real photos, about what a perfect generator would reach."""
        if self._photos is None:
            self._photos = self._score(self._pixels(index, 1) for index in self._chosen)
        return self._photos

    def _score(self, images: Iterable[np.ndarray]) -> Accuracy:
        palette = self.segmenter.palette
        counts = np.zeros((len(palette), len(palette)), np.int64)
        for truth, image in zip(self._truth, images, strict=True):
            counts += confusion(truth, self.segmenter.label_map(image), len(palette))
        return accuracy(counts, counted_classes(palette))

    def _pixels(self, index: int, half: int) -> np.ndarray:
        return self.pairs.pair(int(index))[half].permute(1, 2, 0).contiguous().numpy()


def record_accuracy(run: RunFolder, config: TrainConfig, epoch: int, evaluator: AccuracyEvaluator) -> dict[str, Any]:
    """Score a kept epoch of a run, unless it has a score under the same conditions; return and record the score."""
    key = {"epoch": epoch} | evaluator.conditions
    for record in read_records(run.accuracies):
        if key.items() <= record.items():
            return record
    accuracy = evaluator.score(load_weights(run.weights(epoch), config.base_channels, config.norm))
    record = key | accuracy._asdict() | {f"photo_{name}": value for name, value in evaluator.photos._asdict().items()}
    append_record(run.accuracies, record)
    return record


def describe_accuracy(record: dict[str, Any]) -> str:
    """Describe a recorded score in one line."""
    shown = [f"{name} {record[key]:.3f} ({record[f'photo_{key}']:.3f})" for key, name in NAMES.items()]
    return f"epoch {record['epoch']:3d} val   {', '.join(shown)} (n = {record['n']}; photos in brackets)"
