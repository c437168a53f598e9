"""One canvas with its models: the layout, then the events.

The images depend on four things only: map, noise, view and weights. Every change of one of them (a stroke, undo, an
example, another variation) ends in the same event, so the images shown last always belong to the current map.

The scripts of the components hear from each other through events on the document, whose names begin with the dataset:
`asked`, `painted` and `refused` follow a request; `settings` and `restored` carry the noise, see `NoiseChoice`. Where
browsers may paint, `changed` tells of every change and `computed` carries a browser's images, see `EngineChoice`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from demo.comparison import Comparison, Shown
from demo.endpoints import add_endpoints
from demo.engine_choice import EngineChoice, make_offer
from demo.example_gallery import ExampleGallery
from demo.file_download import FileDownload, PngFile
from demo.image_input import ImageInput
from demo.label_canvas import LabelCanvas, encode
from demo.map_actions import add_map_actions, file_input_of
from demo.model_notes import ModelNotes
from demo.models import Model, painters_of
from demo.noise_choice import FIRST_NOISE, Noise, NoiseChoice
from demo.refusal import refuse
from demo.requests import TWO_AT_A_TIME, painters_now
from demo.tabs import Tab
from demo.view_choice import ViewChoice
from demo.views import VARIATIONS, paint_view, show, views_of
from pix2pix.image_files import encode_image
from pix2pix.labels import Palette
from pix2pix.release import ReleaseError

BRUSH_SIZE, LINE_SIZE = 16, 3
"""Diameter of the brush at the start, for areas and for line drawings."""


@dataclass(frozen=True)
class Studio:
    """One canvas, and the components that change with its models."""

    tab: Tab
    view: ViewChoice
    notes: ModelNotes
    engine: EngineChoice | None

    @property
    def models(self) -> Mapping[str, Model]:
        """The models by objective."""
        return self.tab.models


def make_repaint(tab: Tab) -> Callable[..., Any]:
    """Make the event handler that paints."""

    def repaint(shown: np.ndarray | None, noise: Noise, view: str) -> Any:
        painters = painters_of(tab.models)  # anew for every call: a download may have replaced them
        if painters is None or shown is None:
            return gr.skip()
        photo = tab.photo_of(shown)
        try:
            return show(view, painters, shown, noise.seed, noise.dropout, photo)
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


def make_save(tab: Tab) -> Callable[..., PngFile]:
    """Make the event handler that saves one image of a view as a file: what the page shows is compressed."""

    def save(shown: np.ndarray, noise: Noise, view: str, event: gr.EventData) -> PngFile:
        name = event._data.get("file") if isinstance(event._data, dict) else None  # whatever a client sent
        painters, photo = painters_now(tab.models), tab.photo_of(shown)
        painted = paint_view(view, painters, shown, noise.seed, noise.dropout, photo)
        for image in painted.images:
            if image.file == name:
                return PngFile(image.file, encode_image(Image.fromarray(image.picture), "PNG"))
        raise refuse("This image is not in the view any more. Save one that is shown.")

    return save


def paint_first(tab: Tab, first: np.ndarray | None, is_shown: bool) -> Shown | None:
    """Paint the page's first images, if they are shown and the models are there."""
    painters = painters_of(tab.models) if is_shown else None
    if not painters or first is None:
        return None
    return show("", painters, first, FIRST_NOISE.seed, FIRST_NOISE.dropout, tab.photo_of(first))


def add_canvas(tab: Tab, first: np.ndarray | None) -> LabelCanvas | ImageInput:
    """Lay out the canvas of a tab, or the image that stands there if there are no classes to paint."""
    if tab.palette is None:
        return ImageInput(first, size=tab.size, elem_classes="studio-canvas")
    return LabelCanvas(
        first,
        palette=tab.palette,
        dataset=tab.name,
        size=tab.size,
        background=tab.background,
        start_class=tab.palette.index(tab.subject.start_class),
        first_classes=tab.subject.first_classes,
        image_input=file_input_of(tab),
        brush_size=LINE_SIZE if tab.input_name == "drawing" else BRUSH_SIZE,
        settings=FIRST_NOISE.model_dump(),
        elem_classes="studio-canvas",
    )


def add_studio(tab: Tab, opened: gr.Tab | None = None) -> Studio:
    """Lay out one canvas with its models and connect them. Call it inside `gr.Blocks`.

    Args:
        tab: What is shown; the canvas starts with `first_input`.
        opened: Opening it paints the first images; None paints them now.
    """
    first, models = tab.first_input, tab.models
    first_shown = paint_first(tab, first, is_shown=opened is None)
    with gr.Row(elem_classes="studio", elem_id=f"studio-{tab.name}"):
        with gr.Column(scale=8, min_width=320):
            canvas = add_canvas(tab, first)
        with gr.Column(scale=9, min_width=320):
            view = ViewChoice(
                views_of(painters_of(models)), dataset=tab.name, noisy_view=VARIATIONS, elem_classes="studio-view"
            )
            comparison = Comparison(
                first_shown, dataset=tab.name, is_explained=len(models) > 1, elem_classes="studio-pictures"
            )
            notes = ModelNotes(models, elem_classes="studio-notes")
            engine = make_engine_choice(tab)
            noise = NoiseChoice(dataset=tab.name, elem_classes="studio-noise")
            opening = add_map_actions(tab, canvas, noise)
            if tab.examples and tab.palette:
                add_gallery(tab.examples, tab.palette, canvas)
    if tab.subject.note:
        gr.HTML(f'<p class="licence-note">{tab.subject.note}</p>', apply_default_css=False)

    add_endpoints(tab, canvas)
    changes = [canvas.input, noise.input, view.input, notes.apply, comparison.retry]
    changes += [opened.select] if opened else []
    if engine:
        changes = ask_browser_first(tab, engine, changes, [canvas, noise, view], opening)
    add_painting(tab.name, changes, make_repaint(tab), [canvas, noise, view], comparison)
    comparison.save(
        make_save(tab),
        [canvas, noise, view],
        FileDownload(elem_classes="file-download"),
        show_progress="hidden",
        api_visibility="private",
        **TWO_AT_A_TIME,
    )
    return Studio(tab, view, notes, engine)


def add_gallery(examples: Mapping[str, np.ndarray], palette: Palette, canvas: LabelCanvas | ImageInput) -> None:
    """Lay out the examples; a click puts one on the canvas."""
    gallery = ExampleGallery(examples, palette=palette, elem_classes="studio-examples")
    gallery.click(
        make_choose_example(examples), None, canvas, queue=False, show_progress="hidden", api_visibility="private"
    )


def make_engine_choice(tab: Tab) -> EngineChoice | None:
    """Lay out the choice of what computes the images, where browsers have something to paint with."""
    if tab.browser_models is None or tab.palette is None:
        return None
    return EngineChoice(
        make_offer(tab.browser_models, tab.models),
        dataset=tab.name,
        size={"width": tab.size[0], "height": tab.size[1]},
        palette=tab.palette.rgb.ravel().tolist(),
        runtime=tab.browser_models.runtime,
        elem_classes="studio-engine",
    )


def ask_browser_first(
    tab: Tab, engine: EngineChoice, changes: list[Any], inputs: list[gr.HTML], opening: list[Any]
) -> list[Any]:
    """Let the browser know of every change before the server; return the events on which the server paints.

    Args:
        tab: What is shown.
        engine: Decides who paints.
        changes: Events after which other images belong to the page.
        inputs: Canvas, noise and view.
        opening: Events that may bring a map with a photo, which only the server has.
    """
    tell = f"document.dispatchEvent(new Event('{tab.name}-changed'));"
    # A page may paint before the script of the choice has come, which then finds the values here.
    keep = f"(window.studioChanges ??= {{}})['{tab.name}'] = values;"
    gr.on(
        [*changes, engine.input],
        None,
        inputs,
        js=f"(...values) => {{ {keep} {tell} }}",
        trigger_mode="multiple",
        api_visibility="private",
    )

    def find_photo(shown: np.ndarray) -> Any:
        return gr.update(photo_map=encode(shown).runs if tab.photo_of(shown) is not None else "")

    for event in opening:
        event.success(find_photo, inputs[0], engine, queue=False, show_progress="hidden", api_visibility="private")
    return [engine.submit]


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
