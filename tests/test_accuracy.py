"""The semantic score: accuracies from a confusion matrix, and the scores of a run by a segmenter."""

import json

import numpy as np
import pytest

import train
from pix2pix import release
from pix2pix.data.class_numbers import CITYSCAPES_TRAIN_IDS
from pix2pix.fid import __main__ as fid
from pix2pix.fid.accuracy import Accuracy, AccuracyEvaluator, accuracy, confusion, counted_classes
from pix2pix.labels import CITYSCAPES, FACADES
from pix2pix.release import ReleaseError
from pix2pix.report import __main__ as report
from pix2pix.segmenter import Segmenter
from tests.helpers.tiny import draw_pair, published_pairs, tiny_generator, tiny_release_config
from tests.helpers.training import arguments

TRUTH = np.array([[0, 0, 0, 1], [1, 1, 2, 2]])
PREDICTED = np.array([[0, 0, 1, 1], [1, 1, 0, 0]])


def test_accuracies_agree_with_a_calculation_by_hand():
    counts = confusion(TRUTH, PREDICTED, 4)
    assert counts.tolist() == [[2, 1, 0, 0], [0, 3, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]]
    found = accuracy(counts, range(4))  # class 3 does not occur
    assert found == pytest.approx(Accuracy(5 / 8, (2 / 3 + 1 + 0) / 3, (2 / 5 + 3 / 4 + 0) / 3))


def test_pixels_of_classes_that_do_not_count_change_nothing():
    counts = confusion(TRUTH, PREDICTED, 4)
    found = accuracy(counts, [0, 1])
    assert found == pytest.approx(Accuracy(5 / 6, (2 / 3 + 1) / 2, (2 / 3 + 3 / 4) / 2))


def test_cityscapes_counts_the_19_classes_of_its_benchmark():
    assert len(counted_classes(CITYSCAPES)) == len(set(CITYSCAPES_TRAIN_IDS)) == 19
    assert 0 not in counted_classes(CITYSCAPES)  # unlabeled
    assert list(counted_classes(FACADES)) == list(range(12))


@pytest.fixture
def segmenter_folder(tmp_path):
    folder = tmp_path / "map"
    release.save(folder, tiny_generator(), tiny_release_config(objective="l1", direction="AtoB", palette_of="output"))
    return folder


@pytest.fixture
def data_dir(tmp_path):
    for split, seeds in {"train": range(4), "val": range(4, 9)}.items():
        (tmp_path / "data" / "facades" / split).mkdir(parents=True)
        for seed in seeds:
            draw_pair(seed).save(tmp_path / "data" / "facades" / split / f"{seed}.png")
    return tmp_path / "data"


def test_a_generator_that_returns_the_photos_scores_as_the_photos_do(segmenter_folder, data_dir, monkeypatch):
    pairs = published_pairs(data_dir, "facades", "val")
    evaluator = AccuracyEvaluator(Segmenter(segmenter_folder, "fp32"), pairs, samples=3)
    photos = [[pairs.pair(int(index))[1][None]] for index in evaluator._chosen]
    monkeypatch.setattr("pix2pix.fid.accuracy.generate", lambda *_: sum(photos, []))
    assert evaluator.score(tiny_generator()) == evaluator.photos
    assert evaluator.conditions["n"] == 3


def test_a_segmenter_may_be_named_by_its_run_folder(segmenter_folder, tmp_path):
    (tmp_path / "run").mkdir()
    released = segmenter_folder.rename(tmp_path / "run" / "release")
    assert Segmenter(tmp_path / "run").name == Segmenter(released).name


def test_a_model_that_paints_photos_is_no_segmenter(tmp_path):
    release.save(tmp_path / "gan", tiny_generator(), tiny_release_config())
    with pytest.raises(ReleaseError, match="makes no label maps of photos; choose a model trained with --direction"):
        Segmenter(tmp_path / "gan")


def test_the_scores_of_a_run_are_recorded_once(
    segmenter_folder, data_dir, inception_weights, small_inception, tmp_path, capsys
):
    assert train.main(arguments(data_dir, tmp_path / "run", keep_every=1)) == 0
    command = [str(tmp_path / "run"), "--dims", "64", "--fid-weights", str(inception_weights)]
    command += ["--segmenter", str(segmenter_folder)]
    assert fid.main(command) == 0
    first = capsys.readouterr().out
    records = [json.loads(line) for line in (tmp_path / "run" / "accuracy.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in records] == [1, 2] and all(record["n"] == 5 for record in records)
    assert all(0 <= record[name] <= 1 for record in records for name in ("pixel", "class_mean", "iou", "photo_iou"))
    assert f"epoch   2 val   per-pixel accuracy {records[1]['pixel']:.3f} ({records[1]['photo_pixel']:.3f})" in first
    assert fid.main(command) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == first.splitlines()[-2:]
    assert len((tmp_path / "run" / "accuracy.jsonl").read_text().splitlines()) == 2
    assert report.main([str(tmp_path / "run"), "--output", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "index.html").read_text()
    cells = "".join(f'<td class="number">{records[1][name]:.3f}</td>' for name in Accuracy._fields)
    assert cells in page.replace("\n", "").replace("      ", "") and "cGAN + L1 0.66 / 0.23 / 0.17" in page
    assert (tmp_path / "report" / "accuracy.csv").read_text().count("\n") == 3


def test_a_segmenter_of_other_classes_is_refused(tmp_path, capsys):
    release.save(
        tmp_path / "map",
        tiny_generator(),
        tiny_release_config(palette=CITYSCAPES, direction="AtoB", palette_of="output"),
    )
    with pytest.raises(ReleaseError, match="reads other classes than this run was trained on"):
        fid.find_segmenter(FACADES, str(tmp_path / "map"))
