"""Checkpoints survive crashes, full disks and damaged files."""

import errno
import os
import stat
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pix2pix import checkpoint
from pix2pix.checkpoint import CheckpointError, previous_path


class State:
    """Something with a state of plain tensors and numbers."""

    def __init__(self, value: int) -> None:
        self.value = value

    def state_dict(self) -> dict[str, Any]:
        return {"value": self.value, "weights": torch.full((50,), float(self.value))}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        assert (state["weights"] == state["value"]).all()
        self.value = state["value"]


def save(path: Path, *values: int) -> None:
    for value in values:
        checkpoint.save(path, {"state": State(value)})


def load(path: Path) -> tuple[int, Path | None]:
    """The value that was loaded, -1 for none, and the file that it came from."""
    state = State(-1)
    source = checkpoint.load(path, {"state": state})
    return state.value, source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.pt"


def test_what_was_saved_is_loaded_and_the_one_before_is_kept_beside_it(path):
    save(path, 1, 2, 3)
    assert load(path) == (3, path)
    assert {file.name for file in path.parent.iterdir()} == {"checkpoint.pt", "checkpoint-previous.pt"}
    path.unlink()
    assert load(path) == (2, previous_path(path))


def test_every_object_gets_its_own_state_back(path):
    checkpoint.save(path, {"one": State(1), "two": State(2)})
    one, two = State(0), State(0)
    checkpoint.load(path, {"two": two, "one": one})
    assert (one.value, two.value) == (1, 2)


def test_without_a_checkpoint_nothing_is_loaded(path):
    assert load(path) == (-1, None)


def test_a_crash_in_the_middle_of_writing_keeps_the_earlier_ones(path, monkeypatch):
    save(path, 1, 2)

    def crash(states: object, file: Any) -> None:
        file.write(b"half of it")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(torch, "save", crash)
        save(path, 3)
    assert load(path) == (2, path)
    path.with_suffix(".tmp").write_bytes(b"half of it")  # as a killed process leaves it
    assert load(path) == (2, path)
    save(path, 4)
    assert load(path) == (4, path)


@pytest.mark.parametrize("renames, expected", [(0, 2), (1, 2), (2, 3)])
def test_a_crash_between_any_two_renames_leaves_a_checkpoint(path, monkeypatch, renames, expected):
    save(path, 1, 2)
    replace, done = os.replace, []

    def crash(*arguments: Path) -> None:
        if len(done) == renames:
            raise KeyboardInterrupt
        done.append(arguments)
        replace(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", crash)
        try:
            save(path, 3)
        except KeyboardInterrupt:
            assert renames < 2
    assert load(path)[0] == expected


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("module, name", [(os, "fsync"), (torch, "save")])
def test_a_full_disk_is_reported_and_leaves_the_earlier_ones(path, monkeypatch, module, name):
    save(path, 1, 2)
    with monkeypatch.context() as patch, pytest.raises(CheckpointError, match="No space left on device") as caught:
        patch.setattr(module, name, full_disk)
        save(path, 3)
    assert str(path) in str(caught.value)
    assert load(path) == (2, path)
    assert {file.name for file in path.parent.iterdir()} == {"checkpoint.pt", "checkpoint-previous.pt"}
    path.unlink()
    assert load(path)[0] == 1


def test_the_content_is_on_the_disk_before_the_file_gets_its_name_and_the_name_is_before_anything_else_is_done(
    path, monkeypatch
):
    calls = []

    def fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        calls.append(f"fsync {kind}")

    replace = os.replace
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", lambda *paths: (calls.append("replace"), replace(*paths)))
    save(path, 1)
    assert calls == ["fsync file", "replace", "fsync folder"]


def test_a_disk_that_cannot_sync_folders_is_no_obstacle(path, monkeypatch):
    fsync = os.fsync

    def files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    save(path, 1, 2)
    assert load(path) == (2, path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is a device of Linux")
@pytest.mark.parametrize("size", [50, 3_000_000])  # written at the end, and while torch.save is at work
def test_a_really_full_disk_is_reported_in_its_own_words(path, size):
    save(path, 1, 2)
    path.with_suffix(".tmp").symlink_to("/dev/full")
    with pytest.raises(CheckpointError, match="No space left on device. The checkpoints before it are intact"):
        checkpoint.save(path, {"large": torch.nn.Linear(size, 1)})
    assert load(path) == (2, path)
    assert {file.name for file in path.parent.iterdir()} == {"checkpoint.pt", "checkpoint-previous.pt"}


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of file size")
@pytest.mark.parametrize("size", [0, 1_000, 3_999_000, 4_000_900])
def test_a_file_that_may_not_grow_is_reported_in_its_own_words_wherever_the_writing_stops(path, size):
    import resource

    save(path, 1, 2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        with pytest.raises(CheckpointError) as caught:
            checkpoint.save(path, {"large": torch.nn.Linear(1_000_000, 1)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "File too large. The checkpoints before it are intact" in str(caught.value)
    assert load(path) == (2, path)


def test_a_folder_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(CheckpointError, match="could not save"):
        save(tmp_path / "missing" / "checkpoint.pt", 1)


def weights(value: float) -> bytes:
    return torch.full((50,), value).numpy().tobytes()


DAMAGES = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "text": lambda content: b"not a checkpoint",
    "zeros": lambda content: bytes(len(content)),
    "one byte of a weight": lambda content: content.replace(weights(2.0), weights(3.0)),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_checkpoint_gives_way_to_the_one_before(path, capsys, name):
    save(path, 1, 2)
    content = path.read_bytes()
    path.write_bytes(DAMAGES[name](content))
    assert path.read_bytes() != content
    damaged = path.read_bytes()
    assert load(path) == (1, previous_path(path))
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert (
        f"{path} is damaged" in said and "it was renamed to checkpoint-damaged.pt, and the previous one is used" in said
    )
    assert path.with_stem("checkpoint-damaged").read_bytes() == damaged
    save(path, 3)  # does not push the only whole one out
    assert load(path) == (3, path)
    path.unlink()
    assert load(path) == (1, previous_path(path))


def test_another_kind_of_file_gives_way_to_the_one_before(path):
    save(path, 1, 2)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "not a checkpoint")
    assert load(path) == (1, previous_path(path))
    torch.save({"state": Path("a pickled object")}, path)
    assert load(path) == (1, previous_path(path))


def test_no_flipped_byte_passes_as_a_weight_or_ends_in_another_error(path):
    save(path, 1, 2)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.choice(len(content), 300, replace=False):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        assert load(path) in ((2, path), (1, previous_path(path))), place  # some bytes mean nothing


def test_a_checkpoint_of_something_else_is_an_error_that_names_it_and_is_left_alone(path):
    checkpoint.save(path, {"state": torch.nn.Linear(2, 2)})
    content = path.read_bytes()
    for other in ({"state": torch.nn.Linear(2, 3)}, {"other": torch.nn.Linear(2, 2)}, {"state": State(0)}):
        with pytest.raises(CheckpointError, match="checkpoint.pt belongs to another run") as caught:
            checkpoint.load(path, other)
        assert "\n" not in str(caught.value)
    assert path.read_bytes() == content and list(path.parent.iterdir()) == [path]


def test_two_damaged_checkpoints_are_an_error_that_names_both(path):
    save(path, 1, 2)
    path.write_bytes(b"")
    previous_path(path).write_bytes(b"text")
    with pytest.raises(
        CheckpointError, match="checkpoint.pt is damaged.*checkpoint-previous.pt is damaged.*start over"
    ):
        load(path)


def test_a_checkpoint_runs_no_code(path):
    class Evil:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(path.parent / "evil"),)

    torch.save({"state": Evil()}, path)
    with pytest.raises(CheckpointError, match="damaged"):
        load(path)
    assert not (path.parent / "evil").exists()
