"""`ModelNotes`: source and download state of each model on the page; its quality in words."""

from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel, GradioRootModel

from demo.models import Model
from demo.modules import browser_side, describe_message
from pix2pix.fid.measure import Measure
from pix2pix.release import OBJECTIVES, ReleaseConfig


class Note(GradioModel):
    """The page's words about one model."""

    name: str
    source: str
    notice: str


class Notes(GradioRootModel):
    """The message to the page: one note per model."""

    root: list[Note]


def describe_quality(config: ReleaseConfig) -> str:
    """Say how long a model was trained and what distance was measured, on how many images."""
    scores = [(split, config.metrics[split]) for split in ("val", "test", "train") if split in config.metrics]
    title = OBJECTIVES[config.objective].title
    if not scores:
        return f"{title} was trained for {config.trained}. How close its images are to photos was not measured."
    split, score = scores[0]
    name = Measure(score["weights"], score["dims"]).full_names[0]
    return (
        f"{title} was trained for {config.trained}. Its images are {score['fid']:.2f} away from photos, where less is "
        f"closer ({name}, {split}, n = {score['n']})."
    )


class ModelNotes(gr.HTML):
    """Its value is the models by objective; the event `apply` fires when the weights of one have changed."""

    data_model = Notes
    api_info = describe_message

    def __init__(self, value: Mapping[str, Model], **keywords: Any) -> None:
        """Make the notes.

        Args:
            value: The models by objective.
            **keywords: Whatever `gr.HTML` takes.
        """
        super().__init__(
            value=value,
            html_template='<div class="model-notes"></div><p class="mn-said heard-only" role="status"></p>',
            **browser_side("model_notes/notes.js", ["notes.css"], events=["apply"]),
            **keywords,
        )

    def postprocess(self, value: Mapping[str, Model]) -> Notes:  # type: ignore[override]
        """Return the notes on the models as they are now."""
        return Notes(
            [
                Note(
                    name=OBJECTIVES[objective].title,
                    source=model.source,
                    notice=model.notice,
                )
                for objective, model in value.items()
            ]
        )
