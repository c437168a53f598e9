"""What the views show, the sheet that is saved, validation samples, and the flags of the page."""

import importlib.util
import io
from typing import Any

import numpy as np
import pytest
from conftest import draw_label_map, tiny_generator, tiny_release_config
from PIL import Image

from demo.comparison import to_data_url
from demo.comparison_sheet import draw_sheet
from demo.page_flags import read_page_flags
from demo.painting import paint_all
from demo.validation_samples import ValidationSamples
from demo.views import VIEWS, levels_apart, show, views_of
from pix2pix import release
from pix2pix.labels import FACADES
from pix2pix.painter import MAX_SEED, Painter
from pix2pix.release import ReleaseError


@pytest.fixture(scope="module")
def painters() -> list[Painter]:
    return [
        Painter(tiny_generator(seed), tiny_release_config(objective=objective))
        for seed, objective in enumerate(("gan", "l1"))
    ]


def test_several_pictures_at_once_are_those_of_one_after_the_other(painters):
    label_map = draw_label_map(1)
    paintings = paint_all([*painters, painters[0]], label_map, [3, 3, 4], dropout=True)
    expected = [painters[0].paint(label_map, 3), painters[1].paint(label_map, 3), painters[0].paint(label_map, 4)]
    for painting, picture in zip(paintings, expected, strict=True):
        assert np.abs(painting.picture.astype(int) - picture).max() <= 1  # threads may add up in another order
        assert painting.seconds > 0


@pytest.mark.parametrize(("view", "count"), list(zip(VIEWS[:-1], (2, 2, 1, 4), strict=True)))
def test_every_view_has_its_pictures_with_different_titles_and_files(painters, view, count):
    shown = show(view, painters, draw_label_map(1), 1, True)
    assert shown.view == view
    for values in (
        [p.title for p in shown.pictures],
        [p.file for p in shown.pictures],
        [p.url for p in shown.pictures],
    ):
        assert len(set(values)) == len(values) == count


def test_the_photo_stands_beside_both_pictures_and_in_no_other_view(painters):
    photo = draw_label_map(2)[..., None].repeat(3, 2)
    counts = {
        view: [p.url for p in show(view, painters, draw_label_map(1), 1, True, photo).pictures].count(
            to_data_url(photo)
        )
        for view in VIEWS
    }
    assert list(counts.values()) == [1, 0, 0, 0, 1]  # these painters have no epochs, so side by side is shown


def test_seeds_of_variations_go_on_from_the_largest_to_zero(painters):
    titles = [picture.title for picture in show("Variations", painters, draw_label_map(1), MAX_SEED - 1, True).pictures]
    assert titles == [f"Seed {seed}" for seed in (MAX_SEED - 1, MAX_SEED, 0, 1)]


def test_without_dropout_variations_are_equal_and_said_to_be(painters):
    shown = show("Variations", painters, draw_label_map(1), 1, False)
    assert len({picture.url for picture in shown.pictures}) == 1
    assert shown.words == "Without dropout there is no noise: every seed gives the same picture."


@pytest.fixture
def with_epochs(tmp_path) -> Painter:
    """A GAN of which there are weights of epoch 1 too."""
    release.save(tmp_path, tiny_generator(0), tiny_release_config())
    path = release.weights_of_epoch(tmp_path / "epochs", 1)
    path.parent.mkdir()
    release.save_weights(path, tiny_generator(5))
    return Painter.load(tmp_path)


def test_epochs_are_shown_of_the_models_that_have_several(painters, with_epochs):
    shown = show("Epochs", [with_epochs, painters[1]], draw_label_map(1), 1, True)
    assert [(p.title, p.file) for p in shown.pictures] == [
        ("GAN, epoch 1", "facades-gan-epoch-001.jpg"),
        ("GAN, epoch 3", "facades-gan-epoch-003.jpg"),
    ]
    assert (
        shown.pictures[1].url
        == show("Side by side", [with_epochs, painters[1]], draw_label_map(1), 1, True).pictures[0].url
    )
    assert shown.pictures[0].url != shown.pictures[1].url


def test_without_earlier_epochs_the_view_is_not_offered_and_asking_for_it_gives_the_first(painters, with_epochs):
    assert views_of(None) == views_of(painters) == list(VIEWS[:-1])
    assert views_of([with_epochs, painters[1]]) == list(VIEWS)
    for view in ("Epochs", "", "Nothing"):
        assert show(view, painters, draw_label_map(1), 1, True).view == "Side by side"


def test_earlier_weights_that_do_not_fit_are_an_error_of_their_view_alone(painters, with_epochs):
    with_epochs.earlier[1].write_bytes(b"cut")
    pair = [with_epochs, painters[1]]
    assert len(show("Side by side", pair, draw_label_map(1), 1, True).pictures) == 2
    with pytest.raises(ReleaseError, match="epoch-001.safetensors cannot be read"):
        show("Epochs", pair, draw_label_map(1), 1, True)


def test_levels_apart_is_the_mean_over_the_colours():
    one, other = np.zeros((1, 2, 3), np.uint8), np.zeros((1, 2, 3), np.uint8)
    one[0, 0], other[0, 1] = (30, 0, 0), (255, 255, 255)
    assert levels_apart(one, other).tolist() == levels_apart(other, one).tolist() == [[10, 255]]


def test_a_model_that_agrees_with_the_other_has_a_black_difference(painters):
    twins = [painters[0], Painter(tiny_generator(0), tiny_release_config(objective="l1"))]
    shown = show("Difference", twins, draw_label_map(1), 1, False)
    assert shown.pictures[0].url == to_data_url(np.zeros((256, 256, 3), np.uint8))
    assert shown.words.endswith("On average they are 0 levels apart.")


# ---- The sheet --------------------------------------------------------------------------------------------------------------------


def test_the_sheet_holds_every_picture_as_it_is_and_grows_with_its_lines():
    pictures = [FACADES.to_image(draw_label_map(seed)) for seed in range(3)]
    sheets = [
        np.asarray(Image.open(io.BytesIO(draw_sheet([(f"Picture {n}", p) for n, p in enumerate(pictures)], lines))))
        for lines in (["one line"], ["one line", "word " * 60])
    ]
    for sheet in sheets:
        places = [
            np.argwhere((np.lib.stride_tricks.sliding_window_view(sheet[..., 0], (1, 256)) == p[:1, :, 0]).all((2, 3)))
            for p in pictures
        ]
        for picture, place in zip(pictures, places, strict=True):
            assert any((sheet[row : row + 256, column : column + 256] == picture).all() for row, column in place)
    assert sheets[0].shape[1] == sheets[1].shape[1] and sheets[0].shape[0] < sheets[1].shape[0]
    assert (sheets[1][:, -8:] == 255).all()  # no line runs out of the sheet


# ---- Validation samples and flags -------------------------------------------------------------------------------------------------


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
    with pytest.raises(ValueError, match=r"2\.jpg is not a readable image"):
        samples.label_map(1)


def test_the_data_folder_offers_what_it_holds(data_dir):
    samples, is_mcp_server = read_page_flags(["--data-dir", str(data_dir), "--weights", "facades-gan=x"], {})
    assert list(samples) == ["facades"] and len(samples["facades"].files) == 1
    assert not is_mcp_server
    assert read_page_flags([], {}) == ({}, False)


def test_on_a_space_datasets_are_passed_over_with_a_sentence(data_dir, capsys):
    assert read_page_flags(["--data-dir", str(data_dir)], {"SPACE_ID": "owner/space"}) == ({}, False)
    assert "passed over on a public Space, since datasets may not be passed on" in capsys.readouterr().err


def complaint(capsys: Any, *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        read_page_flags(list(arguments), {})
    assert end.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_a_data_folder_without_a_validation_split_is_refused(tmp_path, capsys):
    assert complaint(capsys, "--data-dir", str(tmp_path)).endswith(
        f"--data-dir: {tmp_path} holds none of the folders facades/val, cityscapes/val"
    )
    (tmp_path / "facades" / "val").mkdir(parents=True)
    assert complaint(capsys, "--data-dir", str(tmp_path)).endswith("val holds no JPEG or PNG pictures")


def test_a_missing_package_for_mcp_is_named(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert complaint(capsys, "--mcp").endswith("--mcp needs a package that is not installed: pip install 'gradio[mcp]'")
