"""Wrong data is named before it is trained on or painted, and right data never is."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pix2pix.data.class_numbers import CITYSCAPES_IDS, CITYSCAPES_TRAIN_IDS, classes_from_numbers
from pix2pix.data.label_images import (
    are_even,
    is_bgr,
    is_even,
    looks_like_label_map,
    read_label_image,
    share_of_palette,
)
from pix2pix.image_files import ImageFileError, ImageLimits
from pix2pix.labels import CITYSCAPES, FACADES, PALETTES, Palette
from tests.helpers.own_images import check_pairs, edges, house, house_image, photo, save, save_pair
from tests.helpers.tiny import draw_label_map, draw_pair, draw_photo

SMALL = Palette(("sky", "house", "tree"), ("#102030", "#c05040", "#30a050"))
OFFICIAL_IDS = {"road": 7, "guard rail": 14, "pole": 17, "traffic light": 19, "sky": 23, "train": 31, "bicycle": 33}
OFFICIAL_TRAIN_IDS = {"road": 0, "building": 2, "pole": 5, "sky": 10, "car": 13, "train": 16, "bicycle": 18}


def through_jpeg(pixels: np.ndarray, folder: Path, quality: int = 90) -> np.ndarray:
    with Image.open(save(pixels, folder / "noisy.jpg", quality=quality)) as picture:
        return np.asarray(picture)


def refusal(path: Path, palette: Palette | None = FACADES) -> str:
    with pytest.raises(ImageFileError) as refused:
        read_label_image(path, palette)
    sentence = str(refused.value)
    assert sentence.startswith(str(path)) and sentence.endswith(".") and "\n" not in sentence
    assert read_label_image(path, palette, force=True).problem == sentence
    return sentence


def pairs_of(left, right, number: int = 4) -> list[tuple[Path, np.ndarray, np.ndarray]]:
    return [(Path(f"{index}.jpg"), left(index), right(index)) for index in range(1, number + 1)]


def a_house(_: int) -> np.ndarray:
    return house_image()


@pytest.mark.parametrize("quality", [75, 90, 100])
def test_label_images_have_palette_colours_through_jpeg_noise_and_photos_have_none(tmp_path, quality):
    for dataset, palette in PALETTES.items():
        image = palette.to_image(draw_label_map(1) % len(palette))
        assert share_of_palette(through_jpeg(image, tmp_path, quality), palette) > 0.75, dataset
        assert share_of_palette(photo(1), palette) < 0.05


@pytest.mark.parametrize("height, width", [(256, 256), (40, 1), (1, 40), (33, 57)])
def test_even_pixels_are_the_same_at_some_places_as_in_the_whole_image(height, width):
    pixels = np.random.default_rng(0).integers(0, 12, (height, width, 3), np.uint8)
    pixels[: height // 2] //= 2
    everywhere = is_even(pixels, 6).reshape(-1)
    assert 0 < everywhere.mean() < 1
    for step in (1, 3, 9):
        places = np.arange(0, height * width, step)
        assert (are_even(pixels, places, 6) == everywhere[places]).all()


def test_without_a_palette_few_flat_colours_are_a_label_map(tmp_path):
    for pixels in (house_image(), through_jpeg(house_image(), tmp_path), edges(1)):
        assert looks_like_label_map(pixels)
    assert not any(looks_like_label_map(photo(seed)) for seed in range(20))


def test_a_map_that_changes_from_pixel_to_pixel_has_the_palettes_colours():
    noise = np.random.default_rng(0).integers(0, len(FACADES), (256, 256))
    assert share_of_palette(FACADES.to_image(noise), FACADES) == 1


def test_maps_are_read_by_their_colours(tmp_path):
    for name, options in {"map.png": {}, "map.webp": {"lossless": True}}.items():
        read = read_label_image(save(house_image(), tmp_path / name, **options), FACADES)
        assert (read.pixels == house_image()).all() and read.kind == read.problem == ""


def test_a_large_map_is_shrunk_whether_it_holds_colours_or_numbers(tmp_path):
    for pixels in (house_image(), house()):
        large = save(pixels.repeat(6, 0).repeat(6, 1), tmp_path / "large.png")
        assert (read_label_image(large, FACADES, limits=ImageLimits(max_side=256)).pixels == house_image()).all()
        with pytest.raises(ImageFileError, match="is too large with 1536x1536 pixels"):
            read_label_image(large, FACADES, limits=ImageLimits(max_pixels=1_000_000))


def test_photos_other_colours_and_bgr_are_refused_and_painted_by_force(tmp_path):
    assert "looks like a photo" in refusal(save(photo(1), tmp_path / "photo.png"))
    assert "in other colours" in refusal(save(CITYSCAPES.to_image(draw_label_map(1)), tmp_path / "street.png"))
    assert "red and blue exchanged" in refusal(save(house_image()[..., ::-1], tmp_path / "bgr.png"))
    assert "looks like a photo" in refusal(save(np.full((256, 256, 3), 255, np.uint8), tmp_path / "white.png"))
    assert "one colour throughout" in refusal(save(np.full((256, 256, 3), 255, np.uint8), tmp_path / "white.png"), None)


def test_a_map_of_one_class_is_a_map(tmp_path):
    path = save(FACADES.to_image(np.full((256, 256), 1)), tmp_path / "facade.png")
    assert read_label_image(path, FACADES).problem == ""
    assert not is_bgr(house_image(), FACADES)


def grey(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).convert("L").convert("RGB"))


def test_grey_photos_are_photos_and_grey_maps_are_maps():
    for seed in range(1, 5):
        smooth = np.asarray(draw_photo(256, 256, seed).filter(ImageFilter.GaussianBlur(2)))
        for image in (smooth, grey(smooth)):
            assert not looks_like_label_map(image)
        assert looks_like_label_map(grey(FACADES.to_image(draw_label_map(seed))))


def test_the_right_half_is_taken_of_a_pair_and_of_nothing_else(tmp_path):
    pair = save_pair(photo(1), house_image(), tmp_path / "pair.png")
    wide = save_pair(house_image(), house_image()[:, ::-1], tmp_path / "wide.png")
    tall = save(house_image().repeat(2, 0), tmp_path / "tall.png")
    drawing = save_pair(edges(1), edges(2), tmp_path / "drawing.png")
    assert (read_label_image(pair, FACADES).pixels == house_image()).all()
    assert (read_label_image(pair, None).pixels == house_image()).all()
    assert read_label_image(wide, FACADES).pixels.shape == (256, 512, 3)
    assert read_label_image(tall, FACADES).pixels.shape == (512, 256, 3)
    assert read_label_image(drawing, None).pixels.shape == (256, 512, 3)
    assert read_label_image(pair, FACADES, size=(512, 256), force=True).pixels.shape == (256, 512, 3)
    two_photos = save_pair(photo(1), photo(2), tmp_path / "photos.png")
    assert read_label_image(two_photos, FACADES, force=True).pixels.shape == (256, 512, 3)


@pytest.mark.parametrize("kind", ["L", "P", "I;16"])
@pytest.mark.parametrize("first", [0, 1])
def test_class_numbers_of_facades_are_read_as_classes(tmp_path, kind, first):
    numbers = house() + first
    picture = Image.fromarray(numbers.astype(np.uint16) if kind == "I;16" else numbers)
    if kind == "P":  # colours that are not those of the palette, as the CMP Facade Database has them
        picture.putpalette([value for index in range(256) for value in (0, index * 20 % 256, 170)])
    picture.save(tmp_path / "numbers.png")
    read = read_label_image(tmp_path / "numbers.png", FACADES)
    assert (read.pixels == house_image()).all()
    assert read.kind == ("CMP class numbers from 1" if first else "class numbers from 0")


@pytest.mark.parametrize(
    ("official", "table", "words"),
    [
        (OFFICIAL_IDS, CITYSCAPES_IDS, "Cityscapes label ids"),
        (OFFICIAL_TRAIN_IDS | {"unlabeled": 255}, CITYSCAPES_TRAIN_IDS, "Cityscapes trainIds"),
        (OFFICIAL_TRAIN_IDS, CITYSCAPES_TRAIN_IDS, "Cityscapes trainIds"),
    ],
)
def test_class_numbers_of_cityscapes_are_read_by_the_official_tables(tmp_path, official, table, words):
    assert len(table) in (34, 19)
    names = list(official)
    blocks = np.arange(256) // 8 % len(names)
    numbers = np.array(list(official.values()), np.uint8)[blocks][None].repeat(256, 0)
    classes = np.array([CITYSCAPES.index(name) for name in names])[blocks][None].repeat(256, 0)
    read = read_label_image(save(numbers, tmp_path / "munich_000001.png"), CITYSCAPES)
    assert (read.pixels == CITYSCAPES.to_image(classes)).all()
    assert words == read.kind


def test_the_name_of_a_file_decides_between_the_numbers_of_cityscapes():
    numbers = np.array([[7, 7, 11, 11]])
    ids, _ = classes_from_numbers(numbers, CITYSCAPES, "x_gtFine_labelIds.png")
    train_ids, _ = classes_from_numbers(numbers, CITYSCAPES, "x_gtFine_labelTrainIds.png")
    assert [CITYSCAPES.names[label] for label in ids[0, ::2]] == ["road", "building"]
    assert [CITYSCAPES.names[label] for label in train_ids[0, ::2]] == ["traffic sign", "person"]


def test_numbers_of_other_palettes_are_read_and_those_of_no_class_refused(tmp_path):
    numbers = np.array([0, 1, 2], np.uint8).repeat(90)[None].repeat(256, 0)
    for first in (0, 1):
        read = read_label_image(save(numbers + first, tmp_path / "numbers.png"), SMALL)
        assert (read.pixels == SMALL.to_image(numbers)).all()
    assert "numbers that are no classes" in refusal(save(numbers * 9, tmp_path / "high.png"), SMALL)
    assert classes_from_numbers(edges(1)[..., 0], CITYSCAPES) is None, "a drawing is no map of trainIds"
    assert classes_from_numbers(photo(1)[..., 0] // 8, CITYSCAPES) is None, "nor is a dark photo"


def test_right_pairs_have_no_problem():
    facades = [np.split(np.asarray(draw_pair(seed)), 2, 1) for seed in range(1, 5)]
    pairs = [(Path(f"{index}.jpg"), *halves) for index, halves in enumerate(facades)]
    for palette in (FACADES, None):
        assert check_pairs(pairs, palette) == []
        assert check_pairs(pairs_of(photo, a_house), palette) == []
        assert check_pairs(pairs_of(a_house, photo), palette, "AtoB") == []
        assert check_pairs(pairs_of(photo, a_house), palette, "AtoB") == [], "from photos to maps, as asked for"
    assert check_pairs(pairs_of(photo, lambda seed: photo(seed + 50))) == []
    assert check_pairs(pairs_of(edges, photo), None, "AtoB") == []


def test_swapped_halves_are_named_with_the_flag_that_helps():
    expected = ["1.jpg and 3 more: the images A (left) look like label maps; give --direction AtoB."]
    assert check_pairs(pairs_of(a_house, photo), FACADES) == expected
    without_palette = [expected[0].replace("maps;", "maps or line drawings;")]
    assert check_pairs(pairs_of(a_house, photo)) == check_pairs(pairs_of(edges, photo)) == without_palette


def test_a_palette_without_a_frequent_colour_is_named():
    assert check_pairs(pairs_of(photo, a_house), Palette(FACADES.names[1:], FACADES.colors[1:])) == [
        "1.jpg and 3 more: on average, only 66% of the flat areas of label maps have a colour of the palette; "
        "add the missing colours to it."
    ]


@pytest.mark.parametrize("palette", [FACADES, None])
@pytest.mark.parametrize("direction", ["BtoA", "AtoB"])
def test_a_few_pairs_the_other_way_round_are_named_alone(palette, direction):
    pairs = pairs_of(photo, a_house, 9)
    pairs[4] = (Path("5.jpg"), a_house(5), photo(5))
    expected = ["5.jpg: the label map or drawing is on the other side than in most pairs; exchange the two images."]
    assert check_pairs(pairs, palette, direction) == expected
    turned = [(path, right, left) for path, left, right in pairs]
    assert check_pairs(turned, palette, direction)[-1:] == expected
    assert len(check_pairs(turned, palette, direction)) == (1 if direction == "AtoB" else 2), "with the swapped ones"


def test_constant_pairs_bgr_other_colours_and_class_numbers_are_named():
    def white(_: int) -> np.ndarray:
        return np.full((256, 256, 3), 255, np.uint8)

    def grey(seed: int) -> np.ndarray:
        return photo(seed)[..., :1].repeat(3, 2)

    for left, right, palette, words in [
        (white, white, FACADES, "1.jpg and 3 more: image A (left) has one colour throughout"),
        (white, white, None, "image A (left) has one colour throughout"),
        (photo, white, FACADES, "image B (right) has one colour throughout"),
        (photo, lambda seed: house_image()[..., ::-1], FACADES, "red and blue exchanged (BGR)"),
        (grey, grey, FACADES, "neither image is a label map in the palette's colours"),
        (photo, a_house, CITYSCAPES, "neither image is a label map in the palette's colours"),
        (photo, lambda seed: house()[..., None].repeat(3, 2), None, "image B (right) holds class numbers"),
    ]:
        (sentence,) = check_pairs(pairs_of(left, right), palette)
        assert words in sentence and sentence.endswith(".")


def test_one_bad_pair_among_many_is_named_alone():
    pairs = pairs_of(photo, a_house, 9)
    pairs[4] = (Path("5.jpg"), photo(1), np.zeros((256, 256, 3), np.uint8))
    assert check_pairs(pairs, FACADES) == [
        "5.jpg: image B (right) has one colour throughout; replace or remove the pair."
    ]
