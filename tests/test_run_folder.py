"""The run folder: records, samples, kept weights, its lock, and full disks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix import run_config
from pix2pix.files import append_record
from pix2pix.release import weights_of_epoch
from pix2pix.run_folder import RunFolder, RunFolderError, earlier_epochs, release_inside, run_around
from tests.helpers.warm import WarmProgram

HASHES = {"train": "aaaa", "val": "bbbb"}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    path = tmp_path / "deep" / "run"
    path.mkdir(parents=True)
    return RunFolder(path)


def test_the_log_and_the_scores_are_cut_to_the_finished_epochs(run):
    for epoch in (1, 2, 3):
        run.log({"epoch": epoch, "G/l1": 0.5})
        append_record(run.scores, {"epoch": epoch, "split": "val"})
        append_record(run.scores, {"epoch": epoch, "split": "test"})
    for path in (run.log_file, run.scores):
        with open(path, "a") as file:
            file.write('{"epoch": 4, "G/')  # cut short by a crash
    run.cut_records(2)
    run.log({"epoch": 3, "G/l1": 0.25})
    lines = run.log_file.read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"epoch": 1, "G/l1": 0.5},
        {"epoch": 2, "G/l1": 0.5},
        {"epoch": 3, "G/l1": 0.25},
    ]
    scores = [json.loads(line) for line in run.scores.read_text().splitlines()]
    assert [(score["epoch"], score["split"]) for score in scores] == [(1, "val"), (1, "test"), (2, "val"), (2, "test")]
    run.cut_records(0)
    assert run.log_file.read_text() == run.scores.read_text() == ""


def test_samples_are_written_as_images_by_split_name_and_kind(run):
    picture = torch.rand(3, 256, 256, generator=torch.Generator().manual_seed(0)) * 2 - 1
    run.save_sample("val", "12", "epoch-003", picture)
    with Image.open(run.path / "samples" / "val" / "12" / "epoch-003.png") as image:
        assert image.mode == "RGB"
        expected = ((picture + 1) * 127.5).round().permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(np.asarray(image), expected)


def test_kept_weights_are_named_by_epoch(run):
    assert run.weights(7) == run.path / "weights" / "epoch-007.safetensors"
    assert run.weights(1200).name == "epoch-1200.safetensors" and run.weights(7).parent.is_dir()


def test_kept_weights_are_found_again_in_the_order_of_epochs(run):
    assert run.kept_weights() == {}
    for name in ("epoch-1000", "epoch-009", "epoch-x", "other"):
        (run.weights(1).parent / f"{name}.safetensors").touch()
    (run.weights(1).parent / "epoch-007.tmp").touch()
    assert list(run.kept_weights().items()) == [(9, run.weights(9)), (1000, run.weights(1000))]


def test_a_folder_in_use_is_refused_and_free_again_after(run):
    with run.lock():
        with pytest.raises(
            RunFolderError, match="another process is training in .*run. Stop it first, or use another --run-dir"
        ):
            with RunFolder(run.path).lock():
                pytest.fail("two runs in one folder")
    with RunFolder(run.path).lock():
        pass


# Its child, as a loader worker, lives on for a while when the process is killed.
HOLDER = """
import os, sys, time
from pathlib import Path
from pix2pix.run_folder import RunFolder
with RunFolder(Path(sys.argv[1])).lock():
    if os.fork() == 0:
        print(os.getpid(), flush=True)  # by the child, so it is there, and past what libraries do after a fork
    time.sleep(600)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_the_lock_ends_with_its_process_though_it_is_killed_and_its_workers_live_on(run):
    holder = WarmProgram(
        [sys.executable, "-c", HOLDER, str(run.path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert holder.stdout
    child = int(holder.stdout.readline())
    try:
        with pytest.raises(RunFolderError, match="another process"):
            with run.lock():
                pytest.fail("two runs in one folder")
        holder.kill()
        holder.wait()
        os.kill(child, 0)  # it is alive
        with run.lock():
            pass
    finally:
        holder.kill()
        os.kill(child, 9)
        holder.stdout.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is a device of Linux")
def test_a_full_disk_is_an_error_that_names_the_file(run, tiny_config):
    run.log({"epoch": 1})
    picture, folder = torch.zeros(3, 256, 256), run.path / "samples" / "val" / "1"
    folder.mkdir(parents=True)
    for temporary, write in {
        run.path / "config.tmp": lambda: run_config.record(run, tiny_config(), HASHES),
        run.path / "log.tmp": lambda: run.cut_records(1),
        folder / "photo.tmp": lambda: run.save_sample("val", "1", "photo", picture),
    }.items():
        temporary.symlink_to("/dev/full")
        with pytest.raises(OSError, match="No space left on device") as caught:
            write()
        assert Path(caught.value.filename).with_suffix(".tmp") == temporary and caught.value.filename != str(temporary)
        write()
    (run.path / "log.jsonl").unlink()
    (run.path / "log.jsonl").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device.*log.jsonl"):
        run.log({"epoch": 2})


def test_earlier_epochs_are_those_of_the_folder_or_else_of_the_run_around_it(tmp_path):
    folder = tmp_path / "run" / "release"
    (tmp_path / "run" / "weights").mkdir(parents=True)
    for epoch in (1, 2, 3, 4):
        (tmp_path / "run" / "weights" / f"epoch-{epoch:03d}.safetensors").touch()
    assert earlier_epochs(folder, 3) == {}  # nothing says that it is a run
    (tmp_path / "run" / "log.jsonl").touch()
    assert list(earlier_epochs(folder, 3)) == [1, 2]
    own = weights_of_epoch(folder / "epochs", 2)
    own.parent.mkdir(parents=True)
    own.touch()
    assert earlier_epochs(folder, 3) == {2: own}


def test_a_run_folder_and_its_released_folders_find_each_other(run):
    assert run_around(run.release) is None and release_inside(run.path) is None
    run.log({"epoch": 1})
    for released in (run.release, run.release_best):
        released.mkdir()
        assert run_around(released).path == run.path
    assert release_inside(run.path) == run.release
    (run.release / "model.safetensors").touch()
    assert release_inside(run.path) == run.release and release_inside(run.release) is None
