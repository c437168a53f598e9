"""Damaged and malicious files, made in hundreds of seeded ways, are read correctly or refused in one sentence."""

import gzip
import io
import json
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pix2pix import checkpoint, release, release_config
from pix2pix.data import cityscapes, facades
from pix2pix.data.layouts import PairFiles, PairReader
from pix2pix.image_files import ImageFileError
from pix2pix.trainer import Trainer
from tests.helpers.cityscapes import NAMES, labels_of, photo_of, png
from tests.helpers.hostile import damage, damaged, hostile, values
from tests.helpers.tiny import draw_pair, tiny_generator, tiny_release_config


def outcome(read: Callable[..., Any], error: type[Exception], *arguments: Any, **keywords: Any) -> Any:
    """Return what `read` returns, or None if it raises `error`. Any other exception fails the test."""
    try:
        return read(*arguments, **keywords)
    except error as refused:
        assert str(refused).strip(), "a refusal says why"
        assert len(str(refused)) < 2000, "and does not repeat the file"
        return None


@hostile
@given(st.data())
def test_a_config_with_any_value_replaced_is_refused_or_means_what_it_says(data):
    config = json.loads(tiny_release_config().to_json())
    holder: Any = config
    while True:
        key = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
        if not isinstance(holder[key], dict | list) or not holder[key] or data.draw(st.booleans()):
            break
        holder = holder[key]
    if data.draw(st.booleans()):
        holder[key] = data.draw(values)
    else:
        del holder[key]
    read = outcome(release.ReleaseConfig.from_json, release.ReleaseError, json.dumps(config))
    if read is not None:
        assert read.objective in ("gan", "l1") and read.norm in ("instance", "batch")
        assert 1 <= read.base_channels <= release_config.MAX_BASE_CHANNELS
        assert release.ReleaseConfig.from_json(read.to_json()) == read


@hostile
@given(
    st.one_of(st.binary(max_size=300), values.map(lambda value: json.dumps(value).encode()), st.just(b"[" * 100_000))
)
def test_anything_as_a_config_is_refused(content):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_bytes(content)
        assert outcome(release.load_config, release.ReleaseError, Path(folder)) is None


@hostile
@given(damage)
def test_damaged_weights_are_refused_or_are_finite_weights_of_the_generator(steps):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        release.save_weights(path, tiny_generator())
        path.write_bytes(damaged(path.read_bytes(), steps))
        generator = outcome(release.load_weights, release.ReleaseError, path, 2, "instance")
        if generator is not None:
            assert all(torch.isfinite(weight).all() for weight in generator.parameters())


@hostile
@given(steps=damage)
def test_a_damaged_checkpoint_is_refused_or_all_that_was_saved(tiny_config, steps):
    trainer = Trainer(tiny_config(objective="l1"), torch.device("cpu"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.pt"
        checkpoint.save(path, {"trainer": trainer})
        path.write_bytes(damaged(path.read_bytes(), steps))
        expected = {name: weight.clone() for name, weight in trainer.G.state_dict().items()}
        if outcome(checkpoint.load, checkpoint.CheckpointError, path, {"trainer": trainer}):
            assert all(torch.equal(weight, expected[name]) for name, weight in trainer.G.state_dict().items())


@hostile
@given(damage)
def test_a_damaged_pair_is_refused_or_has_the_size_of_a_pair(steps):
    buffer = io.BytesIO()
    draw_pair(1).save(buffer, "JPEG", quality=90)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "1.jpg"
        path.write_bytes(damaged(buffer.getvalue(), steps))
        pair = outcome(PairReader([PairFiles(path)]).pair, ImageFileError, 0)
        if pair is not None:
            assert pair.shape == (2, 3, 256, 256)


def tar_of(names: list[tuple[str, bytes]], content: bytes) -> bytes:
    """A tar file of entries, each with a name and a type."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, kind in names:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


NAMES_OF_ENTRIES = [
    "facades/train/1.jpg",
    "../1.jpg",
    "/tmp/1.jpg",
    "facades/../../1.jpg",
    "facades/val/1.jpg/../../../x",
    "C:\\1.jpg",
    "a\x00b",
]
KINDS_OF_ENTRIES = [
    tarfile.REGTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.DIRTYPE,
    tarfile.GNUTYPE_SPARSE,
]
entries = st.tuples(st.sampled_from(NAMES_OF_ENTRIES), st.sampled_from(KINDS_OF_ENTRIES))


@hostile
@given(st.lists(entries, min_size=1, max_size=4), st.one_of(st.just([]), damage), st.booleans())
def test_an_archive_of_facades_writes_only_images_into_its_folder(names, steps, inside):
    whole = tar_of(names, b"x" * 3000)
    content = gzip.compress(damaged(whole, steps) if inside else whole, 1)
    with tempfile.TemporaryDirectory() as parent:
        archive, folder = Path(parent) / "facades.tar.gz", Path(parent) / "a" / "b"
        folder.mkdir(parents=True)
        archive.write_bytes(content if inside else damaged(content, steps))
        outcome(facades._unpack, facades.DownloadError, archive, folder)
        written = {path for path in Path(parent).rglob("*") if not path.is_dir() or path.is_symlink()} - {
            archive,
            folder / "facades.tar",
        }
        assert all(path.is_relative_to(folder / "facades") and not path.is_symlink() for path in written)
        assert all(path.name.endswith(".jpg") for path in written)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Both official packages of Cityscapes, with one image of each split."""
    contents = {}
    folder = tmp_path_factory.mktemp("packages")
    parts = {
        "photos": ("leftImg8bit/{}/{}_leftImg8bit.png", photo_of),
        "labels": ("gtFine/{}/{}_gtFine_color.png", labels_of),
    }
    for kind, (name, draw) in parts.items():
        with zipfile.ZipFile(folder / kind, "w", zipfile.ZIP_DEFLATED) as package:
            for split, names in NAMES.items():
                package.writestr(name.format(split, names[0]), png(draw(split, 0)))
        contents[kind] = (folder / kind).read_bytes()
    return contents


@hostile
@given(steps=damage, kind=st.sampled_from(["photos", "labels"]))
def test_a_damaged_package_of_cityscapes_makes_all_images_or_no_folder(packages, steps, kind):
    with tempfile.TemporaryDirectory() as parent:
        paths = {name: Path(parent) / name for name in packages}
        for name, content in packages.items():
            paths[name].write_bytes(damaged(content, steps) if name == kind else content)
        shutil.rmtree(Path(parent) / "cityscapes", ignore_errors=True)
        counts = {"train": 1, "val": 1}
        outcome(
            cityscapes.prepare, cityscapes.CityscapesError, Path(parent), paths["photos"], paths["labels"], counts, 1
        )
        made = sorted(path.relative_to(parent) for path in (Path(parent) / "cityscapes").rglob("*.jpg"))
        assert made in ([], [Path("cityscapes/train/1.jpg"), Path("cityscapes/val/1.jpg")])
        for path in made:
            assert Image.open(Path(parent) / path).size == (512, 256)


def test_an_image_of_a_package_that_unpacks_to_too_much_is_refused(packages, tmp_path):
    bomb = io.BytesIO()
    Image.fromarray(np.zeros((9000, 9000), np.uint8)).save(bomb, "PNG")
    for kind, name in (
        ("photos", "leftImg8bit/train/{}_leftImg8bit.png"),
        ("labels", "gtFine/train/{}_gtFine_color.png"),
    ):
        with zipfile.ZipFile(tmp_path / kind, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr(name.format(NAMES["train"][0]), bomb.getvalue())
    with pytest.raises(cityscapes.CityscapesError, match="is 9000x9000; images"):
        cityscapes.prepare(tmp_path, tmp_path / "photos", tmp_path / "labels", {"train": 1}, 1)
