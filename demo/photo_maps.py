"""Photos that people open: a segmenter makes editable label maps of them."""

from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image

from demo.map_files import SAME_SHAPE, UPLOADS, Opened
from demo.validation_samples import digest
from pix2pix.data.label_images import is_constant, looks_like_label_map
from pix2pix.image_files import ImageFileError, read_image
from pix2pix.segmenter import Segmenter

MAX_KEPT = 64
"""Photos kept in memory, to be shown beside their maps; 0.2 MB each."""


class PhotoMaps:
    """Opens photos of one dataset's subject.

    A photo is looked up by its map: it is shown while the canvas holds exactly that map, and again when undo restores
    it. The newest `MAX_KEPT` photos are kept, in memory only.

    Args:
        segmenter: A released folder for `Segmenter`, which is loaded when the first photo is opened.
        aspect: Width divided by height of the photos that the dataset was made of, before they were resized.
        size: Width and height of the maps.
    """

    def __init__(self, segmenter: Path, aspect: float, size: tuple[int, int] = (256, 256)) -> None:
        self._folder, self.aspect, self.size = segmenter, aspect, size
        self._photos: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = Lock()

    @cached_property
    def segmenter(self) -> Segmenter:
        return Segmenter(self._folder)

    def open(self, path: Path) -> Opened | None:
        """Make a label map of an untrusted file; return None if the file looks like no photo."""
        try:
            pixels = read_image(path, "#ffffff", UPLOADS)
        except ImageFileError:
            return None
        if is_constant(pixels) or looks_like_label_map(pixels):
            return None
        box = middle(pixels.shape[1], pixels.shape[0], self.aspect)
        photo = np.asarray(Image.fromarray(pixels).resize(self.size, Image.Resampling.BICUBIC, box=box))
        label_map = self.segmenter.label_map(photo)
        with self._lock:
            self._photos[digest(label_map)] = photo
            if len(self._photos) > MAX_KEPT:
                self._photos.popitem(last=False)
        words = "This photo was turned into a label map, which you can edit; expect mistakes."
        if box is not None:
            words += " Only its middle was used, in the shape of the photos that the models were trained on."
        return Opened(label_map, words, is_fitted=False)

    def photo_of(self, label_map: np.ndarray) -> np.ndarray | None:
        """Return the photo, uint8 RGB [H, W, 3], of a map from `open`; None for any other map."""
        with self._lock:
            return self._photos.get(digest(label_map))


def middle(width: int, height: int, aspect: float) -> tuple[float, float, float, float] | None:
    """Return the largest box in the middle of an image whose width is `aspect` times its height.

    Returns:
        Left, top, right and bottom in pixels; None if the whole image has about this shape.
    """
    if abs(width / height / aspect - 1) <= SAME_SHAPE:
        return None
    inner_width, inner_height = min(width, height * aspect), min(height, width / aspect)
    left, top = (width - inner_width) / 2, (height - inner_height) / 2
    return left, top, left + inner_width, top + inner_height
