"""Photos that people open become label maps."""

import numpy as np
import pytest
from PIL import Image

from demo.photo_maps import MAX_KEPT, PhotoMaps, middle
from pix2pix import release
from pix2pix.labels import FACADES
from pix2pix.segmenter import Segmenter
from tests.helpers.tiny import draw_label_map, draw_photo, tiny_generator, tiny_release_config


@pytest.fixture
def segmenter_folder(tmp_path):
    folder = tmp_path / "map"
    release.save(folder, tiny_generator(), tiny_release_config(objective="l1", direction="AtoB", palette_of="output"))
    return folder


def test_a_photo_becomes_the_map_that_the_segmenter_reads(segmenter_folder, tmp_path):
    draw_photo(256, 256).save(tmp_path / "photo.png")
    photo_maps = PhotoMaps(segmenter_folder, aspect=1.0)
    opened = photo_maps.open(tmp_path / "photo.png")
    assert opened is not None
    label_map, words = opened.input, opened.words
    photo = np.asarray(draw_photo(256, 256))
    np.testing.assert_array_equal(label_map, Segmenter(segmenter_folder).label_map(photo))
    np.testing.assert_array_equal(photo_maps.photo_of(label_map), photo)
    assert "middle" not in words and "expect mistakes" in words
    assert photo_maps.photo_of(np.zeros_like(label_map)) is None


def test_the_middle_of_a_photo_in_the_shape_of_the_dataset_is_used(segmenter_folder, tmp_path):
    draw_photo(640, 480).save(tmp_path / "photo.jpg")
    opened = PhotoMaps(segmenter_folder, aspect=2.0).open(tmp_path / "photo.jpg")
    assert opened is not None and opened.input.shape == (256, 256)
    assert "Only its middle was used" in opened.words
    assert middle(640, 480, 2.0) == (0, 80, 640, 400)
    assert middle(640, 480, 1.0) == (80, 0, 560, 480)
    assert middle(1, 480, 2.0) == (0, 239.75, 1, 240.25)
    assert middle(2048, 1024, 2.0) is middle(259, 256, 1.0) is None


@pytest.mark.parametrize("kind", ["map in other colours", "one colour", "text"])
def test_what_is_no_photo_is_left_to_the_reader_of_maps(kind, segmenter_folder, tmp_path):
    path = tmp_path / "file.png"
    if kind == "text":
        path.write_text("no image")
    else:
        pixels = (
            FACADES.to_image(draw_label_map(1)) // 2 if kind != "one colour" else np.full((256, 256, 3), 90, np.uint8)
        )
        Image.fromarray(pixels).save(path)
    assert PhotoMaps(segmenter_folder, 1.0).open(path) is None


def test_only_the_newest_photos_are_kept(segmenter_folder, tmp_path, monkeypatch):
    photo_maps = PhotoMaps(segmenter_folder, 1.0)
    monkeypatch.setattr(Segmenter, "label_map", lambda _, photo: photo[..., 0])
    maps = []
    for seed in range(MAX_KEPT + 1):
        draw_photo(256, 256, seed).save(tmp_path / "photo.png")
        opened = photo_maps.open(tmp_path / "photo.png")
        assert opened is not None
        maps.append(opened.input)
    assert photo_maps.photo_of(maps[0]) is None
    assert all(photo_maps.photo_of(label_map) is not None for label_map in maps[1:])
