"""The buttons that put a map on the canvas (a random one, a file, a validation sample) or save one."""

import html
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from demo.comparison_sheet import draw_sheet
from demo.file_download import FileDownload, PngFile
from demo.label_canvas import LabelCanvas
from demo.label_pictures import open_label_map, to_png
from demo.maps import RANDOM_MAPS
from demo.models import Model
from demo.noise_choice import Noise, NoiseChoice
from demo.refusal import refuse
from demo.requests import TWO_AT_A_TIME, painters_now
from demo.subjects import Subject
from demo.validation_samples import ValidationSamples
from demo.views import paint_both
from pix2pix.labels import PALETTES, Palette
from pix2pix.painter import MAX_SEED, Painter
from pix2pix.release import OBJECTIVES


def open_file(path: str, palette: Palette, subject: Subject, stretch: bool = False) -> tuple[np.ndarray, Any]:
    """Read a file as a label map, report what was done with it, and offer to stretch a map of another shape.

    Raises:
        gr.Error: The file is no label map; the canvas stays as it is.
    """
    try:
        opened = open_label_map(Path(path), palette, palette.index(subject.clear_class), stretch=stretch)
    except ValueError as error:
        raise refuse(str(error)) from error
    if opened.words:
        gr.Info(html.escape(opened.words))
    return opened.label_map, gr.update(visible=opened.is_fitted)


def draw_sample(samples: ValidationSamples) -> np.ndarray:
    """Return the label map of a random sample; raise `gr.Error` if its file cannot be used."""
    try:
        return samples.label_map(secrets.randbelow(len(samples.files)))
    except ValueError as error:
        raise refuse(f"{error}.") from error


def make_sheet(
    painters: Mapping[str, Painter],
    subject: Subject,
    label_map: np.ndarray,
    seed: int,
    dropout: bool,
    photo: np.ndarray | None,
) -> PngFile:
    """Draw the label map and both generated images in one file, with the photo if one is known."""
    config = painters["gan"].config
    pictures = [("Label map", painters["gan"].palette.to_image(label_map))]
    for objective, painting in paint_both(painters, label_map, seed, dropout).items():
        pictures.append((f"{OBJECTIVES[objective].title}, {painters[objective].config.trained}", painting.picture))
    if photo is not None:
        pictures.append(("Photo", photo))
    noise = f"seed {seed}" if dropout else "without dropout"
    return PngFile(
        f"{config.dataset}-comparison.png",
        draw_sheet(pictures, [f"pix2pix · {config.dataset} · {noise}", subject.note]),
    )


def add_map_actions(
    models: Mapping[str, Model],
    subject: Subject,
    samples: ValidationSamples | None,
    canvas: LabelCanvas,
    noise: NoiseChoice,
) -> None:
    """Lay out the buttons and connect them.

    Args:
        models: Both models of one dataset, by objective.
        subject: The page's words about the dataset.
        samples: Validation samples; None hides their button.
        canvas: Receives the maps; each can be undone.
        noise: The seed and whether there is noise.
    """
    dataset = models["gan"].dataset
    palette = PALETTES[dataset]
    with gr.Row(elem_classes="map-actions"):
        surprise = gr.Button("Surprise me", size="sm", min_width=60)
        sample = gr.Button("Random validation sample", size="sm", min_width=60, visible=samples is not None)
        upload = gr.UploadButton(
            "Open a map",
            file_types=[".png", ".jpg", ".jpeg", ".webp"],
            size="sm",
            min_width=60,
            elem_id=f"open-{dataset}",
        )
        stretch = gr.Button("Stretch to fill", size="sm", min_width=60, visible=False)
        save_map = gr.Button("Save the map", size="sm", min_width=60)
        save_sheet = gr.Button("Save the comparison", size="sm", min_width=60)
    download = FileDownload(elem_classes="file-download")

    def save_comparison(label_map: np.ndarray, noise: Noise) -> PngFile:
        photo = samples.photo_of(label_map) if samples else None
        return make_sheet(painters_now(models), subject, label_map, noise.seed, noise.dropout, photo)

    quietly: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    surprise.click(lambda: RANDOM_MAPS[dataset](secrets.randbelow(MAX_SEED + 1)), None, canvas, queue=False, **quietly)
    upload.upload(lambda path: open_file(path, palette, subject), upload, [canvas, stretch], **quietly)
    stretch.click(lambda path: open_file(path, palette, subject, stretch=True), upload, [canvas, stretch], **quietly)
    save_map.click(
        lambda label_map: PngFile(f"{dataset}-map.png", to_png(label_map, palette)),
        canvas,
        download,
        queue=False,
        **quietly,
    )
    save_sheet.click(save_comparison, [canvas, noise], download, **quietly, **TWO_AT_A_TIME)
    if samples:
        sample.click(lambda: draw_sample(samples), None, canvas, **quietly)
