"""train.py from flags to released folders, and runs that are stopped anywhere and resume bit for bit."""

import json
import math
import os
import shlex
import shutil
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import train
from demo.app import build_demo, launch
from demo.label_canvas import encode
from demo.models import load_models
from pix2pix import training_data
from pix2pix.data.facades import download_facades
from pix2pix.labels import FACADES
from pix2pix.painter import Painter
from pix2pix.release import load, load_config
from pix2pix.trainer import Trainer
from tests.helpers.server import program_at
from tests.helpers.tiny import draw_label_map, published_pairs
from tests.helpers.training import arguments, assert_identical, assert_same_run, log, run_until, state


@pytest.fixture(scope="module")
def straight(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The run folders of two epochs of each objective, never stopped."""
    folders = {objective: tmp_path_factory.mktemp("straight") / objective for objective in ("gan", "l1")}
    for objective, folder in folders.items():
        assert train.main(arguments(data_dir, folder, objective=objective)) == 0
    return folders


@pytest.mark.parametrize("objective", ["gan", "l1"])
def test_two_epochs_end_in_a_released_folder_that_paints(straight, objective):
    folder = straight[objective]
    painter = Painter.load(folder / "release")
    assert (painter.config.objective, painter.config.dataset, painter.config.epochs) == (objective, "facades", 2)
    picture = painter.paint(draw_label_map(0), 0)
    assert picture.shape == (256, 256, 3) and picture.std() > 0
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [(record["epoch"], record["step"]) for record in records] == [(1, 4), (2, 8)]
    names = {"gan": {"D/real", "D/fake", "G/gan", "G/l1"}, "l1": {"G/l1"}}[objective]
    for record in records:
        assert record.keys() == names | {"epoch", "step", "seconds", "pictures_per_second"}
        assert all(math.isfinite(value) for value in record.values()) and record["pictures_per_second"] > 0
    assert {path.name for path in (folder / "weights").iterdir()} == {"epoch-001.safetensors", "epoch-002.safetensors"}
    assert (folder / "weights" / "epoch-002.safetensors").read_bytes() == (
        folder / "release" / "model.safetensors"
    ).read_bytes()
    assert (folder / "weights" / "epoch-001.safetensors").read_bytes() != (
        folder / "release" / "model.safetensors"
    ).read_bytes()


def test_from_photos_to_label_maps_the_release_says_so(data_dir, tmp_path, capsys):
    assert train.main(arguments(data_dir, tmp_path, direction="AtoB", objective="l1", epochs=1)) == 0
    assert "--weights my-facades-l1=" in capsys.readouterr().out  # the tab of facades takes maps
    config = load_config(tmp_path / "release")
    assert (config.direction, config.input_palette, config.output_palette) == ("AtoB", None, FACADES)
    assert config.pairs == 4 and config.data_hash == published_pairs(data_dir, "facades", "train").fingerprint()


def test_the_app_paints_with_the_models_that_were_just_trained(straight):
    folders = {f"facades-{objective}": straight[objective] / "release" for objective in ("gan", "l1")}
    demo = build_demo(load_models(folders))
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True)
    try:
        answer = program_at(url).predict(encode(draw_label_map(0)).model_dump(), 1, True, api_name="/paint")
    finally:
        demo.close()
    for path, folder in zip(answer[:2], folders.values(), strict=True):
        expected = Painter.load(folder).paint(draw_label_map(0), 1)
        assert np.abs(np.asarray(Image.open(path)).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("objective", ["gan", "l1"])
def test_one_epoch_and_then_another_equal_two_straight(straight, data_dir, tmp_path, capsys, objective):
    assert train.main(arguments(data_dir, tmp_path, objective=objective, epochs=1)) == 0
    assert load_config(tmp_path / "release").epochs == 1
    assert train.main(arguments(data_dir, tmp_path, objective=objective, epochs=2)) == 0
    assert "Resuming from" in capsys.readouterr().out
    assert_same_run(tmp_path, straight[objective])


def test_a_finished_run_is_left_as_it_is(straight, data_dir, tmp_path):
    folder = Path(shutil.copytree(straight["l1"], tmp_path / "copy"))
    before = (folder / "checkpoint.pt").read_bytes()
    assert train.main(arguments(data_dir, folder, objective="l1")) == 0
    assert (folder / "checkpoint.pt").read_bytes() == before
    assert_same_run(folder, straight["l1"])


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_run_stopped_by_a_signal_within_an_epoch_resumes_bit_for_bit(straight, data_dir, tmp_path, number):
    flags = arguments(data_dir, tmp_path)
    stopped = run_until(f"signal.raise_signal(signal.{number})", {6}, flags)
    assert stopped.returncode == 130, stopped.stderr
    assert "Run the same command again to resume" in stopped.stdout
    assert "Traceback" not in stopped.stderr
    assert (state(tmp_path)["epoch"], state(tmp_path)["batch"], state(tmp_path)["step_count"]) == (1, 2, 6)
    assert train.main(flags) == 0
    assert_same_run(tmp_path, straight["gan"])


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_to_the_whole_process_group_saves_and_resumes_bit_for_bit(straight, data_dir, tmp_path, number):
    flags = arguments(data_dir, tmp_path, workers=2)
    stopped = run_until(f"os.killpg(0, signal.{number})", {5}, flags)
    assert stopped.returncode == 130, stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert state(tmp_path)["step_count"] == 5
    assert train.main(flags) == 0
    assert_same_run(tmp_path, straight["gan"])


def test_a_run_stopped_at_the_last_step_of_an_epoch_resumes_bit_for_bit(straight, data_dir, tmp_path, monkeypatch):
    flags = arguments(data_dir, tmp_path)
    step = Trainer.step

    def step_and_stop(self: Trainer, *pair: torch.Tensor) -> dict[str, float]:
        losses = step(self, *pair)
        if self.step_count in (4, 8):
            signal.raise_signal(signal.SIGINT)
        return losses

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", step_and_stop)
        assert train.main(flags) == 130
        assert (state(tmp_path)["epoch"], state(tmp_path)["batch"]) == (0, 4)
        assert train.main(flags) == 130
        assert (state(tmp_path)["epoch"], state(tmp_path)["batch"]) == (1, 4)
    assert train.main(flags) == 0
    assert_same_run(tmp_path, straight["gan"])


def test_a_run_keeps_its_precision_though_another_is_faster_where_it_resumes(data_dir, tmp_path, monkeypatch, capsys):
    def run(epochs: int, precision: str, bf16_is_faster: bool) -> int:
        monkeypatch.setattr("pix2pix.precision._bf16_is_faster", lambda: bf16_is_faster)
        return train.main(arguments(data_dir, tmp_path / "run", epochs=epochs, precision=precision))

    assert run(1, "auto", bf16_is_faster=True) == 0
    assert run(2, "auto", bf16_is_faster=False) == 0
    assert json.loads((tmp_path / "run" / "config.json").read_text())["config"]["precision"] == "bf16"
    assert run(3, "fp32", bf16_is_faster=False) == 1
    assert "--precision was bf16, is fp32" in capsys.readouterr().err


def test_a_run_that_crashed_resumes_from_its_last_checkpoint_bit_for_bit(straight, data_dir, tmp_path):
    flags = arguments(data_dir, tmp_path, checkpoint_minutes=0)  # after every step
    crashed = run_until("os._exit(9)", {7}, flags)
    assert crashed.returncode == 9
    assert state(tmp_path)["step_count"] == 6
    (tmp_path / "log.jsonl").write_text((tmp_path / "log.jsonl").read_text() + '{"epoch": 2, "st')
    assert train.main(flags) == 0
    assert_same_run(tmp_path, straight["gan"])


def test_with_a_damaged_checkpoint_a_run_resumes_from_the_one_before_bit_for_bit(straight, data_dir, tmp_path):
    folder = Path(shutil.copytree(straight["gan"], tmp_path / "copy"))
    content = bytearray((folder / "checkpoint.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "checkpoint.pt").write_bytes(content)
    assert train.main(arguments(data_dir, folder)) == 0
    assert_same_run(folder, straight["gan"])


def test_workers_sampling_keeping_and_a_tracker_do_not_touch_the_weights(straight, data_dir, tmp_path):
    assert (
        train.main(
            arguments(
                data_dir, tmp_path, sample_every=1, keep_every=1, workers=2, checkpoint_minutes=0, tracker="tensorboard"
            )
        )
        == 0
    )
    assert_same_run(tmp_path, straight["gan"])
    samples = {path.relative_to(tmp_path / "samples").as_posix() for path in (tmp_path / "samples").rglob("*.png")}
    kinds = ("input", "target", "epoch-001", "epoch-002")
    assert samples == {
        f"{name}/{kind}.png" for name in ("train/1", "train/2", "train/3", "train/4", "val/1") for kind in kinds
    }
    assert not (straight["gan"] / "samples").exists()


def test_with_a_moving_average_that_is_what_is_sampled_kept_and_released(straight, data_dir, tmp_path):
    assert train.main(arguments(data_dir, tmp_path, objective="l1", ema=0.9, sample_every=1)) == 0
    trained, plain = state(tmp_path), state(straight["l1"])
    assert_identical({name: trained[name] for name in plain}, plain)
    released, config = load(tmp_path / "release")
    assert config.ema == 0.9
    for name, weight in released.state_dict().items():
        assert torch.equal(weight, trained["G_ema"][name].half().float()) and not torch.equal(
            weight, trained["G"][name].half().float()
        )
    assert (tmp_path / "weights" / "epoch-002.safetensors").read_bytes() == (
        tmp_path / "release" / "model.safetensors"
    ).read_bytes()


def test_a_batch_of_more_images_than_there_are_is_one_sentence(data_dir, tmp_path, capsys):
    assert train.main(arguments(data_dir, tmp_path / "run", batch_size=5)) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "--batch-size 5" in said and "has 4" in said
    assert not (tmp_path / "run").exists()


def test_a_sample_depends_on_its_seed_alone(tiny_config):
    trainer, label_image = Trainer(tiny_config(), torch.device("cpu")), torch.linspace(-1, 1, 256).expand(3, 256, 256)
    state = torch.get_rng_state()
    first, again, other = (train.sample(trainer, label_image, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
    assert trainer.step_count == 0 and not first.requires_grad


def test_the_global_randomness_does_not_matter(straight, data_dir, tmp_path):
    torch.manual_seed(987)
    np.random.seed(987)
    assert train.main(arguments(data_dir, tmp_path, objective="l1")) == 0
    assert_same_run(tmp_path, straight["l1"])


def test_another_seed_is_another_run(straight, data_dir, tmp_path):
    assert train.main(arguments(data_dir, tmp_path, objective="l1", seed=1)) == 0
    assert log(tmp_path) != log(straight["l1"])


def test_a_run_of_other_flags_in_the_same_folder_is_refused_and_left_alone(straight, data_dir, capsys):
    before = {path: path.read_bytes() for path in straight["gan"].rglob("*") if path.is_file()}
    assert train.main(arguments(data_dir, straight["gan"], seed=5, epochs=1)) == 1
    said = capsys.readouterr().err
    assert "--seed was 0, is 5" in said and "--epochs was 2, is 1" in said and "Traceback" not in said
    assert {path: path.read_bytes() for path in straight["gan"].rglob("*") if path.is_file()} == before


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_checkpoint(
    straight, data_dir, tmp_path, monkeypatch, capsys
):
    flags = arguments(data_dir, tmp_path)
    step = Trainer.step

    def poisoned(self: Trainer, label_image: torch.Tensor, photo: torch.Tensor) -> dict[str, float]:
        return step(self, label_image, photo * (math.nan if self.step_count == 5 else 1))

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", poisoned)
        assert train.main(flags) == 1
    said = capsys.readouterr().err
    assert "loss D/real is nan at step 6" in said and "checkpoint" in said and str(tmp_path) in said
    assert (state(tmp_path)["epoch"], state(tmp_path)["batch"]) == (1, 0)
    assert train.main(flags) == 0
    assert_same_run(tmp_path, straight["gan"])


def test_a_dataset_that_is_missing_is_answered_with_the_whole_way_to_it(tmp_path, capsys):
    assert train.main(arguments(tmp_path, tmp_path / "run", dataset="cityscapes")) == 1
    said = capsys.readouterr().err
    assert "--data-dir must be the folder that contains cityscapes/train" in said
    commands = [line.partition(": python ")[2] for line in said.splitlines() if ": python " in line]
    make, again, divide = map(shlex.split, commands)
    assert make[:5] == ["-m", "pix2pix.data", "cityscapes", "--data-dir", str(tmp_path)] == divide
    packages = ["leftImg8bit_trainvaltest.zip", "gtFine_trainvaltest.zip"]
    assert make[5:] == ["--photos", packages[0], "--labels", packages[1]]
    assert train.parse_flags(again[1:])[0].dataset == "cityscapes"
    assert "https://www.cityscapes-dataset.com" in said and all(said.count(package) == 2 for package in packages)
    assert not (tmp_path / "run").exists()


def test_facades_are_downloaded_where_they_are_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    dead = partial(download_facades, urls=["http://127.0.0.1:9/facades.tar.gz"], pause_seconds=0)
    monkeypatch.setattr(training_data, "download_facades", dead)
    assert train.main(arguments(tmp_path / "datasets", tmp_path / "run")) == 1
    said = capsys.readouterr().err
    assert "could not be downloaded" in said and "Traceback" not in said


def test_a_broken_image_is_named_before_training(data_dir, tmp_path, capsys):
    shutil.copytree(data_dir / "facades", tmp_path / "facades")
    (tmp_path / "facades" / "val" / "1.jpg").write_bytes(b"broken")
    assert train.main(arguments(tmp_path, tmp_path / "run")) == 1
    assert str(tmp_path / "facades" / "val" / "1.jpg") in capsys.readouterr().err
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


def test_a_run_folder_that_cannot_be_written_is_one_sentence(data_dir, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert train.main(arguments(data_dir, tmp_path / "file" / "run")) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and str(tmp_path / "file") in said


def test_a_full_disk_is_one_sentence_and_keeps_the_last_checkpoint(straight, data_dir, tmp_path, monkeypatch, capsys):
    flags = arguments(data_dir, tmp_path)
    fsync = os.fsync

    def full(descriptor: int) -> None:
        if (tmp_path / "checkpoint.pt").exists():
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert train.main(flags) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert state(tmp_path)["epoch"] == 1
    assert train.main(flags) == 0
    assert_same_run(tmp_path, straight["gan"])
