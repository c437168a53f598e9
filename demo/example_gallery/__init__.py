"""`ExampleGallery`: example maps as thumbnails."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from demo.map_files import to_png
from demo.modules import browser_side
from pix2pix.image_files import data_url
from pix2pix.labels import Palette

SIZE = 256


def read_examples(folder: Path, palette: Palette, first: str = "") -> dict[str, np.ndarray]:
    """Read all label images of a folder, sorted by name.

    Args:
        folder: Holds PNG files in the palette's colours.
        palette: Classes and colours.
        first: Name of the example that comes first, if there is one of that name.

    Returns:
        Label maps, uint8 [256, 256], by a name made from the file's: "art-nouveau.png" becomes "Art nouveau".

    Raises:
        ValueError: If there is no image, or one has another size or other colours.
    """
    examples = {}
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as picture:
            label_map, far = palette.from_image(np.asarray(picture.convert("RGB")))
        if label_map.shape != (SIZE, SIZE):
            raise ValueError(
                f"{path}: {label_map.shape[1]} by {label_map.shape[0]} pixels; examples have {SIZE} by {SIZE}"
            )
        if far:
            raise ValueError(f"{path}: {far:.1%} of the pixels have no colour of the palette")
        examples[path.stem.replace("-", " ").capitalize()] = label_map
    if not examples:
        raise ValueError(f"{folder} holds no PNG files")
    return dict(sorted(examples.items(), key=lambda item: item[0] != first))


class ExampleGallery(gr.HTML):
    """A row of thumbnail buttons; `click` carries the `name` of the selected example."""

    def __init__(self, examples: Mapping[str, np.ndarray], *, palette: Palette, **keywords: Any) -> None:
        """Make a gallery.

        Args:
            examples: Label maps, uint8 [H, W], by name.
            palette: Their colours.
            **keywords: Whatever `gr.HTML` takes.
        """
        super().__init__(
            html_template='<div class="example-gallery" role="group" aria-label="Examples"></div>',
            **browser_side("example_gallery/gallery.js", ["gallery.css"]),
            thumbnails=[{"name": name, "url": data_url(to_png(shown, palette))} for name, shown in examples.items()],
            **keywords,
        )
