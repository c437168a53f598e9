"""`LabelCanvas`: a component for painting label maps, built on `gr.HTML`.

In the browser, a map is an array of class indices from the first pointer event to the message that is sent: no colour
is ever read back from the canvas, so every edge is hard and every pixel is exactly one class. Between browser and
server, a map travels as runs (`LabelMap`); in Python, it is a uint8 array. `mount.js` and the modules below it are the
browser's side.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import GradioModel

from demo.modules import browser_side, describe_message
from demo.refusal import refuse
from pix2pix.labels import Palette

MAX_SIDE = 1024
MAX_RUN = 0xFFFF
STYLES = ("canvas.css", "layout.css", "controls.css")


class LabelMap(GradioModel):
    """A label map in a message: runs of equal pixels, row by row.

    Attributes:
        width: Columns, 1 to `MAX_SIDE`.
        height: Rows, 1 to `MAX_SIDE`.
        runs: Base64 of three bytes per run: the class, then the number of pixels, 1 to `MAX_RUN`, low byte first.
    """

    width: int
    height: int
    runs: str

    @classmethod
    def model_validate(cls, obj: Any, **keywords: Any) -> "LabelMap":
        """Check the types of what a client sent; raise `gr.Error` with one sentence, where pydantic writes a page.

        A validator of pydantic would wrap the sentence in an error of its own, because `gr.Error` is a ValueError.
        """
        if not isinstance(obj, dict) or set(obj) != {"width", "height", "runs"}:
            raise refuse("A label map has exactly three fields: width, height and runs.")
        for side in ("width", "height"):
            if type(obj[side]) is not int or not 1 <= obj[side] <= MAX_SIDE:
                raise refuse(f"The {side} of a label map is a whole number from 1 to {MAX_SIDE}.")
        if not isinstance(obj["runs"], str):
            raise refuse("The runs of a label map are base64 text.")
        return super().model_validate(obj, **keywords)


def encode(label_map: np.ndarray) -> LabelMap:
    """Pack class indices into runs.

    Args:
        label_map: Integers 0 to 255, [H, W].
    """
    height, width = label_map.shape
    pixels = np.ascontiguousarray(label_map, np.uint8).ravel()
    starts = np.concatenate([[0], np.flatnonzero(np.diff(pixels)) + 1])
    lengths = np.diff(np.concatenate([starts, [pixels.size]]))
    packed = bytearray()
    for label, length in zip(pixels[starts].tolist(), lengths.tolist(), strict=True):
        while length:
            part = min(length, MAX_RUN)
            packed += bytes((label, part & 0xFF, part >> 8))
            length -= part
    return LabelMap(width=width, height=height, runs=base64.b64encode(bytes(packed)).decode())


def decode(message: LabelMap, num_classes: int, size: tuple[int, int]) -> np.ndarray:
    """Unpack runs that came from anywhere.

    Args:
        message: What a browser or a program sent.
        num_classes: Classes of the palette.
        size: The width and height that the map must have.

    Returns:
        Class indices, uint8 [height, width].

    Raises:
        gr.Error: A sentence that says what is wrong with the map.
    """
    width, height = size
    if (message.width, message.height) != size:
        raise refuse(f"The label map is {message.width} by {message.height} pixels; it must be {width} by {height}.")
    # Three bytes per run are four characters, and there is at most one run per pixel.
    if len(message.runs) > 4 * width * height:
        raise refuse("The label map has more runs than pixels.")
    try:
        packed = np.frombuffer(base64.b64decode(message.runs, validate=True), np.uint8)
    except (binascii.Error, ValueError):
        raise refuse("The runs of the label map are not valid base64.") from None
    if packed.size % 3:
        raise refuse("The runs of the label map are not three bytes each.")
    labels, low, high = packed.reshape(-1, 3).T
    lengths = low + 256 * high.astype(np.int64)
    if (lengths == 0).any():
        raise refuse("The label map holds a run of no pixels.")
    if lengths.sum() != width * height:
        raise refuse(f"The runs of the label map cover {lengths.sum()} pixels; they must cover {width * height}.")
    if labels.max() >= num_classes:
        raise refuse(f"The label map holds class {labels.max()}; the classes are 0 to {num_classes - 1}.")
    return np.repeat(labels, lengths).reshape(height, width)


class LabelCanvas(gr.HTML):
    """A canvas of class indices with tools and a palette.

    Its value is uint8 [height, width]. It fires `input` whenever the map changes, by a stroke, by undo or redo, or
    because the server set it: one listener on `input` therefore keeps everything that depends on the map up to date.
    While a stroke lasts it fires too, as often as the page reports that images have arrived, by an event
    DATASET-painted on the document. Listen with `trigger_mode="always_last"`: by default, Gradio drops what fires
    before it has the answer to an earlier map, such as the one that is sent at the beginning of a stroke.

    Links, stored work and undo hold the map with its noise, seed and dropout; `NoiseChoice` describes their events.
    """

    data_model = LabelMap
    api_info = describe_message

    def __init__(
        self,
        value: np.ndarray | None = None,
        *,
        palette: Palette,
        dataset: str = "map",
        size: tuple[int, int] = (256, 256),
        background: int = 0,
        start_class: int = 0,
        first_classes: Sequence[str] = (),
        image_input: str = "",
        brush_size: int = 16,
        settings: dict[str, Any] | None = None,
        **keywords: Any,
    ) -> None:
        """Make a canvas.

        Args:
            value: The map shown first; None for the background everywhere.
            palette: Names and colours of the classes.
            dataset: Letters and digits; the name in links, and of this canvas in the browser's storage.
            size: Width and height of the map in pixels.
            background: The class that "Clear" paints.
            start_class: The class selected at the start.
            first_classes: Classes in the palette, in this order; the others are behind "More". Empty shows all.
            image_input: Selector of the page's file input that opens images; pasted and dropped images go there.
            brush_size: Diameter of the brush at the start, in pixels.
            settings: The first seed and dropout of the page, for links; None for 0 and True.
            **keywords: Whatever `gr.HTML` takes, such as `elem_id`.
        """
        self._palette = palette
        self._size = size
        self.message_bytes = 6 * size[0] * size[1]  # a run takes four, and a map has one per pixel at most
        classes = [{"name": name, "color": color} for name, color in zip(palette.names, palette.colors, strict=True)]
        super().__init__(
            value=np.full(size[::-1], background, np.uint8) if value is None else value,
            html_template="",
            **browser_side("label_canvas/mount.js", STYLES, is_preloaded=True),
            classes=classes,
            dataset=dataset,
            settings=settings or {"seed": 0, "dropout": True},
            size={"width": size[0], "height": size[1]},
            background=background,
            start_class=start_class,
            brush_size=brush_size,
            first_classes=[palette.index(name) for name in first_classes],
            image_input=image_input,
            **keywords,
        )

    def preprocess(self, payload: LabelMap | None) -> np.ndarray:  # type: ignore[override]
        """Decode what the browser sent to uint8 [height, width]; raise `gr.Error` for anything else."""
        if payload is None:
            raise refuse("There is no label map in the request.")
        return decode(payload, len(self._palette), self._size)

    def postprocess(self, value: np.ndarray | None) -> LabelMap | None:  # type: ignore[override]
        """Encode uint8 [height, width] for the browser."""
        return None if value is None else encode(value)

    def example_payload(self) -> dict[str, Any]:
        """Return an all-background map as a message."""
        return encode(self.example_value()).model_dump()

    def example_value(self) -> np.ndarray:
        """Return an all-background map."""
        return np.zeros(self._size[::-1], np.uint8)
