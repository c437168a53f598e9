"""Validation samples on the page: maps and the photos that belong to them."""

import numpy as np
import pytest
from PIL import Image

from demo.validation_samples import ValidationSamples
from pix2pix.labels import FACADES


def test_a_photograph_belongs_to_its_map_alone(data_dir):
    samples = ValidationSamples(data_dir / "facades" / "val", FACADES)
    with Image.open(samples.files[0]) as pair:
        photo, label_image = np.split(np.asarray(pair), 2, axis=1)
    expected, _ = FACADES.from_image(label_image)
    assert samples.photo_of(expected) is None  # nobody has been shown it yet
    label_map = samples.label_map(0)
    assert (label_map == expected).all()
    assert (samples.photo_of(label_map.copy()) == photo).all()
    label_map[0, 0] += 1
    assert samples.photo_of(label_map) is None


def test_a_sample_that_cannot_be_used_is_named(tmp_path):
    Image.new("RGB", (100, 100)).save(tmp_path / "1.png")
    (tmp_path / "2.jpg").write_bytes(b"no picture")
    samples = ValidationSamples(tmp_path, FACADES)
    with pytest.raises(ValueError, match=r"1\.png is 100x100; a pair is 512x256"):
        samples.label_map(0)
    with pytest.raises(ValueError, match=r"2\.jpg is not an image of a known format"):
        samples.label_map(1)
