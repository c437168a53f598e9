"""The canvas with a palette of its own, in an app of its own: `python -m docs.own_canvas.app` in a clone."""

import gradio as gr
import numpy as np

from demo.label_canvas import LabelCanvas
from pix2pix.labels import Palette

ISLANDS = Palette(("water", "sand", "grass"), ("#2e86c1", "#f4d03f", "#58a55c"))


def shares(label_map: np.ndarray) -> dict[str, float]:
    """Return the share of each class of a map, uint8 [height, width]."""
    return {name: float(np.mean(label_map == number)) for number, name in enumerate(ISLANDS.names)}


with gr.Blocks(title="Islands") as demo:
    canvas = LabelCanvas(palette=ISLANDS, size=(320, 240), start_class=1)
    answer = gr.Label(label="Shares")
    canvas.input(shares, canvas, answer, trigger_mode="always_last", show_progress="hidden")

if __name__ == "__main__":
    demo.launch()
