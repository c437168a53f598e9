"""Scores of runs: equal during and after training, made once, without effect on it; validation chooses the best."""

import hashlib
import json
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_fid import inception as pytorch_fid_inception

import train
from pix2pix import release, run_config
from pix2pix.data.dataset import PairedDataset
from pix2pix.fid import __main__ as fid
from pix2pix.fid import inception
from pix2pix.fid.distances import frechet_distance, kernel_distance
from pix2pix.fid.evaluator import Evaluator, generate
from pix2pix.fid.inception import Inception
from pix2pix.fid.scoring import score_epoch
from pix2pix.files import append_record, read_records
from pix2pix.networks import UNet
from pix2pix.release import load_config
from pix2pix.report.runs import read_runs
from pix2pix.run_folder import RunFolder
from tests.helpers.environment import PATIENCE
from tests.helpers.processes import ENVIRONMENT, two_processes
from tests.helpers.tiny import draw_pair, tiny_generator
from tests.helpers.training import arguments, assert_same_run, state
from tests.helpers.warm import TRAINING, run_warm

ROOT = Path(train.__file__).parent
EXPECTED = [(epoch, split) for epoch in (1, 2) for split in ("train", "val", "test")]
"""What two epochs are scored on, in this order."""


@pytest.fixture(scope="module", autouse=True)
def feature_cache_of_the_module(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("cache"))
        patch.setenv("XDG_CACHE_HOME", folder)
        patch.setitem(ENVIRONMENT, "XDG_CACHE_HOME", folder)
        yield


@pytest.fixture(scope="module", autouse=True)
def inception_is_read_and_run_once():
    """This process reads each file of weights once, and computes features of equal batches once.

    test_inception.py tests reading and computing.
    """
    compute, known = Inception.features, {}

    def features(self: Inception, batches: Iterable[torch.Tensor]) -> np.ndarray:
        batches = list(batches)
        key = (self.measure, *((*batch.shape, hashlib.sha256(batch.numpy().tobytes()).digest()) for batch in batches))
        if key not in known:
            known[key] = compute(self, batches)
        return known[key].copy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inception, "_load", cache(inception._load))
        patch.setattr(Inception, "features", features)
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three splits, each just large enough for a score."""
    folder = tmp_path_factory.mktemp("datasets")
    for split, seeds in {"train": range(1, 5), "val": range(5, 7), "test": range(7, 9)}.items():
        (folder / "facades" / split).mkdir(parents=True)
        for number, seed in enumerate(seeds, 1):
            draw_pair(seed).save(folder / "facades" / split / f"{number}.jpg", quality=90)
    return folder


@pytest.fixture(scope="module")
def flags(data: Path, inception_weights: Path) -> Callable[..., list[str]]:
    """Flags of runs of two epochs, both scored."""

    def make(run_dir: Path, **changes: object) -> list[str]:
        return arguments(
            data, run_dir, **({"objective": "l1", "fid_every": 1, "fid_weights": inception_weights} | changes)
        )

    return make


@pytest.fixture(scope="module")
def unscored(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unscored") / "run"
    assert train.main(arguments(data, folder, objective="l1")) == 0
    return folder


@pytest.fixture(scope="module")
def scored(flags: Callable[..., list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run with scores. Not to be changed."""
    folder = tmp_path_factory.mktemp("scored") / "run"
    assert train.main(flags(folder)) == 0
    return folder


def scores(run: Path) -> list[dict]:
    """The records of a run without their times."""
    return [
        {name: value for name, value in record.items() if name != "seconds"}
        for record in read_records(run / "evaluation.jsonl")
    ]


def scored_on(run: Path) -> list[tuple[int, str]]:
    return [(score["epoch"], score["split"]) for score in scores(run)]


def score_run(kept_run: Path, inception: Inception, train_pairs: PairedDataset, samples: int = 0) -> list[dict]:
    evaluator = Evaluator(inception, {"train": train_pairs}, {"train": train_pairs.fingerprint()}, samples)
    folder = RunFolder(kept_run)
    for epoch in folder.kept_weights():
        list(score_epoch(folder, run_config.read(folder)[0], epoch, evaluator, ["train"]))
    return read_records(kept_run / "evaluation.jsonl")


def test_kept_epochs_are_scored_and_recorded_with_all_that_a_score_depends_on(kept_run, small_inception, train_pairs):
    records = score_run(kept_run, small_inception, train_pairs)
    assert [record["epoch"] for record in records] == [1, 10]
    for record in records:
        expected = {
            "split": "train",
            "n": 4,
            "weights": small_inception.measure.weights,
            "dims": 64,
            "kid_subset_size": 2,
            "real_floor_n": 2,
        }
        assert expected.items() <= record.items()
        assert {"fid", "kid", "kid_std", "real_floor", "seconds"} <= record.keys()
    assert records[0]["fid"] != records[1]["fid"] and records[0]["real_floor"] == records[1]["real_floor"] > 0


def test_the_score_of_an_epoch_is_that_of_its_images_as_png_files(kept_run, small_inception, train_pairs, tmp_path):
    record = score_run(kept_run, small_inception, train_pairs)[1]
    generator = release.load_weights(kept_run / "weights" / "epoch-010.safetensors", 2, "instance")
    fakes = torch.cat(list(generate(generator, train_pairs, range(4), torch.device("cpu"))))
    photos = torch.stack([train_pairs.pair(index)[1] for index in range(4)])
    for name, pictures in (("fakes", fakes), ("photos", photos)):
        (tmp_path / name).mkdir()
        for index, picture in enumerate(pictures):
            Image.fromarray(picture.permute(1, 2, 0).numpy()).save(tmp_path / name / f"{index}.png")
    a, b = (small_inception.features(fid.read_folder(tmp_path / name)) for name in ("fakes", "photos"))
    assert record["fid"] == pytest.approx(frechet_distance(a, b), rel=1e-4)
    assert (record["kid"], record["kid_std"]) == pytest.approx(kernel_distance(a, b), rel=1e-4)


def test_what_has_been_scored_is_not_scored_again(kept_run, small_inception, train_pairs):
    score_run(kept_run, small_inception, train_pairs)
    before = (kept_run / "evaluation.jsonl").read_bytes()
    release.save_weights(kept_run / "weights" / "epoch-020.safetensors", tiny_generator(20))
    records = score_run(kept_run, small_inception, train_pairs)
    assert (kept_run / "evaluation.jsonl").read_bytes().startswith(before)
    assert [record["epoch"] for record in records] == [1, 10, 20]
    other_n = score_run(kept_run, small_inception, train_pairs, samples=3)
    assert [(record["epoch"], record["n"]) for record in other_n[3:]] == [(1, 3), (10, 3), (20, 3)]


def test_a_line_that_a_crash_cut_short_is_scored_again(kept_run, small_inception, train_pairs):
    score_run(kept_run, small_inception, train_pairs)
    path = kept_run / "evaluation.jsonl"
    whole = path.read_text().splitlines()
    path.write_text("\n".join([whole[0], whole[1][:30]]))
    append_record(path, {"epoch": 5})
    assert [record["epoch"] for record in read_records(path)] == [1, 5]
    again = score_run(kept_run, small_inception, train_pairs)
    assert [record["epoch"] for record in again] == [1, 5, 10]
    assert again[2] | {"seconds": 0} == json.loads(whole[1]) | {"seconds": 0}


def test_weights_that_are_no_generator_of_the_run_are_an_error_that_names_the_file(
    kept_run, small_inception, train_pairs
):
    path = kept_run / "weights" / "epoch-001.safetensors"
    release.save_weights(path, UNet(4))
    with pytest.raises(release.ReleaseError, match=r"epoch-001.safetensors does not fit its config.json: .* is \("):
        score_run(kept_run, small_inception, train_pairs)
    path.write_bytes(b"nothing")
    with pytest.raises(release.ReleaseError, match="epoch-001.safetensors cannot be read"):
        score_run(kept_run, small_inception, train_pairs)


def test_scores_do_not_touch_weights_losses_or_randomness(scored, unscored):
    assert_same_run(scored, unscored)
    assert (
        scored_on(scored) == EXPECTED
        and not (unscored / "evaluation.jsonl").exists()
        and not (unscored / "release-best").exists()
    )


def test_scores_in_training_are_those_that_the_program_makes_afterwards(
    scored, data, inception_weights, tmp_path, capsys
):
    before = (scored / "evaluation.jsonl").read_bytes()
    assert fid.main([str(scored)]) == 0  # with the run's own data, weights and number of pictures
    assert (scored / "evaluation.jsonl").read_bytes() == before
    copy = Path(shutil.copytree(scored, tmp_path / "copy"))
    (copy / "evaluation.jsonl").unlink()
    shutil.rmtree(copy / "release-best")
    assert fid.main([str(copy), "--data-dir", str(data), "--fid-weights", str(inception_weights)]) == 0
    assert scores(copy) == scores(scored)
    for name in ("model.safetensors", "config.json", "README.md"):
        assert (copy / "release-best" / name).read_bytes() == (scored / "release-best" / name).read_bytes()


def test_scores_by_another_inception_leave_the_released_epoch_alone(scored, tmp_path, capsys):
    copy = Path(shutil.copytree(scored, tmp_path / "copy"))
    config = json.loads((copy / "release-best" / "config.json").read_text())
    config["metrics"]["val"]["weights"] = "01234567"
    (copy / "release-best" / "config.json").write_text(json.dumps(config))
    before = {path.name: path.read_bytes() for path in (copy / "release-best").iterdir()}
    assert fid.main([str(copy)]) == 0
    assert "was chosen by Inception 01234567 and is kept" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in (copy / "release-best").iterdir()} == before


def test_the_documented_command_scores_a_run(scored, tmp_path, monkeypatch, capsys):
    (line,) = re.findall(
        r"^python -m pix2pix\.fid (runs/.*)$", (ROOT / "docs" / "scores.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    (tmp_path / "runs").mkdir()
    shutil.copytree(scored, tmp_path / "runs" / "facades-gan")
    monkeypatch.chdir(tmp_path)
    assert fid.main(shlex.split(line, comments=True)) == 0
    assert capsys.readouterr().out.count(", real ") == 6


def test_the_best_epoch_is_that_of_the_lowest_validation_score(scored):
    best = min((score for score in scores(scored) if score["split"] == "val"), key=lambda score: score["fid"])
    config = load_config(scored / "release-best")
    assert config.epochs == best["epoch"]
    assert config.metrics["val"] == {name: value for name, value in best.items() if name not in ("epoch", "split")} | {
        "chosen_among": 2
    }
    kept = scored / "weights" / f"epoch-{best['epoch']:03d}.safetensors"
    assert (scored / "release-best" / "model.safetensors").read_bytes() == kept.read_bytes()


@pytest.mark.parametrize("best", [1, 2])
def test_the_best_epoch_is_decided_from_the_records_at_equal_conditions(scored, flags, best, tmp_path, capsys):
    run = Path(shutil.copytree(scored, tmp_path / "run"))
    records = read_records(run / "evaluation.jsonl")
    (run / "evaluation.jsonl").unlink()
    shutil.rmtree(run / "release-best")
    for record in records:
        on_val = record["split"] == "val"
        append_record(run / "evaluation.jsonl", record | {"fid": 1.0 if (record["epoch"] == best) == on_val else 2.0})
    worse = {"epoch": 3 - best, "split": "val", "fid": 0.0}
    for conditions in ({"n": 1}, {"weights": "6726825d"}, {"dims": 64}):
        append_record(run / "evaluation.jsonl", records[1] | worse | conditions)
    assert train.main(flags(run)) == 0
    assert load_config(run / "release-best").epochs == best
    assert str(run / "release-best") in capsys.readouterr().out


def test_an_epoch_that_was_scored_twice_counts_once(scored, flags, tmp_path):
    run = Path(shutil.copytree(scored, tmp_path / "run"))
    append_record(run / "evaluation.jsonl", next(score for score in scores(run) if score["split"] == "val"))
    assert train.main(flags(run)) == 0
    assert load_config(run / "release-best").metrics["val"]["chosen_among"] == 2


def test_a_best_epoch_whose_kept_weights_were_removed_stays_released(scored, flags, tmp_path):
    run = Path(shutil.copytree(scored, tmp_path / "run"))
    append_record(run / "evaluation.jsonl", read_records(run / "evaluation.jsonl")[1] | {"epoch": 1, "fid": 0.0})
    assert train.main(flags(run)) == 0
    assert load_config(run / "release-best").epochs == 1
    before = (run / "release-best" / "model.safetensors").read_bytes()
    (run / "weights" / "epoch-001.safetensors").unlink()
    assert train.main(flags(run, epochs=3)) == 0
    assert load_config(run / "release-best").epochs == 1
    assert (run / "release-best" / "model.safetensors").read_bytes() == before


# In a process of its own: it dies when the given split of the first epoch has been painted.
SCRIPT = """
import os, signal, sys, torch
sys.path.insert(0, {root!r})
torch.set_num_threads(1)
import train
from pix2pix.fid import inception
calls = 0
features = inception.Inception.features
def dying(self, batches):
    global calls
    found = features(self, batches)
    calls += 1
    if calls == {calls}:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
inception.Inception.features = dying
sys.exit(train.main(sys.argv[1:]))
"""


def test_a_run_killed_in_the_middle_of_scoring_ends_as_one_that_was_not(scored, flags, tmp_path):
    script = SCRIPT.format(root=str(ROOT), calls=2)  # the photos' features are in the cache
    killed = run_warm([sys.executable, "-c", script, *flags(tmp_path)], PATIENCE, (*TRAINING, "torchvision"))
    assert killed.returncode == -9, killed.stderr
    assert scored_on(tmp_path) == EXPECTED[:1]
    first = (tmp_path / "evaluation.jsonl").read_bytes()
    assert state(tmp_path)["epoch"] == 1
    assert train.main(flags(tmp_path)) == 0
    assert (tmp_path / "evaluation.jsonl").read_bytes().startswith(first)
    assert_same_run(tmp_path, scored)
    assert scores(tmp_path) == scores(scored)
    assert (tmp_path / "release-best" / "config.json").read_bytes() == (
        scored / "release-best" / "config.json"
    ).read_bytes()


@pytest.mark.parametrize("number, epoch", [(signal.SIGINT, 1), (signal.SIGTERM, 2)])
def test_a_signal_stops_scoring_at_once_and_the_run_resumes_with_it(
    scored, flags, tmp_path, monkeypatch, capsys, number, epoch
):
    features, signalled = Inception.features, []

    def interrupted(self: Inception, batches: object) -> np.ndarray:
        if len(read_records(tmp_path / "evaluation.jsonl")) == 3 * epoch - 2 and not signalled:
            signalled.append(number)
            signal.raise_signal(number)
            pytest.fail("scoring continues")
        return features(self, batches)

    with monkeypatch.context() as patch:
        patch.setattr(Inception, "features", interrupted)
        assert train.main(flags(tmp_path)) == 130
    assert "Stopped and saved" in capsys.readouterr().out
    assert state(tmp_path)["epoch"] == epoch and scored_on(tmp_path) == EXPECTED[: 3 * epoch - 2]
    assert train.main(flags(tmp_path)) == 0
    assert_same_run(tmp_path, scored)
    assert scores(tmp_path) == scores(scored)


def test_after_a_damaged_checkpoint_the_epochs_that_are_trained_again_are_scored_again(scored, flags, tmp_path):
    run = Path(shutil.copytree(scored, tmp_path / "run"))
    (run / "checkpoint.pt").write_bytes(b"damaged")
    assert train.main(flags(run)) == 0
    assert_same_run(run, scored)
    assert scores(run) == scores(scored)


def test_without_weights_one_sentence_says_what_to_do_and_training_continues(
    scored, unscored, flags, data, inception_weights, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pytorch_fid_inception, "FID_WEIGHTS_URL", "http://127.0.0.1:9/weights.pth")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    run = tmp_path / "run"
    assert train.main(arguments(data, run, objective="l1", fid_every=1, keep_every=0)) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "Inception" in line]
    assert len(said) == 1
    for part in ("Epochs are not scored", "--fid-weights", str(tmp_path / "home"), f"python -m pix2pix.fid {run}"):
        assert part in said[0]
    assert_same_run(run, unscored)
    assert not (run / "evaluation.jsonl").exists() and not (run / "release-best").exists()
    assert fid.main([str(run), "--fid-weights", str(inception_weights)]) == 0
    assert scores(run) == scores(scored)


def test_named_weights_that_are_missing_or_wrong_end_the_program_before_it_trains(flags, tmp_path, capsys):
    (tmp_path / "text.pth").write_text("no weights")
    for name, words in (
        ("nowhere.pth", "nowhere.pth is not a file"),
        ("text.pth", "text.pth does not contain the weights of"),
    ):
        assert train.main(flags(tmp_path / "run", fid_weights=tmp_path / name)) == 1
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1 and words in said
    assert not (tmp_path / "run" / "log.jsonl").exists()


def test_a_split_of_too_few_images_ends_the_program_before_it_trains(data_dir, inception_weights, tmp_path, capsys):
    assert train.main(arguments(data_dir, tmp_path, fid_every=1, fid_weights=inception_weights)) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "val has too few images for a score, 1" in said and "--fid-every 0" in said


def test_a_small_set_is_trained_without_scores_unless_they_were_asked_for(
    data_dir, inception_weights, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("TORCH_HOME", str(inception_weights.parents[2]))
    assert train.main(arguments(data_dir, tmp_path, fid_every=1)) == 0
    assert "Epochs are not scored: the split val has too few images for a score, 1;" in capsys.readouterr().err


def test_without_a_validation_split_no_epoch_is_called_the_best(data, flags, tmp_path):
    shutil.copytree(data / "facades" / "train", tmp_path / "facades" / "train")
    changes = {"data-dir": tmp_path, "epochs": 1, "fid_samples": 2}
    assert train.main(flags(tmp_path / "run", **changes)) == 0
    (record,) = read_records(tmp_path / "run" / "evaluation.jsonl")
    assert (record["split"], record["n"]) == ("train", 2)
    assert not (tmp_path / "run" / "release-best").exists()


def test_the_moving_average_is_what_is_scored(flags, tmp_path, monkeypatch):
    seen = []
    score = Evaluator.score

    def recorded(self: Evaluator, generator: UNet, split: str) -> dict:
        seen.append(generator.state_dict())
        return score(self, generator, split)

    monkeypatch.setattr(Evaluator, "score", recorded)
    assert train.main(flags(tmp_path, ema=0.9, epochs=1)) == 0
    average = state(tmp_path)["G_ema"]
    assert all(torch.equal(weight, average[name].half().float()) for name, weight in seen[0].items())


def test_trackers_and_the_report_tell_scoring_from_training_time(flags, scored, inception_weights, tmp_path):
    tensorboard = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="TensorBoard is not installed"
    )
    assert train.main(flags(tmp_path, tracker="tensorboard")) == 0
    assert_same_run(tmp_path, scored)
    board = tensorboard.EventAccumulator(str(tmp_path / "tensorboard"), {"scalars": 0}).Reload()
    digits = Inception(inception_weights, 64).measure.weights
    records = read_records(tmp_path / "evaluation.jsonl")
    for name, field in ((f"fid-{digits}", "fid"), (f"kid-{digits}", "kid"), ("scoring_seconds", "seconds")):
        for split in ("train", "val", "test"):
            expected = [
                (4 * record["epoch"], pytest.approx(record[field])) for record in records if record["split"] == split
            ]
            assert [(point.step, point.value) for point in board.Scalars(f"{name}/{split}")] == expected
    (run,) = read_runs([tmp_path])
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert run.scoring_seconds == pytest.approx(sum(record["seconds"] for record in records))
    assert run.training_seconds == pytest.approx(sum(record["seconds"] for record in log))
    assert len(run.scores) == 6


@pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="PyTorch was built without gloo")
def test_of_two_processes_one_scores_while_the_other_waits(flags, tmp_path):
    run = tmp_path / "run"
    ended = two_processes(flags(run, epochs=1), tmp_path)
    assert ended.codes == [0, 0], ended.errors
    assert ended.outputs[0].count(", real ") == 3 and ended.outputs[1] == ""
    assert scored_on(run) == EXPECTED[:3] and state(run)["epoch"] == 1
