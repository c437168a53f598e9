"""`FileDownload`: hands the browser a file that the server made. It is not seen.

The file travels in the message itself, so nothing is written on the server.
"""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class PngFile:
    """A PNG file with the name under which it is to be saved."""

    name: str
    content: bytes


class SentFile(GradioModel):
    """A file on its way to the page: its name and a data URL."""

    name: str
    url: str


class FileDownload(gr.HTML):
    """Saves every `PngFile` that becomes its value."""

    data_model = SentFile

    def __init__(self, **keywords: Any) -> None:
        super().__init__(
            html_template="<span></span>",
            js_on_load=(FOLDER / "file_download.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **keywords,
        )

    def preprocess(self, payload: SentFile | None) -> SentFile | None:  # type: ignore[override]
        """The file as the page holds it."""
        return payload

    def postprocess(self, value: PngFile | None) -> SentFile | None:  # type: ignore[override]
        """What the browser gets."""
        if value is None:
            return None
        return SentFile(name=value.name, url="data:image/png;base64," + base64.b64encode(value.content).decode())

    def api_info(self) -> dict[str, Any]:
        """The JSON schema of what travels."""
        return SentFile.model_json_schema()
