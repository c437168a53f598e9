"""What the views show, and the sheet that is saved."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from demo.comparison import to_data_url
from demo.comparison_sheet import draw_sheet
from demo.views import VIEWS, levels_apart, paint_all, show, views_of
from pix2pix import release
from pix2pix.labels import FACADES
from pix2pix.painter import MAX_SEED, Painter
from pix2pix.release import ReleaseError
from tests.helpers.tiny import draw_label_map, tiny_generator, tiny_release_config


@pytest.fixture(scope="module")
def painters() -> dict[str, Painter]:
    return {
        objective: Painter(tiny_generator(seed), tiny_release_config(objective=objective))
        for seed, objective in enumerate(("gan", "l1"))
    }


def test_several_pictures_at_once_are_those_of_one_after_the_other(painters):
    label_map = draw_label_map(1)
    gan, l1 = painters.values()
    paintings = paint_all([gan, l1, gan], label_map, [3, 3, 4], dropout=True)
    expected = [gan.paint(label_map, 3), l1.paint(label_map, 3), gan.paint(label_map, 4)]
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


@pytest.mark.parametrize(
    ("gan", "l1", "words"),
    [
        (28, 28, "Both models were trained for 28 of the 200 epochs of the published run."),
        (28, 200, "Trained for fewer than the published 200 epochs: GAN for 28."),
        (28, 40, "Trained for fewer than the published 200 epochs: GAN for 28, L1 only for 40."),
        (200, 300, ""),
        (0, 0, ""),
    ],
)
def test_fewer_epochs_than_published_are_a_line_below_the_images(painters, gan, l1, words):
    trained = {}
    for (objective, painter), epochs in zip(painters.items(), (gan, l1), strict=True):
        trained[objective] = Painter(tiny_generator(0), replace(painter.config, epochs=epochs))
    assert show("Side by side", trained, draw_label_map(1), 1, True).words == words


def test_the_photo_stands_beside_both_pictures_and_in_no_other_view(painters):
    photo = draw_label_map(2)[..., None].repeat(3, 2)
    counts = {
        view: [p.url for p in show(view, painters, draw_label_map(1), 1, True, photo).pictures].count(
            to_data_url(photo)
        )
        for view in VIEWS
    }
    assert set(counts.values()) == {1}


def test_seeds_of_variations_go_on_from_the_largest_to_zero(painters):
    titles = [picture.title for picture in show("Variations", painters, draw_label_map(1), MAX_SEED - 1, True).pictures]
    assert titles == [f"Seed {seed}" for seed in (MAX_SEED - 1, MAX_SEED, 0, 1)]


def test_without_dropout_there_are_no_variations(painters):
    assert show("Variations", painters, draw_label_map(1), 1, False).view == "Side by side"


@pytest.fixture
def with_epochs(tmp_path) -> Painter:
    """A GAN of which there are weights of epoch 1 too."""
    release.save(tmp_path, tiny_generator(0), tiny_release_config())
    path = release.weights_of_epoch(tmp_path / "epochs", 1)
    path.parent.mkdir()
    release.save_weights(path, tiny_generator(5))
    return Painter.load(tmp_path)


def test_epochs_are_shown_of_the_models_that_have_several(painters, with_epochs):
    shown = show("Epochs", {"gan": with_epochs, "l1": painters["l1"]}, draw_label_map(1), 1, True)
    assert [(p.title, p.file) for p in shown.pictures] == [
        ("GAN, epoch 1", "facades-gan-epoch-001.png"),
        ("GAN, epoch 3", "facades-gan-epoch-003.png"),
    ]
    assert (
        shown.pictures[1].url
        == show("Side by side", {"gan": with_epochs, "l1": painters["l1"]}, draw_label_map(1), 1, True).pictures[0].url
    )
    assert shown.pictures[0].url != shown.pictures[1].url


def test_without_earlier_epochs_the_view_is_not_offered_and_asking_for_it_gives_the_first(painters, with_epochs):
    assert views_of(None) == views_of(painters) == list(VIEWS[:-1])
    assert views_of({"gan": with_epochs, "l1": painters["l1"]}) == list(VIEWS)
    for view in ("Epochs", "", "Nothing"):
        assert show(view, painters, draw_label_map(1), 1, True).view == "Side by side"


def test_earlier_weights_that_do_not_fit_are_an_error_of_their_view_alone(painters, with_epochs):
    with_epochs.earlier[1].write_bytes(b"cut")
    pair = {"gan": with_epochs, "l1": painters["l1"]}
    assert len(show("Side by side", pair, draw_label_map(1), 1, True).pictures) == 2
    with pytest.raises(ReleaseError, match="epoch-001.safetensors cannot be read"):
        show("Epochs", pair, draw_label_map(1), 1, True)


def test_levels_apart_is_the_mean_over_the_colours():
    one, other = np.zeros((1, 2, 3), np.uint8), np.zeros((1, 2, 3), np.uint8)
    one[0, 0], other[0, 1] = (30, 0, 0), (255, 255, 255)
    assert levels_apart(one, other).tolist() == levels_apart(other, one).tolist() == [[10, 255]]


def test_a_model_that_agrees_with_the_other_has_a_black_difference(painters):
    twins = {"gan": painters["gan"], "l1": Painter(tiny_generator(0), tiny_release_config(objective="l1"))}
    shown = show("Difference", twins, draw_label_map(1), 1, False)
    assert shown.pictures[0].url == to_data_url(np.zeros((256, 256, 3), np.uint8))
    assert shown.words.endswith("On average they are 0 levels apart.")


# ---- The sheet ----


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
