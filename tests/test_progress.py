"""What a training reports, on a terminal and in a file."""

import ast
import io
import re
import shutil
import time
from pathlib import Path

import pytest
import torch
from pytorch_fid import inception as pytorch_fid_inception

import train
from pix2pix.progress import Progress, describe_run, duration
from pix2pix.trainer import Trainer
from tests.helpers.training import arguments

ROOT = Path(__file__).parents[1]
PRODUCT = [
    ROOT / "train.py",
    *(path for folder in ("pix2pix", "demo", "benchmarks") for path in (ROOT / folder).rglob("*.py")),
]
LOSSES = r"D/real \d+\.\d{3}, D/fake \d+\.\d{3}, G/gan \d+\.\d{3}, G/l1 \d+\.\d{3}"


def test_a_redirected_training_leaves_one_readable_line_per_epoch_and_an_opening_line(data_dir, tmp_path, capfd):
    run = tmp_path / "run"
    assert train.main(arguments(data_dir, run, batch_size=2)) == 0
    said = capfd.readouterr()
    opening, first, last, *_ = said.out.splitlines()
    assert re.fullmatch(
        r"Training gan on facades, epochs 1 to 2: 4 images and 2 steps per epoch; fp32 on the CPU with \d+ threads?; "
        rf"writes to {re.escape(str(run))}",
        opening,
    )
    assert re.fullmatch(rf"epoch 1/2: {LOSSES}; \d+\.\d images/s, (\d+ min )?\d+ s left", first)
    assert re.fullmatch(rf"epoch 2/2: {LOSSES}; \d+\.\d images/s", last)
    assert "\r" not in said.out + said.err


def test_a_finished_run_given_again_says_so_and_how_to_train_it_further(data_dir, tmp_path, capsys):
    assert train.main(arguments(data_dir, tmp_path, objective="l1", epochs=1)) == 0
    capsys.readouterr()
    assert train.main(arguments(data_dir, tmp_path, objective="l1", epochs=1)) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == f"{tmp_path} is already finished: 1 epoch. To train it further, raise --epochs."
    assert "Resuming" not in said and "Training" not in said and "python app.py" in said
    shutil.rmtree(tmp_path / "samples", ignore_errors=True)
    assert train.main(arguments(data_dir, tmp_path, objective="l1", epochs=2)) == 0
    resuming, opening, epoch, *_ = capsys.readouterr().out.splitlines()
    assert (
        resuming.startswith("Resuming from")
        and "l1 on facades, epoch 2:" in opening
        and epoch.startswith("epoch 2/2: G/l1")
    )


def test_a_finished_run_says_nothing_of_scores_that_it_has_no_weights_for(data_dir, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pytorch_fid_inception, "FID_WEIGHTS_URL", "http://nowhere.invalid/weights.pth")
    run = arguments(data_dir, tmp_path / "run", objective="l1", epochs=1, fid_every=1)
    assert train.main(run) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Training l1 on facades")
    assert "Epochs are not scored: Inception's weights could not be downloaded (" in said.err
    assert "Errno" not in said.err
    assert train.main(run) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{tmp_path / 'run'} is already finished: 1 epoch.") and said.err == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream, rank, shows", [(Terminal, 0, True), (io.StringIO, 0, False), (Terminal, 1, False)])
def test_only_a_terminal_of_the_main_process_gets_a_bar(tiny_config, monkeypatch, capsys, stream, rank, shows):
    stderr = stream()
    monkeypatch.setattr("sys.stderr", stderr)
    trainer = Trainer(tiny_config(objective="l1"), torch.device("cpu"), rank)
    progress = Progress(trainer, 4)
    progress.open()

    def step(_: int) -> dict[str, float]:
        time.sleep(0.12)  # a bar is drawn at most every 0.1 s
        return trainer.count(torch.tensor([0.5], dtype=torch.float64), 1)

    steps = map(step, range(4))
    assert list(progress.watch(steps)) == [{"G/l1": 0.5}] * 4
    assert trainer.seconds > 0
    progress.end_epoch(trainer.finish_epoch())
    assert ("epoch 1/2 25%" in stderr.getvalue() and "G/l1 0.500" in stderr.getvalue()) == shows
    assert bool(capsys.readouterr().out) == (rank == 0)


def test_the_time_left_counts_what_happens_between_epochs_and_not_epochs_before_a_resume(tiny_config, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    trainer = Trainer(tiny_config(objective="l1", epochs=12), torch.device("cpu"))
    trainer.epoch, trainer.seconds = 10, 4.0
    progress = Progress(trainer, 4)
    for _ in progress.watch(trainer.count(torch.zeros(1, dtype=torch.float64), 1) for _ in range(4)):
        clock[0] += 60  # such as saving
    trainer.finish_epoch()
    assert progress._pace(1.0) == "1.0 images/s, 4 min 00 s left"


def test_the_description_of_a_run_names_processes(tiny_config):
    config = tiny_config(num_processes=2, batch_size=3)
    said = describe_run(config, torch.device("cpu"), 13)
    assert said.startswith("gan on facades, epochs 1 to 2: 13 images and 3 steps per epoch; 2 processes")


def test_durations_read_well():
    assert [duration(seconds) for seconds in (0, 59.4, 61, 3599.6, 3661, 86400)] == [
        "0 s",
        "59 s",
        "1 min 01 s",
        "1 h 00 min",
        "1 h 01 min",
        "24 h 00 min",
    ]


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_bar_is_drawn_into_a_file(path):
    """Every tqdm decides by `disable`, which is None for "only on a terminal"."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    bars = [node for node in calls if ast.unparse(node.func) == "tqdm"]
    assert [node.lineno for node in bars if "disable" not in {keyword.arg for keyword in node.keywords}] == []
