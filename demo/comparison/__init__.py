"""`Comparison`: pictures of several models side by side, always of the same map.

All pictures travel in one message, as JPEG data URLs: they change together, no file is written on the server, and a stroke costs
two requests less than with files.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.data_classes import GradioModel
from PIL import Image

JPEG_QUALITY = 95
"""No loss that can be seen, at a quarter of the bytes and a tenth of the encoding time of PNG."""

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Painting:
    """What one model made of a map.

    Attributes:
        picture: uint8 RGB [H, W, 3].
        seconds: How long the model took.
    """

    picture: np.ndarray
    seconds: float


class ShownPictures(GradioModel):
    """Pictures as they travel to the page: one URL and one time per model."""

    urls: list[str]
    milliseconds: list[int]


def to_data_url(picture: np.ndarray) -> str:
    """Packs uint8 RGB [H, W, 3] as a JPEG with colours at full resolution."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


class Comparison(gr.HTML):
    """Pictures with captions, a button to save each, and the time that the models took. Its value is one `Painting` per model."""

    data_model = ShownPictures

    def __init__(self, value: Sequence[Painting] | None = None, *, models: Sequence[dict[str, str]], **keywords: Any) -> None:
        """Makes a comparison.

        Args:
            value: One painting per model.
            models: Per model its "name", a "note" of a few words, and the "file" name under which its picture is saved.
            **keywords: Whatever `gr.HTML` takes.
        """
        super().__init__(
            value=value,
            html_template=(FOLDER / "comparison.html").read_text(encoding="utf-8"),
            js_on_load=(FOLDER / "comparison.js").read_text(encoding="utf-8"),
            # As a style element and not as css_template: Gradio would compile a template anew with every new picture.
            head=f"<style>{(FOLDER / 'comparison.css').read_text(encoding='utf-8')}</style>",
            apply_default_css=False,
            models=list(models),
            **keywords,
        )

    def preprocess(self, payload: ShownPictures | None) -> ShownPictures | None:  # type: ignore[override]
        """The pictures as the page holds them."""
        return payload

    def postprocess(self, value: Sequence[Painting] | None) -> ShownPictures | None:  # type: ignore[override]
        """Paintings → what the browser gets."""
        if value is None:
            return None
        return ShownPictures(
            urls=[to_data_url(painting.picture) for painting in value],
            milliseconds=[round(1000 * painting.seconds) for painting in value],
        )

    def api_info(self) -> dict[str, Any]:
        """The JSON schema of what travels."""
        return ShownPictures.model_json_schema()
