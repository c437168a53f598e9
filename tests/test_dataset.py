"""Splits, their fingerprints, the order of training, and processes that load images."""

import os
import pickle
import shutil
import signal
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from pix2pix.data import DataError, dataset
from pix2pix.data.dataset import JitteredDataset, PairedDataset, training_batches
from pix2pix.data.jitter import PUBLISHED_JITTER
from pix2pix.data.layouts import PairReader
from pix2pix.labels import FACADES
from pix2pix.pixel_values import to_uint8
from tests.helpers.tiny import draw_label_map, draw_pair, published_pairs

NUM_PAIRS = 5


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> PairedDataset:
    """Pairs that can be told apart after jitter: the label image of pair i is grey 10 * i, the photo 10 * i + 5."""
    folder = tmp_path_factory.mktemp("numbered")
    (folder / "facades" / "train").mkdir(parents=True)
    for number in range(NUM_PAIRS):
        halves = [np.full((256, 256, 3), 10 * number + grey, np.uint8) for grey in (5, 0)]
        Image.fromarray(np.concatenate(halves, 1)).save(folder / "facades" / "train" / f"{number}.png")
    return published_pairs(folder, "facades", "train")


def numbers(batches) -> list[list[int]]:
    """Which pairs are in each batch; checks on the way that label images and photos belong together."""
    found = []
    for label_images, photos in batches:
        assert label_images.shape == photos.shape == (len(photos), 3, 256, 256)
        assert (to_uint8(photos) == to_uint8(label_images) + 5).all()
        found.append([round(value / 10) for value in to_uint8(label_images).float().mean((1, 2, 3)).tolist()])
    return found


def test_the_label_image_is_the_right_half_and_the_photo_the_left(data_dir):
    label_image, photo = published_pairs(data_dir, "facades", "train")[1]
    assert label_image.shape == photo.shape == (3, 256, 256)
    assert label_image.dtype == torch.float32 and label_image.min() >= -1 and label_image.max() <= 1
    read, _ = FACADES.from_image(to_uint8(label_image).permute(1, 2, 0).numpy())
    assert (read == draw_label_map(2)).mean() > 0.95
    with Image.open(data_dir / "facades" / "train" / "2.jpg") as image:
        both = np.asarray(image)
    np.testing.assert_array_equal(to_uint8(photo).permute(1, 2, 0), both[:, :256])
    np.testing.assert_array_equal(to_uint8(label_image).permute(1, 2, 0), both[:, 256:])


def test_the_other_direction_exchanges_the_halves(data_dir):
    label_image, photo = published_pairs(data_dir, "facades", "train").pair(1)
    assert torch.equal(published_pairs(data_dir, "facades", "train", "AtoB").pair(1), torch.stack([photo, label_image]))


def test_pairs_come_in_numeric_order(data_dir, tmp_path):
    (tmp_path / "facades" / "val").mkdir(parents=True)
    for name in ("10.jpg", "9.jpg", "100.jpg", "2.jpeg", "1.PNG", "notes.txt"):
        (tmp_path / "facades" / "val" / name).write_bytes((data_dir / "facades" / "val" / "1.jpg").read_bytes())
    dataset = published_pairs(tmp_path, "facades", "val")
    assert [path.name for path in dataset.files] == ["1.PNG", "2.jpeg", "9.jpg", "10.jpg", "100.jpg"]
    assert len(dataset) == 5


def test_a_missing_split_is_an_error_that_names_the_folder_and_the_flag(tmp_path):
    with pytest.raises(DataError, match="--data-dir") as caught:
        published_pairs(tmp_path, "cityscapes", "train")
    assert f"{tmp_path / 'cityscapes'} does not exist" in str(caught.value)
    (tmp_path / "cityscapes" / "val").mkdir(parents=True)
    with pytest.raises(DataError, match="contains no pairs of train. --data-dir must be the folder that contains"):
        published_pairs(tmp_path, "cityscapes", "train")


def test_a_validation_split_with_the_test_images_in_it_is_refused(tmp_path):
    val = tmp_path / "cityscapes" / "val"
    val.mkdir(parents=True)
    for number in (1, 300, 301, 500):
        draw_pair(number).save(val / f"{number}.jpg")
    with pytest.raises(
        DataError, match="301.jpg and up. To divide them, run once: python -m pix2pix.data cityscapes --data-dir"
    ):
        published_pairs(tmp_path, "cityscapes", "val")
    (val / "500.jpg").unlink()
    assert len(published_pairs(tmp_path, "cityscapes", "val")) == 3


def test_an_empty_split_is_an_error_that_names_the_folder(tmp_path):
    folder = tmp_path / "facades" / "train"
    folder.mkdir(parents=True)
    (folder / "readme.txt").touch()
    with pytest.raises(DataError, match="contains no pairs of train") as caught:
        published_pairs(tmp_path, "facades", "train")
    assert str(folder.parent) in str(caught.value)


def test_an_epoch_shows_every_pair_once_in_an_order_of_its_own(numbered):
    epochs = [numbers(training_batches(numbered, 0, epoch, 1, 0)) for epoch in range(3)]
    assert all(sorted(epoch) == [[number] for number in range(NUM_PAIRS)] for epoch in epochs)
    assert len({str(epoch) for epoch in epochs}) == 3
    assert numbers(training_batches(numbered, 0, 1, 1, 0)) == epochs[1]
    assert numbers(training_batches(numbered, 1, 1, 1, 0)) != epochs[1]


def test_a_last_batch_may_be_smaller(numbered):
    assert [len(batch) for batch in numbers(training_batches(numbered, 0, 0, 3, 0))] == [3, 2]


@pytest.mark.parametrize("batch_size, num_processes", [(1, 2), (2, 2), (1, 4)])
def test_processes_share_the_batches_of_one_and_fill_the_last_with_the_first_images(
    numbered, batch_size, num_processes
):
    together = batch_size * num_processes
    order = sum(numbers(training_batches(numbered, 3, 1, 1, 0)), [])
    shares = [
        numbers(training_batches(numbered, 3, 1, batch_size, 0, 0, rank, num_processes))
        for rank in range(num_processes)
    ]
    batches = [sum(parts, []) for parts in zip(*shares, strict=True)]
    filled = (order + order)[: len(batches) * together]
    assert batches == [filled[start : start + together] for start in range(0, len(filled), together)]
    assert len(filled) - together < NUM_PAIRS <= len(filled)


def test_a_resumed_process_continues_with_its_own_share(numbered):
    whole = numbers(training_batches(numbered, 3, 1, 1, 0, 0, 1, 2))
    assert numbers(training_batches(numbered, 3, 1, 1, 0, 2, 1, 2)) == whole[2:]


@pytest.mark.parametrize("skip", [1, 2, 3])
def test_a_resumed_epoch_continues_where_it_was_stopped_whatever_the_workers(numbered, skip):
    whole = list(training_batches(numbered, 5, 2, 2, 0))
    rest = training_batches(numbered, 5, 2, 2, 2 if skip == 1 else 0, skip)
    assert len(rest) == 3 - skip
    for found, expected in zip(rest, whole[skip:], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_jitter_differs_between_epochs_and_images_and_not_between_workers(data_dir):
    pairs = published_pairs(data_dir, "facades", "train")
    first = list(training_batches(pairs, 0, 0, 4, 0))
    with_workers = list(training_batches(pairs, 0, 0, 4, 2))
    assert all(torch.equal(a, b) for a, b in zip(first[0], with_workers[0], strict=True))
    same_pictures = [JitteredDataset(pairs, 0, epoch)[2][0] for epoch in (0, 1)]
    assert not torch.equal(*same_pictures)


@pytest.mark.parametrize("keep", [False, True])
def test_the_stream_of_images_is_to_the_bit_what_it_always_was(data_dir, keep):
    """Written out in plain steps: a run that was started long ago must resume with the same images."""
    pairs = published_pairs(data_dir, "facades", "train")
    pairs.fingerprint(keep)
    for epoch in range(4):
        for index, path in enumerate(pairs.files):
            rng = np.random.default_rng([3, epoch, index])
            top, left = rng.integers(0, 31, 2).tolist()
            with Image.open(path) as image:
                both = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
            pair = torch.stack([both[:, :, 256:], both[:, :, :256]])
            large = interpolate(pair, (286, 286), mode="bicubic", antialias=True)
            window = large[:, :, top : top + 256, left : left + 256]
            expected = (window.flip(-1) if rng.random() < 0.5 else window).float() / 127.5 - 1
            found = JitteredDataset(pairs, 3, epoch)[index]
            assert all(torch.equal(a, b) and a.is_contiguous() for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("workers", [0, 2])
def test_kept_images_are_the_same_and_need_no_files(data_dir, tmp_path, workers):
    shutil.copytree(data_dir / "facades", tmp_path / "facades")
    pairs = published_pairs(tmp_path, "facades", "train")
    expected = list(training_batches(pairs, 0, 0, 2, 0))
    assert pairs.fingerprint(keep=True) == published_pairs(data_dir, "facades", "train").fingerprint()
    shutil.rmtree(tmp_path / "facades")
    if workers == 0 or torch.multiprocessing.get_start_method() == "fork":
        for found, batch in zip(training_batches(pairs, 0, 0, 2, workers), expected, strict=True):
            assert all(torch.equal(a, b) for a, b in zip(found, batch, strict=True))


def test_images_are_kept_on_demand_and_only_where_they_take_less_than_a_quarter_of_the_free_memory(
    data_dir, monkeypatch
):
    reads_so_far = []
    read = PairReader.sides
    monkeypatch.setattr(PairReader, "sides", lambda self, index: reads_so_far.append(index) or read(self, index))
    quarter = 4 * 4 * PUBLISHED_JITTER.large_bytes
    for keep, available, reads in ((False, 10**12, 4), (True, 10**12, 0), (True, quarter, 4), (True, quarter + 8, 0)):
        monkeypatch.setattr(dataset, "available_memory", lambda available=available: available)
        pairs = published_pairs(data_dir, "facades", "train")
        pairs.fingerprint(keep)
        reads_so_far.clear()
        assert len(list(training_batches(pairs, 0, 0, 1, 0))) == 4
        assert len(reads_so_far) == reads


def test_the_limit_of_a_container_is_respected(monkeypatch):
    free = dataset.available_memory()
    assert 0 < free <= psutil.virtual_memory().total
    texts = {"/sys/fs/cgroup/memory.max": "3000\n", "/sys/fs/cgroup/memory.current": "1000\n"}
    monkeypatch.setattr(Path, "read_text", lambda path: texts[str(path)])
    assert dataset.available_memory() == 2000
    texts["/sys/fs/cgroup/memory.max"] = "max\n"
    assert dataset.available_memory() > 2000


def test_a_worker_that_is_started_afresh_gets_no_copy_of_the_images(data_dir):
    pairs = published_pairs(data_dir, "facades", "train")
    pairs.fingerprint(keep=True)
    sent = pickle.dumps(JitteredDataset(pairs, 0, 0))
    assert len(sent) < 10_000
    assert torch.equal(pickle.loads(sent)[1][0], JitteredDataset(pairs, 0, 0)[1][0])


def test_two_copies_of_an_image_are_jittered_differently(tmp_path):
    (tmp_path / "facades" / "train").mkdir(parents=True)
    for number in (1, 2):
        draw_pair(0).save(tmp_path / "facades" / "train" / f"{number}.jpg")
    jittered = JitteredDataset(published_pairs(tmp_path, "facades", "train"), 0, 0)
    assert not torch.equal(jittered[0][0], jittered[1][0])


def test_files_are_webp_too_hidden_ones_are_skipped_and_names_may_have_any_encoding(tmp_path):
    folder = tmp_path / "facades" / "train"
    folder.mkdir(parents=True)
    draw_pair(0).save(folder / "10.jpg")
    draw_pair(1).save(folder / "2.webp")
    draw_pair(2).save(folder / "latin.png")
    (folder / "latin.png").rename(os.fsdecode(os.fsencode(folder) + b"/fa\xe7ade.png"))
    (folder / "._2.jpg").write_bytes(b"no picture")
    pairs = published_pairs(tmp_path, "facades", "train")
    assert [os.fsencode(path.name) for path in pairs.files] == [b"2.webp", b"10.jpg", b"fa\xe7ade.png"]
    assert len(pairs.fingerprint()) == 64


def test_two_files_of_one_stem_are_refused_by_name(tmp_path):
    folder = tmp_path / "facades" / "train"
    folder.mkdir(parents=True)
    for name in ("1.jpg", "1.png"):
        draw_pair(0).save(folder / name)
    with pytest.raises(DataError, match=r"holds both 1\.jpg and 1\.png"):
        published_pairs(tmp_path, "facades", "train")


def test_the_fingerprint_changes_with_an_image_a_name_or_a_file_less_and_with_nothing_else(data_dir, tmp_path):
    shutil.copytree(data_dir / "facades", tmp_path / "facades")
    original = published_pairs(data_dir, "facades", "train").fingerprint()
    folder = tmp_path / "facades" / "train"

    def fingerprint() -> str:
        return published_pairs(tmp_path, "facades", "train").fingerprint()

    os.utime(folder / "1.jpg", (0, 0))
    assert fingerprint() == original
    draw_pair(99).save(folder / "3.jpg")
    changed = fingerprint()
    (folder / "4.jpg").rename(folder / "5.jpg")
    renamed = fingerprint()
    (folder / "5.jpg").unlink()
    assert len({original, changed, renamed, fingerprint()}) == 4


def test_what_a_loader_process_finds_broken_is_the_sentence_alone(data_dir, monkeypatch):
    def broken(_pairs, index):
        raise DataError(f"picture {index} is broken: put it right")

    monkeypatch.setattr(PairedDataset, "pair", broken)
    for workers in (0, 1):
        with pytest.raises(DataError, match=r"^picture \d+ is broken: put it right$"):
            list(training_batches(published_pairs(data_dir, "facades", "train"), 0, 0, 1, workers))


@pytest.mark.parametrize("workers", [0, 1])
def test_what_goes_wrong_within_a_loader_process_is_not_called_its_end(data_dir, monkeypatch, workers):
    def wrong(*_):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(PairedDataset, "pair", wrong)
    with pytest.raises(RuntimeError, match="out of luck"):
        list(training_batches(published_pairs(data_dir, "facades", "train"), 0, 0, 1, workers))


def test_a_loader_process_that_ends_is_a_sentence(data_dir, monkeypatch):
    monkeypatch.setattr(PairedDataset, "pair", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(
        DataError,
        match="^a process that loads images has ended: .+\\. Memory .* last checkpoint, run .* with fewer --workers",
    ):
        list(training_batches(published_pairs(data_dir, "facades", "train"), 0, 0, 1, workers=1))
