"""One canvas with its two models: the layout, then the events.

The images depend on four things only: map, noise, view and weights. Every change of one of them (a stroke, undo, an
example, another variation) ends in the same event, so the images shown last always belong to the current map.

The scripts of the components hear from each other through events on the document, whose names begin with the dataset:
`asked`, `painted` and `refused` follow a request; `settings` and `restored` carry the noise, see `NoiseChoice`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np

from demo.comparison import Comparison, Shown
from demo.endpoints import add_endpoints
from demo.example_gallery import ExampleGallery
from demo.file_download import FileDownload, PngFile, to_png
from demo.label_canvas import LabelCanvas
from demo.map_actions import add_map_actions
from demo.model_notes import ModelNotes
from demo.models import Model, painters_of
from demo.noise_choice import FIRST_NOISE, Noise, NoiseChoice
from demo.refusal import refuse
from demo.requests import TWO_AT_A_TIME, painters_now
from demo.subjects import SUBJECTS
from demo.validation_samples import ValidationSamples
from demo.view_choice import ViewChoice
from demo.views import SIDE_BY_SIDE, VARIATIONS, paint_view, show, views_of
from pix2pix.labels import PALETTES
from pix2pix.release import ReleaseError


@dataclass(frozen=True)
class Studio:
    """The models of one canvas, by objective, and the components that change with them."""

    models: Mapping[str, Model]
    view: ViewChoice
    notes: ModelNotes


def make_repaint(models: Mapping[str, Model], samples: ValidationSamples | None) -> Callable[..., Any]:
    """Make the event handler that paints."""

    def repaint(label_map: np.ndarray, noise: Noise, view: str) -> Any:
        painters = painters_of(models)  # anew for every call: a download may have replaced them
        if painters is None:
            return gr.skip()
        photo = samples.photo_of(label_map) if samples else None
        try:
            return show(view, painters, label_map, noise.seed, noise.dropout, photo)
        except ReleaseError as error:
            logging.getLogger(__name__).error(error)  # names the file's path, which visitors must not see
            raise refuse("The weights of an earlier epoch cannot be read; the other views still work.") from error

    return repaint


def make_choose_example(examples: Mapping[str, np.ndarray]) -> Callable[[gr.EventData], np.ndarray]:
    """Make the gallery's event handler: the map goes to the canvas, which then requests images as after a stroke."""

    def choose_example(event: gr.EventData) -> np.ndarray:
        name = event._data.get("name") if isinstance(event._data, dict) else None  # whatever a client sent
        if not isinstance(name, str) or name not in examples:
            raise refuse("There is no such example.")
        return examples[name]

    return choose_example


def make_save(models: Mapping[str, Model], samples: ValidationSamples | None) -> Callable[..., PngFile]:
    """Make the event handler that saves one image of a view as a file: what the page shows is compressed."""

    def save(label_map: np.ndarray, noise: Noise, view: str, event: gr.EventData) -> PngFile:
        name = event._data.get("file") if isinstance(event._data, dict) else None  # whatever a client sent
        photo = samples.photo_of(label_map) if samples else None
        painted = paint_view(view, painters_now(models), label_map, noise.seed, noise.dropout, photo)
        for image in painted.images:
            if image.file == name:
                return PngFile(image.file, to_png(image.picture))
        raise refuse("This image is not in the view any more. Save one that is shown.")

    return save


def paint_first(models: Mapping[str, Model], first_map: np.ndarray, is_shown: bool) -> Shown | None:
    """Paint the page's first images, if they are shown and the models are there."""
    painters = painters_of(models) if is_shown else None
    return show(SIDE_BY_SIDE, painters, first_map, FIRST_NOISE.seed, FIRST_NOISE.dropout) if painters else None


def add_canvas(dataset: str, first_map: np.ndarray) -> LabelCanvas:
    """Lay out the canvas of a dataset."""
    palette, subject = PALETTES[dataset], SUBJECTS[dataset]
    return LabelCanvas(
        first_map,
        palette=palette,
        dataset=dataset,
        background=palette.index(subject.clear_class),
        start_class=palette.index(subject.start_class),
        first_classes=subject.first_classes,
        image_input=f"input:has(+ #open-{dataset})",
        settings=FIRST_NOISE.model_dump(),
        elem_classes="studio-canvas",
    )


def add_studio(
    models: Mapping[str, Model],
    examples: Mapping[str, np.ndarray],
    samples: ValidationSamples | None = None,
    tab: gr.Tab | None = None,
) -> Studio:
    """Lay out one canvas with its models and connect them. Call it inside `gr.Blocks`.

    Args:
        models: Both models of one dataset, by objective.
        examples: Label maps, uint8 [256, 256], by name; the canvas starts with the first one.
        samples: Validation samples, if the dataset is on this machine.
        tab: Opening it paints the first images; None paints them now.
    """
    dataset = models["gan"].dataset
    palette, subject = PALETTES[dataset], SUBJECTS[dataset]
    first_map = next(iter(examples.values()))
    first_shown = paint_first(models, first_map, is_shown=tab is None)

    with gr.Row(elem_classes="studio"):
        with gr.Column(scale=8, min_width=320):
            canvas = add_canvas(dataset, first_map)
        with gr.Column(scale=9, min_width=320):
            view = ViewChoice(
                views_of(painters_of(models)), dataset=dataset, noisy_view=VARIATIONS, elem_classes="studio-view"
            )
            comparison = Comparison(first_shown, dataset=dataset, elem_classes="studio-pictures")
            notes = ModelNotes(models, elem_classes="studio-notes")
            noise = NoiseChoice(dataset=dataset, elem_classes="studio-noise")
            add_map_actions(models, subject, samples, canvas, noise)
            gallery = ExampleGallery(examples, palette=palette, elem_classes="studio-examples")
    if subject.note:
        gr.HTML(f'<p class="licence-note">{subject.note}</p>', apply_default_css=False)

    add_endpoints(models, canvas, palette, palette.index(subject.clear_class), subject.api_suffix)
    changes = [canvas.input, noise.input, view.input, notes.apply, comparison.retry, *([tab.select] if tab else [])]
    comparison.save(
        make_save(models, samples),
        [canvas, noise, view],
        FileDownload(elem_classes="file-download"),
        show_progress="hidden",
        api_visibility="private",
        **TWO_AT_A_TIME,
    )
    add_painting(dataset, changes, make_repaint(models, samples), [canvas, noise, view], comparison)
    gallery.click(
        make_choose_example(examples), None, canvas, queue=False, show_progress="hidden", api_visibility="private"
    )
    return Studio(models, view, notes)


def add_painting(
    dataset: str,
    changes: list[Any],
    repaint: Callable[..., Any],
    inputs: list[gr.HTML],
    comparison: Comparison,
) -> None:
    """Paint after every change, and let the page's scripts know of each request and its outcome."""

    def dispatch(name: str) -> str:
        return f"document.dispatchEvent(new Event('{dataset}-{name}'));"

    painted = gr.on(
        changes,
        repaint,
        inputs,
        comparison,
        js=f"(...values) => {{ {dispatch('asked')} return values; }}",
        trigger_mode="always_last",
        show_progress="minimal",  # the place in the queue, if there is one; see page.css
        api_visibility="private",
        **TWO_AT_A_TIME,
    )
    painted.success(None, js=f"() => {{ {dispatch('painted')} }}", api_visibility="private")
    painted.failure(None, js=f"() => {{ {dispatch('refused')} }}", api_visibility="private")
