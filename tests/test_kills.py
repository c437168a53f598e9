"""Runs that are killed at any point, whose disk fills up, or that are started twice, end as if nothing had happened."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import train
from pix2pix import release
from pix2pix.run_folder import RunFolder
from tests.helpers.environment import PATIENCE
from tests.helpers.training import arguments, assert_same_run, state
from tests.helpers.warm import WarmProgram

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
KILLS, KILLS_OF_A_RUN = 20, 5  # a run that is killed at random until it ends may be killed a hundred times
SIGKILL, SIGXFSZ = -9, -25  # as exit codes

# A run that dies by SIGKILL at the given profile event, which is a call or return of a function. Or, from the given
# step, no file can grow beyond `bytes`: writing more is an error, as on a full disk, or kills the process at once by
# SIGXFSZ, which runs no more of its code than SIGKILL does.
SCRIPT = """
import json, os, resource, signal, sys
import torch
torch.set_num_threads(1)
import train
from pix2pix.trainer import Trainer

def run(flags, kill_at=0, step=0, bytes=0, deadly=False):
    pid, events, original = os.getpid(), 0, Trainer.step
    def count(*_):
        nonlocal events
        events += 1
        if events == kill_at:
            os.kill(pid, signal.SIGKILL)
    def limited(self, *arguments):
        losses = original(self, *arguments)
        if self.step_count == step:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, bytes))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL if deadly else signal.SIG_IGN)
        return losses
    Trainer.step = limited
    sys.setprofile(count)
    code = train.main(flags)
    sys.setprofile(None)
    print("events", events)
    return code

sys.exit(run(**json.loads(sys.argv[1])))
"""


class Runs:
    """Processes that train. `said` is what the last one printed."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir, self.said = data_dir, ""

    def flags(self, run_dir: Path, **flags: object) -> list[str]:
        """Three epochs of four images. The second is neither sampled nor kept; it ends with log and release alone."""
        return arguments(self.data_dir, run_dir, **({"epochs": 3, "sample_every": 3, "keep_every": 3} | flags))

    def start(self, run_dir: Path, flags: dict[str, object] | None = None, **fate: object) -> int:
        """Trains until the end, which may be early; returns the exit code, negative for a signal."""
        command = [sys.executable, "-c", SCRIPT, json.dumps({"flags": self.flags(run_dir, **(flags or {}))} | fate)]
        # a pipe, because a file would be limited, too
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "bufsize": 0}
        with WarmProgram(command, cwd=Path(train.__file__).parent, **streams) as program:
            code = program.wait(PATIENCE)
            os.set_blocking(program.stdout.fileno(), False)  # loader workers live on for seconds, and keep it open
            self.said = (program.stdout.read() or b"").decode()
        return code


@pytest.fixture(scope="module")
def runs(data_dir: Path) -> Runs:
    return Runs(data_dir)


@pytest.fixture(scope="module")
def straight(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of a run that never stopped, and the number of its events."""
    folder = tmp_path_factory.mktemp("straight")
    assert runs.start(folder) == 0, runs.said
    return folder, int(runs.said.split()[-1])


def files(folder: Path) -> dict[str, bytes]:
    """All files of a finished run by name; without contents if these have times or the flags of the last start."""
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return contents | dict.fromkeys(("checkpoint.pt", "checkpoint-previous.pt", "log.jsonl", "config.json"), b"")


def assert_same_end(found: Path, expected: Path) -> None:
    """Equal networks, optimisers and losses, and byte for byte the same released folder, weights and samples."""
    assert_same_run(found, expected)
    assert files(found) == files(expected)


def test_runs_killed_at_twenty_random_points_end_as_one_that_never_stopped(runs, straight, tmp_path):
    rng = np.random.default_rng(0)
    folder, events = straight
    kills = finished = 0
    while kills < KILLS:
        run_dir = tmp_path / str(finished)
        code, spared = SIGKILL, kills + KILLS_OF_A_RUN
        while code == SIGKILL:
            minutes = int(rng.integers(2)) * 10  # a checkpoint after every step, or only after the epochs
            kill_at = int(rng.integers(1, events)) if kills < spared else 0
            code = runs.start(run_dir, {"checkpoint_minutes": minutes}, kill_at=kill_at)
            kills += code == SIGKILL
        assert code == 0, runs.said
        assert_same_end(run_dir, folder)
        finished += 1


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_run_killed_in_the_middle_of_a_checkpoint_loses_one_step(runs, straight, tmp_path, share):
    size = (straight[0] / "checkpoint.pt").stat().st_size
    flags = {"checkpoint_minutes": 0}
    assert runs.start(tmp_path, flags, step=7, bytes=int(size * share), deadly=True) == SIGXFSZ, runs.said
    assert (tmp_path / "checkpoint.tmp").stat().st_size == int(size * share)
    assert state(tmp_path)["step_count"] == 6
    assert runs.start(tmp_path, flags) == 0, runs.said
    assert_same_end(tmp_path, straight[0])


def test_a_run_killed_in_the_middle_of_its_release_leaves_the_last_one_and_resumes(runs, straight, tmp_path):
    assert runs.start(tmp_path, step=8, bytes=50_000, deadly=True) == SIGXFSZ, runs.said
    assert (tmp_path / "release" / "model.tmp").stat().st_size == 50_000
    release.load(tmp_path / "release")
    assert (tmp_path / "release" / "model.safetensors").read_bytes() == (
        straight[0] / "weights" / "epoch-001.safetensors"
    ).read_bytes()
    assert runs.start(tmp_path) == 0, runs.said
    assert_same_end(tmp_path, straight[0])


def test_a_run_killed_in_the_middle_of_a_line_of_the_log_resumes(runs, straight, tmp_path):
    size = len((straight[0] / "log.jsonl").read_bytes().splitlines(keepends=True)[0]) + 20
    assert runs.start(tmp_path, step=8, bytes=size, deadly=True) == SIGXFSZ, runs.said
    assert (tmp_path / "log.jsonl").stat().st_size == size
    assert runs.start(tmp_path) == 0, runs.said
    assert_same_end(tmp_path, straight[0])


def test_a_run_killed_in_the_middle_of_a_sample_leaves_no_half_image(runs, straight, tmp_path):
    assert runs.start(tmp_path, step=4, bytes=5_000, deadly=True) == SIGXFSZ, runs.said
    (left,) = (tmp_path / "samples").rglob("*.*")
    assert left.suffix == ".tmp" and left.stat().st_size == 5_000
    assert runs.start(tmp_path) == 0, runs.said
    assert_same_end(tmp_path, straight[0])


@pytest.mark.parametrize(
    "step, size, name", [(8, 30, "log.jsonl"), (8, 50_000, "release/model.safetensors"), (7, 100_000, "checkpoint.pt")]
)
def test_a_full_disk_is_one_sentence_that_names_the_file_and_the_run_resumes(
    runs, straight, tmp_path, step, size, name
):
    flags = {"checkpoint_minutes": 0 if step == 7 else 10}
    assert runs.start(tmp_path, flags, step=step, bytes=size) == 1
    sentence = [line for line in runs.said.splitlines() if "File too large" in line]
    assert (
        len(sentence) == 1
        and str(tmp_path / name) in sentence[0]
        and "run the same command again" in sentence[0].lower()
    )
    assert "Traceback" not in runs.said and "enforce fail" not in runs.said
    assert state(tmp_path)["step_count"] == (6 if step == 7 else 4)
    assert list(tmp_path.rglob("*.tmp")) == []
    assert runs.start(tmp_path, flags) == 0, runs.said
    assert_same_end(tmp_path, straight[0])


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_number_of_loader_workers_does_not_matter(runs, straight, tmp_path, workers):
    assert runs.start(tmp_path, {"workers": workers}) == 0, runs.said
    assert_same_end(tmp_path, straight[0])


def test_a_second_run_in_one_folder_is_refused_in_one_sentence_and_changes_nothing(
    straight, data_dir, tmp_path, capsys
):
    folder = Path(shutil.copytree(straight[0], tmp_path / "run"))
    with RunFolder(folder).lock():
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert train.main(arguments(data_dir, folder, epochs=4)) == 1
    said = capsys.readouterr().err
    assert said == f"another process is training in {folder}. Stop it first, or use another --run-dir.\n"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_run_whose_loader_workers_outlive_it_resumes_at_once(runs, straight, tmp_path):
    flags = {"workers": 2, "checkpoint_minutes": 0}
    assert runs.start(tmp_path, flags, step=7, bytes=1000, deadly=True) == SIGXFSZ, runs.said
    assert runs.start(tmp_path, flags) == 0, runs.said
    assert_same_end(tmp_path, straight[0])
