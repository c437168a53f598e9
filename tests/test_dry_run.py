"""A dry run estimates what a run needs, and leaves nothing behind."""

import re
from pathlib import Path

import pytest

import train
from pix2pix import training_data
from pix2pix.config import TrainConfig
from pix2pix.dry_run import dry_run
from pix2pix.trainer import Trainer
from tests.helpers.tiny import published_pairs
from tests.helpers.training import arguments


def megabytes(said: str, line: str) -> float:
    """The figure of a line that begins with a text."""
    (figure,) = re.findall(rf"^ *{re.escape(line)}: ([\d.]+) MB", said, re.MULTILINE)
    return float(figure)


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_a_dry_run_shows_settings_images_steps_and_time_and_writes_nothing(data_dir, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = files(data_dir)
    assert (
        train.main(
            [*arguments(data_dir, tmp_path / "run", batch_size=3, epochs=5, fid_every=2, fid_samples=3), "--dry-run"]
        )
        == 0
    )
    said = capsys.readouterr().out
    for name in TrainConfig.__dataclass_fields__:
        assert f"--{name.replace('_', '-')} " in said
    assert "--batch-size 3\n" in said and "--num-processes 1\n" in said and f"--run-dir {tmp_path / 'run'}\n" in said
    assert "images: 4 in train, 1 in val" in said and "steps: 2 per epoch, 10 in all" in said
    assert "scores: after 3 of 5 epochs, on 4 images each" in said
    assert "run: gan on facades, epochs 1 to 5: 4 images and 2 steps per epoch; fp32 on the CPU with" in said
    assert f"; writes to {tmp_path / 'run'}\n" in said
    seconds, milliseconds = map(int, re.search(r"time: (\d+) s of training; (\d+) ms per step", said).groups())
    assert seconds == pytest.approx(10 * milliseconds / 1000, abs=0.6)
    assert files(data_dir) == before and not any(tmp_path.iterdir())


def test_the_disk_that_is_announced_is_the_disk_that_a_run_takes(data_dir, tmp_path, capsys):
    flags = arguments(data_dir, tmp_path / "run", base_channels=8, epochs=4, sample_every=2, keep_every=3, ema=0.9)
    assert train.main([*flags, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert train.main(flags) == 0
    run = tmp_path / "run"
    sizes = {path.relative_to(run).as_posix(): path.stat().st_size / 1e6 for path in files(run) if path.is_file()}
    kept = [size for name, size in sizes.items() if name.startswith("weights/")]
    assert len(kept) == 4 and megabytes(said, "weights of 4 of 4 epochs") == pytest.approx(sum(kept), rel=0.05)
    checkpoints = megabytes(said, "checkpoint, the one before it, and one while it is written")
    assert checkpoints == pytest.approx(3 * sizes["checkpoint.pt"], rel=0.05)
    assert megabytes(said, "released folders, and one while it is written") == pytest.approx(
        2 * sizes["release/model.safetensors"] + sizes["release/discriminator.safetensors"], rel=0.01
    )
    truths = {name: size for name, size in sizes.items() if name.endswith(("input.png", "target.png"))}
    photos = sum(size for name, size in truths.items() if name.endswith("target.png"))
    assert megabytes(said, "samples of 3 of 4 epochs") == pytest.approx(sum(truths.values()) + 3 * photos, abs=0.06)


def test_a_dry_run_of_facades_that_are_missing_downloads_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(training_data, "download_facades", lambda *_: pytest.fail("it downloads"))
    assert train.main([*arguments(tmp_path / "datasets", tmp_path / "run"), "--dry-run"]) == 1
    assert "--data-dir" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_a_dry_run_beside_a_checkpoint_says_so_and_leaves_it(tiny_config, data_dir):
    config = tiny_config(objective="l1")
    config.run_dir.mkdir()
    (config.run_dir / "checkpoint.pt").write_bytes(b"of a run")
    trainer = Trainer(config, train.torch.device("cpu"))
    said = dry_run(trainer, {"train": published_pairs(data_dir, "facades", "train")}, 0)
    assert "contains a checkpoint" in said and (config.run_dir / "checkpoint.pt").read_bytes() == b"of a run"
