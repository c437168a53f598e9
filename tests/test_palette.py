"""Palettes are found in label images through JPEG noise, and palette.json is read as an untrusted file."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from pix2pix.data.palette import PaletteError, background_class, find_palette, read_palette, write_palette
from pix2pix.labels import PALETTES, Palette
from tests.helpers.hostile import hostile, values
from tests.helpers.own_images import edges, photo
from tests.helpers.tiny import draw_label_map


def label_maps(num_classes: int) -> list[np.ndarray]:
    return [(draw_label_map(seed).astype(int) + 5 * seed) % num_classes for seed in range(8)]


def large_classes(num_classes: int) -> set[int]:
    """Classes that cover a square of 12 pixels in one of the maps."""
    squares = [sliding_window_view(classes, (12, 12)) for classes in label_maps(num_classes)]
    return {int(label) for parts in squares for label in parts[..., 0, 0][parts.min((2, 3)) == parts.max((2, 3))]}


def label_images(palette: Palette, quality: int, blurred: bool = False) -> list[np.ndarray]:
    """Eight label images as archives store them."""
    images = []
    for classes in label_maps(len(palette)):
        picture = Image.fromarray(palette.to_image(classes))
        if blurred:
            picture = picture.resize((300, 300), Image.Resampling.BICUBIC).resize((256, 256), Image.Resampling.BICUBIC)
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
        images.append(np.asarray(Image.open(buffer)))
    return images


@pytest.mark.parametrize("quality", [75, 90, 95])
@pytest.mark.parametrize("blurred", [False, True])
@pytest.mark.parametrize("dataset", PALETTES)
def test_the_colours_of_a_palette_are_found_through_jpeg_noise(dataset, blurred, quality):
    images = label_images(PALETTES[dataset], quality, blurred)
    found = find_palette(images)
    distances = np.linalg.norm(found.palette.rgb[:, None].astype(float) - PALETTES[dataset].rgb, axis=2)
    assert distances.min(1).max() < 6, "no colour is made up"
    owners = distances.argmin(1).tolist()
    assert len(set(owners)) == len(owners), "none is found twice"
    assert large_classes(len(PALETTES[dataset])) - set(owners) == set(), "and none is missed"


def test_shares_add_up_and_come_in_order(tmp_path):
    halves = np.zeros((256, 256, 3), np.uint8)
    halves[:, 192:] = (200, 30, 30)
    found = find_palette([halves])
    assert found.palette.colors == ("#000000", "#c81e1e") and found.palette.names == ("class 1", "class 2")
    assert found.shares == (0.75, 0.25) and found.left_over == 0
    noisy = find_palette(label_images(PALETTES["facades"], 75))
    assert sum(noisy.shares) + noisy.left_over == pytest.approx(1)
    assert list(noisy.shares) == sorted(noisy.shares, reverse=True) and noisy.left_over < 0.1


def test_photos_of_pairs_that_are_the_other_way_round_give_no_colours():
    images = label_images(PALETTES["facades"], 90)
    alone, mixed = find_palette(images), find_palette([*images, *(photo(seed) for seed in range(4))])
    assert (mixed.palette, mixed.shares, mixed.left_over) == (alone.palette, alone.shares, alone.left_over)
    assert (alone.left_out, mixed.left_out) == (0, 4)


def test_photos_have_no_palette_and_drawings_have_two_colours():
    with pytest.raises(PaletteError, match="^Only 0 of 6 images look like label maps"):
        find_palette(photo(seed) for seed in range(6))
    with pytest.raises(PaletteError, match="no images"):
        find_palette([])
    assert set(find_palette([edges(1)]).palette.colors) == {"#000000", "#ffffff"}
    with pytest.raises(PaletteError, match="look like label maps"):
        find_palette([np.zeros((2, 2, 3), np.uint8)])


def test_a_palette_is_written_once_and_read_back(tmp_path):
    found = find_palette(label_images(PALETTES["facades"], 95))
    path = tmp_path / "palette.json"
    write_palette(path, found)
    assert read_palette(path) == found.palette
    assert [path.name for path in tmp_path.iterdir()] == ["palette.json"]
    content = json.loads(path.read_text())
    assert content["left over"] == round(found.left_over, 5)
    content["classes"][0] |= {"name": "  Wände ", "color": "#ABCDEF"}
    path.write_text("\ufeff" + json.dumps(content), encoding="utf-8")
    edited = read_palette(path)
    assert (edited.names[0], edited.colors[0]) == ("Wände", "#abcdef")
    with pytest.raises(PaletteError, match=r"palette\.json exists, and its names may be yours"):
        write_palette(path, found)
    with pytest.raises(PaletteError, match="cannot be written"):
        write_palette(tmp_path / "missing" / "palette.json", found)


ROOF = {"name": "roof", "color": "#aa3300"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", 'needs a list "classes"'),
        (json.dumps({"classes": 3}), 'needs a list "classes"'),
        (json.dumps({"classes": []}), "has no classes, but a palette needs at least two;"),
        (json.dumps({"classes": [ROOF]}), "has 1 class, but a palette needs at least two;"),
        (json.dumps({"classes": [ROOF, 5]}), 'class 2 needs a "name"'),
        (json.dumps({"classes": [{"name": "a\nb", "color": "#aa3300"}]}), 'class 1 needs a "name"'),
        (json.dumps({"classes": [{"name": "x" * 61, "color": "#aa3300"}]}), 'class 1 needs a "name"'),
        (json.dumps({"classes": [{"name": "roof"}]}), 'class 1 needs a "color"'),
        (json.dumps({"classes": [ROOF | {"color": "red"}]}), 'class 1 needs a "color" such as "#aa3300", not "red".'),
        (json.dumps({"classes": [ROOF, ROOF | {"color": [1, 2, 3]}]}), 'such as "#aa3300", not [1, 2, 3].'),
        (json.dumps({"classes": [ROOF, ROOF | {"name": "wall"}]}), "colours repeat: #aa3300"),
        (json.dumps({"classes": [ROOF, ROOF | {"color": "#aa3301"}]}), "names repeat: roof"),
        (" " * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_wrong_palette_file_is_one_sentence_that_names_it(tmp_path, content, words):
    (tmp_path / "palette.json").write_text(content)
    with pytest.raises(PaletteError) as refused:
        read_palette(tmp_path / "palette.json")
    sentence = str(refused.value)
    assert sentence.startswith(str(tmp_path / "palette.json")) and words in sentence and sentence.endswith(".")
    assert "\n" not in sentence and len(sentence) < 500


@hostile
@given(values)
def test_any_json_is_a_palette_or_refused(tmp_path, value):
    path = tmp_path / "palette.json"
    for content in (value, {"classes": value}, {"classes": [ROOF | {"name": value}, ROOF | {"color": value}]}):
        path.write_text(json.dumps(content))
        try:
            assert len(read_palette(path)) >= 2
        except PaletteError as refused:
            assert str(path) in str(refused) and "\n" not in str(refused)
    path.unlink()
    with pytest.raises(PaletteError, match="cannot be read"):
        read_palette(path)


def test_the_background_class_goes_by_its_name():
    assert [background_class(palette) for palette in PALETTES.values()] == [0, 0]
    assert background_class(Palette(("roof", "Background"), ("#000000", "#ffffff"))) == 1
    assert background_class(Palette(("roof", "wall"), ("#000000", "#ffffff"))) == 0
