"""Sheets of sample pictures from run folders: a picture over the epochs, and the models side by side."""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pix2pix.report.runs import ReportError, Run

GAP = 8
"""Pixels between the pictures of a sheet's file."""


@dataclass(frozen=True)
class Picture:
    caption: str
    alt: str
    image: Image.Image

    @property
    def uri(self) -> str:
        """The picture itself, for the page: WebP, a fifth of the bytes of PNG."""
        buffer = io.BytesIO()
        self.image.save(buffer, "WEBP", quality=90)
        return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


@dataclass(frozen=True)
class Sheet:
    """Rows of pictures.

    Attributes:
        name: Of its file, without the suffix.
        split: That the pictures are of.
        rows: (heading, pictures).
    """

    name: str
    split: str
    rows: list[tuple[str, list[Picture]]]

    @property
    def columns(self) -> int:
        return max(len(pictures) for _, pictures in self.rows)

    def image(self) -> Image.Image:
        """All pictures, without captions, on white."""
        width, height = self.rows[0][1][0].image.size
        sheet = Image.new("RGB", (self.columns * (width + GAP) - GAP, len(self.rows) * (height + GAP) - GAP), "white")
        for row, (_, pictures) in enumerate(self.rows):
            for column, picture in enumerate(pictures):
                sheet.paste(picture.image, (column * (width + GAP), row * (height + GAP)))
        return sheet


def epoch_strip(runs: Sequence[Run], photos: bool) -> Sheet | None:
    """One picture after the first, the middle and the last sampled epoch of each run of a dataset; None where nothing was sampled.

    Args:
        runs: Of one dataset.
        photos: Whether the label image and the photograph are shown too.
    """
    for split in ("val", "test", "train"):
        sampled, names = _sampled(runs, split)
        if names:
            break
    else:
        return None
    name = names[0]
    rows = [(f"{split}/{name}", _dataset_pictures(sampled[0], split, name))] if photos else []
    for run in sampled:
        epochs = _epochs(run, split, name)
        middle = min(epochs, key=lambda epoch: abs(2 * epoch - max(epochs)))
        shown = sorted({min(epochs), middle, max(epochs)})
        rows.append(
            (f"{run.label}, {split}/{name}", [_painted(run, split, name, epoch, f"epoch {epoch}") for epoch in shown])
        )
    return Sheet(f"strip-{runs[0].config.dataset}", split, [row for row in rows if row[1]])


def comparison_grid(runs: Sequence[Run], photos: bool) -> Sheet | None:
    """Label image, photograph, and each run's picture, for every picture that all runs of a dataset have sampled.

    The runs' pictures are from the last epoch that all have sampled, or where there is none, from the last of each.
    """
    for split in ("test", "val", "train"):
        sampled, names = _sampled(runs, split)
        if names:
            break
    else:
        return None
    rows = []
    for name in names:
        epochs = [_epochs(run, split, name) for run in sampled]
        common = set.intersection(*(set(of_run) for of_run in epochs))
        shown = [max(common or of_run) for of_run in epochs]
        painted = [
            _painted(run, split, name, epoch, f"{run.label}, epoch {epoch}")
            for run, epoch in zip(sampled, shown, strict=True)
        ]
        rows.append((f"{split}/{name}", (_dataset_pictures(sampled[0], split, name) if photos else []) + painted))
    return Sheet(f"grid-{runs[0].config.dataset}", split, rows)


def _sampled(runs: Sequence[Run], split: str) -> tuple[list[Run], list[str]]:
    """The runs that have sampled a split, and the names of the pictures that all of these have, in numeric order."""
    folders = {
        run.label: {path.name for path in _folder(run, split, ".").glob("*") if _epochs(run, split, path.name)}
        for run in runs
    }
    sampled = [run for run in runs if folders[run.label]]
    names = set.intersection(*(folders[run.label] for run in sampled)) if sampled else set()
    return sampled, sorted(names, key=lambda name: (len(name), name))


def _folder(run: Run, split: str, name: str) -> Path:
    return run.path / "samples" / split / name


def _epochs(run: Run, split: str, name: str) -> list[int]:
    """The epochs after which a picture was sampled, ascending."""
    matches = (
        re.fullmatch(r"epoch-(\d{3,9})", path.stem, re.ASCII) for path in _folder(run, split, name).glob("epoch-*.png")
    )
    return sorted(int(match[1]) for match in matches if match)


def _dataset_pictures(run: Run, split: str, name: str) -> list[Picture]:
    """Label image and photograph; what is missing is left out."""
    kinds = {"label": ("label map", "Label map"), "photo": ("photograph", "Photograph")}
    files = {kind: _folder(run, split, name) / f"{kind}.png" for kind in kinds}
    return [
        Picture(kinds[kind][0], f"{kinds[kind][1]} of {split}/{name}", _read(path))
        for kind, path in files.items()
        if path.is_file()
    ]


def _painted(run: Run, split: str, name: str, epoch: int, caption: str) -> Picture:
    path = _folder(run, split, name) / f"epoch-{epoch:03d}.png"
    return Picture(caption, f"{run.label}'s picture of {split}/{name} after epoch {epoch}", _read(path))


def _read(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            if image.size != (256, 256):
                raise ReportError(
                    f"{path} is {image.width}x{image.height}; samples are 256x256, so it is not one; remove it"
                )
            return image.convert("RGB")
    except ReportError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ReportError(
            f"{path} is not a readable picture; if the run is just writing it, try again, else remove it"
        ) from error
