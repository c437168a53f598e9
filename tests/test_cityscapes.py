"""Cityscapes from small packages of the official structure, and the division of the pix2pix packaging."""

import shutil
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix.data import __main__ as data
from pix2pix.data import cityscapes
from pix2pix.data.cityscapes import CityscapesError, divide_validation, how_to_get
from pix2pix.data.layouts import PairFiles
from pix2pix.labels import CITYSCAPES
from tests.helpers.cityscapes import NAMES, labels_of, photo_of, png

COUNTS = {"train": 3, "val": 5}


prepare = partial(cityscapes.prepare, counts=COUNTS, num_validation=3)


Members = dict[str, bytes]


@pytest.fixture
def photos() -> Members:
    members = {
        f"leftImg8bit/{s}/{n}_leftImg8bit.png": png(photo_of(s, i)) for s in NAMES for i, n in enumerate(NAMES[s])
    }
    return {"README": b"text", "leftImg8bit/test/bonn/bonn_000000_000019_leftImg8bit.png": b"not looked at"} | members


@pytest.fixture
def labels() -> Members:
    members = {
        f"gtFine/{s}/{n}_gtFine_color.png": png(labels_of(s, i), "RGBA") for s in NAMES for i, n in enumerate(NAMES[s])
    }
    return members | {"gtFine/train/aachen/aachen_000000_000019_gtFine_polygons.json": b"{}"}


def packages(folder: Path, photos: Members, labels: Members) -> tuple[Path, Path]:
    paths = folder / "photos.zip", folder / "labels.zip"
    for path, members in zip(paths, (photos, labels), strict=True):
        with zipfile.ZipFile(path, "w") as package:
            for name in reversed(members):  # the order within a package says nothing
                package.writestr(name, members[name])
    return paths


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_pairs_are_made_of_both_packages_and_numbered_by_name(tmp_path, photos, labels, capsys):
    prepare(tmp_path / "data", *packages(tmp_path, photos, labels))
    folder = tmp_path / "data" / "cityscapes"
    assert files_of(tmp_path / "data") == sorted(
        f"cityscapes/{name}.jpg"
        for name in ("train/1", "train/2", "train/3", "val/1", "val/2", "val/3", "test/4", "test/5")
    )
    for part, split, index in (("train", "train", 0), ("train", "train", 2), ("val", "val", 1), ("test", "val", 4)):
        photo, label_image = PairFiles(folder / part / f"{index + 1}.jpg").read()
        expected = Image.fromarray(photo_of(split, index)).resize((256, 256), Image.Resampling.BICUBIC)
        assert np.abs(photo.astype(int) - np.asarray(expected)).mean() < 3
        assert abs(photo.mean() - photo_of(split, index).mean()) < 1
        read, far = CITYSCAPES.from_image(label_image[:120])
        assert (read == CITYSCAPES.from_image(labels_of(split, index))[0][0, 0]).mean() > 0.99 and far == 0
    said = capsys.readouterr().out
    assert "non-commercial" in said and "MB of disk space" in said


def test_a_folder_that_is_there_is_kept(tmp_path, photos, labels, capsys):
    (tmp_path / "cityscapes").mkdir()
    prepare(tmp_path, *packages(tmp_path, photos, labels))
    assert files_of(tmp_path / "cityscapes") == []
    assert "already exists" in capsys.readouterr().out


def test_an_interrupted_preparation_leaves_nothing_and_the_next_starts_clean(tmp_path, photos, labels, monkeypatch):
    paths = packages(tmp_path, photos, labels)
    data_dir = tmp_path / "data"
    (data_dir / ".cityscapes-killed" / "train").mkdir(parents=True)  # as a process that was killed leaves it
    calls = iter(range(100))

    def stopped(*pictures: Image.Image) -> Image.Image:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return side_by_side(*pictures)

    side_by_side = cityscapes._side_by_side
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(cityscapes, "_side_by_side", stopped)
        prepare(data_dir, *paths)
    assert not [path for path in data_dir.iterdir() if path.is_dir()]
    prepare(data_dir, *paths)
    assert len(files_of(data_dir / "cityscapes")) == 8


FIRST_PHOTO = "leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png"


WRONG = {
    "damaged": (
        lambda photos: photos | {FIRST_PHOTO: photos[FIRST_PHOTO][:200]},
        "leftImg8bit.png in .*photos.zip is damaged",
    ),
    "no picture": (lambda photos: photos | {FIRST_PHOTO: b"GIF89a"}, "is damaged"),
    "missing": (
        lambda photos: {name: photos[name] for name in photos if name != FIRST_PHOTO},
        "photos.zip lacks the image train/aachen",
    ),
    "other size": (lambda photos: photos | {FIRST_PHOTO: png(np.zeros((32, 64, 3), np.uint8))}, "differ in size"),
    "too many pixels": (
        lambda photos: photos | {FIRST_PHOTO: png(np.zeros((1025, 2048, 3), np.uint8))},
        "is 2048x1025; images",
    ),
    "too large": (
        lambda photos: photos | {FIRST_PHOTO: bytes(cityscapes.MAX_MEMBER_BYTES + 1)},
        "has 20,000,001 bytes, too many",
    ),
    "empty": (lambda photos: {}, "photos.zip lacks the image"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_package_is_one_sentence_and_no_folder(tmp_path, photos, labels, name):
    change, sentence = WRONG[name]
    with pytest.raises(CityscapesError, match=sentence) as caught:
        prepare(tmp_path / "data", *packages(tmp_path, change(photos), labels))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "data" / "cityscapes").exists()


def test_a_label_image_that_is_missing_is_named_with_its_package(tmp_path, photos, labels):
    del labels["gtFine/val/ulm/ulm_000011_000019_gtFine_color.png"]
    with pytest.raises(
        CityscapesError, match=r"labels\.zip lacks the image val/ulm/ulm_000011_000019, which the other package has"
    ):
        prepare(tmp_path / "data", *packages(tmp_path, photos, labels))


def test_a_package_with_fewer_images_than_the_official_one_is_refused(tmp_path, photos, labels):
    with pytest.raises(CityscapesError, match="has 3 images of train; the official package has 2975"):
        cityscapes.prepare(tmp_path / "data", *packages(tmp_path, photos, labels))


def test_a_member_that_is_there_twice_is_refused(tmp_path, photos, labels):
    paths = packages(tmp_path, photos, labels)
    with zipfile.ZipFile(paths[0], "a") as package, pytest.warns(UserWarning, match="Duplicate"):
        package.writestr(FIRST_PHOTO, b"another")
    with pytest.raises(CityscapesError, match="twice"):
        prepare(tmp_path / "data", *paths)


def test_an_encrypted_member_is_refused(tmp_path, photos, labels):
    paths = packages(tmp_path, photos, labels)
    content = bytearray(paths[0].read_bytes())
    entry = content.rfind(FIRST_PHOTO.encode()) - 46  # its header in the central directory
    content[entry + 8] |= 1  # the flag of encryption
    paths[0].write_bytes(content)
    with pytest.raises(CityscapesError, match="is damaged .*password"):
        prepare(tmp_path / "data", *paths)


def test_names_that_would_lead_out_of_the_folder_are_never_looked_at(tmp_path, photos, labels):
    tricks = {
        name: b"x"
        for name in (
            "leftImg8bit/train/../../evil.png",
            "/evil.png",
            f"../{FIRST_PHOTO}",
            "leftImg8bit\\train\\evil.png",
        )
    }
    prepare(tmp_path / "data", *packages(tmp_path, photos | tricks, labels))
    assert len(files_of(tmp_path)) == 8 + 2  # the pairs and the packages
    assert not list(tmp_path.parent.glob("evil*"))


def test_a_disk_without_room_is_said_before_anything_is_written(tmp_path, photos, labels, monkeypatch):
    paths = packages(tmp_path, photos, labels)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9, 12 * 10**6))
    with pytest.raises(CityscapesError, match="has only 12 MB free; Cityscapes needs 500 MB"):
        prepare(tmp_path / "data", *paths)
    assert files_of(tmp_path / "data") == []


@pytest.fixture
def packed_for_pix2pix(tmp_path) -> Path:
    (tmp_path / "cityscapes" / "val").mkdir(parents=True)
    for number in range(1, 13):
        (tmp_path / "cityscapes" / "val" / f"{number}.jpg").write_text(str(number))
    return tmp_path


divide = partial(divide_validation, num_images=12, num_validation=9)  # 10 would sort before 9 as text


def test_the_last_validation_images_become_the_test_split_once(packed_for_pix2pix, capsys):
    for words in ("Moved 3 images", "already divided"):
        divide(packed_for_pix2pix)
        assert words in capsys.readouterr().out
        folder = packed_for_pix2pix / "cityscapes"
        assert files_of(folder / "val") == [f"{number}.jpg" for number in range(1, 10)]
        assert {name: (folder / "test" / name).read_text() for name in files_of(folder / "test")} == {
            f"{n}.jpg": str(n) for n in (10, 11, 12)
        }


def test_a_division_that_was_stopped_is_finished(packed_for_pix2pix):
    folder = packed_for_pix2pix / "cityscapes"
    (folder / "test").mkdir()
    (folder / "val" / "11.jpg").rename(folder / "test" / "11.jpg")
    divide(packed_for_pix2pix)
    assert files_of(folder / "test") == ["10.jpg", "11.jpg", "12.jpg"]


def test_a_folder_with_other_images_is_left_alone(packed_for_pix2pix):
    (packed_for_pix2pix / "cityscapes" / "val" / "12.jpg").unlink()
    with pytest.raises(CityscapesError, match="contain 11 images; expected are 1.jpg to 12.jpg"):
        divide(packed_for_pix2pix)
    assert len(files_of(packed_for_pix2pix)) == 11


def test_without_images_the_command_says_where_to_get_them(tmp_path, capsys):
    assert data.main(["cityscapes", "--data-dir", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"There is no folder {tmp_path / 'cityscapes' / 'val'}. ") and how_to_get(tmp_path) in said
    assert "Register and log in at https://www.cityscapes-dataset.com" in said


def test_the_command_names_a_package_that_is_not_there(tmp_path, capsys):
    flags = [
        "--photos",
        str(tmp_path / "photos.zip"),
        "--labels",
        str(tmp_path / "labels.zip"),
        "--data-dir",
        str(tmp_path),
    ]
    assert data.main(["cityscapes", *flags]) == 1
    assert "photos.zip is not a readable zip file (No such file or directory)" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags, sentence",
    [
        (["cityscapes", "--photos", "x.zip"], "--photos and --labels are used together"),
        (["facades", "--photos", "x.zip", "--labels", "y.zip"], "--photos is not a flag"),
    ],
)
def test_packages_belong_together_and_to_cityscapes(flags, sentence, capsys):
    with pytest.raises(SystemExit):
        data.main(flags)
    assert sentence in capsys.readouterr().err
