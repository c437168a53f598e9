"""Sheets of sample images from run folders: one image over the epochs, and the models side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pix2pix.image_files import data_url, encode_image
from pix2pix.report.runs import ReportError, Run

GAP = 8
"""Pixels between the images of a sheet's file."""
TRUTHS = (("input", "label"), ("target", "photo"))
"""Names of the sampled inputs and targets; the second ones are those of older runs."""


@dataclass(frozen=True)
class Picture:
    """An image with a caption and a description for those who cannot see it."""

    caption: str
    alt: str
    image: Image.Image

    @property
    def uri(self) -> str:
        """The image as a data URL, in WebP: a fifth of the bytes of PNG."""
        return data_url(encode_image(self.image, "WEBP", quality=90), "WEBP")


@dataclass(frozen=True)
class Sheet:
    """Rows of images.

    Attributes:
        name: Name of its file, without the suffix.
        split: Split of the dataset that its images are from.
        rows: A heading and the images of each row.
    """

    name: str
    split: str
    rows: list[tuple[str, list[Picture]]]

    @property
    def columns(self) -> int:
        """Number of images in the longest row."""
        return max(len(pictures) for _, pictures in self.rows)

    def image(self) -> Image.Image:
        """Draw all images on white, without captions."""
        images = [picture.image for _, pictures in self.rows for picture in pictures]
        width, height = max(image.width for image in images), max(image.height for image in images)
        sheet = Image.new("RGB", (self.columns * (width + GAP) - GAP, len(self.rows) * (height + GAP) - GAP), "white")
        for row, (_, pictures) in enumerate(self.rows):
            for column, picture in enumerate(pictures):
                sheet.paste(picture.image, (column * (width + GAP), row * (height + GAP)))
        return sheet


def epoch_strip(runs: Sequence[Run], photos: bool) -> Sheet | None:
    """Show one image after the first, the middle and the last sampled epoch of each run; None if nothing was sampled.

    Args:
        runs: Runs on one dataset.
        photos: Whether to show the label image and the photo too.
    """
    split, sampled, names = _sampled(runs, ("val", "test", "train"))
    if not names:
        return None
    name = names[0]
    rows = [(f"{split}/{name}", _dataset_pictures(sampled[0], split, name))] if photos else []
    for run in sampled:
        epochs = run.folder.sampled_epochs(split)[name]
        middle = min(epochs, key=lambda epoch: abs(2 * epoch - epochs[-1]))
        shown = sorted({epochs[0], middle, epochs[-1]})
        painted = [_painted(run, split, name, epoch, f"epoch {epoch}") for epoch in shown]
        rows.append((f"{run.label}, {split}/{name}", painted))
    return Sheet(f"strip-{runs[0].subject}", split, [row for row in rows if row[1]])


def comparison_grid(runs: Sequence[Run], photos: bool) -> Sheet | None:
    """Show label image, photo, and each run's image, for every image that all runs on a dataset have sampled.

    The runs' images are from the last epoch that all have sampled or, if there is none, from the last epoch of each.
    """
    split, sampled, names = _sampled(runs, ("test", "val", "train"))
    if not names:
        return None
    rows = []
    for name in names:
        epochs = [run.folder.sampled_epochs(split)[name] for run in sampled]
        common = set.intersection(*map(set, epochs))
        painted = []
        for run, of_run in zip(sampled, epochs, strict=True):
            epoch = max(common or of_run)
            painted.append(_painted(run, split, name, epoch, f"{run.label}, epoch {epoch}"))
        rows.append((f"{split}/{name}", (_dataset_pictures(sampled[0], split, name) if photos else []) + painted))
    return Sheet(f"grid-{runs[0].subject}", split, rows)


def _sampled(runs: Sequence[Run], splits: Sequence[str]) -> tuple[str, list[Run], list[str]]:
    """Find the first split with common samples, the runs that sampled it, and the images that all of these have."""
    for split in splits:
        sampled = [run for run in runs if run.folder.sampled_epochs(split)]
        of_runs = [run.folder.sampled_epochs(split) for run in sampled]
        if names := [name for name in of_runs[0] if all(name in epochs for epochs in of_runs)] if sampled else []:
            return split, sampled, names
    return "", [], []


def _dataset_pictures(run: Run, split: str, name: str) -> list[Picture]:
    """Read the input and the target, as far as they were saved."""
    pictures = []
    for kinds, caption in zip(TRUTHS, run.trained_on.names, strict=True):
        files = [path for kind in kinds if (path := run.folder.sample(split, name, kind)).is_file()]
        pictures += [Picture(caption, f"{caption.capitalize()} of {split}/{name}", _read(path, run)) for path in files]
    return pictures


def _painted(run: Run, split: str, name: str, epoch: int, caption: str) -> Picture:
    alt = f"Image of {split}/{name} by {run.label} after epoch {epoch}"
    return Picture(caption, alt, _read(run.folder.sample(split, name, epoch), run))


def _read(path: Path, run: Run) -> Image.Image:
    try:
        with Image.open(path) as image:
            if image.size != run.config.image_size:
                found, samples = f"{image.width}x{image.height}", run.config.size
                raise ReportError(f"{path} is {found}; samples are {samples}, so it is not one: remove it")
            return image.convert("RGB")
    except ReportError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ReportError(
            f"{path} is not a readable image; if the run is still writing it, try again, else remove it"
        ) from error
