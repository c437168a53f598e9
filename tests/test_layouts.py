"""Pairs are found in every layout that people have, matched by name, and read as tensors of one size."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix.data import DataError
from pix2pix.data.layouts import LayoutError, PairReader, find_pairs, split_val
from pix2pix.data.source import PairSource
from pix2pix.image_files import ImageFileError
from pix2pix.labels import FACADES
from tests.helpers.own_images import (
    INNER,
    OUTER,
    SIDE_BY_SIDE,
    check_pairs,
    edges,
    fill,
    house,
    house_image,
    on_white,
    photo,
    png_16_bit,
    save,
    save_pair,
)
from tests.helpers.tiny import draw_pair, published_pairs


def reader(folder: Path, **options) -> PairReader:
    return PairReader(find_pairs(folder)["train"], **options)


def image(tensor: torch.Tensor) -> np.ndarray:
    return tensor.permute(1, 2, 0).numpy()


def refusal(folder: Path) -> str:
    with pytest.raises(ValueError) as refused:
        find_pairs(folder)
    assert "\n" not in str(refused.value) and str(refused.value).endswith(".")
    return str(refused.value)


@pytest.mark.parametrize("layout", [SIDE_BY_SIDE, OUTER, INNER])
def test_pairs_are_found_in_every_layout(tmp_path, layout):
    fill(tmp_path, layout, range(1, 12))
    pairs = reader(tmp_path)
    assert [pair.a.stem for pair in pairs.files] == [str(number) for number in range(1, 12)]
    assert list(find_pairs(tmp_path)) == ["train"]
    pair = pairs.pair(1)
    assert pair.shape == (2, 3, 256, 256) and pair.dtype == torch.uint8
    assert pair.is_contiguous(memory_format=torch.channels_last)
    assert (image(pair[0]) == house_image()).all() and (image(pair[1]) == photo(2)).all()
    other_way = reader(tmp_path, direction="AtoB").pair(1)
    assert torch.equal(other_way, pair.flip(0))
    assert check_pairs(pairs.all_sides(), FACADES) == [] and pairs.resized_note() == ""


def test_the_published_packaging_reads_as_before(data_dir):
    published = published_pairs(data_dir, "facades", "train")
    pairs = find_pairs(data_dir / "facades")
    assert list(pairs) == ["train", "val"]
    assert [pair.a for pair in pairs["train"]] == published.files
    for palette in (None, FACADES):
        own = PairReader(pairs["train"], palette=palette)
        assert all(torch.equal(own.pair(index), published.pair(index)) for index in range(len(published)))


def test_a_reader_can_go_to_a_worker_process(data_dir):
    pairs = PairReader(find_pairs(data_dir / "facades")["train"], palette=FACADES)
    assert torch.equal(pickle.loads(pickle.dumps(pairs)).pair(0), pairs.pair(0))


def test_hidden_files_suffixes_and_names_in_other_encodings(tmp_path):
    fill(tmp_path, SIDE_BY_SIDE, range(1, 3))
    save_pair(photo(3), house_image(), tmp_path / "train/3.WEBP", lossless=True)
    (tmp_path / "train/._1.png").write_bytes(b"\0\5\26\7 Mac OS X")
    (tmp_path / "train/Thumbs.db").write_bytes(b"")
    try:
        os.rename(os.fsencode(tmp_path / "train/2.png"), os.fsencode(tmp_path / "train") + b"/fa\xe7ade.png")
    except OSError:
        pass  # this file system takes UTF-8 names only
    pairs = reader(tmp_path, palette=FACADES)
    assert len(pairs) == 3 and all(pairs.pair(index).shape == (2, 3, 256, 256) for index in range(3))
    assert check_pairs(pairs.all_sides(), FACADES) == []


def test_what_is_wrong_with_a_folder_is_one_sentence(tmp_path):
    for folder, words in (
        (tmp_path / "missing", "does not exist. Put images"),
        (tmp_path, "contains no pairs of train"),
        (save(photo(1), tmp_path / "half" / "1.png"), "1.png is a file, not a folder"),
        (tmp_path / "half", "half contains images itself; put them into a folder train"),
    ):
        with pytest.raises(DataError, match=words):
            PairSource(folder).open()
    fill(tmp_path, OUTER, range(1, 4))
    (tmp_path / "A/train/2.png").unlink()
    assert refusal(tmp_path).startswith(
        f"{tmp_path}/B/train/2.webp has no image of the same name in {tmp_path}/A/train."
    )
    (tmp_path / "B/train/3.webp").unlink()
    assert refusal(tmp_path) == (
        f"{tmp_path}/A/train/3.png has no image of the same name in {tmp_path}/B/train; also without a partner: "
        f"{tmp_path}/B/train/2.webp."
    )
    fill(tmp_path, OUTER, range(1, 4))
    fill(tmp_path, SIDE_BY_SIDE, range(1, 2))
    assert "several layouts" in refusal(tmp_path)
    fill(tmp_path / "half", INNER, range(1, 2))
    (tmp_path / "half/train/B/1.webp").unlink()
    (tmp_path / "half/train/B").rmdir()
    assert "half/train/B does not exist" in refusal(tmp_path / "half")
    fill(tmp_path / "many", OUTER, range(1, 10))
    for number in range(1, 9):
        (tmp_path / f"many/A/train/{number}.png").unlink()
    assert refusal(tmp_path / "many").endswith(f"{tmp_path}/many/B/train/6.webp and 2 more.")
    save(photo(1), tmp_path / "A/train/1.jpg")
    assert "holds both 1.jpg and 1.png" in refusal(tmp_path / ".") or "several layouts" in refusal(tmp_path)


def test_accents_match_whichever_way_they_are_written(tmp_path):
    save(photo(1), tmp_path / "A/train/fa\u00e7ade.png")
    save(house_image(), tmp_path / "B/train/fac\u0327ade.png")
    assert len(find_pairs(tmp_path)["train"]) == 1


def test_a_validation_split_is_drawn_by_seed(tmp_path):
    fill(tmp_path, SIDE_BY_SIDE, range(1, 21), left=lambda number: edges(1))
    pairs = find_pairs(tmp_path)["train"]
    train, val = split_val(pairs, 0.1, seed=3)
    assert (len(train), len(val)) == (18, 2) and sorted(train + val, key=pairs.index) == pairs
    assert split_val(pairs, 0.1, seed=3) == (train, val) and split_val(pairs, 0.1, seed=4) != (train, val)
    assert split_val(pairs, 0, seed=3) == (pairs, [])
    assert len(split_val(pairs[:3], 0.01, seed=0)[1]) == 1
    for share, number in ((1, 20), (-0.1, 20), (0.5, 1), (float("nan"), 20)):
        with pytest.raises(LayoutError, match="^--val-share"):
            split_val(pairs[:number], share, seed=0)


@pytest.mark.parametrize("size", [(256, 256), (512, 256), (512, 512)])
def test_images_of_other_sizes_are_resized_and_said_once(tmp_path, size):
    fill(tmp_path, SIDE_BY_SIDE, range(1, 3))
    save(np.asarray(Image.fromarray(photo(3)).resize((600, 400))), tmp_path / "other/A/train/1.jpg")
    save(house_image().repeat(3, 0).repeat(3, 1), tmp_path / "other/B/train/1.png")
    for folder in (tmp_path, tmp_path / "other"):
        pairs = reader(folder, size=size, palette=FACADES)
        pair = pairs.pair(0)
        assert pair.shape == (2, 3, size[1], size[0])
        colors = {tuple(color) for color in image(pair[0]).reshape(-1, 3).tolist()}
        assert colors == {tuple(color) for color in FACADES.rgb[np.unique(house())].tolist()}, "no colour is made up"
    assert "1 of 1 pairs" in pairs.resized_note() and "from 600x400" in pairs.resized_note()
    note = reader(tmp_path, size=size).resized_note()
    assert note == "" if size == (256, 256) else f"Resized to {size[0]}x{size[1]}" in note


def test_sizes_and_directions_that_cannot_be_trained_are_refused(tmp_path):
    fill(tmp_path, SIDE_BY_SIDE, range(1, 2))
    for size in ((300, 256), (0, 256), (256, -256)):
        with pytest.raises(LayoutError, match="^--size must be multiples of 256"):
            reader(tmp_path, size=size)
    with pytest.raises(LayoutError, match="^--direction must be AtoB or BtoA, not left"):
        reader(tmp_path, direction="left")
    save(photo(1)[:, :255], tmp_path / "odd/train/1.png")
    with pytest.raises(ImageFileError, match="255 pixels wide"):
        reader(tmp_path / "odd").pair(0)


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
@pytest.mark.parametrize("layout", [SIDE_BY_SIDE, OUTER])
def test_class_numbers_become_colours_where_the_palette_is_known(tmp_path, layout, direction):
    numbers = house() + 1
    fill(tmp_path, layout, range(1, 3), right=lambda number: numbers[..., None].repeat(3, 2))
    label, target = (
        reader(tmp_path, palette=FACADES, direction=direction).pair(1).flip(0 if direction == "AtoB" else ())
    )
    assert (image(label) == house_image()).all() and (image(target) == photo(2)).all()
    problems = check_pairs(reader(tmp_path).all_sides())
    assert len(problems) == 1 and "class numbers" in problems[0]


def test_indexed_images_with_strange_colours_are_read_by_their_numbers(tmp_path):
    """As the CMP Facade Database: a JPEG photo, and an indexed PNG of 1 to 12."""
    save(photo(1), tmp_path / "A/train/1.jpg")
    indexed = Image.fromarray(house() + 1)
    indexed.putpalette([value for index in range(256) for value in (0, index * 20 % 256, 170)])
    (tmp_path / "B/train").mkdir(parents=True)
    indexed.save(tmp_path / "B/train/1.png")
    assert (image(reader(tmp_path, palette=FACADES).pair(0)[0]) == house_image()).all()


def test_transparent_maps_get_background_and_transparent_photos_are_refused(tmp_path):
    clear = np.where(house() == 0, 0, 255).astype(np.uint8)
    fill(tmp_path, OUTER, range(1, 2), right=lambda number: np.dstack([house_image(), clear]))
    assert (image(reader(tmp_path, palette=FACADES).pair(0)[0]) == house_image()).all()
    fill(tmp_path / "photos", OUTER, range(1, 2), left=lambda number: np.dstack([photo(number), clear]))
    with pytest.raises(ImageFileError, match=r"A/train/1\.png has transparent pixels"):
        reader(tmp_path / "photos", palette=FACADES).pair(0)


def test_grey_and_16_bit_pairs_are_scaled_and_named_if_they_are_no_maps(tmp_path):
    (tmp_path / "train").mkdir()
    grey = photo(1)[..., 0].astype(np.uint16) * 257
    (tmp_path / "train/1.png").write_bytes(png_16_bit(grey.repeat(2, 1)))
    pairs = reader(tmp_path)
    both = np.concatenate([image(half) for half in pairs.pair(0).flip(0)], 1)
    assert (both == (grey >> 8).repeat(2, 1)[..., None]).all()
    assert "neither image is a label map" in check_pairs(pairs.all_sides(), FACADES)[0]


def test_swapped_white_and_edge_pairs(tmp_path):
    fill(tmp_path / "swapped", SIDE_BY_SIDE, range(1, 5), left=lambda number: house_image(), right=photo)
    fill(tmp_path / "edges", OUTER, range(1, 5), left=edges, right=photo)
    fill(
        tmp_path / "white",
        SIDE_BY_SIDE,
        range(1, 5),
        left=lambda n: photo(1) * 0 + 255,
        right=lambda n: photo(1) * 0 + 255,
    )
    for palette in (FACADES, None):
        (sentence,) = check_pairs(reader(tmp_path / "swapped", palette=palette).all_sides(), palette)
        assert "--direction AtoB" in sentence
        (sentence,) = check_pairs(reader(tmp_path / "white", palette=palette).all_sides(), palette)
        assert "and 3 more" in sentence and "one colour throughout" in sentence
    assert "--direction AtoB" in check_pairs(reader(tmp_path / "edges").all_sides())[0]
    fill(tmp_path / "on white", SIDE_BY_SIDE, range(1, 5), left=edges, right=on_white)
    assert "line drawings; give --direction AtoB" in check_pairs(reader(tmp_path / "on white").all_sides())[0]
    assert check_pairs(reader(tmp_path / "on white").all_sides(), None, "AtoB") == []
    ready = reader(tmp_path / "edges", direction="AtoB")
    assert check_pairs(ready.all_sides(), None, "AtoB") == []
    assert (image(ready.pair(0)[0]) == edges(1)).all()


def test_a_damaged_file_is_named(tmp_path):
    draw_pair(1).save(tmp_path / "pair.jpg")
    (tmp_path / "train").mkdir()
    (tmp_path / "train/1.jpg").write_bytes((tmp_path / "pair.jpg").read_bytes()[:2000])
    with pytest.raises(ImageFileError, match=r"train/1\.jpg is damaged or incomplete"):
        reader(tmp_path).pair(0)
