"""The tabs of the page: what people put into each one's models, and the words for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from demo.browser_models import BrowserModels
from demo.example_gallery import read_examples
from demo.map_files import Opened, open_image, open_label_map
from demo.maps import MAPS
from demo.models import Model, by_dataset, painters_of
from demo.photo_maps import PhotoMaps
from demo.subjects import SUBJECTS, Subject, title_of
from demo.validation_samples import ValidationSamples
from pix2pix.data.palette import background_class
from pix2pix.labels import PALETTES, Palette
from pix2pix.release import ReleaseConfig
from pix2pix.release_config import DRAWING_CLASSES
from pix2pix.segmenter import BUNDLED

SIZE = (256, 256)
"""Width and height of the bundled models' images."""


@dataclass(frozen=True)
class Tab:
    """One tab: models that take the same input.

    Attributes:
        name: The name in links, in the browser's storage and in the page's events.
        subject: The page's words and choices.
        models: By objective; one or two.
        palette: Classes that people paint; None if they open images instead.
        size: Width and height of the input and of the images.
        examples: Label maps, uint8 [H, W], by name.
        samples: Pairs of the dataset, if it is on this machine.
        photo_maps: Makes label maps of photos; None where photos are not opened.
        browser_models: What browsers may paint with; None for nothing.
    """

    name: str
    subject: Subject
    models: Mapping[str, Model]
    palette: Palette | None
    size: tuple[int, int] = SIZE
    examples: Mapping[str, np.ndarray] = field(default_factory=dict)
    samples: ValidationSamples | None = None
    photo_maps: PhotoMaps | None = None
    browser_models: BrowserModels | None = None

    @property
    def input_name(self) -> str:
        """What people put in: a "map", a "drawing" or an "image"."""
        if self.palette is None:
            return "image"
        return "drawing" if self.palette.names == DRAWING_CLASSES else "map"

    @property
    def background(self) -> int:
        """The class that "Clear" paints."""
        return self.palette.index(self.subject.clear_class) if self.palette else 0

    @property
    def first_input(self) -> np.ndarray | None:
        """What the tab opens with: an example, a sample, or an empty map; nothing where an image is to be opened."""
        if self.examples:
            return next(iter(self.examples.values()))
        if self.samples:
            return self.samples.input(0)
        if self.palette is None:
            return None
        return np.full(self.size[::-1], self.background, np.uint8)

    def read(self, path: Path, stretch: bool = False) -> Opened:
        """Read a file as an input of the models; see `demo.map_files` for arguments and errors."""
        if self.palette is None:
            return open_image(path, self.size, self.output_palette, self.input_side, stretch)
        return open_label_map(path, self.palette, self.background, self.size, stretch)

    def open(self, path: Path, stretch: bool = False) -> Opened:
        """Read a file for somebody who sees what became of it: a photo may become a label map, too."""
        try:
            return self.read(path, stretch)
        except ValueError:
            if self.photo_maps and (opened := self.photo_maps.open(path)):
                return opened
            raise

    def photo_of(self, shown: np.ndarray) -> np.ndarray | None:
        """Return the photo, uint8 RGB [H, W, 3], of an input from `samples` or `photo_maps`; None for any other."""
        sources = [source for source in (self.samples, self.photo_maps) if source]
        photos = (source.photo_of(shown) for source in sources)
        return next((photo for photo in photos if photo is not None), None)

    @property
    def output_palette(self) -> Palette | None:
        """Classes of the images that the models make, which are label images; None for photos."""
        config = self._config
        return config.output_palette if config else None

    @property
    def input_side(self) -> int:
        """Which image of a pair the models take, A (0) or B (1)."""
        config = self._config
        return config.input_side if config else 1

    @property
    def _config(self) -> ReleaseConfig | None:
        """The configuration of a model; those of one tab agree in what they take and make."""
        painters = painters_of(self.models)
        return next(iter(painters.values())).config if painters else None


def make_tabs(
    models: Mapping[str, Model],
    samples: Mapping[str, ValidationSamples] = MappingProxyType({}),
    browser_models: BrowserModels | None = None,
    segmenters: Mapping[str, Path] = MappingProxyType({}),
) -> list[Tab]:
    """Make a tab for each bundled dataset, and one for each name of people's own.

    Args:
        models: By "DATASET-OBJECTIVE"; both objectives of every bundled dataset.
        samples: By dataset or own name.
        browser_models: What browsers may paint with.
        segmenters: Released folders that make label maps of photos, by own name.
    """
    tabs = []
    for name, pair in by_dataset(models).items():
        if name in SUBJECTS:
            subject = SUBJECTS[name]
            examples = read_examples(MAPS / name, PALETTES[name], subject.first_example)
            photo_maps = PhotoMaps(BUNDLED[name], subject.photo_aspect) if BUNDLED[name].is_dir() else None
            sources = samples.get(name), photo_maps
            offered = browser_models if browser_models and browser_models.knows(pair) else None
            tabs.append(Tab(name, subject, pair, PALETTES[name], SIZE, examples, *sources, offered))
        else:
            config = next(model.painter for model in pair.values() if model.painter).config
            subject = own_subject(name, config)
            width, height = config.size
            photo_maps = PhotoMaps(segmenters[name], width / height, config.size) if name in segmenters else None
            sources = samples.get(name), photo_maps
            tabs.append(Tab(name, subject, pair, config.painted_palette, config.size, {}, *sources))
    return tabs


def own_subject(name: str, config: ReleaseConfig) -> Subject:
    """Choose the page's words for models of people's own data."""
    palette = config.painted_palette
    clear = background_class(palette) if palette else 0
    start = next((index for index in range(len(palette)) if index != clear), clear) if palette else 0
    return Subject(
        title=title_of(name),
        what=title_of(name).lower(),
        start_class=palette.names[start] if palette else "",
        clear_class=palette.names[clear] if palette else "",
        first_classes=(),
        first_example="",
        api_suffix="_" + name.replace("-", "_"),
        note="",
    )
