"""`ImageInput`: the image that models turn into another one, where there are no classes to paint.

It stands where the canvas stands in other tabs. A file or a sample comes from the server, and goes back to it with
every request, so the server keeps nothing.
"""

import base64
import binascii
import io
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import GradioModel
from PIL import Image

from demo.modules import browser_side, describe_message
from demo.refusal import refuse
from pix2pix.image_files import data_url, encode_image

TEMPLATE = """
<div class="image-input">
  <p>Open an image, such as a photo. It is turned into another one.</p>
  <img alt="Opened image" hidden />
</div>
"""
PREFIX = data_url(b"")


class SentImage(GradioModel):
    """An image in a message: a PNG file as a data URL."""

    url: str


class ImageInput(gr.HTML):
    """Its value is uint8 RGB [height, width, 3], or None before an image is opened.

    `input` fires whenever the server has set another image.
    """

    data_model = SentImage
    api_info = describe_message

    def __init__(self, value: np.ndarray | None = None, *, size: tuple[int, int] = (256, 256), **keywords: Any) -> None:
        """Make an input.

        Args:
            value: The first image; None for words that ask for one.
            size: Width and height.
            **keywords: Whatever `gr.HTML` takes.
        """
        self.size = size
        self.message_bytes = 6 * size[0] * size[1]  # three bytes a pixel are four in base64; the rest is the request's
        super().__init__(
            value=value,
            html_template=TEMPLATE,
            **browser_side("image_input/image_input.js", ["image_input.css"]),
            **keywords,
        )

    def preprocess(self, payload: SentImage | None) -> np.ndarray | None:  # type: ignore[override]
        """Decode what the browser sent; raise `gr.Error` for anything but a PNG of the right size."""
        if payload is None:
            return None
        if not payload.url.startswith(PREFIX) or len(payload.url) > self.message_bytes:
            raise refuse("There is no image in the request.")
        try:
            content = base64.b64decode(payload.url.removeprefix(PREFIX), validate=True)
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                if image.size == self.size:  # before anything is decoded
                    return np.asarray(image.convert("RGB"))
        except (binascii.Error, ValueError, OSError, SyntaxError, Image.DecompressionBombError):
            raise refuse("The image in the request cannot be read.") from None
        raise refuse(f"The image in the request must have {self.size[0]} by {self.size[1]} pixels.")

    def postprocess(self, value: np.ndarray | None) -> SentImage | None:  # type: ignore[override]
        """Encode uint8 RGB [height, width, 3] for the browser."""
        return None if value is None else SentImage(url=data_url(encode_image(Image.fromarray(value), "PNG")))

    def example_payload(self) -> dict[str, Any]:
        """Return a white image as a message."""
        message = self.postprocess(self.example_value())
        assert message
        return message.model_dump()

    def example_value(self) -> np.ndarray:
        """Return a white image."""
        return np.full((self.size[1], self.size[0], 3), 255, np.uint8)
