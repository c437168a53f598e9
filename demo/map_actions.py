"""The buttons that put a map or an image on the canvas (a random one, a file, a sample) or save one."""

import html
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from demo.comparison_sheet import draw_sheet
from demo.file_download import FileDownload, PngFile
from demo.image_input import ImageInput
from demo.label_canvas import LabelCanvas
from demo.map_files import to_png
from demo.maps import RANDOM_MAPS
from demo.noise_choice import Noise, NoiseChoice
from demo.refusal import refuse
from demo.requests import TWO_AT_A_TIME, painters_now
from demo.subjects import SUBJECTS
from demo.tabs import Tab
from demo.validation_samples import ValidationSamples
from demo.views import paint_both
from pix2pix.painter import MAX_SEED, Painter
from pix2pix.release import OBJECTIVES

QUIETLY: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
FILE_TYPES = [".png", ".jpg", ".jpeg", ".webp"]


def file_input_of(tab: Tab) -> str:
    """Return the selector of the file input that opens images; the canvas gives it pasted and dropped ones."""
    return f"input:has(+ #open-{tab.name})"


def open_file(path: str | None, tab: Tab, stretch: bool = False) -> Any:
    """Read a file for the canvas, report what was done with it, and offer to stretch one of another shape.

    Args:
        path: The file; None if the page has chosen another one since.
        tab: Reads it.
        stretch: Whether a map of another shape fills the canvas.

    Raises:
        gr.Error: The file cannot be used; the canvas stays as it is.
    """
    if path is None:
        return gr.skip()
    try:
        opened = tab.open(Path(path), stretch)
    except ValueError as error:
        raise refuse(str(error)) from error
    if opened.words:
        gr.Info(html.escape(opened.words))
    return opened.input, gr.update(visible=opened.is_fitted)


def draw_sample(samples: ValidationSamples) -> np.ndarray:
    """Return the label map or image of a random sample; raise `gr.Error` if its file cannot be used."""
    try:
        return samples.input(secrets.randbelow(len(samples)))
    except ValueError as error:
        raise refuse(f"{error}.") from error


def make_sheet(
    tab: Tab,
    painters: Mapping[str, Painter],
    shown: np.ndarray,
    seed: int,
    dropout: bool,
    photo: np.ndarray | None,
) -> PngFile:
    """Draw the input and the generated images in one file, with the photo if one is known."""
    caption = {"map": "Label map", "drawing": "Drawing", "image": "Input"}[tab.input_name]
    pictures = [(caption, tab.palette.to_image(shown) if tab.palette else shown)]
    for objective, painting in paint_both(painters, shown, seed, dropout).items():
        pictures.append((f"{OBJECTIVES[objective].title}, {painters[objective].config.trained}", painting.picture))
    if photo is not None:
        pictures.append(("Photo", photo))
    noise = f"seed {seed}" if dropout else "without dropout"
    return PngFile(
        f"{tab.name}-comparison.png",
        draw_sheet(pictures, [f"pix2pix · {tab.name} · {noise}", tab.subject.note]),
    )


def connect_files(tab: Tab, upload: gr.UploadButton, stretch: gr.Button, canvas: LabelCanvas | ImageInput) -> list[Any]:
    """Open the files that the page gives the upload button; return the events.

    Files may arrive in another order than they were chosen in; the page opens and remembers the one chosen last.
    """
    newest = (
        f"(file) => {{ const [last] = document.querySelector('{file_input_of(tab)}').files;"
        " const isNewest = !last || (last.name === file.orig_name && last.size === file.size);"
        f" return isNewest ? ((window.openedFiles ??= {{}})['{tab.name}'] = file) : null; }}"
    )
    remembered = f"() => window.openedFiles['{tab.name}']"
    return [
        upload.upload(
            lambda path: open_file(path, tab),
            upload,
            [canvas, stretch],
            js=newest,
            trigger_mode="always_last",
            **QUIETLY,
        ),
        stretch.click(
            lambda path: open_file(path, tab, stretch=True), upload, [canvas, stretch], js=remembered, **QUIETLY
        ),
    ]


def add_map_actions(tab: Tab, canvas: LabelCanvas | ImageInput, noise: NoiseChoice) -> list[Any]:
    """Lay out the buttons and connect them; return the events that may bring a map with a photo.

    Args:
        tab: Says which buttons there are.
        canvas: Receives the maps, each of which can be undone, or the images.
        noise: The seed and whether there is noise.
    """
    samples, palette, is_bundled = tab.samples, tab.palette, tab.name in SUBJECTS
    article = "an" if tab.input_name == "image" else "a"
    small: dict[str, Any] = {"size": "sm", "min_width": 60}
    with gr.Row(elem_classes="map-actions"):
        surprise = gr.Button("Surprise me", visible=is_bundled, **small)
        sample = gr.Button(
            "Random validation sample" if is_bundled else "Random sample", visible=samples is not None, **small
        )
        openable = f"{article} {tab.input_name}" + (" or photo" if tab.photo_maps else "")
        upload = gr.UploadButton(f"Open {openable}", file_types=FILE_TYPES, elem_id=f"open-{tab.name}", **small)
        stretch = gr.Button("Stretch to fill", visible=False, **small)
        save_map = gr.Button(f"Save the {tab.input_name}", visible=palette is not None, **small)
        save_sheet = gr.Button("Save the comparison", **small)
    download = FileDownload(elem_classes="file-download")

    def save_comparison(shown: np.ndarray | None, noise: Noise) -> PngFile:
        if shown is None:
            raise refuse("There is nothing to compare yet. Open an image first.")
        painters = painters_now(tab.models)
        return make_sheet(tab, painters, shown, noise.seed, noise.dropout, tab.photo_of(shown))

    opened = connect_files(tab, upload, stretch, canvas)
    if is_bundled:
        draw_random = RANDOM_MAPS[tab.name]
        surprise.click(lambda: draw_random(secrets.randbelow(MAX_SEED + 1)), None, canvas, queue=False, **QUIETLY)
    if palette:
        save_map.click(
            lambda label_map: PngFile(f"{tab.name}-{tab.input_name}.png", to_png(label_map, palette)),
            canvas,
            download,
            queue=False,
            **QUIETLY,
        )
    save_sheet.click(save_comparison, [canvas, noise], download, **QUIETLY, **TWO_AT_A_TIME)
    if samples:
        opened.append(sample.click(lambda: draw_sample(samples), None, canvas, **QUIETLY))
    return opened
