"""The page: a tab for each dataset, its heading and theme, and the server's start."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gradio as gr

from demo.example_gallery import read_examples
from demo.models import Model, by_dataset, painters_of
from demo.server.gradio_patches import patch_gradio
from demo.server.limits import app_keywords
from demo.server.settings import MAX_UPLOAD_BYTES, MAX_WAITING, ROOT_PATH
from demo.studio import Studio, add_studio
from demo.subjects import INTRODUCTION, SUBJECTS, make_title
from demo.validation_samples import ValidationSamples
from demo.views import views_of
from pix2pix.labels import PALETTES

REFRESH_SECONDS = 1.5
"""Interval at which a page refreshes the notes on its models while one of them is being downloaded."""
TEMPORARY_FILE_SECONDS = 600
"""Lifetime of the files that the endpoints for programs return."""
FOLDER = Path(__file__).parent
STYLES = ("page.css", "small_screens.css")
OPEN_TAB = """
() => {
  let dataset = location.hash.slice(1).split('=')[0];
  try {
    dataset ||= sessionStorage['pix2pix-studio.tab'] ?? '';
  } catch {}  // storage may be forbidden
  window.isTabChosen = true;
  return DATASETS.includes(dataset) ? { __type__: 'update', selected: dataset } : { __type__: 'update' };
}
"""
"""Opens the tab of the address bar's link, or else the tab that was open before a reload."""
KEEP_TAB = """
() => {
  if (!window.isTabChosen) return;  // Gradio selects the first tab before the page has loaded
  try {
    sessionStorage['pix2pix-studio.tab'] = 'DATASET';
  } catch {}
}
"""


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


def add_studios(
    demo: gr.Blocks,
    pairs: Mapping[str, Mapping[str, Model]],
    examples: Mapping[str, Mapping[str, Any]],
    samples: Mapping[str, ValidationSamples],
) -> list[Studio]:
    """Lay out a canvas per dataset, in tabs if there are several; `build_demo` describes the rest."""
    if len(pairs) == 1:
        ((dataset, pair),) = pairs.items()
        return [add_studio(pair, examples[dataset], samples.get(dataset))]
    studios = []
    with gr.Tabs() as tabs:
        for number, (dataset, pair) in enumerate(pairs.items()):
            with gr.Tab(SUBJECTS[dataset].title, id=dataset) as tab:
                studios.append(add_studio(pair, examples[dataset], samples.get(dataset), tab if number else None))
            tab.select(None, js=KEEP_TAB.replace("DATASET", dataset), api_visibility="private")
    demo.load(None, None, tabs, js=OPEN_TAB.replace("DATASETS", json.dumps(list(pairs))), api_visibility="private")
    return studios


def build_demo(
    models: Mapping[str, Model],
    examples_folder: Path = FOLDER / "maps",
    samples: Mapping[str, ValidationSamples] = MappingProxyType({}),
) -> gr.Blocks:
    """Build the page.

    Args:
        models: By "DATASET-OBJECTIVE", both objectives of every dataset. Each dataset gets a canvas.
        examples_folder: Holds a folder of label images per dataset.
        samples: Validation samples by dataset.
    """
    pairs = by_dataset(models)
    examples = {
        dataset: read_examples(examples_folder / dataset, PALETTES[dataset], SUBJECTS[dataset].first_example)
        for dataset in pairs
    }
    title = make_title(pairs)
    with gr.Blocks(title=title, analytics_enabled=False, delete_cache=(60, TEMPORARY_FILE_SECONDS)) as demo:
        gr.HTML(INTRODUCTION.format(title=title), apply_default_css=False)
        studios = add_studios(demo, pairs, examples, samples)
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
        head=f"<style>{''.join((FOLDER / name).read_text(encoding='utf-8') for name in STYLES)}</style>",
        footer_links=["api"],
        show_error=True,  # show an error's sentence instead of "Error"
        run_history=False,  # it would store every stroke in the visitor's browser
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        max_file_size=MAX_UPLOAD_BYTES,
        root_path=ROOT_PATH,
        app_kwargs=app_keywords(demo),
    )
