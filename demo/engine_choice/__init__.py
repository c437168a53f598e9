"""`EngineChoice`: whether the visitor's browser computes the images, and one line that says what computed them.

Every change of map, noise or view comes here first, as an event DATASET-changed on the document with the three values
in `window.studioChanges[DATASET]`. The script then paints in the browser, or fires `submit`, and the server paints.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from demo.browser_models import BROWSER_FILES, BrowserModels
from demo.models import Model, painters_of
from demo.modules import browser_side
from demo.views import say_epochs, words_of


def make_offer(browser_models: BrowserModels, models: Mapping[str, Model]) -> dict[str, Any]:
    """Return what a browser needs to paint with both models of a tab; no models unless they have the page's weights."""
    files, painters = browser_models.files_of(models), painters_of(models)
    if files is None or painters is None:
        return {"models": [], "epochs": ""}  # Gradio's updates leave out None
    configs = {objective: painter.config for objective, painter in painters.items()}
    described = [words_of(config) | files[objective] for objective, config in configs.items()]
    return {"models": described, "epochs": say_epochs(configs)}


class EngineChoice(gr.HTML):
    """`submit` fires when the server is to paint, `input` when the present choice is to be painted once more.

    In the browser, it sends images that the browser painted as the detail of an event DATASET-computed.
    """

    def __init__(
        self,
        offer: Mapping[str, Any],
        *,
        dataset: str,
        size: Mapping[str, int],
        palette: Sequence[int],
        runtime: Mapping[str, Any],
        photo_map: str = "",
        **keywords: Any,
    ) -> None:
        """Make a choice.

        Args:
            offer: Of `make_offer`. An update may replace it.
            dataset: The name in the page's events.
            size: "width" and "height" of maps.
            palette: Red, green and blue of each class, one after the other.
            runtime: Of `BrowserModels`.
            photo_map: Runs of a map whose photo the server shows beside the images. An update sets it.
            **keywords: Whatever `gr.HTML` takes.
        """
        # Gradio reads every constructor argument from the component.
        self.offer, self.dataset, self.size, self.palette = offer, dataset, dict(size), list(palette)
        self.runtime, self.photo_map = runtime, photo_map
        super().__init__(
            html_template="",
            **browser_side("engine_choice/engine_choice.js", ["engine_choice.css"]),
            offer=offer,
            dataset=dataset,
            size=self.size,
            palette=self.palette,
            runtime=runtime,
            photo_map=photo_map,
            files=BROWSER_FILES,
            **keywords,
        )
