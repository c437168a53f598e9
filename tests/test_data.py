"""Reading pairs, with errors that name the file, and `python -m pix2pix.data`."""

import json
import socket
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix.data import __main__ as data
from pix2pix.data.facades import download_facades
from pix2pix.data.layouts import PairFiles, PairReader
from pix2pix.image_files import ImageFileError
from pix2pix.labels import FACADES
from tests.helpers.tiny import draw_pair, published_pairs


def read(path: Path) -> np.ndarray:
    """Input and target of one file, [2, 3, H, W]."""
    return PairReader([PairFiles(path)]).pair(0).numpy()


def truncated_jpeg(path: Path) -> None:
    draw_pair(0).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def truncated_png(path: Path) -> None:
    draw_pair(0).save(path, "PNG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


BROKEN = {
    "truncated JPEG": (truncated_jpeg, "is damaged or incomplete"),
    "truncated PNG": (truncated_png, "is damaged or incomplete"),
    "empty file": (lambda path: path.touch(), "is empty"),
    "text": (lambda path: path.write_text("not a picture"), "is not an image of a known format"),
}
OF_ANOTHER_SIZE = {"one half only": (256, 256), "on its side": (256, 512)}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_an_error_that_names_it(tmp_path, name):
    write, sentence = BROKEN[name]
    (tmp_path / "facades" / "train").mkdir(parents=True)
    draw_pair(1).save(tmp_path / "facades" / "train" / "1.jpg")
    path = tmp_path / "facades" / "train" / "2.jpg"
    write(path)
    for read_it in (lambda: read(path), published_pairs(tmp_path, "facades", "train").fingerprint):
        with pytest.raises(ValueError, match=sentence) as caught:
            read_it()
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("size", OF_ANOTHER_SIZE.values(), ids=OF_ANOTHER_SIZE)
def test_an_image_that_is_no_pair_is_named(tmp_path, size):
    (tmp_path / "facades" / "train").mkdir(parents=True)
    path = tmp_path / "facades" / "train" / "1.jpg"
    draw_pair(1).resize(size).save(path)
    pairs = published_pairs(tmp_path, "facades", "train")
    pairs.fingerprint(checks=(checks := pairs.checks()))
    (sentence,) = checks.problems()
    assert sentence.startswith(f"{path}: image A (left) is 128x{size[1]}, and would be distorted to 256x256")


def test_an_image_of_too_many_pixels_is_an_error_that_names_it(tmp_path, monkeypatch):
    draw_pair(0).save(tmp_path / "1.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # Pillow refuses from twice as many on
    with pytest.raises(ImageFileError, match="1.png is too large"):
        read(tmp_path / "1.png")


def test_a_folder_named_like_an_image_is_no_pair(tmp_path):
    with pytest.raises(ImageFileError, match="cannot be read: Is a directory"):
        read(tmp_path)


def test_a_pair_with_transparent_pixels_is_refused(tmp_path):
    Image.new("RGBA", (512, 256), (1, 2, 3, 100)).save(tmp_path / "1.png")
    with pytest.raises(ImageFileError, match="1.png has transparent pixels"):
        read(tmp_path / "1.png")


def test_grey_images_are_read_as_rgb(tmp_path):
    Image.new("L", (512, 256), 77).save(tmp_path / "1.png")
    pair = read(tmp_path / "1.png")
    assert pair.shape == (2, 3, 256, 256) and pair.dtype == np.uint8 and (pair == 77).all()


def test_the_label_image_comes_first_and_is_the_right_half(tmp_path):
    halves = [np.full((256, 256, 3), grey, np.uint8) for grey in (10, 200)]
    Image.fromarray(np.concatenate(halves, 1)).save(tmp_path / "1.png")
    label_image, photo = read(tmp_path / "1.png")
    assert (label_image == 200).all() and (photo == 10).all()


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
    assert "already exists" in capsys.readouterr().out


def test_own_pairs_are_checked_and_their_colours_found(tmp_path, capsys):
    (tmp_path / "train").mkdir()
    for seed in range(12):
        draw_pair(seed).save(tmp_path / "train" / f"{seed}.jpg", quality=90)
    assert data.main(["check", str(tmp_path)]) == 0
    assert "train: 12 pairs." in capsys.readouterr().out
    assert data.main(["palette", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "palette.json").read_text())["classes"]
    assert len(found) == len(FACADES)
    for item in found:  # within JPEG's noise of a colour of the palette
        color = np.array([int(item["color"][i : i + 2], 16) for i in (1, 3, 5)])
        assert np.abs(FACADES.rgb.astype(int) - color).max(1).min() <= 4
    assert data.main(["palette", str(tmp_path)]) == 1  # never overwrites edited names
    assert "remove it to find the colours again" in capsys.readouterr().err
    assert data.main(["check", str(tmp_path)]) == 0


def test_swapped_halves_are_a_sentence_and_a_direction_settles_it(tmp_path, capsys):
    (tmp_path / "train").mkdir()
    for seed in range(4):
        photo, label_image = np.split(np.asarray(draw_pair(seed)), 2, axis=1)
        Image.fromarray(np.concatenate([label_image, photo], 1)).save(tmp_path / "train" / f"{seed}.png")
    assert data.main(["check", str(tmp_path)]) == 1
    assert "give --direction AtoB" in capsys.readouterr().err
    assert data.main(["check", str(tmp_path), "--direction", "AtoB"]) == 0


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ("check", "are required: DIR"),
        ("palette", "are required: DIR"),
        ("facades folder", "'folder' is one argument too many"),
        ("facades --size 256x256", "--size is not a flag"),
        ("palette folder --palette file", "--palette is not a flag"),
        ("check folder --data-dir datasets", "--data-dir is not a flag"),
    ],
)
def test_every_command_takes_its_own_arguments_only(arguments, sentence, capsys):
    with pytest.raises(SystemExit):
        data.main(arguments.split())
    assert sentence in capsys.readouterr().err
