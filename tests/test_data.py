"""Reading pairs, errors that name the file, and the order of training."""

import os
import shutil
import socket
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import draw_label_map, draw_pair
from PIL import Image

from pix2pix import data
from pix2pix.data import DataError, PairedDataset, read_pair, training_batches
from pix2pix.download import download_facades
from pix2pix.labels import FACADES
from pix2pix.pictures import to_uint8

NUM_PAIRS = 5


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> PairedDataset:
    """Pairs that can be told apart after jitter: the label image of pair i is grey 10 * i, the photo 10 * i + 5."""
    folder = tmp_path_factory.mktemp("numbered")
    (folder / "facades" / "train").mkdir(parents=True)
    for number in range(NUM_PAIRS):
        halves = [np.full((256, 256, 3), 10 * number + grey, np.uint8) for grey in (5, 0)]
        Image.fromarray(np.concatenate(halves, 1)).save(folder / "facades" / "train" / f"{number}.png")
    return PairedDataset(folder, "facades", "train")


def numbers(batches) -> list[list[int]]:
    """Which pairs are in each batch; checks on the way that label images and photos belong together."""
    found = []
    for label_images, photos in batches:
        assert label_images.shape == photos.shape == (len(photos), 3, 256, 256)
        assert (to_uint8(photos) == to_uint8(label_images) + 5).all()
        found.append([round(value / 10) for value in to_uint8(label_images).float().mean((1, 2, 3)).tolist()])
    return found


def test_the_label_image_is_the_right_half_and_the_photo_the_left(data_dir):
    label_image, photo = PairedDataset(data_dir, "facades", "train")[1]
    assert label_image.shape == photo.shape == (3, 256, 256)
    assert label_image.dtype == torch.float32 and label_image.min() >= -1 and label_image.max() <= 1
    read, _ = FACADES.from_image(to_uint8(label_image).permute(1, 2, 0).numpy())
    assert (read == draw_label_map(2)).mean() > 0.95
    with Image.open(data_dir / "facades" / "train" / "2.jpg") as image:
        both = np.asarray(image)
    np.testing.assert_array_equal(to_uint8(photo).permute(1, 2, 0), both[:, :256])
    np.testing.assert_array_equal(to_uint8(label_image).permute(1, 2, 0), both[:, 256:])


def test_pairs_come_in_numeric_order(tmp_path):
    (tmp_path / "facades" / "val").mkdir(parents=True)
    for name in ("10.jpg", "9.jpg", "100.jpg", "2.jpeg", "1.PNG", "notes.txt"):
        (tmp_path / "facades" / "val" / name).touch()
    dataset = PairedDataset(tmp_path, "facades", "val")
    assert [path.name for path in dataset.files] == ["1.PNG", "2.jpeg", "9.jpg", "10.jpg", "100.jpg"]
    assert len(dataset) == 5


def test_a_missing_split_is_an_error_that_names_the_folder_and_the_flag(tmp_path):
    with pytest.raises(DataError, match="--data-dir") as caught:
        PairedDataset(tmp_path, "cityscapes", "train")
    assert str(tmp_path / "cityscapes" / "train") in str(caught.value)


def test_an_empty_split_is_an_error_that_names_the_folder(tmp_path):
    folder = tmp_path / "facades" / "train"
    folder.mkdir(parents=True)
    (folder / "readme.txt").touch()
    with pytest.raises(DataError, match="holds no JPEG or PNG") as caught:
        PairedDataset(tmp_path, "facades", "train")
    assert str(folder) in str(caught.value)


def truncated_jpeg(path: Path) -> None:
    draw_pair(0).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def truncated_png(path: Path) -> None:
    draw_pair(0).save(path, "PNG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


BROKEN = {
    "truncated JPEG": (truncated_jpeg, "not a readable picture"),
    "truncated PNG": (truncated_png, "not a readable picture"),
    "empty file": (lambda path: path.touch(), "not a readable picture"),
    "text": (lambda path: path.write_text("not a picture"), "not a readable picture"),
    "folder": (lambda path: path.mkdir(), "not a readable picture"),
    "one half only": (lambda path: Image.new("RGB", (256, 256)).save(path), "is 256x256; a pair is 512x256"),
    "on its side": (lambda path: Image.new("RGB", (256, 512)).save(path), "is 256x512; a pair is 512x256"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_an_error_that_names_it(tmp_path, name):
    write, sentence = BROKEN[name]
    (tmp_path / "facades" / "train").mkdir(parents=True)
    draw_pair(1).save(tmp_path / "facades" / "train" / "1.jpg")
    path = tmp_path / "facades" / "train" / "2.jpg"
    write(path)
    for read in (lambda: read_pair(path), PairedDataset(tmp_path, "facades", "train").fingerprint):
        with pytest.raises(DataError, match=sentence) as caught:
            read()
        assert str(path) in str(caught.value)


def test_a_picture_of_too_many_pixels_is_an_error_that_names_it(tmp_path, monkeypatch):
    draw_pair(0).save(tmp_path / "1.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # Pillow refuses from twice as many on
    with pytest.raises(DataError, match="1.png is not a readable picture"):
        read_pair(tmp_path / "1.png")


def test_grey_pictures_are_read_as_rgb(tmp_path):
    Image.new("L", (512, 256), 77).save(tmp_path / "1.png")
    assert (read_pair(tmp_path / "1.png") == 77).all()
    assert read_pair(tmp_path / "1.png").shape == (2, 3, 256, 256)


def test_an_epoch_shows_every_pair_once_in_an_order_of_its_own(numbered):
    epochs = [numbers(training_batches(numbered, 0, epoch, 1, 0)) for epoch in range(3)]
    assert all(sorted(epoch) == [[number] for number in range(NUM_PAIRS)] for epoch in epochs)
    assert len({str(epoch) for epoch in epochs}) == 3
    assert numbers(training_batches(numbered, 0, 1, 1, 0)) == epochs[1]
    assert numbers(training_batches(numbered, 1, 1, 1, 0)) != epochs[1]


def test_a_last_batch_may_be_smaller(numbered):
    assert [len(batch) for batch in numbers(training_batches(numbered, 0, 0, 3, 0))] == [3, 2]


@pytest.mark.parametrize("skip", [1, 2, 3])
def test_a_resumed_epoch_goes_on_where_it_was_stopped_whatever_the_workers(numbered, skip):
    whole = list(training_batches(numbered, 5, 2, 2, 0))
    rest = training_batches(numbered, 5, 2, 2, 2 if skip == 1 else 0, skip)
    assert len(rest) == 3 - skip
    for found, expected in zip(rest, whole[skip:], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_jitter_differs_between_epochs_and_pictures_and_not_between_workers(data_dir):
    pairs = PairedDataset(data_dir, "facades", "train")
    first = list(training_batches(pairs, 0, 0, 4, 0))
    with_workers = list(training_batches(pairs, 0, 0, 4, 2))
    assert all(torch.equal(a, b) for a, b in zip(first[0], with_workers[0], strict=True))
    same_pictures = [data.JitteredDataset(pairs, 0, epoch)[2][0] for epoch in (0, 1)]
    assert not torch.equal(*same_pictures)


def test_two_copies_of_a_picture_are_jittered_differently(tmp_path):
    (tmp_path / "facades" / "train").mkdir(parents=True)
    for number in (1, 2):
        draw_pair(0).save(tmp_path / "facades" / "train" / f"{number}.jpg")
    jittered = data.JitteredDataset(PairedDataset(tmp_path, "facades", "train"), 0, 0)
    assert not torch.equal(jittered[0][0], jittered[1][0])


def test_the_fingerprint_changes_with_a_picture_a_name_or_a_file_less_and_with_nothing_else(data_dir, tmp_path):
    shutil.copytree(data_dir / "facades", tmp_path / "facades")
    original = PairedDataset(data_dir, "facades", "train").fingerprint()
    folder = tmp_path / "facades" / "train"

    def fingerprint() -> str:
        return PairedDataset(tmp_path, "facades", "train").fingerprint()

    os.utime(folder / "1.jpg", (0, 0))
    assert fingerprint() == original
    draw_pair(99).save(folder / "3.jpg")
    changed = fingerprint()
    (folder / "4.jpg").rename(folder / "5.jpg")
    renamed = fingerprint()
    (folder / "5.jpg").unlink()
    assert len({original, changed, renamed, fingerprint()}) == 4


def test_the_command_says_why_the_download_failed_and_what_to_do(tmp_path, monkeypatch, capsys):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/facades.tar.gz"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(data, "download_facades", partial(download_facades, urls=[url], pause_seconds=0))
    assert data.main(["facades", "--data-dir", str(tmp_path / "datasets")]) == 1
    said = capsys.readouterr().err
    assert "could not be downloaded" in said and url in said and "unpack it in" in said
    assert "Traceback" not in said


def test_the_command_keeps_a_dataset_that_is_there(data_dir, capsys):
    assert data.main(["facades", "--data-dir", str(data_dir)]) == 0
    assert "is already there" in capsys.readouterr().out
