"""`Comparison`: what the models made of one map, in one of several views.

All pictures travel in one message, as JPEG data URLs: they change together, no file is written on the server, and a stroke costs
two requests less than with files. The message says everything that is shown, so pictures and words always belong together.
"""

import base64
import io
import json
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import GradioModel
from PIL import Image

JPEG_QUALITY = 95
"""No loss that can be seen, at a quarter of the bytes and a tenth of the encoding time of PNG."""

FOLDER = Path(__file__).parent


class ShownPicture(GradioModel):
    """A picture on its way to the page.

    Attributes:
        title: A word or two.
        note: A few words more; empty for none.
        file: The name under which it is saved.
        url: The picture itself, a data URL.
    """

    title: str
    note: str
    file: str
    url: str


class Shown(GradioModel):
    """All that is shown.

    Attributes:
        view: "Slider" lays the second picture over the first; any other view shows all of them side by side.
        pictures: One or more.
        words: What there is to know about them; empty for nothing.
        times: How long the models took.
    """

    view: str
    pictures: list[ShownPicture]
    words: str
    times: str


def to_data_url(picture: np.ndarray) -> str:
    """Packs uint8 RGB [H, W, 3] as a JPEG with colours at full resolution."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


class Comparison(gr.HTML):
    """Pictures with captions, a button to save each, and words about them. Its value is a `Shown`."""

    data_model = Shown

    def __init__(self, value: Shown | None = None, **keywords: Any) -> None:
        """Makes a comparison.

        Args:
            value: What is shown first.
            **keywords: Whatever `gr.HTML` takes.
        """
        markup = (FOLDER / "comparison.html").read_text(encoding="utf-8")
        scripts = [(FOLDER / name).read_text(encoding="utf-8") for name in ("slider.js", "comparison.js")]
        super().__init__(
            value=value,
            # Markup from the script and style from the head: Gradio would compile templates anew with every new picture.
            html_template="",
            js_on_load="\n".join([f"const MARKUP = {json.dumps(markup)};", *scripts]),
            head=f"<style>{(FOLDER / 'comparison.css').read_text(encoding='utf-8')}</style>",
            apply_default_css=False,
            **keywords,
        )

    def preprocess(self, payload: Shown | None) -> Shown | None:  # type: ignore[override]
        """The pictures as the page holds them."""
        return payload

    def postprocess(self, value: Shown | None) -> Shown | None:  # type: ignore[override]
        """What the browser gets."""
        return value

    def api_info(self) -> dict[str, Any]:
        """The JSON schema of what travels."""
        return Shown.model_json_schema()
