"""The endpoints for programs: `paint` takes a label map, `predict` an image file. Both return lossless files."""

from collections.abc import Mapping

import gradio as gr
import numpy as np
from gradio.processing_utils import save_pil_to_cache
from PIL import Image

from demo.label_canvas import LabelCanvas, LabelMap
from demo.label_pictures import open_label_map
from demo.models import Model
from demo.refusal import refuse
from demo.requests import FIRST_SEED, TWO_AT_A_TIME, check_dropout, check_seed, check_upload, painters_now
from demo.views import Painting, paint_both
from pix2pix.labels import Palette

Answer = tuple[gr.FileData, gr.FileData, dict[str, float]]


def add_endpoints(
    models: Mapping[str, Model], canvas: LabelCanvas, palette: Palette, clear_class: int, suffix: str
) -> None:
    """Add `paint` and `predict`, with a suffix for every dataset but the first."""

    def save(name: str, painting: Painting) -> gr.FileData:
        image = Image.fromarray(painting.picture)
        try:
            path = save_pil_to_cache(image, canvas.GRADIO_CACHE, name=name, format="png")
        except OSError as error:  # such as a full disk
            raise refuse("The server has no room for the files of your pictures. Try again in ten minutes.") from error
        return gr.FileData(path=path, orig_name=f"{name}.png", mime_type="image/png")

    def answer(label_map: np.ndarray, seed: int, dropout: bool) -> Answer:
        paintings = paint_both(painters_now(models), label_map, check_seed(seed), check_dropout(dropout))
        files = {objective: save(models[objective].name, painting) for objective, painting in paintings.items()}
        times = {objective: round(1000 * painting.seconds, 1) for objective, painting in paintings.items()}
        return files["gan"], files["l1"], times

    def paint(label_map: LabelMap, seed: int = FIRST_SEED, dropout: bool = True) -> Answer:
        """Paint a label map with both models.

        Args:
            label_map: {"width": 256, "height": 256, "runs": base64}; a run is three bytes, class, length low byte,
            length
                high byte, row by row.
            seed: The noise of both pictures, 0 to 4294967295.
            dropout: False for the same picture whatever the seed.

        Returns:
            The GAN's picture, the L1 model's picture, and the milliseconds that each took; they paint at the same time.
        """
        return answer(canvas.preprocess(LabelMap.model_validate(label_map)), seed, dropout)

    def predict(picture: gr.FileData, seed: int = FIRST_SEED, dropout: bool = True) -> Answer:
        """Paint a label picture from a file with both models.

        Args:
            picture: A PNG, JPEG or WebP file of any size, in the palette's colours or with class numbers; of a pair,
                the right half is read. One of another shape is fitted, with background around it.
            seed: The noise of both pictures, 0 to 4294967295.
            dropout: False for the same picture whatever the seed.

        Returns:
            The GAN's picture, the L1 model's picture, and the milliseconds that each took; they paint at the same time.
        """
        path = check_upload(picture, canvas.GRADIO_CACHE)
        try:
            opened = open_label_map(path, palette, clear_class)
        except ValueError as error:
            raise refuse(str(error)) from error
        return answer(opened.label_map, seed, dropout)

    gr.api(paint, api_name=f"paint{suffix}", **TWO_AT_A_TIME)
    gr.api(predict, api_name=f"predict{suffix}", **TWO_AT_A_TIME)
