"""The released folder: what is written is read back, and nothing else is taken."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pix2pix import release
from pix2pix.labels import CITYSCAPES, FACADES
from pix2pix.release import ReleaseConfig, ReleaseError
from tests.helpers.tiny import tiny_generator, tiny_release_config

SCORE = {"fid": 90.5, "n": 100, "dims": 2048, "weights": "6726825d"}


@pytest.fixture
def folder(released_folder: Path, tmp_path: Path) -> Path:
    """A released folder to spoil."""
    return Path(shutil.copytree(released_folder, tmp_path / "folder"))


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_a_generator_survives_release_within_half_precision(tmp_path, norm):
    generator = tiny_generator(norm=norm)
    config = tiny_release_config(
        norm=norm, palette=CITYSCAPES, dataset="cityscapes", objective="l1", metrics={"val": SCORE}
    )
    release.save(tmp_path / "deep" / "folder", generator, config)
    loaded, loaded_config = release.load(tmp_path / "deep" / "folder")
    assert loaded_config == config
    for name, expected in generator.state_dict().items():
        found = loaded.state_dict()[name]
        assert found.dtype == torch.float32 and found.device.type == "cpu"
        assert torch.equal(found, expected.half().float())
        assert (found - expected).abs().max() <= 2**-11 * expected.abs().max(), name
    x = torch.rand(1, 3, 256, 256) * 2 - 1
    assert (loaded(x) - generator(x)).abs().max() < 1 / 127.5  # less than one level of a picture


def test_loaded_weights_are_in_the_layout_that_the_fast_layers_need(released_folder):
    """In the layout of the file, results would be the same, but every convolution would reorder its weights first."""
    generator, _ = release.load(released_folder)
    for name, weight in generator.named_parameters():
        assert weight.dim() != 4 or weight.is_contiguous(memory_format=torch.channels_last), name


def test_a_released_folder_has_three_files_that_everybody_can_read(tmp_path):
    mask = os.umask(0o022)
    try:
        release.save(tmp_path, tiny_generator(), tiny_release_config())
    finally:
        os.umask(mask)
    assert {path.name for path in tmp_path.iterdir()} == {"model.safetensors", "config.json", "README.md"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o644}
    assert {weight.dtype for weight in load_file(tmp_path / "model.safetensors").values()} == {torch.float16}


def test_config_json_says_everything_that_the_weights_need(folder):
    values = json.loads((folder / "config.json").read_text())
    palette = values.pop("palette")
    assert palette[0] == {"name": "background", "color": "#0000de"} and len(palette) == 12
    assert values == {
        "format_version": 1,
        "dataset": "facades",
        "objective": "gan",
        "base_channels": 2,
        "norm": "instance",
        "epochs": 3,
        "seed": 7,
        "metrics": {},
    }


def test_a_reader_that_began_before_an_update_reads_the_old_files_to_their_end(folder):
    names = ("model.safetensors", "config.json", "README.md")
    old = {name: (folder / name).read_bytes() for name in names}
    handles = {name: (folder / name).open("rb") for name in names}
    beginnings = {name: handle.read(10) for name, handle in handles.items()}
    release.save(folder, tiny_generator(seed=1), tiny_release_config(epochs=4))
    for name, handle in handles.items():
        with handle:
            assert beginnings[name] + handle.read() == old[name]
        assert (folder / name).read_bytes() != old[name]
    assert release.load(folder)[1].epochs == 4


@pytest.mark.parametrize("dataset, words", [("facades", "research data"), ("cityscapes", "non-commercial")])
def test_the_model_card_shows_licence_objective_and_use(dataset, words):
    card = release.model_card(tiny_release_config(dataset=dataset, objective="l1", base_channels=32, epochs=60))
    assert card.startswith("---\nlicense: other\n")
    for expected in (words, "L1 alone", "32 base channels", "60 epochs", "Painter.load", f"pix2pix {dataset}"):
        assert expected in card


def test_the_decay_of_a_moving_average_is_kept_in_config_and_card_and_only_where_there_is_one():
    config = tiny_release_config(ema=0.999)
    assert ReleaseConfig.from_json(
        config.to_json()
    ) == config and "moving average of decay 0.999" in release.model_card(config)
    plain = tiny_release_config()
    assert "ema" not in json.loads(plain.to_json()) and "average" not in release.model_card(plain)


MALFORMED = {
    "no version": ({"format_version": None}, "format_version"),
    "newer version": ({"format_version": 2}, "format_version is 2.*update"),
    "version as text": ({"format_version": "1"}, "format_version"),
    "dataset of another type": ({"dataset": 3}, "dataset is missing or not of type str"),
    "dataset that is a path": (
        {"dataset": "../photos"},
        "dataset must consist of at most 40 lower-case letters, digits, - and _, not '../photos'",
    ),
    "unknown objective": ({"objective": "wgan"}, "objective must be one of gan, l1"),
    "objective of another type": ({"objective": ["gan"]}, "objective is missing"),
    "no width": ({"base_channels": 0}, "base_channels is 0, outside 1 to 256"),
    "too wide": ({"base_channels": 10**6}, "base_channels is 1000000, outside"),
    "true as width": ({"base_channels": True}, "base_channels is missing or not of type int"),
    "fraction as width": ({"base_channels": 2.0}, "base_channels is missing or not of type int"),
    "unknown norm": ({"norm": "layer"}, "norm must be one of instance, batch"),
    "negative epochs": ({"epochs": -1}, "epochs is -1"),
    "epochs as text": ({"epochs": "60"}, "epochs is missing or not of type int"),
    "negative seed": ({"seed": -1}, "seed is -1"),
    "decay as text": ({"ema": "0.999"}, "ema must be a number from 0 to below 1, not '0.999'"),
    "decay of one": ({"ema": 1}, "ema must be a number"),
    "metrics as list": ({"metrics": []}, "metrics is missing or not of type dict"),
    "metrics without splits": (
        {"metrics": {"fid": 90.5}},
        "metrics of 'fid' need an object with fid, n, dims and weights",
    ),
    "metrics that are true": (
        {"metrics": {"val": SCORE | {"n": True}}},
        "metrics of 'val': n is missing or not of type int",
    ),
    "metrics that are no number": (
        {"metrics": {"val": SCORE | {"fid": float("nan")}}},
        "metrics of 'val': fid is out of range",
    ),
    "metrics of no picture": ({"metrics": {"val": SCORE | {"n": 0}}}, "metrics of 'val': n is 0, outside 1 to"),
    "metrics by no hash": (
        {"metrics": {"val": SCORE | {"weights": "FID"}}},
        "metrics of 'val': .* weights is not a hash",
    ),
    "palette as text": ({"palette": "facades"}, "palette is not of type list"),
    "empty palette": ({"palette": []}, "1 to 256"),
    "palette of colours": ({"palette": ["#000000"]}, "objects with name and color"),
    "class without colour": ({"palette": [{"name": "a"}]}, "objects with name and color"),
    "name of another type": ({"palette": [{"name": 1, "color": "#000000"}]}, "objects with name and color"),
    "malformed colour": ({"palette": [{"name": "a", "color": "red"}]}, "'red' is not of the form"),
    "repeated colour": ({"palette": [{"name": name, "color": "#000000"} for name in "ab"]}, "colours repeat"),
    "unknown direction": ({"direction": "AtoC"}, "direction must be one of BtoA, AtoB"),
    "palette of neither": ({"palette_of": "both"}, "palette_of must be one of input, output"),
    "size of one side": ({"size": [256]}, "size must be width and height"),
    "size as text": ({"size": ["256", "256"]}, "size must be width and height"),
    "size that does not fit": ({"size": [256, 300]}, "size must have sides of 256, 512, 768, 1024"),
    "drawing of one colour": ({"drawing": ["#ffffff"]}, "drawing must be the colours of paper and lines"),
    "drawing white on white": ({"drawing": ["#ffffff", "#ffffff"]}, "drawing: palette colours repeat"),
    "drawing in words": ({"drawing": ["white", "black"]}, "drawing: palette colour 'white' is not of the form"),
    "size without end": ({"size": [256, 2**40]}, "size must have sides"),
    "negative pairs": ({"pairs": -1}, "pairs is -1"),
    "hash that is a path": ({"data_hash": "../../etc"}, "data_hash is not a sha256"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_value_in_config_json_is_named(folder, name):
    changes, sentence = MALFORMED[name]
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ReleaseError, match=sentence) as caught:
        release.load(folder)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", json.loads(tiny_release_config().to_json()))
def test_a_missing_value_in_config_json_is_named(name):
    values = json.loads(tiny_release_config().to_json())
    del values[name]
    with pytest.raises(ReleaseError, match=name):
        ReleaseConfig.from_json(json.dumps(values))


def test_what_a_generator_was_trained_on_is_kept_and_left_out_where_it_is_as_published():
    config = tiny_release_config(
        dataset="shoes",
        palette=None,
        direction="AtoB",
        size=(512, 256),
        pairs=60,
        data_hash="0a" * 32,
        drawing=("#ffffff", "#000000"),
    )
    assert ReleaseConfig.from_json(config.to_json()) == config
    known = {"direction", "palette_of", "size", "pairs", "data_hash", "drawing"}
    assert not known & json.loads(tiny_release_config().to_json()).keys()
    assert "line drawings to images, 512x256 pixels" in release.model_card(config)


def test_a_palette_describes_the_input_or_the_output():
    painting, segmenting = tiny_release_config(), tiny_release_config(direction="AtoB", palette_of="output")
    assert (painting.input_palette, painting.output_palette) == (FACADES, None)
    assert (segmenting.input_palette, segmenting.output_palette) == (None, FACADES)
    assert ReleaseConfig.from_json(segmenting.to_json()) == segmenting
    assert "translates photos to label images of 12 classes" in release.model_card(segmenting)


def test_values_that_are_not_known_are_passed_over():
    text = json.dumps(json.loads(tiny_release_config().to_json()) | {"later": "addition"})
    assert ReleaseConfig.from_json(text) == tiny_release_config()


NOT_JSON = {
    "empty": b"",
    "text": b"facades",
    "list": b"[]",
    "cut": b'{"format_version": 1',
    "not UTF-8": b'{"dataset": "\xff"}',
    "deep": b"[" * 100_000,
    "a number without end": b'{"format_version": 1, "seed": ' + b"1" * 10_000 + b"}",
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_a_config_json_that_is_no_json_object_is_an_error_that_names_it(folder, name):
    (folder / "config.json").write_bytes(NOT_JSON[name])
    with pytest.raises(ReleaseError) as caught:
        release.load(folder)
    assert str(folder / "config.json") in str(caught.value)


def test_a_folder_without_config_json_is_no_released_folder(folder):
    (folder / "config.json").unlink()
    for nothing in (folder, folder / "missing"):
        with pytest.raises(ReleaseError, match="is not a released folder"):
            release.load(nothing)


def test_missing_weights_are_reported(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(ReleaseError, match="model.safetensors cannot be read"):
        release.load(folder)


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_cut_weights_are_reported(folder, kept):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ReleaseError, match="model.safetensors cannot be read"):
        release.load(folder)


def test_weights_of_another_size_norm_or_network_are_reported(folder):
    path = folder / "model.safetensors"
    weights = load_file(path)
    wrong = {
        "down1.weight": weights | {"down1.weight": torch.zeros(3, 3, 4, 4)},
        "down1.bias": {name: weight for name, weight in weights.items() if name != "down1.bias"},
        "down2.norm.weight": weights | {"down2.norm.weight": torch.zeros(4)},
    }
    for name, changed in wrong.items():
        save_file(changed, path)
        with pytest.raises(ReleaseError, match=f"does not fit its config.json: {name}"):
            release.load(folder)


@pytest.mark.parametrize(
    "dtype, value", [(torch.float16, float("nan")), (torch.float32, float("-inf")), (torch.float32, -1e30)]
)
def test_weights_that_are_not_finite_or_would_overflow_are_reported(folder, dtype, value):
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["up3.conv.weight"] = weights["up3.conv.weight"].to(dtype)
    weights["up3.conv.weight"][1, 2, 3, 0] = value
    save_file(weights, path)
    with pytest.raises(
        ReleaseError, match="values beyond the range of float16, or not finite, first in up3.conv.weight"
    ):
        release.load(folder)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float8_e4m3fn, torch.complex64, torch.int8])
def test_weights_of_a_type_that_is_not_written_here_are_refused(folder, dtype):
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights["up3.conv.weight"] = weights["up3.conv.weight"].to(dtype)
    save_file(weights, path)
    with pytest.raises(ReleaseError, match="up3.conv.weight has type .*F16, BF16 or F32"):
        release.load(folder)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_weights_in_bf16_and_fp32_are_read_like_those_in_fp16(folder, dtype):
    path = folder / "model.safetensors"
    save_file({name: weight.to(dtype) for name, weight in load_file(path).items()}, path)
    assert release.load(folder)[0].up8.conv.weight.dtype == torch.float32


# Earlier epochs


def test_weights_are_found_by_their_epoch_in_order_and_other_files_are_passed_over(tmp_path):
    for name in ("epoch-100", "epoch-020", "epoch-3000", "epoch-1x", "epoch-", "model", "epoch-1234567890"):
        (tmp_path / f"{name}.safetensors").touch()
    (tmp_path / "epoch-005.pt").touch()
    assert list(release.weights_by_epoch(tmp_path)) == [20, 100, 3000]
    assert release.weights_by_epoch(tmp_path / "nothing") == {}


@pytest.mark.parametrize(
    ("epochs", "chosen"),
    [
        ([7], [7]),
        ([4, 1, 4, 2], [1, 2, 4]),
        ([1, *range(10, 201, 10)], [1, 10, 30, 200]),
        (range(2, 21, 2), [2, 4, 10, 20]),
        ([0, 1, 2, 3, 4], [0, 2, 3, 4]),
        ([96, 97, 98, 99, 100], [96, 97, 99, 100]),
    ],
)
def test_at_most_four_epochs_are_chosen_the_first_and_the_last_among_them(epochs, chosen):
    assert release.spread(epochs) == chosen


def test_the_palette_of_the_demo_comes_from_the_folder(folder):
    assert release.load_config(folder).palette == FACADES
