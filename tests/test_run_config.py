"""The record of a run: which changes a resumed run may bring."""

import json
from pathlib import Path

import pytest
import torch

from pix2pix import run_config
from pix2pix.files import append_record
from pix2pix.run_folder import RunFolder, RunFolderError

HASHES = {"train": "aaaa", "val": "bbbb"}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    path = tmp_path / "deep" / "run"
    path.mkdir(parents=True)
    return RunFolder(path)


def test_the_configuration_is_recorded_with_data_and_machine(run, tiny_config):
    run_config.record(run, tiny_config(learning_rate=1e-3), HASHES)
    record = json.loads((run.path / "config.json").read_text())
    assert record["config"]["learning_rate"] == 1e-3 and record["config"]["base_channels"] == 2
    assert record["config"]["data_dir"] == str(tiny_config().data_dir)
    assert record["data"] == HASHES
    assert record["machine"]["torch"] == torch.__version__


def test_a_change_of_threads_on_the_way_is_recorded_once(run, tiny_config, monkeypatch):
    for threads in (1, 2, 2, 1):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        run_config.record(run, tiny_config(), HASHES)
    assert json.loads((run.path / "config.json").read_text())["machine"]["threads"] == "1, then 2, then 1"


def test_images_that_were_scored_have_to_stay_as_they_were(run, tiny_config):
    run_config.record(run, tiny_config(), HASHES)
    run_config.record(run, tiny_config(), HASHES | {"val": "cccc"})  # nothing has been scored on them
    append_record(run.scores, {"epoch": 1, "split": "val", "fid": 1.0})
    recorded = (run.path / "config.json").read_bytes()
    with pytest.raises(
        RunFolderError, match="the val images have changed since epochs of .* were scored. Use the same"
    ):
        run_config.record(run, tiny_config(), HASHES)
    assert (run.path / "config.json").read_bytes() == recorded
    run_config.record(run, tiny_config(), HASHES | {"val": "cccc", "test": "dddd"})  # a split that is new
    run_config.record(run, tiny_config(), {"train": HASHES["train"]})  # from a folder that holds no other split
    with pytest.raises(RunFolderError, match="the val images have changed"):
        run_config.record(run, tiny_config(), HASHES)
    run.scores.unlink()  # as the sentence says
    run_config.record(run, tiny_config(), HASHES)
    assert run_config.read(run)[1] == HASHES | {"test": "dddd"}


def test_the_same_configuration_resumes(run, tiny_config):
    run_config.record(run, tiny_config(), HASHES)
    run_config.record(run, tiny_config(), HASHES)


def test_a_run_older_than_a_setting_had_todays_default(run, tiny_config):
    run_config.record(run, tiny_config(), HASHES)
    record = json.loads((run.path / "config.json").read_text())
    del record["config"]["lambda_l1"]
    (run.path / "config.json").write_text(json.dumps(record))
    with pytest.raises(RunFolderError, match="--lambda-l1 was 100.0, is 10.0"):
        run_config.record(run, tiny_config(lambda_l1=10.0), HASHES)
    run_config.record(run, tiny_config(), HASHES)


def test_every_difference_is_listed(run, tiny_config):
    run_config.record(run, tiny_config(), HASHES)
    recorded = (run.path / "config.json").read_bytes()
    with pytest.raises(RunFolderError) as caught:
        run_config.record(
            run, tiny_config(seed=1, base_channels=4, objective="l1", epochs=1), {"train": "cccc", "val": "bbbb"}
        )
    for difference in (
        "--seed was 0, is 1",
        "--base-channels was 2, is 4",
        "--objective was gan, is l1",
        "--epochs was 2, is 1",
        "training images have changed",
    ):
        assert difference in str(caught.value)
    assert str(run.path) in str(caught.value)
    assert "--norm" not in str(caught.value)
    assert (run.path / "config.json").read_bytes() == recorded


@pytest.mark.parametrize(
    "name, value",
    [
        ("dataset", "cityscapes"),
        ("direction", "AtoB"),
        ("objective", "l1"),
        ("batch_size", 2),
        ("base_channels", 4),
        ("norm", "batch"),
        ("learning_rate", 1e-3),
        ("beta1", 0.9),
        ("beta2", 0.9),
        ("lambda_l1", 10.0),
        ("precision", "bf16"),
        ("seed", 1),
    ],
)
def test_what_decides_the_weights_may_not_change(run, tiny_config, name, value):
    run_config.record(run, tiny_config(), HASHES)
    with pytest.raises(RunFolderError, match=f"--{name.replace('_', '-')} was .*, is {value}"):
        run_config.record(run, tiny_config(**{name: value}), HASHES)


@pytest.mark.parametrize(
    "name, value",
    [
        ("data_dir", Path("elsewhere")),
        ("run_dir", Path("moved")),
        ("epochs", 3),
        ("workers", 5),
        ("sample_every", 1),
        ("keep_every", 1),
        ("fid_every", 1),
        ("fid_samples", 20),
        ("fid_weights", Path("inception.pth")),
        ("checkpoint_minutes", 1.0),
    ],
)
def test_what_does_not_decide_the_weights_may_change_and_is_recorded(run, tiny_config, name, value):
    run_config.record(run, tiny_config(), HASHES)
    run_config.record(run, tiny_config(**{name: value}), HASHES | {"val": "dddd", "test": "eeee"})
    recorded = json.loads((run.path / "config.json").read_text())["config"][name]
    assert recorded == (str(value) if isinstance(value, Path) else value)


OF_A_RELEASE = b'{"format_version": 1, "dataset": "facades"}'


@pytest.mark.parametrize("content", [b"", b"{", b"[]", OF_A_RELEASE, b'{"config": {}, "data": {}}', b"\xff"])
def test_a_config_json_that_is_not_of_a_run_is_an_error_that_names_it(run, tiny_config, content):
    (run.path / "config.json").write_bytes(content)
    with pytest.raises(RunFolderError, match="config.json"):
        run_config.record(run, tiny_config(), HASHES)
    assert (run.path / "config.json").read_bytes() == content


def test_what_was_recorded_is_read_again(run, tiny_config):
    config = tiny_config(epochs=5, fid_weights=Path("inception.pth"))
    run_config.record(run, config, HASHES)
    read, hashes, machine = run_config.read(run)
    assert read == config and hashes == HASHES and machine["torch"] == torch.__version__
