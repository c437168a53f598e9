"""Samples on the page: inputs of a dataset's pairs, and the targets that belong to them."""

import numpy as np
import pytest
from PIL import Image

from demo.validation_samples import ValidationSamples, find_own_samples, find_samples
from pix2pix.data.layouts import PairFiles, PairReader
from pix2pix.data.source import own_source
from pix2pix.labels import FACADES, Palette
from tests.helpers.own_images import edges, house, house_image, photo, save
from tests.helpers.tiny import tiny_release_config

LAND = Palette(("void", "roof"), ("#202020", "#c03020"))


def test_a_photograph_belongs_to_its_map_alone(data_dir):
    samples = find_samples(data_dir)["facades"]
    with Image.open(data_dir / "facades" / "val" / "1.jpg") as pair:
        photo, label_image = np.split(np.asarray(pair), 2, axis=1)
    expected, _ = FACADES.from_image(label_image)
    assert samples.photo_of(expected) is None  # nobody has been shown it yet
    label_map = samples.input(0)
    assert (label_map == expected).all()
    assert (samples.photo_of(label_map.copy()) == photo).all()
    label_map[0, 0] += 1
    assert samples.photo_of(label_map) is None


def test_a_sample_that_cannot_be_used_is_named(tmp_path):
    save(np.concatenate([photo(1), house_image()], 1), tmp_path / "1.png")
    (tmp_path / "2.jpg").write_bytes(b"no picture")
    files = [PairFiles(tmp_path / name) for name in ("1.png", "2.jpg")]
    samples = ValidationSamples(PairReader(files, palette=FACADES), FACADES)
    assert len(samples) == 2 and (samples.input(0) == house()).all()
    with pytest.raises(ValueError, match=r"2\.jpg is not an image of a known format"):
        samples.input(1)


def test_folders_without_pairs_are_refused_with_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="holds none of the folders facades/val"):
        find_samples(tmp_path)
    (tmp_path / "facades" / "val").mkdir(parents=True)
    with pytest.raises(ValueError, match="holds no JPEG, PNG or WebP images"):
        find_samples(tmp_path)
    with pytest.raises(ValueError, match="holds no pairs; name the folder"):
        find_own_samples(tmp_path, tiny_release_config())


def test_without_val_the_samples_are_the_pairs_that_training_set_aside(tmp_path):
    for number in range(1, 11):
        save(np.concatenate([photo(number), house_image()], 1), tmp_path / "train" / f"{number}.png")
    drawn = own_source(tmp_path, val_share=0.3, seed=7).open()
    found = find_own_samples(tmp_path, tiny_release_config(pairs=7, seed=7))
    assert len(found) == 3
    for number, path in enumerate(drawn["val"].files):
        assert (found.photo_of(found.input(number)) == photo(int(path.stem))).all()
    assert len(find_own_samples(tmp_path, tiny_release_config(pairs=10, seed=7))) == 10, "all were trained on"


def test_own_pairs_are_read_as_their_model_takes_them(tmp_path):
    """Label maps of 512x256 in B, the drawings in A of edges, and photos in A of a model that makes label maps."""
    roofs = np.zeros((256, 512), np.uint8)
    roofs[100:, 40:300] = 1
    wide_photo = np.concatenate([photo(1), photo(2)], 1)
    save(wide_photo, tmp_path / "land" / "A" / "val" / "1.png")
    save(LAND.to_image(roofs), tmp_path / "land" / "B" / "val" / "1.png")
    save(wide_photo, tmp_path / "land" / "A" / "train" / "9.png")
    save(LAND.to_image(roofs), tmp_path / "land" / "B" / "train" / "9.png")
    land = find_own_samples(tmp_path / "land", tiny_release_config(palette=LAND, size=(512, 256)))
    assert len(land) == 1, "those of val"
    assert (land.input(0) == roofs).all() and (land.photo_of(roofs) == wide_photo).all()

    save(np.concatenate([edges(1), photo(1)], 1), tmp_path / "shoes" / "train" / "1.png")
    shoes = {"palette": None, "direction": "AtoB", "drawing": ("#ffffff", "#000000")}
    drawings = find_own_samples(tmp_path / "shoes", tiny_release_config(**shoes))
    drawing = drawings.input(0)
    assert (drawing == (edges(1)[..., 0] == 0)).all() and (drawings.photo_of(drawing) == photo(1)).all()

    save(np.concatenate([photo(1), house_image()], 1), tmp_path / "maps" / "train" / "1.png")
    maps = find_own_samples(tmp_path / "maps", tiny_release_config(direction="AtoB", palette_of="output"))
    assert (maps.input(0) == photo(1)).all() and (maps.photo_of(photo(1)) == house_image()).all()
