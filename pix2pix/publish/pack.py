"""Write everything that is published of a released folder: weights, scores, model card, curves, samples and licence."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from pix2pix.files import replacing
from pix2pix.painter import Painter
from pix2pix.provenance import licence_note
from pix2pix.publish.card import best_measure, last_scores, model_card, with_choice
from pix2pix.publish.curves import draw_charts
from pix2pix.release import DISCRIMINATOR, WEIGHTS, ReleaseError, weights_by_epoch, weights_of_epoch
from pix2pix.report.charts import loss_charts, score_charts
from pix2pix.report.runs import Run, read_runs
from pix2pix.run_folder import run_around

OPTIONAL_FILES = (DISCRIMINATOR, "samples.png", "curves.png")
"""Files that not every publication has; a push deletes those that an earlier one left in the repository."""
NUM_SAMPLES = 4
SAMPLE_SEED = 1


def pack(folder: Path, output: Path, name: str, epochs: Sequence[int] = (), maps: Path | None = None) -> None:
    """Write the files to publish; curves and scores come from the run folder around the released folder, if any.

    Args:
        folder: A released folder, in a run folder or not.
        output: Folder for the files, created if missing.
        name: The repository, "owner/name", which the card's example loads.
        epochs: Earlier epochs whose weights are published too.
        maps: Folder with a folder of label maps, PNG files in the palette's colours, for each dataset; the card shows
            what the model paints of them. None for no samples. They must be free to publish: images of a dataset are
            not.

    Raises:
        ReleaseError: If the folder cannot be used, or lacks the weights of one of the epochs.
        ReportError: If the run folder around it is damaged.
    """
    painter = Painter.load(folder, precision="fp32")
    if missing := [epoch for epoch in epochs if epoch not in painter.earlier]:
        kept = ", ".join(map(str, painter.earlier)) or "none"
        raise ReleaseError(f"{folder} has no weights of epoch {missing[0]}; earlier epochs that were kept: {kept}")
    config, run = painter.config, read_run_around(folder, painter.config.epochs)
    measure = best_measure(run) if run and run.scores else None
    if run and measure:
        scores = last_scores(run, measure, config.epochs)
        config = replace(config, metrics=with_choice(scores, config.metrics) or config.metrics)
    output.mkdir(parents=True, exist_ok=True)
    copy_weights(folder, output, {epoch: painter.earlier[epoch] for epoch in epochs})
    samples = paint_samples(painter, maps / config.dataset) if maps else None
    charts = loss_charts([run]) + (score_charts([run], measure) if measure else []) if run else []
    curves = draw_charts(charts) if charts else None
    for file_name, image in (("samples.png", samples), ("curves.png", curves)):
        (output / file_name).unlink(missing_ok=True)
        if image:
            image.save(output / file_name)
    card = model_card(painter.generator, config, run, name, SAMPLE_SEED if samples else None, bool(curves), epochs)
    licence = f"# Licence of these weights\n\n{licence_note(config)} The licence of the code does not cover them.\n"
    for file_name, text in {"config.json": config.to_json(), "README.md": card, "LICENSE.md": licence}.items():
        with replacing(output / file_name) as file:
            file.write(text.encode())


def read_run_around(folder: Path, epochs: int) -> Run | None:
    """Read the run that a released folder is part of, as it was after `epochs`; None if there is none."""
    around = run_around(folder)
    if around is None:
        return None
    (run,) = read_runs([around.path])
    log, scores = ([record for record in records if record["epoch"] <= epochs] for records in (run.log, run.scores))
    return replace(run, log=log, scores=scores)


def copy_weights(folder: Path, output: Path, earlier: Mapping[int, Path]) -> None:
    """Copy the weights of G, of D if there are any, and of earlier epochs; delete others that were packed before."""
    for name in (WEIGHTS, DISCRIMINATOR):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, output / name)
        else:
            (output / name).unlink(missing_ok=True)
    for path in weights_by_epoch(output / "epochs").values():
        path.unlink()
    for epoch, path in earlier.items():
        copy = weights_of_epoch(output / "epochs", epoch)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, copy)


def paint_samples(painter: Painter, folder: Path) -> Image.Image | None:
    """Draw a row of label maps, and below each its generated image; None if no maps have the model's palette."""
    columns = []
    if painter.config.input_palette is None:
        return None
    for path in sorted(folder.glob("*.png"))[:NUM_SAMPLES]:
        drawn = np.asarray(Image.open(path).convert("RGB"))
        label_map, _ = painter.palette.from_image(drawn)
        columns.append(np.concatenate([drawn, painter.paint(label_map, SAMPLE_SEED)]))
    return Image.fromarray(np.concatenate(columns, 1)) if columns else None
