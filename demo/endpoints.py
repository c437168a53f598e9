"""What programs can ask the app for: `paint` takes a label map, `predict` a picture file. Both give lossless files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.processing_utils import save_pil_to_cache
from PIL import Image

from demo.label_canvas import LabelCanvas, LabelMap, refuse
from demo.label_pictures import read_label_picture
from demo.models import Model, painters_of
from demo.painting import paint_all
from pix2pix.labels import PALETTES
from pix2pix.painter import MAX_SEED, Painter

FIRST_SEED = 1
TWO_AT_A_TIME: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "painters"}
"""One map already uses every core, but while its pictures are packed and sent the next can be painted; more would only make all late."""


def check_seed(seed: Any) -> int:
    """A seed as people or programs sent it → integer 0 to `MAX_SEED`; raises `gr.Error` for anything else."""
    is_number = isinstance(seed, int | float) and not isinstance(seed, bool)
    if not is_number or seed != seed // 1 or not 0 <= seed <= MAX_SEED:
        raise refuse(f"The seed is a whole number from 0 to {MAX_SEED}.")
    return int(seed)


def choose_seed(seed: float | None) -> int:
    """The seed of the page's field, which is empty while a person types."""
    return FIRST_SEED if seed is None else check_seed(seed)


def check_dropout(dropout: Any) -> bool:
    """Dropout as people or programs sent it → bool; raises `gr.Error` for anything else."""
    if not isinstance(dropout, bool):
        raise refuse("Dropout is either true or false.")
    return dropout


def check_upload(picture: Any, folder: str) -> Path:
    """A file as programs sent it → its path among the uploads; raises `gr.Error` for anything else, above all for other files."""
    path = picture.get("path") if isinstance(picture, dict) else None
    if (
        not isinstance(path, str)
        or not Path(path).resolve().is_relative_to(Path(folder).resolve())
        or not Path(path).is_file()
    ):
        raise refuse("The picture is not a file that was uploaded.")
    return Path(path)


def painters_now(models: Sequence[Model]) -> list[Painter]:
    """The painters that the models have at the moment; raises `gr.Error` until all have one."""
    painters = painters_of(models)
    if painters is None:
        raise refuse("These models are still being fetched, or could not be had; the page says which.")
    return painters


def add_endpoints(models: Sequence[Model], canvas: LabelCanvas, clear_class: int, suffix: str) -> None:
    """Lets programs paint at `paint` and `predict`, with a suffix for every dataset but the first."""
    palette = PALETTES[models[0].dataset]

    def paint_files(
        label_map: np.ndarray, seed: int, dropout: bool
    ) -> tuple[gr.FileData, gr.FileData, dict[str, float]]:
        painters = painters_now(models)
        paintings = paint_all(painters, label_map, [check_seed(seed)] * len(painters), check_dropout(dropout))
        files = []
        for painter, painting in zip(painters, paintings, strict=True):
            name = f"{painter.config.dataset}-{painter.config.objective}"
            try:
                path = save_pil_to_cache(
                    Image.fromarray(painting.picture), canvas.GRADIO_CACHE, name=name, format="png"
                )
            except OSError as error:  # such as a full disk
                raise refuse(
                    "The server has no room for the files of your pictures. Try again in ten minutes."
                ) from error
            files.append(gr.FileData(path=path, orig_name=f"{name}.png", mime_type="image/png"))
        times = [round(1000 * painting.seconds, 1) for painting in paintings]
        return (
            files[0],
            files[1],
            {painter.config.objective: time for painter, time in zip(painters, times, strict=True)},
        )

    def paint(
        label_map: LabelMap, seed: int = FIRST_SEED, dropout: bool = True
    ) -> tuple[gr.FileData, gr.FileData, dict[str, float]]:
        """Paints a label map with both models.

        Args:
            label_map: {"width": 256, "height": 256, "runs": base64 of class, length low byte, length high byte per run, row by row}.
            seed: The noise of both pictures, 0 to 4294967295.
            dropout: False for the same picture whatever the seed.

        Returns:
            The GAN's picture, the L1 model's picture, and the milliseconds that each took; they paint at the same time.
        """
        return paint_files(canvas.preprocess(LabelMap.model_validate(label_map)), seed, dropout)

    def predict(
        picture: gr.FileData, seed: int = FIRST_SEED, dropout: bool = True
    ) -> tuple[gr.FileData, gr.FileData, dict[str, float]]:
        """Paints a label picture from a file with both models.

        Args:
            picture: A PNG, JPEG or WebP file in the palette's colours, of any size; it is squeezed to 256x256.
            seed: The noise of both pictures, 0 to 4294967295.
            dropout: False for the same picture whatever the seed.

        Returns:
            The GAN's picture, the L1 model's picture, and the milliseconds that each took; they paint at the same time.
        """
        path = check_upload(picture, canvas.GRADIO_CACHE)
        try:
            label_map, _ = read_label_picture(path, palette, clear_class)
        except ValueError as error:
            raise refuse(str(error)) from error
        return paint_files(label_map, seed, dropout)

    gr.api(paint, api_name=f"paint{suffix}", **TWO_AT_A_TIME)
    gr.api(predict, api_name=f"predict{suffix}", **TWO_AT_A_TIME)
