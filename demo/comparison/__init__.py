"""`Comparison`: the images that the models made of one map, in one of several views.

All images travel in one message as JPEG data URLs: they change together, the server writes no file, and a stroke needs
two requests less than with files. The message contains everything that is shown, so images and words always match.
"""

from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import GradioModel
from PIL import Image

from demo.modules import browser_side, describe_message
from pix2pix.image_files import data_url, encode_image

JPEG_QUALITY = 95
"""Visually lossless at a quarter of the bytes and a tenth of the encoding time of PNG."""


class ShownPicture(GradioModel):
    """One image in the message to the page.

    Attributes:
        title: One or two words.
        note: A few more words; empty for none.
        file: File name for saving.
        row: The row that it stands in, from 1; 0 if rows do not matter.
        url: The image as a data URL.
    """

    title: str
    note: str
    file: str
    row: int
    url: str


class Shown(GradioModel):
    """The message to the page: everything that is shown.

    Attributes:
        view: "Slider" lays the second image over the first; every other view shows all images side by side.
        pictures: At least one image.
        words: A sentence about them; empty for none.
        times: Painting times of the models.
        facts: Sentences about the models: epochs and measured quality.
    """

    view: str
    pictures: list[ShownPicture]
    words: str
    times: str
    facts: list[str]


def to_data_url(picture: np.ndarray) -> str:
    """Encode uint8 RGB [H, W, 3] as a JPEG with full colour resolution."""
    return data_url(encode_image(Image.fromarray(picture), "JPEG", quality=JPEG_QUALITY, subsampling=0), "JPEG")


class Comparison(gr.HTML):
    """Images with captions, a save button each, and words about them. Its value is a `Shown`.

    `retry` fires when a person asks once more for images that the server did not send, and `save` with the `file` of an
    image that a person wants to save: the message holds JPEG, and files are PNG. A browser that paints shows its images
    as the detail of an event DATASET-computed on the document.
    """

    data_model = Shown
    api_info = describe_message

    def __init__(self, value: Shown | None = None, *, dataset: str, is_explained: bool = True, **keywords: Any) -> None:
        """Make a comparison.

        Args:
            value: The first images.
            dataset: The name in the page's events, which tell when images are out of date.
            is_explained: Whether the difference of two models is explained; not if there is one.
            **keywords: Whatever `gr.HTML` takes.
        """
        self.dataset, self.is_explained = dataset, is_explained  # Gradio reads every argument from the component
        super().__init__(
            value=value,
            html_template="",
            **browser_side("comparison/comparison.js", ["comparison.css"], events=["retry", "save"]),
            dataset=dataset,
            is_explained=is_explained,
            **keywords,
        )
