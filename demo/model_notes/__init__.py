"""`ModelNotes`: source, quality and download state of each model on the page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel, GradioRootModel

from demo.models import Model
from demo.modules import mounting
from pix2pix.fid.measure import Measure
from pix2pix.release import OBJECTIVES, ReleaseConfig

FOLDER = Path(__file__).parent


class Note(GradioModel):
    """The page's words about one model."""

    name: str
    source: str
    details: str
    notice: str


class Notes(GradioRootModel):
    """The message to the page: one note per model."""

    root: list[Note]


def describe_quality(config: ReleaseConfig) -> str:
    """Return epochs and the measured distance with its name and number of images."""
    scores = [(split, config.metrics[split]) for split in ("val", "test", "train") if split in config.metrics]
    scored = [
        f"{Measure(score['weights'], score['dims']).full_names[0]}: {score['fid']:.2f} ({split}, n = {score['n']})"
        for split, score in scores[:1]
    ] or ["not scored"]
    return " · ".join([config.trained, *scored])


class ModelNotes(gr.HTML):
    """Its value is the models by objective; the event `apply` fires when the weights of one have changed."""

    data_model = Notes

    def __init__(self, value: Mapping[str, Model], **keywords: Any) -> None:
        """Make the notes.

        Args:
            value: The models by objective.
            **keywords: Whatever `gr.HTML` takes.
        """
        super().__init__(
            value=value,
            html_template='<div class="model-notes"></div><p class="mn-said" role="status"></p>',
            js_on_load=mounting("model_notes/notes.js", events=["apply"]),
            head=f"<style>{(FOLDER / 'notes.css').read_text(encoding='utf-8')}</style>",
            apply_default_css=False,
            **keywords,
        )

    def postprocess(self, value: Mapping[str, Model]) -> Notes:  # type: ignore[override]
        """Return the notes on the models as they are now."""
        return Notes(
            [
                Note(
                    name=OBJECTIVES[objective].title,
                    source=model.source,
                    details=describe_quality(model.painter.config) if model.painter else "",
                    notice=model.notice,
                )
                for objective, model in value.items()
            ]
        )

    def api_info(self) -> dict[str, Any]:
        """Return the JSON schema of the message."""
        return Notes.model_json_schema()
