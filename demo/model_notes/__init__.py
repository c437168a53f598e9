"""`ModelNotes`: where each model of the page comes from, how good it is, and what is being fetched or could not be had."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel, GradioRootModel

from demo.models import Model
from pix2pix.fid.measure import Measure

FOLDER = Path(__file__).parent


class Note(GradioModel):
    """What the page says about one model."""

    name: str
    source: str
    details: str
    notice: str


class Notes(GradioRootModel):
    """One note per model, as they travel to the page."""

    root: list[Note]


def describe_quality(model: Model) -> str:
    """Epochs and the measured distance, with what it is called and how many pictures it is of."""
    if model.painter is None:
        return ""
    config = model.painter.config
    scores = [(split, config.metrics[split]) for split in ("val", "test", "train") if split in config.metrics]
    scored = [
        f"{Measure(score['weights'], score['dims']).full_names[0]}: {score['fid']:.2f} ({split}, n = {score['n']})"
        for split, score in scores[:1]
    ] or ["not scored"]
    return " · ".join([config.trained, *scored])


class ModelNotes(gr.HTML):
    """Its value is the models, one after the other; its event `apply` comes when the weights of one have changed."""

    data_model = Notes

    def __init__(self, value: Sequence[Model], *, names: Sequence[str], **keywords: Any) -> None:
        """Makes the notes.

        Args:
            value: The models.
            names: What the page calls them.
            **keywords: Whatever `gr.HTML` takes.
        """
        self.names = list(names)
        super().__init__(
            value=value,
            html_template='<div class="model-notes"></div><p class="mn-said" role="status"></p>',
            js_on_load=(FOLDER / "notes.js").read_text(encoding="utf-8"),
            head=f"<style>{(FOLDER / 'notes.css').read_text(encoding='utf-8')}</style>",
            apply_default_css=False,
            **keywords,
        )

    def postprocess(self, value: Sequence[Model]) -> Notes:  # type: ignore[override]
        """The models as they are now → what the browser gets."""
        return Notes(
            [
                Note(name=name, source=model.source, details=describe_quality(model), notice=model.notice)
                for name, model in zip(self.names, value, strict=True)
            ]
        )

    def api_info(self) -> dict[str, Any]:
        """The JSON schema of what travels."""
        return Notes.model_json_schema()
