"""`ViewChoice`: one of a few views, as a control of several segments.

Radio buttons of the browser's own in one group, so that it is one tab stop and arrow keys choose; Gradio's are a group each.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).parent


class ViewChoice(gr.HTML):
    """Its value is the name of the chosen view; `input` says that a person has chosen another."""

    def __init__(self, names: Sequence[str], **keywords: Any) -> None:
        """Makes a choice.

        Args:
            names: Of the views; the first is chosen at the start. An update of the page may bring others.
            **keywords: Whatever `gr.HTML` takes.
        """
        self.names = list(names)  # Gradio asks every component for what its constructor takes
        super().__init__(
            value=names[0],
            html_template='<fieldset class="view-choice"><legend>View</legend><div></div></fieldset>',
            js_on_load=(FOLDER / "view_choice.js").read_text(encoding="utf-8"),
            head=f"<style>{(FOLDER / 'view_choice.css').read_text(encoding='utf-8')}</style>",
            apply_default_css=False,
            names=self.names,
            **keywords,
        )

    def preprocess(self, payload: Any) -> str:
        """The name that is chosen, or whatever text a client sent: the names may have changed since the page was loaded."""
        return payload if isinstance(payload, str) else ""
