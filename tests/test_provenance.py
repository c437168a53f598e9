"""What a release says about its training images: known datasets by their hash, whatever they are called."""

import pytest

from pix2pix.labels import Palette
from pix2pix.lineage import Stage
from pix2pix.provenance import KNOWN, describe_data, facts, known_data, licence_note
from pix2pix.publish.card import metadata, training_command
from pix2pix.release import model_card
from tests.helpers.tiny import tiny_release_config

OTHER = "ab" * 32


@pytest.mark.parametrize("dataset", KNOWN)
def test_the_hash_tells_a_known_dataset_whatever_it_is_called(dataset):
    config = tiny_release_config(dataset="mine", data_hash=KNOWN[dataset].fingerprint, pairs=400)
    assert known_data(config) == KNOWN[dataset] and describe_data(config) == KNOWN[dataset].title
    assert KNOWN[dataset].terms in licence_note(config) and KNOWN[dataset].origin in model_card(config)
    assert metadata(config, "me/mine").license_name == KNOWN[dataset].licence


def test_other_images_are_not_said_to_be_of_a_known_dataset():
    config = tiny_release_config(dataset="houses", data_hash=OTHER, pairs=54, palette=None, size=(512, 256))
    said = model_card(config) + licence_note(config) + metadata(config, "me/houses").to_yaml()
    assert "CMP" not in said and "Cityscapes" not in said and "datasets:" not in said
    assert "Trained on houses (54 pairs); their licence decides" in said
    assert facts(config) == {
        "data": "houses",
        "pairs": "54",
        "sha256 of the pairs": OTHER,
        "direction": "B to A",
        "size": "512x256",
        "palette": "none",
    }
    assert all(f"- {name}: {value}" in said for name, value in facts(config).items())


def test_images_that_are_called_like_a_known_dataset_are_said_to_be_others_and_its_terms_are_named():
    note = licence_note(tiny_release_config(dataset="cityscapes", data_hash=OTHER))
    assert "not those of the pix2pix packaging" in note and "non-commercial" in note
    assert known_data(tiny_release_config(dataset="cityscapes", data_hash=OTHER)) is None


def test_a_release_from_before_the_hash_was_recorded_is_known_by_its_name():
    assert known_data(tiny_release_config(dataset="facades")) == KNOWN["facades"]
    assert "sha256 of the pairs" not in facts(tiny_release_config(dataset="facades"))


def test_the_terms_of_the_weights_that_a_training_started_from_are_named():
    start = Stage("cityscapes-gan", "cityscapes", "gan", 28, "0" * 8, True)
    note = licence_note(tiny_release_config(dataset="houses", data_hash=OTHER, lineage=(start,)))
    assert "started from weights of Cityscapes" in note and "non-commercial" in note


def test_the_palette_is_described_with_its_side():
    palette = Palette(("sky", "wall"), ("#000000", "#ffffff"))
    assert facts(tiny_release_config(palette=palette))["palette"] == "2 classes of the input: sky, wall"
    photos = tiny_release_config(palette=palette, palette_of="output", direction="AtoB")
    assert (facts(photos)["palette"], facts(photos)["direction"]) == ("2 classes of the output: sky, wall", "A to B")
    assert "line drawings" in facts(tiny_release_config(palette=None, drawing=("#ffffff", "#000000")))["palette"]


def test_the_command_of_a_card_names_own_data_without_the_path(tiny_config, tmp_path):
    config = tiny_config(data=tmp_path, dataset="houses", no_flip=True, force=True)
    expected = "python train.py --data DIR --name houses --epochs 2 --base-channels 2 --no-flip --precision fp32"
    assert training_command(config) == expected
