"""Curves and samples in TensorBoard's files, read back as TensorBoard reads them."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import train
from pix2pix.trackers import check_installed
from pix2pix.trainer import LOSS_NAMES, Trainer
from tests.helpers.training import arguments, log

event_accumulator = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator", reason="TensorBoard is not installed"
)


def shown(run_dir: Path) -> event_accumulator.EventAccumulator:
    return event_accumulator.EventAccumulator(str(run_dir / "tensorboard"), {"images": 0, "scalars": 0}).Reload()


def test_the_curves_are_those_of_the_log_and_the_samples_those_of_the_run_folder(data_dir, tmp_path):
    assert train.main(arguments(data_dir, tmp_path, tracker="tensorboard", sample_every=1)) == 0
    board = shown(tmp_path)
    assert set(board.Tags()["scalars"]) == {
        *LOSS_NAMES["gan"],
        "epoch",
        "learning_rate",
        "pictures_per_second",
        "seconds",
    }
    for name in LOSS_NAMES["gan"]:
        points = [(point.step, point.value) for point in board.Scalars(name)]
        assert points == [(record["step"], pytest.approx(record[name])) for record in log(tmp_path)]
    assert [point.value for point in board.Scalars("learning_rate")] == pytest.approx([2e-4, 2e-4])
    images = [image for tag in board.Tags()["images"] if tag.startswith("samples/val") for image in board.Images(tag)]
    assert [image.step for image in images] == [4, 8]
    label, fake, photo = np.split(np.asarray(Image.open(io.BytesIO(images[1].encoded_image_string))), 3, 1)
    for found, name in ((label, "input"), (fake, "epoch-002"), (photo, "target")):
        np.testing.assert_array_equal(found, np.asarray(Image.open(tmp_path / "samples" / "val" / "1" / f"{name}.png")))


def test_a_resumed_run_continues_its_curves_without_showing_a_step_twice(data_dir, tmp_path, monkeypatch):
    flags = arguments(data_dir, tmp_path, tracker="tensorboard")
    save = train.save_checkpoint

    def crash(trainer: Trainer, *others: object) -> None:
        if trainer.epoch == 2:
            raise OSError("No space left on device")
        save(trainer, *others)

    with monkeypatch.context() as patch:
        patch.setattr(train, "save_checkpoint", crash)
        assert train.main(flags) == 1  # epoch 2 was shown, and is taken again
    assert train.main(flags) == 0
    assert train.main(arguments(data_dir, tmp_path, tracker="tensorboard", epochs=3)) == 0
    assert [point.step for point in shown(tmp_path).Scalars("G/l1")] == [4, 8, 12]


def test_a_tracker_that_is_not_installed_is_one_sentence_before_anything_is_written(
    data_dir, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, "wandb", None)
    assert train.main(arguments(data_dir, tmp_path / "run", tracker="wandb")) == 1
    said = capsys.readouterr().err
    assert said == "--tracker wandb needs a package that is not installed: pip install wandb\n"
    assert not (tmp_path / "run").exists()
    check_installed("none")
    check_installed("tensorboard")


def test_a_tracker_that_cannot_be_started_is_one_sentence(data_dir, tmp_path, capsys):
    (tmp_path / "tensorboard").touch()
    assert train.main(arguments(data_dir, tmp_path, tracker="tensorboard")) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "--tracker tensorboard could not be started" in said
