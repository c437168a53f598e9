"""The page: what it holds and what happens on it. Functions first, then the layout.

A picture depends on three things only: the map, the seed and dropout. Whatever changes one of them, a stroke, undo, an example,
another variation, ends in the same event, so the pictures shown last always belong to the map shown.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import torch
from gradio.processing_utils import save_pil_to_cache
from PIL import Image

from demo import serving
from demo.comparison import Comparison, Painting
from demo.example_gallery import ExampleGallery, read_examples
from demo.label_canvas import LabelCanvas, LabelMap, refuse
from demo.model_notes import ModelNotes
from demo.models import Model
from demo.subjects import SUBJECTS
from pix2pix.labels import PALETTES
from pix2pix.painter import MAX_SEED, Painter

FIRST_SEED = 1
MODEL_NAMES = {"gan": "GAN", "l1": "L1 only"}
OBJECTIVES = {"gan": "cGAN + λ·L1", "l1": "L1"}
ONE_AT_A_TIME = {"concurrency_limit": 1, "concurrency_id": "painters"}
"""One map already uses every core, so two at once would only make both late."""
PAINTING_THREADS = ThreadPoolExecutor(
    len(MODEL_NAMES), "painting", initializer=torch.set_num_threads, initargs=(max(1, torch.get_num_threads() // len(MODEL_NAMES)),)
)
REFRESH_SECONDS = 1.5
"""How often a page asks for the notes on its models, while one of them is being fetched."""
TEMPORARY_FILE_SECONDS = 600
"""How long the files of the endpoint for programs can be fetched."""
FOLDER = Path(__file__).parent
INTRODUCTION = """
<header class="introduction">
  <h1>{title}</h1>
  <p>Two networks turn your label map into pictures after every stroke: the same generator, trained on the same photos for two objectives.
  <strong>GAN</strong> learned to fool a discriminator as well (cGAN + λ·L1), <strong>L1 only</strong> just to stay close to the photo, so
  it blurs what it cannot know.</p>
</header>
"""


def check_seed(seed: Any) -> int:
    """A seed as people or programs sent it → integer 0 to `MAX_SEED`; raises `gr.Error` for anything else."""
    is_number = isinstance(seed, int | float) and not isinstance(seed, bool)
    if not is_number or seed != seed // 1 or not 0 <= seed <= MAX_SEED:
        raise refuse(f"The seed is a whole number from 0 to {MAX_SEED}.")
    return int(seed)


def check_dropout(dropout: Any) -> bool:
    """Dropout as people or programs sent it → bool; raises `gr.Error` for anything else."""
    if not isinstance(dropout, bool):
        raise refuse("Dropout is either true or false.")
    return dropout


def paint_all(painters: Sequence[Painter], label_map: np.ndarray, seed: int, dropout: bool) -> list[Painting]:
    """One painting per model, of the same map with the same seed, all at once: each model has a thread and its share of the cores.

    Half of the cores for each is faster than all of them for one after the other (57 and 69 ms on 2 cores): most layers are too small to
    be divided well.
    """

    def paint(painter: Painter) -> Painting:
        start = time.perf_counter()
        picture = painter.paint(label_map, seed, dropout=dropout)
        return Painting(picture, time.perf_counter() - start)

    return list(PAINTING_THREADS.map(paint, painters))


def describe(model: Model) -> dict[str, str]:
    """What the page always says about a model; see `Comparison`."""
    dataset, objective = model.name.split("-")
    return {"name": MODEL_NAMES[objective], "note": f"{dataset.capitalize()} · {OBJECTIVES[objective]}", "file": f"{model.name}.jpg"}


def painters_of(models: Sequence[Model]) -> list[Painter] | None:
    """The painters that the models have now; None until all have one."""
    painters = [model.painter for model in models if model.painter]
    return painters if len(painters) == len(models) else None


def add_paint_endpoint(models: Sequence[Model], canvas: LabelCanvas, api_name: str) -> None:
    """Lets programs paint: they get lossless files, where the page gets whatever is shown soonest."""

    def paint(label_map: LabelMap, seed: int = FIRST_SEED, dropout: bool = True) -> tuple[gr.FileData, gr.FileData, dict[str, float]]:
        """Paints a label map with both models.

        Args:
            label_map: {"width": 256, "height": 256, "runs": base64 of class, length low byte, length high byte per run, row by row}.
            seed: The noise of both pictures, 0 to 4294967295.
            dropout: False for the same picture whatever the seed.

        Returns:
            The GAN's picture, the L1 model's picture, and the milliseconds that each took; they paint at the same time.
        """
        indices = canvas.preprocess(LabelMap.model_validate(label_map))
        painters = painters_of(models)
        if painters is None:
            raise refuse("These models are still being fetched, or could not be had; the page says which.")
        paintings = paint_all(painters, indices, check_seed(seed), check_dropout(dropout))
        files = []
        for painter, painting in zip(painters, paintings, strict=True):
            name = f"{painter.config.dataset}-{painter.config.objective}"
            path = save_pil_to_cache(Image.fromarray(painting.picture), canvas.GRADIO_CACHE, name=name, format="png")
            files.append(gr.FileData(path=path, orig_name=f"{name}.png", mime_type="image/png"))
        times = [round(1000 * painting.seconds, 1) for painting in paintings]
        return files[0], files[1], {painter.config.objective: time for painter, time in zip(painters, times, strict=True)}

    gr.api(paint, api_name=api_name, **ONE_AT_A_TIME)


def make_repaint(models: Sequence[Model]) -> Callable[..., Any]:
    """The event of the page that paints."""

    def repaint(label_map: np.ndarray, seed: float | None, dropout: bool) -> Any:
        seed = FIRST_SEED if seed is None else check_seed(seed)  # the field is empty while a person types
        painters = painters_of(models)  # at every call: a download may have put others in their place
        return paint_all(painters, label_map, seed, check_dropout(dropout)) if painters else gr.skip()

    return repaint


def make_choose_example(examples: Mapping[str, np.ndarray]) -> Callable[[gr.EventData], np.ndarray]:
    """The event of the gallery: its map goes to the canvas, which then asks for pictures as after a stroke."""

    def choose_example(event: gr.EventData) -> np.ndarray:
        name = event._data.get("name") if isinstance(event._data, dict) else None  # whatever a client sent
        if not isinstance(name, str) or name not in examples:
            raise refuse("There is no such example.")
        return examples[name]

    return choose_example


def add_studio(models: Sequence[Model], examples: Mapping[str, np.ndarray], tab: gr.Tab | None = None) -> ModelNotes:
    """Lays out one canvas with its models, and connects them. To be called inside of Blocks. Returns the notes on the models.

    Args:
        models: The GAN's and the L1 model's, of one dataset.
        examples: Label maps, uint8 [256, 256], by name; the first one is on the canvas at the start.
        tab: Paints the first pictures when this is opened; None paints them now.
    """
    dataset, _ = models[0].name.split("-")
    palette, subject = PALETTES[dataset], SUBJECTS[dataset]
    first_map = next(iter(examples.values()))
    first_paintings = None
    if tab is None and (painters := painters_of(models)):
        paint_all(painters, first_map, FIRST_SEED, dropout=True)  # a network's first picture is slow, and its time would be shown
        first_paintings = paint_all(painters, first_map, FIRST_SEED, dropout=True)

    with gr.Row(elem_classes="studio"):
        with gr.Column(scale=8, min_width=320):
            canvas = LabelCanvas(
                first_map,
                palette=palette,
                background=palette.index(subject.clear_class),
                start_class=palette.index(subject.start_class),
                first_classes=subject.first_classes,
                elem_classes="studio-canvas",
            )
        with gr.Column(scale=9, min_width=320):
            comparison = Comparison(first_paintings, models=[describe(model) for model in models], elem_classes="studio-pictures")
            notes = ModelNotes(models, names=list(MODEL_NAMES.values()), elem_classes="studio-notes")
            with gr.Row(elem_classes="settings"):
                seed = gr.Number(FIRST_SEED, label="Seed", step=1, min_width=150)
                variation = gr.Button("Another variation", min_width=150, size="md")
                dropout = gr.Checkbox(True, label="Dropout", min_width=100)
            gallery = ExampleGallery(examples, palette=palette, elem_classes="studio-examples")
    if subject.note:
        gr.HTML(f'<p class="licence-note">{subject.note}</p>', apply_default_css=False)

    add_paint_endpoint(models, canvas, subject.api_name)
    gr.on(
        [canvas.input, seed.change, dropout.change, notes.apply, *([tab.select] if tab else [])],
        make_repaint(models),
        [canvas, seed, dropout],
        comparison,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
        **ONE_AT_A_TIME,
    )
    variation.click(None, None, seed, js=f"() => Math.floor(Math.random() * {MAX_SEED + 1})", api_visibility="private")
    dropout.change(
        lambda on: (gr.update(interactive=on), gr.update(interactive=on)),
        dropout,
        [seed, variation],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    gallery.click(make_choose_example(examples), None, canvas, queue=False, show_progress="hidden", api_visibility="private")
    return notes


def keep_notes_fresh(demo: gr.Blocks, notes: Sequence[ModelNotes], pairs: Sequence[Sequence[Model]]) -> None:
    """While a model is being fetched, every open page asks how far it is; one that is opened later asks once."""
    timer = gr.Timer(REFRESH_SECONDS)

    def refresh() -> list[Any]:
        is_waiting = any(model.wanted for pair in pairs for model in pair)  # before the notes: what comes later, comes again
        return [*pairs, gr.Timer(active=is_waiting)]

    gr.on([demo.load, timer.tick], refresh, None, [*notes, timer], queue=False, show_progress="hidden", api_visibility="private")


def build_demo(models: Mapping[str, Model], examples_folder: Path = FOLDER / "examples") -> gr.Blocks:
    """Builds the page.

    Args:
        models: By "DATASET-OBJECTIVE"; both objectives of a dataset make a canvas. Several datasets stand in tabs.
        examples_folder: Holds a folder of label pictures per dataset.
    """
    pairs = {dataset: [models[f"{dataset}-{objective}"] for objective in MODEL_NAMES] for dataset in SUBJECTS if f"{dataset}-gan" in models}
    examples = {dataset: read_examples(examples_folder / dataset, PALETTES[dataset]) for dataset in pairs}
    title = "Paint " + " or ".join(SUBJECTS[dataset].what for dataset in pairs)
    with gr.Blocks(title=title, analytics_enabled=False, delete_cache=(60, TEMPORARY_FILE_SECONDS)) as demo:
        gr.HTML(INTRODUCTION.format(title=title), apply_default_css=False)
        if len(pairs) == 1:
            (dataset,) = pairs
            notes = [add_studio(pairs[dataset], examples[dataset])]
        else:
            notes = []
            with gr.Tabs():
                for number, (dataset, pair) in enumerate(pairs.items()):
                    with gr.Tab(dataset.capitalize()) as tab:
                        notes.append(add_studio(pair, examples[dataset], tab if number else None))
        if any(model.wanted for model in models.values()):
            keep_notes_fresh(demo, notes, list(pairs.values()))
    return demo


def make_theme() -> gr.themes.Base:
    """Fonts that every machine has, and small print that is dark (or light) enough to read: Gradio's own is 2.6:1 on white."""
    theme = gr.themes.Default(primary_hue="blue", neutral_hue="slate", font=["system-ui", "sans-serif"], font_mono=["monospace"])
    return theme.set(
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_title_text_color="*neutral_600",
        block_title_text_color_dark="*neutral_300",
    )


def launch(demo: gr.Blocks, **keywords: Any) -> tuple[Any, str, str]:
    """Starts the server; `keywords` are Gradio's, such as `prevent_thread_lock`."""
    demo.queue(max_size=serving.MAX_WAITING, api_open=False)  # no way around the queue
    return demo.launch(
        theme=make_theme(),
        head=f"<style>{(FOLDER / 'page.css').read_text(encoding='utf-8')}</style>",
        footer_links=["api"],
        show_error=True,  # errors say their sentence instead of "Error"
        run_history=False,  # it would keep every stroke in the visitor's browser
        ssr_mode=False,
        share=False,
        pwa=False,
        enable_monitoring=False,
        max_file_size="1kb",  # nothing here takes a file, but Gradio would
        app_kwargs=serving.app_keywords(demo),
        **keywords,
    )
