"""Released folders are published with a card that says what they are, and come back as they were."""

import re
import shlex
import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from huggingface_hub import HfApi, ModelCard
from PIL import Image

import train
from pix2pix import release
from pix2pix.fid.measure import OFFICIAL_HASH
from pix2pix.files import append_record
from pix2pix.hub import HubModel, pull
from pix2pix.labels import PALETTES
from pix2pix.networks import PatchGAN
from pix2pix.painter import Painter
from pix2pix.publish import __main__
from pix2pix.publish.card import model_card
from pix2pix.publish.pack import SAMPLE_SEED, pack
from tests.helpers.hub_server import sha256
from tests.helpers.tiny import draw_label_map, tiny_generator, tiny_release_config, use_endpoint

ROOT = Path(__file__).parents[1]
BUNDLED = ROOT / "demo" / "weights"
MODEL = HubModel("me/facades-gan")
NOWHERE = "http://127.0.0.1:9"


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
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of five drawn label maps for each dataset. Not to be changed."""
    folder = tmp_path_factory.mktemp("maps")
    for dataset, palette in PALETTES.items():
        (folder / dataset).mkdir()
        for seed in range(5):
            drawn = Image.fromarray(palette.to_image(draw_label_map(seed)))
            drawn.save(folder / dataset / f"{seed}.png")
    return folder


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
    )  # this folder belongs to no run
    assert (tmp_path / "epochs" / "epoch-001.safetensors").read_bytes() == painter.earlier[1].read_bytes()


def test_epochs_of_an_earlier_push_or_packing_do_not_stay(hub, run, released_folder, tmp_path, capsys):
    for _ in range(2):
        assert __main__.main(["push", str(run / "release"), MODEL.repo, "--epochs", "1"]) == 0
    assert "nothing has changed" in capsys.readouterr().out and "epochs/epoch-001.safetensors" in hub.files(MODEL.repo)
    assert __main__.main(["push", str(released_folder), MODEL.repo]) == 0  # another training made it
    assert not any("epoch" in name for name in hub.files(MODEL.repo)) and Painter.load(MODEL.repo).earlier == {}
    pack(run / "release", tmp_path, MODEL.repo, [1])
    pack(released_folder, tmp_path, MODEL.repo)
    assert list((tmp_path / "epochs").iterdir()) == []


def test_without_request_no_earlier_epochs_are_published(hub, run):
    assert __main__.main(["push", str(run / "release"), MODEL.repo]) == 0
    files = hub.files(MODEL.repo)
    assert not any("epoch" in name for name in files) and "`epochs/`" not in files["README.md"].decode()


def test_the_error_about_an_epoch_that_was_not_kept_lists_those_that_were(run, released_folder, tmp_path, capsys):
    for folder, kept in ((run / "release", "1"), (released_folder, "none")):
        assert __main__.main(["pack", str(folder), MODEL.repo, str(tmp_path / "packed"), "--epochs", "2"]) == 1
        assert capsys.readouterr().err.endswith(f"has no weights of epoch 2; earlier epochs that were kept: {kept}\n")
    assert not (tmp_path / "packed").exists()


@pytest.mark.parametrize("text", ["", "1,", "1,2,3,4", "-1", "one", "1 2"])
def test_a_wrong_list_of_epochs_is_an_error(text, tmp_path, capsys):
    with pytest.raises(SystemExit):
        __main__.main(["pack", "folder", MODEL.repo, str(tmp_path), f"--epochs={text}"])
    assert (
        f"{text!r} is not a list of one to 3 epochs with commas between them, such as 1,10,100"
        in capsys.readouterr().err
    )


def test_train_publishes_its_result(hub, run, data_dir, capsys):
    assert train.main([*training(data_dir, run), "--push-to-hub", MODEL.repo]) == 0  # training is complete already
    assert f"Published as {MODEL.repo}@{hub.repos['model', MODEL.repo].branches['main']}" in capsys.readouterr().out
    files = hub.files(MODEL.repo)
    assert files["model.safetensors"] == (run / "release" / "model.safetensors").read_bytes()
    assert "samples.png" in files  # shows maps that were drawn for the project


def test_train_refuses_to_start_what_it_could_not_publish(hub, data_dir, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("HF_TOKEN")
    flags = ["--data-dir", str(data_dir), "--run-dir", str(tmp_path / "run")]
    assert train.main([*flags, "--push-to-hub", MODEL.repo]) == 1
    assert "there is no token to push me/facades-gan" in capsys.readouterr().err
    assert train.main([*flags, "--push-to-hub", "facades"]) == 1
    assert "'facades' is neither a folder nor of the form owner/name" in capsys.readouterr().err
    assert not (tmp_path / "run").exists() and hub.log == []


def test_a_run_that_could_not_be_published_stays_complete_and_says_how_to_retry(
    hub, run, data_dir, monkeypatch, capsys
):
    monkeypatch.setenv("HF_TOKEN", "hf_reader")
    assert train.main([*training(data_dir, run), "--push-to-hub", MODEL.repo]) == 1
    said = capsys.readouterr().err
    assert (
        "Not published: the token has no write access" in said
        and f"python -m pix2pix.publish push {run / 'release'} {MODEL.repo}" in said
    )


def test_the_commands_of_the_documents_are_known():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))]
    lines = [line for text in texts for line in re.findall(r"python -m pix2pix\.publish ([a-z]+ [^#;`\n]+)", text)]
    assert lines and all(__main__.parse().parse_args(shlex.split(line)).model for line in lines)


# What is published


def test_the_card_of_a_run_has_its_numbers_curves_samples_and_command(run, maps, tmp_path):
    pack(run / "release", tmp_path, MODEL.repo, maps=maps)
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
    assert (
        data["license"] == "other" and data["license_link"] == "LICENSE.md" and "datasets" not in data
    )  # images of its own
    assert data["pipeline_tag"] == "image-to-image" and data["library_name"] and "pix2pix" in data["tags"]
    (result,) = card.data.eval_results  # the score of the released epoch by the better-known Inception
    assert (result.metric_type, result.metric_name, result.metric_value, result.dataset_split) == (
        "fid",
        "FID",
        90.5,
        "val",
    )
    assert (
        "python train.py --epochs 2 --base-channels 2 --precision fp32 --sample-every 0" in card.text
        and not re.search(r"\b800\b", card.text)  # a hash may hold these digits
    )
    assert str(run) not in card.text and "/" + str(tmp_path.parts[1]) not in card.text  # no path of this machine
    assert "research data" in (tmp_path / "LICENSE.md").read_text()
    score = release.load_config(tmp_path).metrics["val"]
    assert score["fid"] == 90.5 and list(score) == sorted(score)  # or every push would make a commit
    assert Image.open(tmp_path / "curves.png").width > 1000


def test_the_command_of_the_card_names_what_training_started_from_without_its_path(run, data_dir, tmp_path):
    flags = ["--data-dir", str(data_dir), "--run-dir", str(tmp_path / "next"), "--base-channels", "2", "--epochs", "1"]
    assert train.main([*flags, "--sample-every", "0", "--fid-every", "0", "--init-from", str(run)]) == 0
    pack(tmp_path / "next" / "release", tmp_path / "packed", MODEL.repo)
    text = (tmp_path / "packed" / "README.md").read_text()
    assert "--init-from run" in text and str(run.parent) not in text


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


def test_the_card_says_how_many_photos_the_scale_is_from_if_they_are_fewer(tmp_path):
    score = {"fid": 1, "n": 400, "dims": 2048, "weights": OFFICIAL_HASH, "real_floor": 0.15, "real_floor_n": 200}
    release.save(tmp_path / "release", tiny_generator(), tiny_release_config(metrics={"train": score}))
    pack(tmp_path / "release", tmp_path / "packed", MODEL.repo)
    assert (
        "| train | 400 | FID | 1.00 | 0.15 (n = 200) | not measured |"
        in (tmp_path / "packed" / "README.md").read_text()
    )


def test_the_card_of_the_best_epoch_says_how_many_it_was_chosen_among(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    folder = tmp_path / "run" / "release-best"
    score = {"fid": 90.5, "n": 100, "dims": 2048, "weights": OFFICIAL_HASH, "chosen_among": 20}
    release.save(folder, tiny_generator(), tiny_release_config(epochs=2, metrics={"val": score}))
    pack(folder, tmp_path / "packed", MODEL.repo)
    assert (
        "This epoch has the lowest value on val of the 20 that were scored, and was chosen for it."
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
    assert "| test | 106 | FID | 101.00 | not measured | not measured |" in text and "## Training\n" not in text
    pack(released_folder, tmp_path / "unscored", MODEL.repo)
    assert "Its quality has not been measured." in (tmp_path / "unscored" / "README.md").read_text()


@pytest.mark.parametrize("epochs, words", [(0, "Trained on"), (1, " for 1 epoch."), (2, " for 2 epochs.")])
def test_a_card_says_how_long_the_model_was_trained_if_that_is_known(epochs, words, tmp_path):
    release.save(tmp_path / "release", tiny_generator(), tiny_release_config(epochs=epochs))
    pack(tmp_path / "release", tmp_path / "packed", MODEL.repo)
    assert words in (tmp_path / "packed" / "README.md").read_text()
    own = (tmp_path / "release" / "README.md").read_text()
    assert ("trained for" in own) == (epochs > 0) and (not epochs or words in own)


@pytest.mark.parametrize("dataset", PALETTES)
def test_the_samples_are_painted_from_the_first_maps_of_the_dataset(dataset, maps, tmp_path):
    release.save(
        tmp_path / "release", tiny_generator(), tiny_release_config(dataset=dataset, palette=PALETTES[dataset])
    )
    pack(tmp_path / "release", tmp_path / "packed", f"me/{dataset}-gan", maps=maps)
    samples = np.asarray(Image.open(tmp_path / "packed" / "samples.png"))
    painter = Painter.load(tmp_path / "release", precision="fp32")
    for column in range(4):
        drawn = PALETTES[dataset].to_image(draw_label_map(column))
        painted = painter.paint(draw_label_map(column), 1)
        assert (samples[:, 256 * column : 256 * (column + 1)] == np.concatenate([drawn, painted])).all()
    assert samples.shape == (512, 1024, 3)
    assert "(seed 1, with dropout)" in (tmp_path / "packed" / "README.md").read_text()


def test_without_maps_there_are_no_samples_and_a_hint_says_how_to_get_them(hub, released_folder, maps, capsys):
    for arguments, has_samples in (["--maps", str(maps)], True), ([], False):
        assert __main__.main(["push", str(released_folder), MODEL.repo, *arguments]) == 0
        files = hub.files(MODEL.repo)
        assert ("samples.png" in files) == ("samples.png" in files["README.md"].decode()) == has_samples
        assert ("The model card has no samples; --maps names" in capsys.readouterr().err) != has_samples


def test_maps_that_are_not_there_are_an_error(released_folder, tmp_path, capsys):
    with pytest.raises(SystemExit):
        __main__.main(["pack", str(released_folder), MODEL.repo, str(tmp_path), "--maps", "nowhere"])
    assert "argument --maps: there is no folder nowhere" in capsys.readouterr().err


def test_the_discriminator_is_published_with_its_generator_alone(hub, released_folder, tmp_path):
    with torch.random.fork_rng(devices=[]):
        release.save(tmp_path / "both", tiny_generator(), tiny_release_config(), PatchGAN(2))
    for folder, has_discriminator in ((tmp_path / "both", True), (released_folder, False)):
        assert __main__.main(["push", str(folder), MODEL.repo]) == 0
        assert (release.DISCRIMINATOR in hub.files(MODEL.repo)) == has_discriminator


def test_the_python_of_the_card_paints(hub, released_folder):
    assert __main__.main(["push", str(released_folder), MODEL.repo]) == 0
    text = hub.files(MODEL.repo)["README.md"].decode()
    names: dict[str, np.ndarray] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], names)
    assert names["image"].shape == (256, 256, 3)


PUSHES = {
    "no token": "there is no token to push me/facades-gan: log in with: hf auth login, "
    "or set HF_TOKEN to one with write access",
    "token that only reads": "the token has no write access to me/facades-gan on http",
    "server down": "http://127.0.0.1:9 cannot be reached for me/facades-gan",
    "server broken": "answered 500 for me/facades-gan: try again later",
    "upload fails": "me/facades-gan could not be uploaded, push again: the connection was reset",
    "upload is forbidden": "the token has no write access to me/facades-gan on http",
    "no released folder": "is not a released folder: it has no config.json",
    "no name": "'facades' is neither a folder nor of the form owner/name",
}


@pytest.mark.parametrize("case", PUSHES)
def test_a_failed_push_is_explained_in_one_sentence(case, hub, released_folder, tmp_path, monkeypatch, capsys):
    folder, name = released_folder, MODEL.repo
    if case == "no token":
        monkeypatch.delenv("HF_TOKEN")
    elif case == "token that only reads":
        monkeypatch.setenv("HF_TOKEN", "hf_reader")
    elif case == "server down":
        use_endpoint(monkeypatch, NOWHERE)
    elif case == "server broken":
        hub.status = 500
    elif case.startswith("upload"):  # the errors of hf_xet, which is not used here
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


def test_a_run_folder_is_published_as_its_release(run, tmp_path):
    for folder, name in ((run, "of-run"), (run / "release", "of-release")):
        assert __main__.main(["pack", str(folder), "owner/name", str(tmp_path / name)]) == 0
    files = sorted(path.relative_to(tmp_path / "of-run") for path in (tmp_path / "of-run").rglob("*"))
    assert Path("model.safetensors") in files
    assert files == sorted(path.relative_to(tmp_path / "of-release") for path in (tmp_path / "of-release").rglob("*"))


@pytest.mark.parametrize("folder", sorted(path.parent for path in BUNDLED.glob("*/config.json")), ids=lambda p: p.name)
def test_the_cards_of_the_bundled_weights_are_those_of_the_current_template(folder):
    generator, config = release.load(folder)
    card = model_card(generator, config, None, f"demo/weights/{folder.name}", SAMPLE_SEED, True, ())
    bundled = (folder / "README.md").read_text(encoding="utf-8")
    assert [line for line in card.splitlines() if line not in bundled.splitlines()] == []
