import csv
import hashlib
import json
import math
import os
import re
import shlex
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix import release
from pix2pix.config import TrainConfig
from pix2pix.lineage import Stage
from pix2pix.publish.curves import draw_chart
from pix2pix.report.__main__ import main
from pix2pix.report.charts import Chart, Line, ticks
from pix2pix.report.runs import read_runs
from pix2pix.report.scores import score_tables
from pix2pix.run_config import record_lineage
from pix2pix.run_folder import RunFolder
from tests.helpers.tiny import tiny_generator, tiny_release_config

SUBSTITUTE, OFFICIAL = "482f07bb", "6726825d"
LABEL_COLOR, PHOTO_COLOR = (10, 20, 250), (250, 200, 20)


def score(epoch: int, fid: float, split: str = "val", n: int = 100, weights: str = SUBSTITUTE) -> dict:
    conditions = {"epoch": epoch, "split": split, "n": n, "weights": weights, "dims": 2048}
    kernel = {"kid": fid / 1000, "kid_std": 0.0005, "kid_subset_size": 50}
    return conditions | kernel | {"fid": fid, "real_floor": 0.25, "real_floor_n": 90, "seconds": 30.0}


def append(path: Path, records: list[dict]) -> None:
    with open(path, "a") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def draw_sample(run: Path, split: str, name: str, kind: str, color: tuple[int, int, int]) -> None:
    folder = run / "samples" / split / name
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (256, 256), color).save(folder / f"{kind}.png")


def make_run(
    path: Path, objective: str = "gan", epochs: int = 4, sampled: tuple[int, ...] = (1, 2, 4), **settings: object
) -> Path:
    """A run folder after `epochs` of 8 epochs of 10 images in 10 s, with samples of val/1 and val/2."""
    path.mkdir(parents=True)
    known = asdict(TrainConfig(objective=objective, epochs=8, run_dir=path, **settings))
    config = {name: str(value) if isinstance(value, Path) else value for name, value in known.items()}
    machine = {"torch": "2.0", "device": "abacus"}
    (path / "config.json").write_text(json.dumps({"config": config, "data": {"train": "ab" * 32}, "machine": machine}))
    losses = {"G/l1": 0.25} | ({"D/real": 0.5, "D/fake": 0.5, "G/gan": 1.0} if objective == "gan" else {})
    timing = {"pictures_per_second": 1.0, "seconds": 10.0}
    append(
        path / "log.jsonl", [{"epoch": epoch, "step": 10 * epoch} | losses | timing for epoch in range(1, epochs + 1)]
    )
    for name in ("1", "2"):
        draw_sample(path, "val", name, "label", LABEL_COLOR)
        draw_sample(path, "val", name, "photo", PHOTO_COLOR)
        for epoch in sampled:
            draw_sample(path, "val", name, f"epoch-{epoch:03d}", (100 * (objective == "l1"), 20 * epoch, 0))
    return path


def make_report(output: Path, *runs: Path, flags: tuple[str, ...] = ()) -> str:
    assert main([*map(str, runs), "--output", str(output), *flags]) == 0
    return (output / "index.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """Elements of a page, its text, and whether every element is closed in order."""

    VOID = ("meta", "img", "br", "link", "line", "circle", "polyline", "polygon")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A GAN scored after epochs 1, 2 and 4, and an L1 run that is behind: sampled and scored after 1 and 2."""
    gan, l1 = make_run(tmp_path / "gan"), make_run(tmp_path / "l1", "l1", epochs=3, sampled=(1, 2))
    append(gan / "evaluation.jsonl", [score(1, 9.0), score(4, 3.5), score(2, 5.0)])
    append(l1 / "evaluation.jsonl", [score(1, 12.0), score(2, 8.0)])
    return gan, l1


def test_the_csv_files_hold_every_score_and_epoch(pair, tmp_path):
    make_report(tmp_path / "out", *pair)
    scores = rows(tmp_path / "out" / "scores.csv")
    assert [(row["run"], row["epoch"], row["fid"], row["kid"], row["n"], row["weights"]) for row in scores] == [
        ("GAN", "1", "9.0", "0.009", "100", SUBSTITUTE),
        ("GAN", "2", "5.0", "0.005", "100", SUBSTITUTE),
        ("GAN", "4", "3.5", "0.0035", "100", SUBSTITUTE),
        ("L1", "1", "12.0", "0.012", "100", SUBSTITUTE),
        ("L1", "2", "8.0", "0.008", "100", SUBSTITUTE),
    ]
    training = rows(tmp_path / "out" / "training.csv")
    assert [(row["objective"], row["epoch"], row["D/real"], row["G/l1"]) for row in training] == [
        *(("gan", str(epoch), "0.5", "0.25") for epoch in (1, 2, 3, 4)),
        *(("l1", str(epoch), "", "0.25") for epoch in (1, 2, 3)),
    ]


def test_the_json_tells_training_time_from_scoring_time(pair, tmp_path):
    make_report(tmp_path / "out", *pair)
    gan, l1 = json.loads((tmp_path / "out" / "report.json").read_text())["runs"]
    assert (gan["epochs"], gan["training_seconds"], gan["scoring_seconds"], gan["pictures_per_second"]) == (
        4,
        40,
        90,
        1.0,
    )
    assert (l1["epochs"], l1["training_seconds"], l1["scoring_seconds"]) == (3, 30, 60)
    assert gan["settings"]["base channels"] == "64" and gan["settings"]["machine: device"] == "abacus"


def test_a_run_that_started_from_a_folder_names_it_without_its_path(tmp_path):
    source = tmp_path / "secret" / "first"
    run = make_run(tmp_path / "run", init_from=str(source))
    record_lineage(RunFolder(run), [Stage("first", "facades", "gan", 2, "0" * 8, True)])
    text = make_report(tmp_path / "out", run)
    assert "init from first" in Page(text).text and "secret" not in text


def test_images_per_second_weigh_epochs_by_their_time(tmp_path):
    run = make_run(tmp_path / "run", epochs=0)
    record = {"step": 1, "D/real": 0.0, "D/fake": 0.0, "G/gan": 0.0, "G/l1": 0.0}
    append(run / "log.jsonl", [record | {"epoch": 1, "pictures_per_second": 4.0, "seconds": 10.0}])
    append(run / "log.jsonl", [record | {"epoch": 2, "pictures_per_second": 1.0, "seconds": 40.0}])
    assert read_runs([run])[0].pictures_per_second == pytest.approx(80 / 50)


def test_the_table_has_the_last_epoch_of_each_run_and_the_last_that_all_share(pair):
    (table,) = score_tables(read_runs(pair))
    train, val, test = table.groups
    assert [(row.run.label, row.score["epoch"], row.score["fid"], row.published) for row in val.rows] == [
        ("GAN", 2, 5.0, 103), ("GAN", 4, 3.5, 103), ("L1", 2, 8.0, 171)
    ]  # fmt: skip
    assert val.n == 100 and val.floor["real_floor"] == 0.25 and val.floor["real_floor_n"] == 90
    assert (train.n, train.published_n, [(row.score, row.published) for row in train.rows]) == (
        None,
        400,
        [(None, 76), (None, 151)],
    )
    assert (test.published_n, [row.published for row in test.rows]) == (106, [115, 187])


def test_scores_of_another_n_or_inception_are_never_in_one_group(tmp_path):
    run = make_run(tmp_path / "run")
    append(
        run / "evaluation.jsonl", [score(1, 3.0), score(1, 4.0, n=50), score(1, 120.0, weights=OFFICIAL), score(2, 3.1)]
    )
    substitute, official = score_tables(read_runs([run]))
    found = [(group.n, [row.score["fid"] for row in group.rows]) for group in substitute.groups if group.n]
    assert found == [(50, [4.0]), (100, [3.1])]
    assert [(group.n, [row.score["fid"] for row in group.rows]) for group in official.groups if group.n] == [
        (100, [120.0])
    ]


def test_a_distance_by_a_substitute_is_not_called_fid_and_not_compared(pair, tmp_path):
    page = Page(make_report(tmp_path / "substitute", *pair))
    assert (
        "Fréchet distance, substitute Inception 482f07bb" in page.text
        and "not comparable to the published FID" in page.text
    )
    assert "FID, val" not in page.text and "Fréchet distance, val, n = 100" in page.text
    official = make_run(tmp_path / "official")
    append(official / "evaluation.jsonl", [score(4, 101.0, weights=OFFICIAL)])
    page = Page(make_report(tmp_path / "published", official))
    assert "FID, val, n = 100" in page.text and "substitute" not in page.text and "not comparable" not in page.text
    assert "101.00 0.10100 ± 0.00050 103" in page.text


def test_the_page_is_whole_and_refers_to_nothing_outside(pair, tmp_path):
    text = make_report(tmp_path / "out", *pair)
    page = Page(text)
    assert text.strip().startswith("<!doctype html>")
    names = ("href", "src", "srcset", "action", "data", "poster", "xlink:href")
    references = [value for _, attributes in page.elements for name, value in attributes.items() if name in names]
    assert references and all(str(value).startswith("data:image/webp;base64,") for value in references)
    assert not page.all("script") and not page.all("link") and not re.search(r"url\(|@import|https?:", text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {name for _, attributes in page.elements for name in str(attributes.get("aria-labelledby", "")).split()}
    assert named <= set(ids)
    assert all(image["alt"] for image in page.all("img")) and all(header.get("scope") for header in page.all("th"))


def test_the_page_does_not_say_where_things_lay(pair, tmp_path):
    make_report(tmp_path / "out", *pair)
    for path in (tmp_path / "out").glob("*.*"):
        assert str(tmp_path).encode() not in path.read_bytes(), path.name


def test_text_from_files_is_escaped(tmp_path):
    bad = '<script>alert("1")</script>'
    run = make_run(tmp_path / "<b>run", epochs=1)
    record = json.loads((run / "config.json").read_text())
    record["machine"][bad] = bad
    (run / "config.json").write_text(json.dumps(record))
    (run / "samples" / "val" / "1").rename(run / "samples" / "val" / '"><img onerror=x')
    text = make_report(tmp_path / "out", run)
    page = Page(text)
    assert "<script" not in text and "<b>" not in text and not any("onerror" in image for image in page.all("img"))
    assert bad in page.text and 'val/"><img onerror=x' in page.text


def test_the_grid_compares_at_the_last_epoch_that_both_have_sampled(pair, tmp_path):
    page = Page(make_report(tmp_path / "out", *pair))
    sheet = np.asarray(Image.open(tmp_path / "out" / "grid-facades.png"))
    assert sheet.shape == (2 * 256 + 8, 4 * 256 + 3 * 8, 3)
    assert [tuple(sheet[100, 264 * column + 100]) for column in range(4)] == [
        LABEL_COLOR,
        PHOTO_COLOR,
        (0, 40, 0),
        (100, 40, 0),
    ]
    assert "GAN, epoch 2" in page.text and "L1, epoch 2" in page.text and "GAN, epoch 4" not in page.text


def test_the_strip_shows_the_first_the_middle_and_the_last_epoch(tmp_path):
    run = make_run(tmp_path / "run", sampled=(1, 5, 7, 10))
    page = Page(make_report(tmp_path / "out", run))
    sheet = np.asarray(Image.open(tmp_path / "out" / "strip-facades.png"))
    assert [tuple(sheet[364, 264 * column + 100]) for column in range(3)] == [(0, 20, 0), (0, 100, 0), (0, 200, 0)]
    alts = [image["alt"] for image in page.all("img")]
    assert [f"Image of val/1 by GAN after epoch {epoch}" in alts for epoch in (1, 5, 7, 10)] == [
        True,
        True,
        False,
        True,
    ]


def test_the_grid_is_of_the_test_split_where_it_was_sampled(tmp_path):
    run = make_run(tmp_path / "run")
    draw_sample(run, "test", "9", "epoch-002", (0, 0, 0))
    page = Page(make_report(tmp_path / "out", run))
    assert "Image of test/9 by GAN after epoch 2" in [image["alt"] for image in page.all("img")]
    assert Image.open(tmp_path / "out" / "grid-facades.png").size == (256, 256)


def test_without_photos_no_image_of_the_dataset_is_left_anywhere(pair, tmp_path):
    with_photos = make_report(tmp_path / "out", *pair)
    text = make_report(tmp_path / "out", *pair, flags=("--no-photos",))
    assert "This page shows images of the dataset" in Page(with_photos).text
    assert "This page shows no images of a dataset" in Page(text).text
    assert len(Page(with_photos).all("img")) == 8 + 2 + 5 and len(Page(text).all("img")) == 4 + 5
    for name in ("grid", "strip"):
        colors = {
            tuple(color) for color in np.asarray(Image.open(tmp_path / "out" / f"{name}-facades.png")).reshape(-1, 3)
        }
        assert colors and not colors & {LABEL_COLOR, PHOTO_COLOR}


def test_sheets_of_an_earlier_report_do_not_stay_behind(tmp_path):
    make_report(tmp_path / "out", make_run(tmp_path / "facades"))
    make_report(tmp_path / "out", make_run(tmp_path / "cityscapes", dataset="cityscapes"), flags=("--no-photos",))
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == [
        "grid-cityscapes.png",
        "strip-cityscapes.png",
    ]


def test_four_runs_of_two_datasets_are_on_one_page(tmp_path):
    runs = [
        make_run(tmp_path / f"{data}-{goal}", goal, dataset=data)
        for data in ("facades", "cityscapes")
        for goal in ("gan", "l1")
    ]
    append(runs[3] / "evaluation.jsonl", [score(4, 50.0, "test", 200)])
    page = Page(make_report(tmp_path / "out", *runs))
    assert [element["id"] for element in page.all("h2")] == ["facades", "cityscapes", "runs"]
    assert "test n = 200; published: n = 200" in page.text and "Not scored yet" in page.text


def test_a_run_that_has_just_begun_makes_a_page(tmp_path):
    run = make_run(tmp_path / "run", epochs=0, sampled=())
    (run / "log.jsonl").unlink()
    page = Page(make_report(tmp_path / "out", run))
    assert (
        "epoch 0 of 8" in page.text
        and "Not scored yet" in page.text
        and "none yet" in page.text
        and not page.all("img")
    )


def test_a_line_that_is_half_written_is_passed_over(pair, tmp_path):
    for name in ("log.jsonl", "evaluation.jsonl"):
        with open(pair[0] / name, "a") as file:
            file.write('{"epoch": 5, "spl')
    make_report(tmp_path / "out", *pair)
    assert [row["epoch"] for row in rows(tmp_path / "out" / "training.csv") if row["run"] == "GAN"] == [
        "1",
        "2",
        "3",
        "4",
    ]
    assert len(rows(tmp_path / "out" / "scores.csv")) == 5


def test_the_hash_is_that_of_the_released_weights(tmp_path):
    run = make_run(tmp_path / "run")
    release.save(run / "release", tiny_generator(), tiny_release_config(epochs=3))
    text = make_report(tmp_path / "out", run)
    digest = hashlib.sha256((run / "release" / "model.safetensors").read_bytes()).hexdigest()
    assert f"after epoch 3, sha256 {digest}" in Page(text).text
    released = json.loads((tmp_path / "out" / "report.json").read_text())["runs"][0]["released"]
    assert released == {"sha256": digest, "epoch": 3}


def test_settings_that_differ_are_apart_from_those_that_all_runs_share(tmp_path):
    old = make_run(tmp_path / "a" / "run", seed=1)
    record = json.loads((old / "config.json").read_text())
    del record["config"]["ema"]  # as an older version wrote it; the default is what it had
    (old / "config.json").write_text(json.dumps(record))
    page = Page(make_report(tmp_path / "out", old, make_run(tmp_path / "b" / "other", seed=2)))
    differing = page.text.split("Settings that differ")[1].split("Settings that all runs share")[0]
    assert "seed 1 2" in differing and "ema" not in differing and "epochs" not in differing
    assert "facades, GAN (run)" in differing and "facades, GAN (other)" in differing


def test_runs_of_one_name_get_numbers(tmp_path):
    runs = read_runs(
        [make_run(tmp_path / "a" / "run"), make_run(tmp_path / "b" / "run"), make_run(tmp_path / "c", "l1")]
    )
    assert [run.label for run in runs] == ["GAN (run) 1", "GAN (run) 2", "L1"]


def test_points_of_a_chart_lie_where_its_scales_say():
    chart = Chart(
        "t", [Line("a", 0, [(0, 0.0), (50, 5.0), (100, 10.0)], [1.0, 1.0, 0.0])], 100, floor=2.5, from_zero=True
    )
    x, y = ({text: position for position, text in scale} for scale in (chart.x_ticks, chart.y_ticks))
    assert chart.path(chart.lines[0]).split()[2] == f"{x['100']},{y['10']}"
    middle = [(low + high) / 2 for low, high in ((x["0"], x["100"]), (y["0"], y["10"]))]
    assert chart.marks(chart.lines[0])[1] == pytest.approx(middle, abs=0.01)
    top, bottom = (float(chart.band(chart.lines[0]).split()[index].split(",")[1]) for index in (1, 4))
    assert (top + bottom) / 2 == pytest.approx(middle[1], abs=0.01) and top < bottom
    assert "a: 0 after epoch 0, 10 after epoch 100" in chart.description and "2.5" in chart.description


@pytest.mark.parametrize(
    "low, high", [(0, 0), (0.2, 0.7), (-3, 1e9), (5, 5), (1e11, 1e11), (-1e-7, 1e-7), (0, 200), (3.9, 4.1)]
)
def test_ticks_are_even_few_and_hold_all_values(low, high):
    values = ticks(low, high, 4)
    steps = np.diff(values)
    assert 2 <= len(values) <= 7 and np.allclose(steps, steps[0])
    assert values[0] <= low + steps[0] * 1e-6 and values[-1] >= high - steps[0] * 1e-6
    assert round(steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-9)) in (1, 2, 5, 10)


def break_missing(run: Path) -> None:
    (run / "config.json").unlink()


def break_config(run: Path) -> None:
    (run / "config.json").write_text("[" * 100_000)


def break_into_release(run: Path) -> None:
    (run / "config.json").write_text(tiny_release_config().to_json())


def break_value(run: Path) -> None:
    (run / "config.json").write_text((run / "config.json").read_text().replace('"facades"', '"../moon"'))


def break_score(run: Path) -> None:
    append(run / "evaluation.jsonl", [score(1, float("nan"))])


def break_split(run: Path) -> None:
    append(run / "evaluation.jsonl", [score(1, 1.0, split="<moon>")])


def break_log(run: Path) -> None:
    append(run / "log.jsonl", [{"epoch": "9"}])


def break_sample(run: Path) -> None:
    (run / "samples" / "val" / "1" / "photo.png").write_bytes(b"\x89PNG")


def break_size(run: Path) -> None:
    Image.new("RGB", (8, 8)).save(run / "samples" / "val" / "1" / "epoch-004.png")


def break_release(run: Path) -> None:
    (run / "release").mkdir()
    (run / "release" / "model.safetensors").write_bytes(b"")
    (run / "release" / "config.json").write_text("{}")


@pytest.mark.parametrize(
    "spoil, words",
    [
        (break_missing, "is not a run folder: it has no config.json. Choose a folder made by training"),
        (break_config, "config.json does not describe a training run"),
        (break_into_release, "config.json does not describe a training run"),
        (break_value, "config.json does not describe a training run"),
        (break_score, "evaluation.jsonl has a record whose fid is nan, not a number"),
        (break_split, "evaluation.jsonl has a record whose split is '<moon>'"),
        (break_log, "log.jsonl has a record whose epoch is '9', not a number"),
        (break_sample, "photo.png is not a readable image"),
        (break_size, "epoch-004.png is 8x8; samples are 256x256"),
        (break_release, "config.json: format_version is None"),
    ],
)
def test_something_broken_gets_one_sentence_and_no_page(spoil, words, tmp_path, capsys):
    run = make_run(tmp_path / "run")
    spoil(run)
    assert main([str(run), "--output", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert words in printed.err and str(run) in printed.err and printed.err.count("\n") == 1 and printed.out == ""
    assert not (tmp_path / "out").exists()


def test_a_missing_folder_is_not_created(tmp_path, capsys):
    assert main([str(tmp_path / "none"), "--output", str(tmp_path / "out")]) == 1
    assert "is not a run folder" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_a_run_named_twice_gets_a_sentence(tmp_path, capsys):
    run = make_run(tmp_path / "run")
    assert main([str(run), str(run.parent / "." / "run"), "--output", str(tmp_path / "out")]) == 1
    assert "is named twice" in capsys.readouterr().err


def test_nothing_in_a_run_folder_is_changed(pair, tmp_path):
    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for run in pair for path in run.rglob("*") if path.is_file()}

    before = contents()
    make_report(tmp_path / "out", *pair)
    assert contents() == before


def test_the_command_in_the_docs_makes_a_page(tmp_path, monkeypatch):
    text = (Path(__file__).parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^python -m pix2pix\.report (.*)$", text, re.MULTILINE)
    for objective in ("gan", "l1"):
        make_run(tmp_path / "runs" / f"facades-{objective}", objective)
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(line, comments=True)) == 0
    assert Path("report/index.html").is_file()


def test_a_run_in_a_folder_of_another_encoding_is_reported(tmp_path):
    run = make_run(tmp_path / os.fsdecode(b"caf\xe9"))
    assert r"caf\udce9" in make_report(tmp_path / "report", run)


@pytest.mark.parametrize("value", [-0.00025, 0.00015, 1.5e-05, 123456])
def test_the_numbers_beside_a_chart_fit_on_it(value):
    chart = Chart("Kernel distance", [Line("GAN", 0, [(1, value)])], last_epoch=2, from_zero=True)
    pixels = np.asarray(draw_chart(chart))
    assert (pixels[:, :2] == 255).all() and (pixels[:, 2:].min(axis=2) < 255).any()
