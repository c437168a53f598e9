"""`FileDownload`: an invisible component that saves a file from the server in the browser.

The file is part of the message, so the server writes nothing.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel

from demo.modules import browser_side, describe_message
from pix2pix.image_files import data_url


@dataclass(frozen=True)
class PngFile:
    """A PNG file and its name."""

    name: str
    content: bytes


class SentFile(GradioModel):
    """A file in the message to the page: its name and a data URL."""

    name: str
    url: str


class FileDownload(gr.HTML):
    """Saves every `PngFile` that becomes its value."""

    data_model = SentFile
    api_info = describe_message

    def __init__(self, **keywords: Any) -> None:
        super().__init__(
            html_template="<span></span>",
            **browser_side("file_download/file_download.js"),
            **keywords,
        )

    def postprocess(self, value: PngFile | None) -> SentFile | None:  # type: ignore[override]
        """Pack a file for the browser."""
        return SentFile(name=value.name, url=data_url(value.content)) if value else None
