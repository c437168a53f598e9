"""The flags of train.py: all of TrainConfig, in groups, and sentences that name what is wrong."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from demo.requests import check_seed
from pix2pix.config import GROUPS, TrainConfig, parse_flags
from tests.helpers.tiny import tiny_release_config


def said_about(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The last line that the program says when it refuses flags."""
    with pytest.raises(SystemExit) as caught:
        parse_flags(arguments)
    assert caught.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_without_flags_the_run_is_the_published_one():
    config, dry_run = parse_flags([])
    assert config == TrainConfig(run_dir=Path("runs/facades-gan")) and not dry_run
    config, dry_run = parse_flags(["--dataset", "cityscapes", "--objective", "l1", "--dry-run"])
    assert config.run_dir == Path("runs/cityscapes-l1") and dry_run


def test_a_flag_sets_the_field_of_its_name_with_its_type():
    flags = "--data-dir data --run-dir here --epochs 3 --lambda-l1 10 --ema 0.99 --norm batch --seed 4".split()
    flags += ["--tracker", "tensorboard"]
    expected = {
        "data_dir": Path("data"),
        "run_dir": Path("here"),
        "epochs": 3,
        "lambda_l1": 10.0,
        "ema": 0.99,
        "norm": "batch",
        "seed": 4,
    }
    assert parse_flags(flags)[0] == TrainConfig(tracker="tensorboard", **expected)
    scores = parse_flags("--fid-every 5 --fid-samples 300 --fid-weights here.pth".split())[0]
    assert (scores.fid_every, scores.fid_samples, scores.fid_weights) == (5, 300, Path("here.pth"))


@pytest.mark.parametrize(
    "flag, value",
    [
        ("--dataset", "maps"),
        ("--objective", "wgan"),
        ("--norm", "layer"),
        ("--precision", "fp16"),
        ("--tracker", "mlflow"),
        ("--epochs", "0"),
        ("--epochs", "many"),
        ("--batch-size", "0"),
        ("--base-channels", "-1"),
        ("--learning-rate", "nan"),
        ("--beta1", "1"),
        ("--ema", "1"),
        ("--seed", "-1"),
        ("--seed", str(2**63)),
        ("--workers", "-1"),
        ("--sample-every", "-1"),
        ("--checkpoint-minutes", "-1"),
        ("--size", "300x256"),
        ("--size", "256"),
        ("--size", "2048x256"),
        ("--val-share", "1"),
        ("--palette", "palette.json"),
        ("--name", "houses"),
    ],
)
def test_a_wrong_value_ends_with_a_sentence_that_names_the_flag(flag, value, capsys):
    assert flag in said_about([flag, value], capsys)


@pytest.mark.parametrize(
    "flag, values", [("--norm", ("instance", "batch")), ("--tracker", ("none", "tensorboard", "wandb"))]
)
def test_a_wrong_choice_is_answered_with_the_choices(flag, values, capsys):
    said = said_about([flag, "other"], capsys)
    assert all(value in said for value in values)


@pytest.mark.parametrize(
    "wrong, near", [("--learnig-rate", "--learning-rate"), ("--batch_size=4", "--batch-size"), ("--epoc", "--epochs")]
)
def test_a_misspelt_flag_is_answered_with_the_near_one(wrong, near, capsys):
    said = said_about([wrong, "3"], capsys)
    assert wrong.partition("=")[0] in said and f"did you mean {near}?" in said


def test_a_flag_like_no_other_is_answered_with_help(capsys):
    assert "--zzz is not a flag; python train.py --help lists them" in said_about(["--zzz"], capsys)


def test_the_number_of_processes_is_the_launchers_flag(capsys):
    assert "accelerate launch --num-processes N train.py" in said_about(["--num-processes", "2"], capsys)


def test_a_weight_of_l1_beside_l1_alone_is_a_contradiction(capsys):
    said = said_about(["--objective", "l1", "--lambda-l1", "10"], capsys)
    assert "--lambda-l1" in said and "--objective l1" in said
    assert parse_flags(["--objective", "l1", "--lambda-l1", "100"])[0].lambda_l1 == 100


def test_help_lists_every_flag_in_its_group(capsys):
    with pytest.raises(SystemExit, match="0"):
        parse_flags(["--help"])
    said = capsys.readouterr().out
    sections = {section.partition(":")[0]: section for section in re.split(r"\n(?=\w+:\n)", said)}
    assert sections.keys() >= GROUPS.keys() and "  --dry-run " in said
    for name, field in TrainConfig.__dataclass_fields__.items():
        flag, group = "  --" + name.replace("_", "-") + " ", field.metadata["group"]
        assert [title for title in sections if flag in sections[title]] == ([group] if group else []), name


@pytest.mark.parametrize("seed", [np.int32(7), np.uint64(7)])
def test_numbers_of_numpy_are_numbers(seed):
    config = TrainConfig(seed=seed, learning_rate=np.float64(0.5))
    assert config == TrainConfig(seed=7, learning_rate=0.5) and type(config.seed) is int
    assert check_seed(seed) == 7 and type(check_seed(seed)) is int
    assert json.loads(tiny_release_config(seed=seed).to_json())["seed"] == 7


def test_own_data_are_called_like_their_folder_or_as_they_are_named(capsys):
    for folder, flags, name in (
        ("My Houses (2026)", [], "my-houses-2026"),
        ("--", [], "own"),
        ("Häuser", [], "h-user"),
        ("x", ["--name", "red_houses"], "red_houses"),
    ):
        config, _ = parse_flags([f"--data={Path('data') / folder}", *flags])
        assert (config.dataset, config.run_dir) == (name, Path("runs") / f"{name}-gan")
    assert "--name must consist of" in said_about(["--data", "x", "--name", "My houses"], capsys)
    assert "exclude each other" in said_about(["--data", "x", "--dataset", "cityscapes"], capsys)


@pytest.mark.parametrize(
    "flags, parts",
    [
        ("--data x --dataset facades", ("--dataset and --data exclude each other", "leave one out", "--name")),
        ("--data x --data-dir datasets", ("--data-dir has no effect with --data", "leave it out")),
        ("--val-share 0.1", ("--val-share has no effect without --data", "leave it out")),
        ("--palette palette.json", ("--palette has no effect without --data", "leave it out")),
        ("--init-from=", ("--init-from is empty", "leave it out")),
        ("--push-to-hub=", ("--push-to-hub is empty", "leave it out")),
        ("--name houses", ("--name has no effect without --data", "--run-dir")),
    ],
)
def test_a_flag_that_would_change_nothing_is_refused_even_with_its_default_value(flags, parts, capsys):
    said = said_about(flags.split(), capsys)
    assert all(part in said for part in parts)


@pytest.mark.parametrize("image", ["val/1.jpg", "val/A/1.jpg", "A/val/1.jpg"])
def test_a_share_for_validation_is_refused_where_the_folder_has_a_split_for_it(image, tmp_path, capsys):
    flags = ["--data", str(tmp_path), "--val-share", "0.1"]
    assert parse_flags(flags)[0].val_share == 0.1
    (tmp_path / image).parent.mkdir(parents=True)
    (tmp_path / image).touch()
    assert "--val-share has no effect where --data contains val" in said_about(flags, capsys)
