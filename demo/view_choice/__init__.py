"""`ViewChoice`: a segmented control that selects the view.

It uses native radio buttons in one group, so that it is one tab stop and arrow keys select; Gradio's radio buttons form
a group each.
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from demo.modules import browser_side


class ViewChoice(gr.HTML):
    """Its value is the name of the selected view; `input` fires when a person selects another one."""

    def __init__(self, names: Sequence[str], *, dataset: str, noisy_view: str, **keywords: Any) -> None:
        """Make a choice.

        Args:
            names: Names of the views; the first one is selected at the start. An update may replace them.
            dataset: The name in the events of `NoiseChoice`.
            noisy_view: The view that is offered only while there is noise.
            **keywords: Whatever `gr.HTML` takes.
        """
        # Gradio reads every constructor argument from the component.
        self.names, self.dataset, self.noisy_view = list(names), dataset, noisy_view
        super().__init__(
            value=names[0],
            html_template='<fieldset class="view-choice" aria-label="View"><div></div></fieldset>',
            **browser_side("view_choice/view_choice.js", ["view_choice.css"]),
            names=self.names,
            dataset=dataset,
            noisy_view=noisy_view,
            **keywords,
        )

    def preprocess(self, payload: Any) -> str:
        """Return the selected name, or any text that a client sent: names may change after the page was loaded."""
        return payload if isinstance(payload, str) else ""
