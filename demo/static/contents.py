"""What the page of the site shows of each dataset: words, classes, examples, models, random maps."""

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from demo.example_gallery import read_examples
from demo.map_files import to_png
from demo.maps import MAPS, RANDOM_MAPS
from demo.noise_choice import FIRST_NOISE
from demo.subjects import SUBJECTS
from demo.views import say_epochs, words_of
from pix2pix.data.class_numbers import CITYSCAPES_IDS, CITYSCAPES_TRAIN_IDS
from pix2pix.image_files import data_url
from pix2pix.labels import PALETTES
from pix2pix.release import ReleaseConfig

SURPRISES = 200
"""Random maps of each dataset: 0.1 to 0.4 MB. The rules that draw them are Python, so a site has finished maps."""

NUMBERINGS = {
    "facades": {"name": "CMP class numbers", "startsAtOne": True},
    "cityscapes": {"trainIds": CITYSCAPES_TRAIN_IDS, "labelIds": CITYSCAPES_IDS},
}
"""How a dataset's classes are numbered in files; class_numbers.js reads them as `pix2pix.data.class_numbers` does."""


def pack(label_map: np.ndarray) -> str:
    """Pack class indices for `unpackMap` of `document/codec.js`: base64url of their deflated bytes.

    Args:
        label_map: uint8 [H, W].
    """
    compressor = zlib.compressobj(9, wbits=-15)
    packed = compressor.compress(label_map.tobytes()) + compressor.flush()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def draw_surprises(dataset: str, count: int) -> list[str]:
    """Draw random maps, those of the first seeds, and pack them."""
    return [pack(RANDOM_MAPS[dataset](seed)) for seed in range(count)]


def describe_model_file(config: ReleaseConfig, file: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the page's words about a model, with its file: url, sha256 and bytes."""
    words = words_of(config)
    return {**words, "caption": f"{words['title']}, {config.trained}", "source": source, **file}


def describe_studio(
    dataset: str, configs: Mapping[str, ReleaseConfig], models: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what one tab needs, for JSON.

    Args:
        dataset: One of `PALETTES`.
        configs: By objective.
        models: What `describe_model_file` says of them, by objective.
    """
    palette, subject = PALETTES[dataset], SUBJECTS[dataset]
    examples = read_examples(MAPS / dataset, palette, subject.first_example)
    height, width = next(iter(examples.values())).shape
    return {
        "dataset": dataset,
        "title": subject.title,
        "size": {"width": width, "height": height},
        "classes": [{"name": name, "color": color} for name, color in zip(palette.names, palette.colors, strict=True)],
        "background": palette.index(subject.clear_class),
        "startClass": palette.index(subject.start_class),
        "firstClasses": [palette.index(name) for name in subject.first_classes],
        "settings": FIRST_NOISE.model_dump(),
        "numbering": NUMBERINGS.get(dataset, {"name": "class numbers", "startsAtOne": False}),
        "note": subject.note,
        "epochs": say_epochs(configs),
        "examples": [
            {"name": name, "url": data_url(to_png(label_map, palette)), "packed": pack(label_map)}
            for name, label_map in examples.items()
        ],
        "models": list(models.values()),
    }
