"""Released folders go to the Hub and come back as they were, and whatever else comes from there is told in one sentence."""

import errno
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from conftest import draw_label_map, tiny_generator, tiny_release_config, use_endpoint
from hub_server import HubServer, sha256
from huggingface_hub import HfApi, ModelCard, constants
from PIL import Image

import train
from pix2pix import release
from pix2pix.fid.measure import OFFICIAL_HASH
from pix2pix.files import append_record
from pix2pix.hub import HubError, HubModel, __main__, cached, fetch, pull
from pix2pix.hub.card import EXAMPLES, pack
from pix2pix.painter import Painter
from pix2pix.release import ReleaseError

ROOT = Path(__file__).parents[1]
MODEL = HubModel("me/facades-gan")
NOWHERE = "http://127.0.0.1:9"


def released_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def published(hub: HubServer, released_folder: Path) -> str:
    """The commit of a released folder on the Hub, nothing of it in the cache."""
    return hub.add(MODEL.repo, released_files(released_folder))


def training(data_dir: Path, run: Path) -> list[str]:
    flags = {
        "data-dir": data_dir,
        "run-dir": run,
        "base-channels": 2,
        "epochs": 2,
        "precision": "fp32",
        "sample-every": 0,
        "fid-every": 0,
    }
    return [part for name, value in flags.items() for part in (f"--{name}", str(value))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """A run of two epochs, scored by two Inceptions. Not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert train.main(training(data_dir, folder)) == 0
    for weights, fid in (("482f07bb", 2.25), (OFFICIAL_HASH, 90.5)):
        for epoch, worse in ((1, 10), (2, 0)):
            score = {
                "epoch": epoch,
                "split": "val",
                "n": 100,
                "weights": weights,
                "dims": 2048,
                "fid": fid + worse,
                "kid": 0.1,
            }
            rest = {"kid_std": 0.01, "kid_subset_size": 50, "real_floor": 0.4, "real_floor_n": 100, "seconds": 1.0}
            append_record(folder / "evaluation.jsonl", score | rest)
    return folder


def paths(hub: HubServer, method: str) -> list[str]:
    return [path for asked, path, _ in hub.log if asked == method]


def hub_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m pix2pix.hub` as people type it."""
    settings = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_DISABLE_XET": "1"} | environment
    command = [sys.executable, "-m", "pix2pix.hub", *arguments]
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=120)


# There and back


def test_what_was_pushed_and_pulled_paints_the_same_picture_bit_for_bit(hub, released_folder, capsys):
    assert __main__.main(["push", str(released_folder), MODEL.repo]) == 0
    (commit,) = hub.repos["model", MODEL.repo].branches.values()
    assert capsys.readouterr().out == f"pushed me/facades-gan@{commit}\n"
    weights = (released_folder / "model.safetensors").read_bytes()
    assert hub.objects[sha256(weights)] == weights  # by LFS
    painter = Painter.load(f"{MODEL.repo}@{commit}")
    assert (painter.paint(draw_label_map(1), 5) == Painter.load(released_folder).paint(draw_label_map(1), 5)).all()
    assert painter.config == release.load_config(released_folder)


def test_pushing_unchanged_files_makes_no_commit(hub, released_folder, tmp_path, capsys):
    assert __main__.main(["push", str(released_folder), MODEL.repo]) == 0
    assert __main__.main(["push", str(released_folder), MODEL.repo]) == 0
    (first,) = set(hub.repos["model", MODEL.repo].branches.values())
    assert capsys.readouterr().out.splitlines()[1] == f"nothing has changed since me/facades-gan@{first}"
    release.save(tmp_path / "new", tiny_generator(1), tiny_release_config(epochs=4))
    assert __main__.main(["push", str(tmp_path / "new"), MODEL.repo]) == 0
    assert hub.repos["model", MODEL.repo].branches["main"] != first


def test_a_private_repository_and_a_branch_are_made_as_asked(hub, released_folder):
    flags = ["--private", "--revision", "try/one", "--message", "A try"]
    assert __main__.main(["push", str(released_folder), MODEL.repo, *flags]) == 0
    repo = hub.repos["model", MODEL.repo]
    assert repo.private and set(repo.branches) == {"main", "try/one"}
    assert hub.files(MODEL.repo) == {} and "model.safetensors" in hub.files(MODEL.repo, "try/one")
    assert pull(HubModel.parse("me/facades-gan@try/one")).name == repo.branches["try/one"]


def test_earlier_epochs_of_a_run_are_published_on_request_and_come_back(hub, run, tmp_path, capsys):
    assert __main__.main(["push", str(run / "release"), MODEL.repo, "--epochs", "1"]) == 0
    assert (
        "`epochs/` holds the weights after epoch 1 of the same training." in hub.files(MODEL.repo)["README.md"].decode()
    )
    painter = Painter.load(MODEL.repo)
    assert list(painter.earlier) == [1]
    assert painter.earlier[1].read_bytes() == (run / "weights" / "epoch-001.safetensors").read_bytes()
    first, last = painter.over_epochs
    assert (first.config.epochs, last) == (1, painter)
    assert (first.paint(draw_label_map(1), 5) != last.paint(draw_label_map(1), 5)).any()
    assert (
        __main__.main(["pack", str(pull(MODEL)), MODEL.repo, str(tmp_path), "--epochs", "1"]) == 0
    )  # of a folder that is in no run
    assert (tmp_path / "epochs" / "epoch-001.safetensors").read_bytes() == painter.earlier[1].read_bytes()


def test_epochs_of_an_earlier_push_or_packing_do_not_stay(hub, run, released_folder, tmp_path, capsys):
    for _ in range(2):
        assert __main__.main(["push", str(run / "release"), MODEL.repo, "--epochs", "1"]) == 0
    assert "nothing has changed" in capsys.readouterr().out and "epochs/epoch-001.safetensors" in hub.files(MODEL.repo)
    assert __main__.main(["push", str(released_folder), MODEL.repo]) == 0  # of another training
    assert not any("epoch" in name for name in hub.files(MODEL.repo)) and Painter.load(MODEL.repo).earlier == {}
    pack(run / "release", tmp_path, MODEL.repo, [1])
    pack(released_folder, tmp_path, MODEL.repo)
    assert list((tmp_path / "epochs").iterdir()) == []


def test_without_request_no_earlier_epochs_are_published(hub, run):
    assert __main__.main(["push", str(run / "release"), MODEL.repo]) == 0
    files = hub.files(MODEL.repo)
    assert not any("epoch" in name for name in files) and "`epochs/`" not in files["README.md"].decode()


def test_an_epoch_that_was_not_kept_is_told_with_those_that_were(run, released_folder, tmp_path, capsys):
    for folder, kept in ((run / "release", "1"), (released_folder, "none")):
        assert __main__.main(["pack", str(folder), MODEL.repo, str(tmp_path / "packed"), "--epochs", "2"]) == 1
        assert capsys.readouterr().err.endswith(
            f"has no weights of epoch 2, which would be earlier than its own; there are: {kept}\n"
        )
    assert not (tmp_path / "packed").exists()


@pytest.mark.parametrize("text", ["", "1,", "1,2,3,4", "-1", "one", "1 2"])
def test_a_wrong_list_of_epochs_is_told(text, tmp_path, capsys):
    with pytest.raises(SystemExit):
        __main__.main(["pack", "folder", MODEL.repo, str(tmp_path), f"--epochs={text}"])
    assert f"{text!r} is not one to 3 epochs with commas between, such as 1,10,100" in capsys.readouterr().err


def test_train_publishes_its_result(hub, run, data_dir, capsys):
    assert (
        train.main([*training(data_dir, run), "--push-to-hub", MODEL.repo]) == 0
    )  # the run is complete and goes on to this
    assert f"Published as {MODEL.repo}@{hub.repos['model', MODEL.repo].branches['main']}" in capsys.readouterr().out
    assert hub.files(MODEL.repo)["model.safetensors"] == (run / "release" / "model.safetensors").read_bytes()


def test_train_refuses_to_start_what_it_could_not_publish(hub, data_dir, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("HF_TOKEN")
    flags = ["--data-dir", str(data_dir), "--run-dir", str(tmp_path / "run")]
    assert train.main([*flags, "--push-to-hub", MODEL.repo]) == 1
    assert "there is no token to push me/facades-gan with" in capsys.readouterr().err
    assert train.main([*flags, "--push-to-hub", "facades"]) == 1
    assert "'facades' is neither a folder nor of the form owner/name" in capsys.readouterr().err
    assert not (tmp_path / "run").exists() and hub.log == []


def test_a_run_that_could_not_be_published_stays_complete_and_says_how_to_go_on(
    hub, run, data_dir, monkeypatch, capsys
):
    monkeypatch.setenv("HF_TOKEN", "hf_reader")
    assert train.main([*training(data_dir, run), "--push-to-hub", MODEL.repo]) == 1
    said = capsys.readouterr().err
    assert (
        "Not published: the token may not write" in said
        and f"python -m pix2pix.hub push {run / 'release'} {MODEL.repo}" in said
    )


# What is published


def test_the_card_of_a_run_has_its_numbers_curves_and_command(run, tmp_path):
    pack(run / "release", tmp_path, MODEL.repo)
    assert {path.name for path in tmp_path.iterdir()} == {
        "model.safetensors",
        "discriminator.safetensors",
        "config.json",
        "README.md",
        "LICENSE.md",
        "samples.png",
        "curves.png",
    }
    card = ModelCard.load(tmp_path / "README.md")
    data = card.data.to_dict()
    assert data["license"] == "other" and data["license_link"] == "LICENSE.md" and data["datasets"] == ["facades"]
    assert data["pipeline_tag"] == "image-to-image" and data["library_name"] and "pix2pix" in data["tags"]
    (result,) = card.data.eval_results  # of the released epoch, by the better-known Inception
    assert (result.metric_type, result.metric_name, result.metric_value, result.dataset_split) == (
        "fid",
        "FID",
        90.5,
        "val",
    )
    assert (
        "python train.py --epochs 2 --base-channels 2 --precision fp32 --sample-every 0" in card.text
        and "800" not in card.text
    )
    assert str(run) not in card.text and "/" + str(tmp_path.parts[1]) not in card.text  # no place of this machine
    assert "research data" in (tmp_path / "LICENSE.md").read_text()
    score = release.load_config(tmp_path).metrics["val"]
    assert score["fid"] == 90.5 and list(score) == sorted(score)  # or every push would make a commit
    assert Image.open(tmp_path / "curves.png").width > 1000


def test_a_distance_by_a_substitute_inception_is_never_called_fid(run, tmp_path):
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    lines = (copy / "evaluation.jsonl").read_text().splitlines()
    (copy / "evaluation.jsonl").write_text("\n".join(line for line in lines if OFFICIAL_HASH not in line) + "\n")
    pack(copy / "release", tmp_path / "packed", MODEL.repo)
    (result,) = ModelCard.load(tmp_path / "packed" / "README.md").data.eval_results
    assert (result.metric_type, result.metric_value) == ("frechet-distance", 2.25)
    assert result.metric_name == "Fréchet distance, substitute Inception 482f07bb"
    row = "| val | 100 | Fréchet distance, substitute Inception 482f07bb | 2.25 | 0.40 | 0.10000 ± 0.01000 |"
    assert row in (tmp_path / "packed" / "README.md").read_text()


def test_the_card_says_of_how_many_photographs_the_scale_is_where_they_are_fewer(tmp_path):
    score = {"fid": 1, "n": 400, "dims": 2048, "weights": OFFICIAL_HASH, "real_floor": 0.15, "real_floor_n": 200}
    release.save(tmp_path / "release", tiny_generator(), tiny_release_config(metrics={"train": score}))
    pack(tmp_path / "release", tmp_path / "packed", MODEL.repo)
    assert (
        "| train | 400 | FID | 1.00 | 0.15 (n = 200) | not measured |"
        in (tmp_path / "packed" / "README.md").read_text()
    )


def test_the_card_of_the_best_epoch_says_among_how_many_it_was_chosen(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    folder = tmp_path / "run" / "release-best"
    score = {"fid": 90.5, "n": 100, "dims": 2048, "weights": OFFICIAL_HASH, "chosen_among": 20}
    release.save(folder, tiny_generator(), tiny_release_config(epochs=2, metrics={"val": score}))
    pack(folder, tmp_path / "packed", MODEL.repo)
    assert (
        "This epoch was chosen for the lowest value on val, of 20 that were scored."
        in (tmp_path / "packed" / "README.md").read_text()
    )
    pack(run / "release", tmp_path / "last", MODEL.repo)
    assert "chosen" not in (tmp_path / "last" / "README.md").read_text()
    for other in ({"weights": "482f07bb"}, {"n": 50}):  # what it was chosen by is not what the card shows
        release.save(folder, tiny_generator(), tiny_release_config(epochs=2, metrics={"val": score | other}))
        pack(folder, tmp_path / "packed", MODEL.repo)
        assert "chosen" not in (tmp_path / "packed" / "README.md").read_text()


def test_a_released_folder_by_itself_is_published_with_what_it_knows(released_folder, tmp_path):
    config = tiny_release_config(metrics={"test": {"weights": OFFICIAL_HASH, "dims": 2048, "fid": 101, "n": 106}})
    release.save(tmp_path / "alone", tiny_generator(), config)
    pack(tmp_path / "alone", tmp_path / "packed", MODEL.repo)
    text = (tmp_path / "packed" / "README.md").read_text()
    assert "| test | 106 | FID | 101.00 | not measured | not measured |" in text and "## Training" not in text
    pack(released_folder, tmp_path / "unscored", MODEL.repo)
    assert "Its quality has not been measured." in (tmp_path / "unscored" / "README.md").read_text()


@pytest.mark.parametrize(
    "epochs, words", [(0, "Trained on"), (1, "Trained for 1 epoch on"), (2, "Trained for 2 epochs on")]
)
def test_a_card_says_how_long_it_was_trained_where_that_is_known(epochs, words, tmp_path):
    release.save(tmp_path / "release", tiny_generator(), tiny_release_config(epochs=epochs))
    pack(tmp_path / "release", tmp_path / "packed", MODEL.repo)
    assert words in (tmp_path / "packed" / "README.md").read_text()
    own = (tmp_path / "release" / "README.md").read_text()
    assert ("trained for" in own) == (epochs > 0) and (not epochs or words.partition(" on")[0].lower() in own)


@pytest.mark.parametrize("dataset", ["facades", "cityscapes"])
def test_the_samples_are_of_maps_that_the_project_has_drawn(dataset, tmp_path):
    config = tiny_release_config(
        dataset=dataset, palette=release.load_config(ROOT / "demo/weights/facades-gan").palette
    )
    if dataset == "cityscapes":
        from pix2pix.labels import CITYSCAPES

        config = tiny_release_config(dataset=dataset, palette=CITYSCAPES)
    release.save(tmp_path / "release", tiny_generator(), config)
    pack(tmp_path / "release", tmp_path / "packed", f"me/{dataset}-gan")
    samples = np.asarray(Image.open(tmp_path / "packed" / "samples.png"))
    painter = Painter.load(tmp_path / "release", precision="fp32")
    for column, path in enumerate(sorted((EXAMPLES / dataset).glob("*.png"))[:4]):
        drawn = np.asarray(Image.open(path).convert("RGB"))
        picture = painter.paint(config.palette.from_image(drawn)[0], 1)
        assert (samples[:, 256 * column : 256 * (column + 1)] == np.concatenate([drawn, picture])).all()
    assert samples.shape == (512, 1024, 3)


def test_the_python_of_the_card_paints(hub, released_folder):
    assert __main__.main(["push", str(released_folder), MODEL.repo]) == 0
    text = hub.files(MODEL.repo)["README.md"].decode()
    names: dict[str, np.ndarray] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], names)
    assert names["picture"].shape == (256, 256, 3)


PUSHES = {
    "no token": "there is no token to push me/facades-gan with: log in with: hf auth login, or set HF_TOKEN to one that may write",
    "token that only reads": "the token may not write to me/facades-gan on http",
    "server down": "http://127.0.0.1:9 cannot be reached for me/facades-gan",
    "server broken": "answered 500 for me/facades-gan: try again later",
    "upload fails": "me/facades-gan could not be uploaded, push again: the connection was reset",
    "upload is forbidden": "the token may not write to me/facades-gan on http",
    "no released folder": "is not a released folder: it has no config.json",
    "no name": "'facades' is neither a folder nor of the form owner/name",
}


@pytest.mark.parametrize("case", PUSHES)
def test_what_keeps_a_push_from_working_is_told_in_one_sentence(
    case, hub, released_folder, tmp_path, monkeypatch, capsys
):
    folder, name = released_folder, MODEL.repo
    if case == "no token":
        monkeypatch.delenv("HF_TOKEN")
    elif case == "token that only reads":
        monkeypatch.setenv("HF_TOKEN", "hf_reader")
    elif case == "server down":
        use_endpoint(monkeypatch, NOWHERE)
    elif case == "server broken":
        hub.status = 500
    elif case.startswith("upload"):  # as hf_xet, which is not used here, tells of them
        error = PermissionError("no") if case == "upload is forbidden" else RuntimeError("the connection was reset")
        monkeypatch.setattr(HfApi, "create_repo", Mock(side_effect=error))
    elif case == "no released folder":
        folder = tmp_path
    else:
        name = "facades"
    assert __main__.main(["push", str(folder), name]) == 1
    said = capsys.readouterr().err
    assert PUSHES[case] in said and said.count("\n") == 1
    assert hub.repos == {}


# From the cache or the Hub


def test_a_commit_in_the_cache_is_had_without_asking_anybody(hub, published):
    pinned = HubModel(MODEL.repo, published)
    folder = pull(pinned)
    assert folder.name == published and len(paths(hub, "GET")) == 3
    hub.log.clear()
    assert pull(pinned) == cached(pinned) == folder
    assert hub.log == []


def test_only_known_files_are_read_of_a_repository_that_holds_others(hub, released_folder):
    other = {
        "model.bin": b"pickle",
        "run.py": b"raise SystemExit",
        "sub/model.safetensors": b"x",
        ".gitattributes": b"",
    }
    folder = pull(HubModel(MODEL.repo, hub.add(MODEL.repo, released_files(released_folder) | other)))
    assert {path.name for path in folder.rglob("*")} == {"config.json", "model.safetensors"}
    assert {path.rpartition("/")[2] for path in paths(hub, "GET") if "/resolve/" in path} == {
        "config.json",
        "model.safetensors",
    }


def test_of_many_epochs_those_that_are_shown_are_fetched_before_the_weights_that_make_the_folder_complete(
    hub, released_folder
):
    weights = (released_folder / "model.safetensors").read_bytes()
    many = {
        f"epochs/epoch-{epoch:03d}.safetensors": weights[:-1] + bytes([epoch]) for epoch in range(9)
    }  # equal ones come once
    many |= {"epochs/epoch-x.safetensors": b"x"}
    hub.add(MODEL.repo, released_files(released_folder) | many)  # its own epoch is 3
    assert list(Painter.load(MODEL.repo).earlier) == [0, 1, 2]
    fetched = [
        path.partition("/resolve/")[2].partition("/")[2] for path in paths(hub, "GET") if path.endswith(".safetensors")
    ]
    assert fetched[-1] == "model.safetensors" and set(fetched[:-1]) <= {
        f"epochs/epoch-{epoch:03d}.safetensors" for epoch in range(3)
    }


def test_an_earlier_epoch_is_checked_like_the_released_one(hub, released_folder):
    files = released_files(released_folder)
    length = len(files["model.safetensors"])
    for content, sentence in (
        (b"x" * 1000, "epochs/epoch-001.safetensors has 1000 bytes"),
        (b"x" * length, "epoch-001.safetensors cannot be"),
    ):
        hub.add(MODEL.repo, files | {"epochs/epoch-001.safetensors": content})
        with pytest.raises(ReleaseError, match=sentence):
            pull(MODEL)
    assert not [path for path in paths(hub, "GET") if path.endswith("/model.safetensors")]


def test_a_branch_is_followed_and_its_last_commit_is_used_where_the_hub_is_down(
    hub, published, tmp_path, monkeypatch, caplog
):
    assert pull(MODEL).name == published
    release.save(tmp_path / "new", tiny_generator(1), tiny_release_config(epochs=9))
    newer = hub.add(MODEL.repo, released_files(tmp_path / "new"))
    assert pull(MODEL).name == newer
    use_endpoint(monkeypatch, NOWHERE)
    assert pull(MODEL).name == newer and Painter.load(MODEL.repo).config.epochs == 9
    assert (
        f"http://127.0.0.1:9 cannot be reached for me/facades-gan: check the connection and try again; commit {newer[:7]}"
        in caplog.text
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty"))
    with pytest.raises(HubError, match="cannot be reached"):
        pull(MODEL)


def test_a_hub_that_is_broken_counts_as_one_that_is_down(hub, published):
    folder = pull(MODEL)
    hub.status = 503
    assert pull(MODEL) == folder


def test_a_download_goes_on_after_a_cut_connection(hub, published, monkeypatch, released_folder):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 4096)
    hub.cut_after = [50_000, 30_000]
    folder = pull(MODEL)
    ranges = [wanted for method, path, wanted in hub.log if method == "GET" and path.endswith("model.safetensors")]
    assert ranges[0] is None and len(ranges) == 3
    first, second = (int(wanted.removeprefix("bytes=").removesuffix("-")) for wanted in ranges[1:] if wanted)
    assert 0 < first <= 30_000 < second <= 80_000
    assert (folder / "model.safetensors").read_bytes() == (released_folder / "model.safetensors").read_bytes()


def test_pulls_at_the_same_time_get_one_whole_copy(hub, published, released_folder):
    hub.gate.clear()
    with ThreadPoolExecutor(4) as threads:
        pulls = [threads.submit(pull, MODEL) for _ in range(4)]
        hub.gate.set()
        folders = {done.result() for done in pulls}
    assert {folder.name for folder in folders} == {published}
    assert (folders.pop() / "model.safetensors").read_bytes() == (released_folder / "model.safetensors").read_bytes()


def test_progress_is_told_from_nothing_to_all(hub, published, released_folder, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 65536)
    told: list[tuple[int, int]] = []
    fetch(MODEL, lambda done, size: told.append((done, size)))
    size = (released_folder / "model.safetensors").stat().st_size
    assert told[0] == (0, size) and told[-1] == (size, size) and len(told) > 2
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    files = released_files(released_folder)
    another = files["model.safetensors"][:-1] + b"\1"  # the same contents would not be fetched again
    hub.add(MODEL.repo, files | {"epochs/epoch-001.safetensors": another})
    told.clear()
    fetch(MODEL, lambda done, size: told.append((done, size)))
    assert told[0] == (0, 2 * size) and told[-1] == (size, 2 * size)  # the weights are in the cache
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_variables_of_the_environment_are_honoured(hub, published, tmp_path):
    environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    done = hub_command("pull", MODEL.repo, **environment)
    folder = tmp_path / "home" / "hub" / "models--me--facades-gan" / "snapshots" / published
    assert done.returncode == 0 and done.stdout.splitlines() == [f"me/facades-gan@{published}", str(folder)], (
        done.stderr
    )
    hub.log.clear()
    offline = hub_command("pull", MODEL.repo, **environment, HF_HUB_OFFLINE="1")
    assert offline.returncode == 0 and offline.stdout == done.stdout and "HF_HUB_OFFLINE is set" in offline.stderr
    assert hub.log == []


def test_a_folder_that_exists_is_not_looked_for_on_the_hub(hub, released_folder, monkeypatch):
    monkeypatch.chdir(released_folder.parent)
    assert Painter.load(f"./{released_folder.name}").config.epochs == 3
    assert hub.log == []
    with pytest.raises(ReleaseError, match=r"has no model runs/mine, .* \(and there is no folder runs/mine\)"):
        Painter.load("runs/mine")


def test_a_hub_that_takes_the_call_and_never_answers_counts_as_one_that_is_down(hub, monkeypatch):
    monkeypatch.setattr("pix2pix.hub.ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_endpoint(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(HubError, match="cannot be reached for me/facades-gan: check the connection and try again"):
            fetch(MODEL)


DOCUMENTS = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/space.md")]


@pytest.mark.parametrize(
    "line", [line for text in DOCUMENTS for line in re.findall(r"python -m pix2pix\.hub ([a-z]+ [^#;`\n]+)", text)]
)
def test_the_commands_of_the_documents_are_known(line):
    assert __main__.parse().parse_args(shlex.split(line)).model


# What comes from outside


def config_with(released_folder: Path, **changes: object) -> bytes:
    return json.dumps(json.loads((released_folder / "config.json").read_text()) | changes).encode()


REFUSED = {
    "no such repository": (
        "me/other",
        "has no model me/other, or it is private: check the name, or log in with: hf auth login",
    ),
    "private": (MODEL.repo, "has no model me/facades-gan, or it is private"),
    "gated": (MODEL.repo, "me/facades-gan is gated: accept its conditions at"),
    "no such revision": (f"{MODEL.repo}@v9", "me/facades-gan has no revision 'v9'"),
    "no weights": (MODEL.repo, "is no released pix2pix model: it has no model.safetensors"),
    "no configuration": (MODEL.repo, "is no released pix2pix model: it has no config.json"),
    "newer format": (MODEL.repo, "format_version is 2; this program reads 1, a newer one may need an update"),
    "wrong palette": (MODEL.repo, "palette needs a list of objects with name and color"),
    "wrong numbers": (MODEL.repo, "metrics of 'val' need an object with fid, n, dims and weights"),
    "other sizes": (MODEL.repo, "does not fit its config.json: model.safetensors has"),
    "large weights": (MODEL.repo, "model.safetensors has 10000000000 bytes, where"),
    "large configuration": (MODEL.repo, "has a config.json of 2000000 bytes"),
    "truncated": (MODEL.repo, "does not fit its config.json: model.safetensors has 1000 bytes"),
    "not safetensors": (MODEL.repo, "model.safetensors cannot be read"),
    "damaged on the way": (MODEL.repo, "arrived damaged: its checksum is not the Hub's; pull again"),
    "offline": (
        MODEL.repo,
        "me/facades-gan@main is not asked for, as HF_HUB_OFFLINE is set: unset it, or pull once with a connection",
    ),
    "server broken": (MODEL.repo, "answered 502 for me/facades-gan: try again later"),
    "disk full": (MODEL.repo, "no space is left for me/facades-gan in"),
    "cache is a file": (MODEL.repo, "me/facades-gan cannot be kept in"),
    "malformed name": ("me/../x", "'me/../x' is neither a folder nor of the form owner/name or owner/name@revision"),
    "malformed revision": (
        f"{MODEL.repo}@../x",
        "is neither a folder nor of the form owner/name or owner/name@revision",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_told_in_one_sentence(case, hub, released_folder, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("HF_TOKEN")
    files = released_files(released_folder)
    access = {"private": case == "private", "gated": case == "gated"}
    changes: dict[str, dict[str, object]] = {
        "newer format": {"format_version": 2},
        "wrong palette": {"palette": [{"name": "sky"}]},
        "wrong numbers": {"metrics": {"val": {"fid": "low"}}},
        "other sizes": {"base_channels": 64},
    }
    if case in changes:
        files["config.json"] = config_with(released_folder, **changes[case])
    elif case in ("no weights", "no configuration"):
        del files["model.safetensors" if case == "no weights" else "config.json"]
    elif case in ("truncated", "not safetensors"):
        length = 1000 if case == "truncated" else len(files["model.safetensors"])
        files["model.safetensors"] = b"x" * length
    elif case in ("large weights", "large configuration"):
        hub.claimed_sizes = {"model.safetensors": 10**10} if case == "large weights" else {"config.json": 2_000_000}
    hub.damaged = case == "damaged on the way"
    hub.add(MODEL.repo, files, **access)
    if case == "server broken":
        hub.status = 502
    elif case == "offline":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    elif case == "disk full":
        monkeypatch.setattr("huggingface_hub.file_download.http_get", full_disk)
    elif case == "cache is a file":
        (tmp_path / "file").touch()
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    name, sentence = REFUSED[case]
    assert __main__.main(["pull", name]) == 1
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    fetched = [path for path in paths(hub, "GET") if path.endswith("/model.safetensors")]
    assert bool(fetched) == (case in ("damaged on the way", "not safetensors")), (
        "the weights were fetched before they were checked"
    )


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_after_a_damaged_download_the_next_one_is_whole(hub, published, released_folder):
    hub.damaged = True
    with pytest.raises(HubError, match="damaged"):
        pull(MODEL)
    hub.damaged = False
    assert (pull(MODEL) / "model.safetensors").read_bytes() == (released_folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("access", ["private", "gated"])
def test_with_a_token_a_private_or_gated_model_is_had(access, hub, released_folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_reader")
    commit = hub.add(MODEL.repo, released_files(released_folder), **{access: True})
    assert pull(MODEL).name == commit
