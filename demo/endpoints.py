"""The endpoints for programs: `paint` takes a label map, `predict` an image file. Both return lossless files."""

from collections.abc import Callable
from typing import Any

import gradio as gr
import numpy as np
from gradio.processing_utils import save_pil_to_cache
from PIL import Image

from demo.image_input import ImageInput
from demo.label_canvas import LabelCanvas, LabelMap
from demo.refusal import refuse
from demo.requests import FIRST_SEED, TWO_AT_A_TIME, check_dropout, check_seed, check_upload, painters_now
from demo.tabs import Tab
from demo.views import Painting, paint_both

Answer = tuple[Any, ...]
"""The files of the models, then their times."""

DOCUMENTATION = """{what} with {models}.

Args:
    {argument}
    seed: The noise of every image, 0 to 4294967295.
    dropout: False for the same image whatever the seed.

Returns:
    As files {images}; and the milliseconds that each took.
"""
LABEL_MAP = (
    'label_map: {{"width": {0}, "height": {1}, "runs": base64}}; a run is three bytes, class, length low byte, length '
    "high byte, row by row."
)
LABEL_PICTURE = (
    "picture: A PNG, JPEG or WebP file of any size, in the palette's colours or with class numbers; of a pair, the "
    "label map is read. A map of another shape is fitted, with background around it."
)
INPUT_PICTURE = (
    "picture: A PNG, JPEG or WebP file of any size, such as a photo; of a pair, the input is read. If it has another "
    "shape, its middle is used."
)


def document(tab: Tab, function: Callable[..., Answer], what: str, argument: str) -> None:
    """Give an endpoint the documentation that programs and language models read, and the type of its answer."""
    images = {"gan": "the GAN's image", "l1": "the L1 model's image"}
    function.__doc__ = DOCUMENTATION.format(
        what=what,
        models="both models" if len(tab.models) > 1 else "the model",
        argument=argument,
        images=", ".join(images[objective] for objective in tab.models),
    )
    answer = (*[gr.FileData] * len(tab.models), dict[str, float])
    function.__annotations__["return"] = tuple[answer]  # type: ignore[valid-type]


def add_endpoints(tab: Tab, canvas: LabelCanvas | ImageInput) -> None:
    """Add `paint`, where there are classes to paint, and `predict`, with a suffix for every tab but facades."""

    def save(name: str, painting: Painting) -> gr.FileData:
        image = Image.fromarray(painting.picture)
        try:
            path = save_pil_to_cache(image, canvas.GRADIO_CACHE, name=name, format="png")
        except OSError as error:  # such as a full disk
            raise refuse("The server has no room for the files of your images. Try again in ten minutes.") from error
        return gr.FileData(path=path, orig_name=f"{name}.png", mime_type="image/png")

    def answer(shown: np.ndarray, seed: int, dropout: bool) -> Answer:
        paintings = paint_both(painters_now(tab.models), shown, check_seed(seed), check_dropout(dropout))
        files = [save(tab.models[objective].name, painting) for objective, painting in paintings.items()]
        times = {objective: round(1000 * painting.seconds, 1) for objective, painting in paintings.items()}
        return *files, times

    def paint(label_map: LabelMap, seed: int = FIRST_SEED, dropout: bool = True) -> Answer:
        return answer(canvas.preprocess(LabelMap.model_validate(label_map)), seed, dropout)  # type: ignore[arg-type]

    def predict(picture: gr.FileData, seed: int = FIRST_SEED, dropout: bool = True) -> Answer:
        path = check_upload(picture, canvas.GRADIO_CACHE)
        try:
            read = tab.read(path)  # not `open`: a program would not learn that a photo became a guessed map
        except ValueError as error:
            raise refuse(str(error)) from error
        return answer(read.input, seed, dropout)

    if tab.palette:
        document(tab, paint, "Paint a label map", LABEL_MAP.format(*tab.size))
        gr.api(paint, api_name=f"paint{tab.subject.api_suffix}", **TWO_AT_A_TIME)
    document(tab, predict, "Paint an image from a file", LABEL_PICTURE if tab.palette else INPUT_PICTURE)
    gr.api(predict, api_name=f"predict{tab.subject.api_suffix}", **TWO_AT_A_TIME)
