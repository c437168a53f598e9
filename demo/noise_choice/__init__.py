"""`NoiseChoice`: the seed of the noise, another random seed, and whether there is noise at all.

The script checks the seed and puts an impossible one back. It reports every change to the canvas, which can undo it.
"""

from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel

from demo.modules import browser_side, describe_message
from demo.refusal import refuse
from demo.requests import FIRST_SEED, check_dropout, check_seed
from pix2pix.painter import MAX_SEED


class Noise(GradioModel):
    """The noise of the images.

    Attributes:
        seed: 0 to `MAX_SEED`.
        dropout: Whether there is noise.
    """

    seed: int
    dropout: bool

    @classmethod
    def model_validate(cls, obj: Any, **keywords: Any) -> "Noise":
        """Check what a client sent; raise `gr.Error` with one sentence, where pydantic writes a page."""
        if not isinstance(obj, dict) or set(obj) != {"seed", "dropout"}:
            raise refuse("The noise has exactly two fields: seed and dropout.")
        return cls(seed=check_seed(obj["seed"]), dropout=check_dropout(obj["dropout"]))


FIRST_NOISE = Noise(seed=FIRST_SEED, dropout=True)


class NoiseChoice(gr.HTML):
    """Its value is a `Noise`; `input` fires when a person, undo or a link has changed it.

    In the browser it sends each change as the detail of an event DATASET-settings on the document, and takes over the
    detail of an event DATASET-restored.
    """

    data_model = Noise
    api_info = describe_message

    def __init__(self, value: Noise = FIRST_NOISE, *, dataset: str, **keywords: Any) -> None:
        """Make a choice.

        Args:
            value: What is chosen at the start.
            dataset: The name in the events.
            **keywords: Whatever `gr.HTML` takes.
        """
        self.dataset = dataset  # Gradio reads every constructor argument from the component
        super().__init__(
            value=value,
            html_template="",
            **browser_side("noise_choice/noise_choice.js", ["noise_choice.css"]),
            dataset=dataset,
            max_seed=MAX_SEED,
            **keywords,
        )

    def preprocess(self, payload: Noise | None) -> Noise:  # type: ignore[override]
        """Return the noise that the browser sent."""
        if payload is None:
            raise refuse("There is no seed in the request.")
        return payload
