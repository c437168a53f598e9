"""Checkpoints survive crashes, full disks and damaged files."""

import errno
import os
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
def test_a_full_disk_is_told_and_leaves_the_earlier_ones(path, monkeypatch, module, name):
    save(path, 1, 2)
    with monkeypatch.context() as patch, pytest.raises(CheckpointError, match="No space left on device") as caught:
        patch.setattr(module, name, full_disk)
        save(path, 3)
    assert str(path) in str(caught.value)
    assert load(path) == (2, path)
    assert {file.name for file in path.parent.iterdir()} == {"checkpoint.pt", "checkpoint-previous.pt"}
    path.unlink()
    assert load(path)[0] == 1


def test_the_file_is_on_disk_before_it_gets_its_name(path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *arguments, name=name, original=original: (calls.append(name), original(*arguments)))
    save(path, 1)
    assert calls == ["fsync", "replace"]


def test_a_folder_that_is_not_there_is_told(tmp_path):
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
def test_a_damaged_checkpoint_gives_way_to_the_one_before(path, name):
    save(path, 1, 2)
    content = path.read_bytes()
    path.write_bytes(DAMAGES[name](content))
    assert path.read_bytes() != content
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


def test_two_damaged_checkpoints_are_an_error_that_names_both(path):
    save(path, 1, 2)
    path.write_bytes(b"")
    previous_path(path).write_bytes(b"text")
    with pytest.raises(CheckpointError, match="checkpoint.pt is damaged.*checkpoint-previous.pt is damaged.*start over"):
        load(path)


def test_a_checkpoint_runs_no_code(path):
    class Evil:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(path.parent / "evil"),)

    torch.save({"state": Evil()}, path)
    with pytest.raises(CheckpointError, match="damaged"):
        load(path)
    assert not (path.parent / "evil").exists()
