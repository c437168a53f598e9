"""The layout of the page and its events. Functions first, then the layout.

The images depend on four things only: map, seed, dropout and view. Every change of one of them (a stroke, undo, an
example, another variation) ends in the same event, so the images shown last always belong to the current map.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gradio as gr
import numpy as np

from demo.comparison import Comparison
from demo.endpoints import add_endpoints
from demo.example_gallery import ExampleGallery, read_examples
from demo.label_canvas import LabelCanvas
from demo.map_actions import add_map_actions
from demo.model_notes import ModelNotes
from demo.models import Model, by_dataset, painters_of
from demo.refusal import refuse
from demo.requests import FIRST_SEED, TWO_AT_A_TIME, check_dropout, check_seed, choose_seed
from demo.server.gradio_patches import patch_gradio
from demo.server.limits import app_keywords
from demo.server.settings import MAX_UPLOAD_BYTES, MAX_WAITING
from demo.subjects import SUBJECTS
from demo.validation_samples import ValidationSamples
from demo.view_choice import ViewChoice
from demo.views import SIDE_BY_SIDE, show, views_of
from pix2pix.labels import PALETTES
from pix2pix.painter import MAX_SEED
from pix2pix.release import ReleaseError

REFRESH_SECONDS = 1.5
"""Interval at which a page refreshes the notes on its models while one of them is being downloaded."""
TEMPORARY_FILE_SECONDS = 600
"""Lifetime of the files that the endpoints for programs return."""
FOLDER = Path(__file__).parent
OPEN_TAB_OF_LINK = """
() => {
  const dataset = location.hash.slice(1).split('=')[0];
  return dataset ? { __type__: 'update', selected: dataset } : { __type__: 'update' };
}
"""
INTRODUCTION = """
<header class="introduction">
  <h1>{title}</h1>
  <p>Two networks turn your label map into pictures after every stroke: the same generator, trained on the same photos,
  once as a <strong>GAN</strong> (cGAN + λ·L1) and once with <strong>L1 only</strong>.</p>
</header>
"""


@dataclass(frozen=True)
class Studio:
    """The models of one canvas, by objective, and the components that change with them."""

    models: Mapping[str, Model]
    view: ViewChoice
    notes: ModelNotes


def make_repaint(models: Mapping[str, Model], samples: ValidationSamples | None) -> Callable[..., Any]:
    """Make the event handler that paints."""

    def repaint(label_map: np.ndarray, seed: float | None, dropout: bool, view: str) -> Any:
        painters = painters_of(models)  # anew for every call: a download may have replaced them
        if painters is None:
            return gr.skip()
        photo = samples.photo_of(label_map) if samples else None
        try:
            return show(view, painters, label_map, choose_seed(seed), check_dropout(dropout), photo)
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


def take_link(event: gr.EventData) -> tuple[int, bool]:
    """Handle a link that the canvas has opened: its seed and dropout go into the fields."""
    settings = event._data if isinstance(event._data, dict) else {}  # whatever a client sent
    return check_seed(settings.get("seed")), check_dropout(settings.get("dropout"))


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
    first_shown = None
    if painters := painters_of(models):
        # A network's first image is slow, and its time would be shown.
        show(SIDE_BY_SIDE, painters, first_map, FIRST_SEED, dropout=True)
        if tab is None:
            first_shown = show(SIDE_BY_SIDE, painters, first_map, FIRST_SEED, dropout=True)

    with gr.Row(elem_classes="studio"):
        with gr.Column(scale=8, min_width=320):
            canvas = LabelCanvas(
                first_map,
                palette=palette,
                dataset=dataset,
                background=palette.index(subject.clear_class),
                start_class=palette.index(subject.start_class),
                first_classes=subject.first_classes,
                settings={"seed": FIRST_SEED, "dropout": True},
                elem_classes="studio-canvas",
            )
        with gr.Column(scale=9, min_width=320):
            view = ViewChoice(views_of(painters_of(models)), elem_classes="studio-view")
            comparison = Comparison(first_shown, elem_classes="studio-pictures")
            notes = ModelNotes(models, elem_classes="studio-notes")
            with gr.Row(elem_classes="settings"):
                seed = gr.Number(FIRST_SEED, label="Seed", step=1, min_width=150)
                variation = gr.Button("Another variation", min_width=150, size="md")
                dropout = gr.Checkbox(True, label="Dropout", min_width=100)
            add_map_actions(models, subject, samples, canvas, seed, dropout)
            gallery = ExampleGallery(examples, palette=palette, elem_classes="studio-examples")
    if subject.note:
        gr.HTML(f'<p class="licence-note">{subject.note}</p>', apply_default_css=False)

    add_endpoints(models, canvas, palette, palette.index(subject.clear_class), subject.api_suffix)
    painted = gr.on(
        [canvas.input, seed.change, dropout.change, view.input, notes.apply, *([tab.select] if tab else [])],
        make_repaint(models, samples),
        [canvas, seed, dropout, view],
        comparison,
        trigger_mode="always_last",
        show_progress="minimal",  # the place in the queue, if there is one; see page.css
        api_visibility="private",
        **TWO_AT_A_TIME,
    )
    painted.then(None, js="() => { document.dispatchEvent(new Event('pictures-painted')); }", api_visibility="private")
    painted.failure(
        None, js=f"() => {{ document.dispatchEvent(new Event('{dataset}-refused')); }}", api_visibility="private"
    )
    gr.on(
        [seed.change, dropout.change],
        None,
        [seed, dropout],
        js="(seed, dropout) => { document.dispatchEvent("
        f"new CustomEvent('{dataset}-settings', {{ detail: {{ seed, dropout }} }})); }}",
        api_visibility="private",
    )
    canvas.linked(take_link, None, [seed, dropout], queue=False, show_progress="hidden", api_visibility="private")
    variation.click(None, None, seed, js=f"() => Math.floor(Math.random() * {MAX_SEED + 1})", api_visibility="private")
    dropout.change(
        lambda on: (gr.update(interactive=on), gr.update(interactive=on)),
        dropout,
        [seed, variation],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    gallery.click(
        make_choose_example(examples), None, canvas, queue=False, show_progress="hidden", api_visibility="private"
    )
    return Studio(models, view, notes)


def keep_fresh(demo: gr.Blocks, studios: Sequence[Studio]) -> None:
    """Refresh the notes of every open page while a model is being downloaded; later pages refresh once."""
    timer = gr.Timer(REFRESH_SECONDS)
    outputs = [part for studio in studios for part in (studio.notes, studio.view)]

    def refresh() -> list[Any]:
        # Read first: what changes after this line is shown by the next refresh.
        is_waiting = any(model.wanted for studio in studios for model in studio.models.values())
        values: list[Any] = []
        for studio in studios:
            values += [studio.models, gr.update(names=views_of(painters_of(studio.models)))]
        return [*values, gr.Timer(active=is_waiting)]

    gr.on(
        [demo.load, timer.tick],
        refresh,
        None,
        [*outputs, timer],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def build_demo(
    models: Mapping[str, Model],
    examples_folder: Path = FOLDER / "maps",
    samples: Mapping[str, ValidationSamples] = MappingProxyType({}),
) -> gr.Blocks:
    """Build the page.

    Args:
        models: By "DATASET-OBJECTIVE", both objectives of every dataset. Each dataset gets a canvas, in a tab if there
        are
            several.
        examples_folder: Holds a folder of label images per dataset.
        samples: Validation samples by dataset.
    """
    pairs = by_dataset(models)
    examples = {
        dataset: read_examples(examples_folder / dataset, PALETTES[dataset], SUBJECTS[dataset].first_example)
        for dataset in pairs
    }
    title = "Paint " + " or ".join(SUBJECTS[dataset].what for dataset in pairs)
    with gr.Blocks(title=title, analytics_enabled=False, delete_cache=(60, TEMPORARY_FILE_SECONDS)) as demo:
        gr.HTML(INTRODUCTION.format(title=title), apply_default_css=False)
        if len(pairs) == 1:
            (dataset,) = pairs
            studios = [add_studio(pairs[dataset], examples[dataset], samples.get(dataset))]
        else:
            studios = []
            with gr.Tabs() as tabs:
                for number, (dataset, pair) in enumerate(pairs.items()):
                    with gr.Tab(dataset.capitalize(), id=dataset) as tab:
                        studios.append(
                            add_studio(pair, examples[dataset], samples.get(dataset), tab if number else None)
                        )
            demo.load(None, None, tabs, js=OPEN_TAB_OF_LINK, api_visibility="private")
        if any(model.wanted for model in models.values()):
            keep_fresh(demo, studios)
    return demo


def make_theme() -> gr.themes.Base:
    """Make a theme with system fonts and readable small print; the contrast of Gradio's own is 2.6:1 on white."""
    theme = gr.themes.Default(
        primary_hue="blue", neutral_hue="slate", font=["system-ui", "sans-serif"], font_mono=["monospace"]
    )
    return theme.set(
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_title_text_color="*neutral_600",
        block_title_text_color_dark="*neutral_300",
    )


def launch(demo: gr.Blocks, **keywords: Any) -> tuple[Any, str, str]:
    """Start the server; `keywords` are Gradio's, such as `prevent_thread_lock`."""
    demo.queue(status_update_rate=0.5, max_size=MAX_WAITING, api_open=False)  # no request bypasses the queue
    patch_gradio(demo)
    return demo.launch(
        **{"share": False} | keywords,  # without this, Gradio decides itself in notebooks
        theme=make_theme(),
        head=f"<style>{(FOLDER / 'page.css').read_text(encoding='utf-8')}</style>",
        footer_links=["api"],
        show_error=True,  # show an error's sentence instead of "Error"
        run_history=False,  # it would store every stroke in the visitor's browser
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        max_file_size=MAX_UPLOAD_BYTES,
        app_kwargs=app_keywords(demo),
    )
