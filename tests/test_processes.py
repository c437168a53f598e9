"""Training with several processes equals one process with their joint batch; they stop, resume and fail together.

Two real processes on the CPU: once started by `accelerate launch`, otherwise in the way of launchers, which is faster.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import train
from pix2pix.checkpoint import previous_path
from tests.helpers.environment import PATIENCE
from tests.helpers.processes import ENVIRONMENT, two_processes
from tests.helpers.tiny import free_port
from tests.helpers.training import arguments, assert_same_run, state
from tests.helpers.warm import run_warm

ROOT = Path(train.__file__).parent


pytestmark = pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="PyTorch was built without gloo")


@pytest.fixture(scope="module")
def together(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The run folders of two epochs of each objective by two processes of batch 1, never stopped."""
    folders = {objective: tmp_path_factory.mktemp("together") / objective for objective in ("gan", "l1")}
    launcher = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_processes",
        "2",
        "--main_process_port",
        str(free_port()),
    ]
    command = [*launcher, str(ROOT / "train.py"), *arguments(data_dir, folders["gan"], ema=0.9)]
    launched = run_warm(command, PATIENCE, env=ENVIRONMENT)
    assert launched.returncode == 0 and launched.stdout.count("Trained. ") == 1, launched.stderr
    ended = two_processes(arguments(data_dir, folders["l1"], objective="l1", ema=0.9), folders["l1"].parent)
    assert ended.codes == [0, 0] and ended.outputs[1] == "", ended.errors
    return folders


@pytest.mark.parametrize("objective", ["gan", "l1"])
def test_two_processes_at_batch_1_equal_one_at_batch_2_within_rounding(together, data_dir, tmp_path, objective):
    assert train.main(arguments(data_dir, tmp_path, objective=objective, ema=0.9, batch_size=2)) == 0
    found, expected = state(together[objective]), state(tmp_path)
    assert (found["epoch"], found["step_count"]) == (expected["epoch"], expected["step_count"]) == (2, 4)
    for network in expected.keys() & {"G", "D", "G_ema"}:
        for name, weight in expected[network].items():
            # Adam moves a weight by up to 2e-4 per step for any gradient, so rounding can reverse a few.
            assert ((found[network][name] - weight).abs() > 2e-6).float().mean() < 0.02, f"{network} {name}"
    for found_epoch, expected_epoch in zip(log(together[objective]), log(tmp_path), strict=True):
        assert found_epoch == pytest.approx(expected_epoch, rel=1e-4)


def log(folder: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in record.items() if name not in ("seconds", "pictures_per_second")}
        for record in records
    ]


def test_termination_of_one_process_saves_stops_all_and_the_run_resumes_bit_for_bit(together, data_dir, tmp_path):
    flags, folder = arguments(data_dir, tmp_path / "run", ema=0.9), tmp_path / "run"
    stopped = two_processes(flags, tmp_path, "self.rank == 1 and signal.raise_signal(signal.SIGTERM)", frozenset({2}))
    assert stopped.codes == [130, 130], stopped.errors
    assert "Run the same command again to resume" in stopped.outputs[0] and stopped.errors[1] == ""
    assert (state(folder)["epoch"], state(folder)["batch"], state(folder)["step_count"]) == (
        1,
        1,
        3,
    )  # all learn of it in the next step
    assert two_processes(flags, tmp_path).codes == [0, 0]
    assert_same_run(folder, together["gan"])


def test_a_damaged_checkpoint_is_left_out_by_all_processes(together, data_dir, tmp_path):
    folder = Path(shutil.copytree(together["gan"], tmp_path / "run"))
    (folder / "checkpoint.pt").write_bytes(b"damaged")
    resumed = two_processes(arguments(data_dir, folder, ema=0.9), tmp_path)
    assert resumed.codes == [0, 0], resumed.errors
    assert str(previous_path(folder / "checkpoint.pt")) in resumed.outputs[0]
    assert_same_run(folder, together["gan"])


def test_a_run_resumes_with_the_number_of_processes_that_it_began_with(together, data_dir, tmp_path, capsys):
    folder = Path(shutil.copytree(together["gan"], tmp_path / "run"))
    assert train.main(arguments(data_dir, folder, ema=0.9)) == 1
    assert "--num-processes was 2, is 1" in capsys.readouterr().err


def test_a_loss_that_is_not_finite_in_one_process_stops_all_with_one_sentence(data_dir, tmp_path):
    poison = "self.rank == 1 and self.G.down1.weight.data.fill_(math.nan)"
    ended = two_processes(arguments(data_dir, tmp_path / "run"), tmp_path, "import math; " + poison, frozenset({1}))
    assert ended.codes == [1, 1]
    assert "loss D/fake is nan at step 2" in ended.errors[0] and ended.errors[1] == ""


def test_the_end_of_one_process_is_one_sentence_of_the_other(data_dir, tmp_path):
    ended = two_processes(
        arguments(data_dir, tmp_path / "run"), tmp_path, "self.rank == 1 and os._exit(9)", frozenset({1})
    )
    assert ended.codes == [1, 9]
    assert "another process of this training has ended" in ended.errors[0] and "Traceback" not in ended.errors[0]


def test_accelerate_launch_on_cpus_says_what_to_use_instead_of_training_alone(data_dir, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")  # what `accelerate launch --cpu --num-processes 2` sets
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    assert train.main(arguments(data_dir, tmp_path / "run")) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "torchrun --nproc-per-node" in said
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two GPUs")
def test_two_gpus_equal_one_at_twice_the_batch(data_dir, tmp_path):
    alone = arguments(data_dir, tmp_path / "alone", batch_size=2)
    assert subprocess.run([sys.executable, str(ROOT / "train.py"), *alone], timeout=PATIENCE).returncode == 0
    launcher = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_processes",
        "2",
        "--main_process_port",
        str(free_port()),
    ]
    assert (
        subprocess.run(
            [*launcher, str(ROOT / "train.py"), *arguments(data_dir, tmp_path / "both")], timeout=PATIENCE
        ).returncode
        == 0
    )
    for found, expected in zip(log(tmp_path / "both"), log(tmp_path / "alone"), strict=True):
        assert found == pytest.approx(expected, rel=1e-3)


def test_accelerate_launch_starts_one_process_on_the_cpu(data_dir, tmp_path):
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "1"]
    command = [*launch, str(ROOT / "train.py"), *arguments(data_dir, tmp_path, epochs=1)]
    done = run_warm(command, PATIENCE, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert "Trained." in done.stdout and (tmp_path / "release" / "model.safetensors").exists()
