"""The page: a tab for each dataset, its heading and theme, and the server's start."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gradio as gr

from demo.browser_models import BrowserModels
from demo.engine_choice import make_offer
from demo.models import Model, painters_of
from demo.server.gradio_patches import patch_gradio, without_servers
from demo.server.limits import app_keywords
from demo.server.settings import MAX_UPLOAD_BYTES, MAX_WAITING, ROOT_PATH
from demo.studio import Studio, add_studio
from demo.subjects import introduce, make_title
from demo.tabs import Tab, make_tabs
from demo.validation_samples import ValidationSamples
from demo.views import views_of

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
    outputs = [part for studio in studios for part in (studio.notes, studio.view, studio.engine) if part]

    def refresh() -> list[Any]:
        # Read first: what changes after this line is shown by the next refresh.
        is_waiting = any(model.wanted for studio in studios for model in studio.models.values())
        values: list[Any] = []
        for studio in studios:
            values += [studio.models, gr.update(names=views_of(painters_of(studio.models)))]
            if studio.engine and studio.tab.browser_models:
                values.append(gr.update(offer=make_offer(studio.tab.browser_models, studio.models)))
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


def add_studios(demo: gr.Blocks, tabs: Sequence[Tab]) -> list[Studio]:
    """Lay out a canvas per tab; a single one needs no tab."""
    if len(tabs) == 1:
        return [add_studio(tabs[0])]
    studios = []
    with gr.Tabs() as bar:
        for number, tab in enumerate(tabs):
            with gr.Tab(tab.subject.title, id=tab.name) as opened:
                studios.append(add_studio(tab, opened if number else None))
            opened.select(None, js=KEEP_TAB.replace("DATASET", tab.name), api_visibility="private")
    names = json.dumps([tab.name for tab in tabs])
    demo.load(None, None, bar, js=OPEN_TAB.replace("DATASETS", names), api_visibility="private")
    return studios


def shapes_of(tabs: Sequence[Tab]) -> str:
    """Return a style that tells the tabs' components the shape of their images."""
    rules = [f"#studio-{tab.name} {{ --map-aspect: {tab.size[0] / tab.size[1]} }}" for tab in tabs]
    return f"<style>{' '.join(rules)}</style>"


def build_demo(
    models: Mapping[str, Model],
    samples: Mapping[str, ValidationSamples] = MappingProxyType({}),
    browser_models: BrowserModels | None = None,
    segmenters: Mapping[str, Path] = MappingProxyType({}),
) -> gr.Blocks:
    """Build the page.

    Args:
        models: By "DATASET-OBJECTIVE" or "NAME-OBJECTIVE"; see `demo.tabs.make_tabs`.
        samples: Validation samples by dataset or name.
        browser_models: What browsers may paint with; give it to `launch` too.
        segmenters: Released folders that make label maps of photos, by own name.
    """
    tabs = make_tabs(models, samples, browser_models, segmenters)
    title = make_title([tab.subject for tab in tabs])
    cache = (60, TEMPORARY_FILE_SECONDS)
    with without_servers(), gr.Blocks(title=title, analytics_enabled=False, delete_cache=cache) as demo:
        introduction = introduce(title, [len(tab.models) for tab in tabs])
        gr.HTML(introduction + shapes_of(tabs), apply_default_css=False)
        studios = add_studios(demo, tabs)
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


def launch(demo: gr.Blocks, browser_models: BrowserModels | None = None, **keywords: Any) -> tuple[Any, str, str]:
    """Start the server; `browser_models` are those of the page, `keywords` Gradio's, such as `prevent_thread_lock`."""
    with without_servers():
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
        app_kwargs=app_keywords(demo, browser_models, is_shared=bool(keywords.get("share"))),
    )
