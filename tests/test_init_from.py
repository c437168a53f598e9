"""Training that starts from trained weights, its falling learning rate, and what all later readers say of it."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import train
from pix2pix import release, run_config
from pix2pix.labels import CITYSCAPES
from pix2pix.lineage import MAX_STAGES, Stage, describe, from_json, to_json, total_epochs
from pix2pix.networks import PatchGAN
from pix2pix.release import DISCRIMINATOR, ReleaseConfig, ReleaseError
from pix2pix.run_folder import RunFolder
from pix2pix.trainer import Trainer
from tests.helpers.hub_server import HubServer
from tests.helpers.tiny import tiny_generator, tiny_release_config

CPU = torch.device("cpu")


def flags(data_dir: Path, run: Path, **changes: object) -> list[str]:
    tiny = {"data_dir": data_dir, "run_dir": run, "base_channels": 2, "epochs": 1, "precision": "fp32"}
    values = tiny | {"sample_every": 0, "fid_every": 0} | changes
    return [part for name, value in values.items() for part in ("--" + name.replace("_", "-"), str(value))]


@pytest.fixture(scope="module")
def first(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch with the objective gan. Not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "first-gan"
    assert train.main(flags(data_dir, folder)) == 0
    return folder


def half(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.half().float() for name, weight in network.state_dict().items()}


def assert_equal(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("inside", ["", "release"])
def test_g_and_d_of_a_run_are_the_initial_weights_of_the_next(first, data_dir, tmp_path, inside, capsys, monkeypatch):
    """Before the first step they equal the half-precision weights on the disk, and the optimisers are empty."""
    seen = {}

    def look(trainer: Trainer, *_: object) -> dict[str, float]:
        seen.update(
            G=half(trainer.G), D=half(trainer.D), steps=len(trainer.optimizer_G.state), count=trainer.step_count
        )
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "step", look)
    assert train.main(flags(data_dir, tmp_path / "next", init_from=first / inside)) == 130
    for network, name in (("G", "model.safetensors"), ("D", DISCRIMINATOR)):
        assert_equal(seen[network], {key: value.float() for key, value in load_file(first / "release" / name).items()})
    assert seen["steps"] == seen["count"] == 0
    assert f"Started from {first / inside} (G and D)" in capsys.readouterr().out


def test_released_weights_of_d_are_those_of_the_checkpoint_and_small(first):
    trained = torch.load(first / "checkpoint.pt", weights_only=True)["trainer"]["D"]
    found = load_file(first / "release" / DISCRIMINATOR)
    assert {weight.dtype for weight in found.values()} == {torch.float16}
    assert_equal(dict(found), {name: weight.half() for name, weight in trained.items()})


def test_a_run_without_d_releases_none_and_removes_a_stale_one(tmp_path):
    release.save(tmp_path, tiny_generator(), tiny_release_config(), PatchGAN(2))
    assert release.load_discriminator(tmp_path) is not None
    release.save(tmp_path, tiny_generator(), tiny_release_config(objective="l1"))
    assert not (tmp_path / DISCRIMINATOR).exists() and release.load_discriminator(tmp_path) is None


def test_the_lineage_is_in_config_json_the_card_and_the_run_folder(first, data_dir, tmp_path):
    run = tmp_path / "second-gan"
    assert train.main(flags(data_dir, run, init_from=first, epochs=2)) == 0
    config = release.load_config(run / "release")
    (stage,) = config.lineage
    assert stage == Stage("first-gan", "facades", "gan", 1, stage.weights, True)
    assert config.epochs == 2 and config.trained == "3 epochs: 1, then 2 started from first-gan"
    assert run_config.read_lineage(RunFolder(run)) == config.lineage
    assert "trained for 3 epochs: 1, then 2 started from first-gan" in (run / "release" / "README.md").read_text()
    third = tmp_path / "third-gan"
    assert train.main(flags(data_dir, third, init_from=run)) == 0
    assert release.load_config(third / "release").trained == (
        "4 epochs: 1, then 2 started from first-gan, then 1 started from second-gan"
    )


def test_a_resumed_run_keeps_its_lineage_and_does_not_start_again(first, data_dir, tmp_path, capsys):
    source, straight, resumed = tmp_path / "source", tmp_path / "straight", tmp_path / "resumed"
    shutil.copytree(first / "release", source)
    assert train.main(flags(data_dir, straight, init_from=source, epochs=2, decay_epochs=1)) == 0
    assert train.main(flags(data_dir, resumed, init_from=source, epochs=1)) == 0
    shutil.rmtree(source)  # a checkpoint holds all that is needed
    assert train.main(flags(data_dir, resumed, init_from=source, epochs=2, decay_epochs=1)) == 0
    assert "Resuming from" in capsys.readouterr().out
    for name in ("model.safetensors", DISCRIMINATOR, "config.json"):
        assert (straight / "release" / name).read_bytes() == (resumed / "release" / name).read_bytes()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"base_channels": 4}, "has --base-channels 2, this run has 4. Add --base-channels 2."),
        ({"norm": "batch"}, "has --norm instance, this run has batch. Add --norm instance."),
    ],
)
def test_sizes_and_norm_must_fit(first, data_dir, tmp_path, changes, sentence, capsys):
    assert train.main(flags(data_dir, tmp_path / "run", init_from=first, **changes)) == 1
    assert capsys.readouterr().err == f"--init-from {first} {sentence}\n"
    assert train.main([*flags(data_dir, tmp_path / "run", init_from=first, **changes), "--dry-run"]) == 1
    assert capsys.readouterr().err == f"--init-from {first} {sentence}\n"


def test_a_source_that_is_missing_is_one_sentence(data_dir, tmp_path, capsys):
    assert train.main(flags(data_dir, tmp_path / "run", init_from=tmp_path / "nowhere")) == 1
    assert "nowhere" in (error := capsys.readouterr().err) and error.count("\n") == 1


@pytest.mark.parametrize("source", ["README.md", "no/such/folder"])
def test_a_dry_run_refuses_what_is_neither_a_folder_nor_a_name_on_the_hub(data_dir, tmp_path, source, capsys):
    assert train.main([*flags(data_dir, tmp_path / "run", init_from=source), "--dry-run"]) == 1
    assert source in (error := capsys.readouterr().err) and error.count("\n") == 1


def test_a_damaged_d_is_one_sentence(first, data_dir, tmp_path, capsys):
    folder = Path(shutil.copytree(first / "release", tmp_path / "folder"))
    save_file({"layers.0.weight": torch.zeros(1)}, folder / DISCRIMINATOR)
    assert train.main(flags(data_dir, tmp_path / "run", init_from=folder)) == 1
    assert f"{folder / DISCRIMINATOR} does not fit its config.json" in capsys.readouterr().err


def test_l1_starts_from_gan_and_gan_from_l1(first, data_dir, tmp_path, capsys):
    middle = tmp_path / "middle-l1"
    assert train.main(flags(data_dir, middle, objective="l1", init_from=first)) == 0
    assert f"Started from {first} (G)" in capsys.readouterr().out
    config = release.load_config(middle / "release")
    assert config.trained == "1 epoch, started from first-gan: 1 epoch of facades (gan)"
    assert not config.lineage[0].discriminator
    assert train.main(flags(data_dir, tmp_path / "last", init_from=middle)) == 0
    assert f"Started from {middle} (G; D starts anew)" in capsys.readouterr().out


def test_fine_tuning_on_another_dataset_says_that_the_classes_differ(data_dir, tmp_path, capsys):
    folder = tmp_path / "streets-gan"
    release.save(folder, tiny_generator(), tiny_release_config(dataset="cityscapes", palette=CITYSCAPES, epochs=20))
    run = tmp_path / "run"
    assert train.main(flags(data_dir, run, init_from=folder)) == 0
    assert "trained on cityscapes: its classes and colours differ" in capsys.readouterr().out
    config = release.load_config(run / "release")
    assert config.trained == "1 epoch, started from streets-gan: 20 epochs of cityscapes (gan)"
    assert config.palette != CITYSCAPES


def test_the_moving_average_starts_from_the_weights_too(first, data_dir, tmp_path):
    trainer = train.Trainer(train.parse_flags(flags(data_dir, tmp_path, ema=0.9, init_from=first))[0], CPU)
    train.init_from(trainer, str(first))
    assert_equal(trainer.G_ema.state_dict(), trainer.G.state_dict())


def test_a_model_on_the_hub_is_a_source_with_its_d(hub: HubServer, first, data_dir, tmp_path, capsys):
    files = {path.name: path.read_bytes() for path in (first / "release").iterdir()}
    commit = hub.add("me/facades-gan", files)
    assert train.main(flags(data_dir, tmp_path / "run", init_from=f"me/facades-gan@{commit}")) == 0
    assert "(G and D)" in capsys.readouterr().out
    (stage,) = release.load_config(tmp_path / "run" / "release").lineage
    assert stage.source == f"me/facades-gan@{commit}" and stage.discriminator
    asked = len(hub.log)
    assert train.main(flags(data_dir, tmp_path / "again", init_from=f"me/facades-gan@{commit}")) == 0
    assert len(hub.log) == asked  # a commit in the cache needs no network


def test_a_model_on_the_hub_without_d_is_a_source_too(hub: HubServer, released_folder, data_dir, tmp_path, capsys):
    hub.add("me/facades-gan", {path.name: path.read_bytes() for path in released_folder.iterdir()})
    assert train.main(flags(data_dir, tmp_path / "run", init_from="me/facades-gan")) == 0
    assert "(G; D starts anew)" in capsys.readouterr().out


def test_a_d_of_a_wrong_size_on_the_hub_is_not_downloaded(hub: HubServer, first, data_dir, tmp_path, capsys):
    files = {path.name: path.read_bytes() for path in (first / "release").iterdir()}
    hub.add("me/facades-gan", files | {DISCRIMINATOR: bytes(5_000_000)})
    assert train.main(flags(data_dir, tmp_path / "run", init_from="me/facades-gan")) == 1
    assert "discriminator.safetensors has 5000000 bytes" in capsys.readouterr().err
    assert not any(method == "GET" and DISCRIMINATOR in path for method, path, _ in hub.log)


# ---- Words ----


ONE = Stage("a-gan", "facades", "gan", 20, "0" * 8, True)
TWO = Stage("me/b-gan@main", "facades", "gan", 30, "1" * 8, True)


@pytest.mark.parametrize(
    ("lineage", "dataset", "epochs", "words"),
    [
        ((), "facades", 0, "unknown epochs"),
        ((), "facades", 1, "1 epoch"),
        ((), "facades", 200, "200 epochs"),
        ((ONE,), "facades", 180, "200 epochs: 20, then 180 started from a-gan"),
        ((ONE, TWO), "facades", 5, "55 epochs: 20, then 30 started from a-gan, then 5 started from me/b-gan@main"),
        ((ONE,), "mine", 5, "5 epochs, started from a-gan: 20 epochs of facades (gan)"),
        (
            (Stage("a-gan", "facades", "gan", 0, "0" * 8, False),),
            "facades",
            5,
            "5 epochs, started from a-gan: unknown epochs of facades (gan)",
        ),
    ],
)
def test_epochs_in_words_never_count_what_was_not_trained(lineage, dataset, epochs, words):
    assert describe(lineage, dataset, "gan", epochs) == words


@pytest.mark.parametrize(
    ("lineage", "dataset", "epochs", "total"),
    [((), "facades", 7, 7), ((ONE, TWO), "facades", 5, 55), ((ONE,), "mine", 5, 5), ((ONE,), "facades", 0, 0)],
)
def test_only_epochs_on_the_same_dataset_are_added_up(lineage, dataset, epochs, total):
    assert total_epochs(lineage, dataset, "gan", epochs) == total


def test_a_lineage_survives_json():
    config = tiny_release_config(lineage=(ONE, TWO))
    assert ReleaseConfig.from_json(config.to_json()) == config
    assert from_json(json.loads(json.dumps(to_json((ONE, TWO))))) == (ONE, TWO)
    assert "lineage" not in json.loads(tiny_release_config().to_json())  # older programs read it


@pytest.mark.parametrize(
    "broken",
    [
        "facades",
        [1],
        [{"source": "a"}],
        [to_json((ONE,))[0] | {"source": "<script>"}],
        [to_json((ONE,))[0] | {"source": 3}],
        [to_json((ONE,))[0] | {"epochs": -1}],
        [to_json((ONE,))[0] | {"epochs": True}],
        [to_json((ONE,))[0] | {"weights": "no hash"}],
        to_json((ONE,)) * (MAX_STAGES + 1),
    ],
)
def test_a_lineage_from_elsewhere_is_checked(broken):
    values = json.loads(tiny_release_config().to_json()) | {"lineage": broken}
    with pytest.raises(ReleaseError, match="lineage"):
        ReleaseConfig.from_json(json.dumps(values))


# ---- The learning rate ----


def test_the_learning_rate_is_constant_as_published(tiny_config):
    config = tiny_config(epochs=200)
    assert {config.learning_rate_in(epoch) for epoch in (1, 100, 199, 200)} == {2e-4}


def test_it_falls_by_equal_steps_to_0_after_the_last_epoch(tiny_config):
    config = tiny_config(epochs=10, decay_epochs=3, learning_rate=4.0)
    assert [config.learning_rate_in(epoch) for epoch in range(5, 12)] == [4, 4, 4, 3, 2, 1, 0]


def test_adam_gets_the_rate_of_the_epoch(tiny_config):
    trainer = Trainer(tiny_config(epochs=2, decay_epochs=1, learning_rate=1e-3), CPU)
    pair = torch.zeros(1, 3, 256, 256)
    rates = []
    for epoch in (0, 1):
        trainer.epoch = epoch
        trainer.step(pair, pair)
        rates.append([optimizer.param_groups[0]["lr"] for optimizer in (trainer.optimizer_G, trainer.optimizer_D)])
    assert rates == [[1e-3, 1e-3], [5e-4, 5e-4]]


def test_more_decay_than_epochs_is_refused(tiny_config):
    with pytest.raises(ValueError, match="--decay-epochs must be at most --epochs, 2, not 3"):
        tiny_config(epochs=2, decay_epochs=3)
