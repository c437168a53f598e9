"""The command line of the app: weights, data and language models; a wrong one is one sentence."""

import importlib.util
from pathlib import Path

import pytest

from demo.command_line import read_command_line
from demo.models import BUNDLED_WEIGHTS, MODELS
from pix2pix import release
from pix2pix.labels import CITYSCAPES
from tests.helpers.app import tiny_models, weight_flags
from tests.helpers.tiny import free_port, tiny_generator, tiny_release_config


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory, "facades")


@pytest.fixture(scope="module")
def street_weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory, "cityscapes")


def test_weights_of_the_command_line_are_used(weights: dict[str, Path]) -> None:
    models = read_command_line(weight_flags(weights)).models
    used = {name: model.painter.config.base_channels for name, model in models.items() if model.painter}
    assert used == {"facades-gan": 2, "facades-l1": 2, "cityscapes-gan": 32, "cityscapes-l1": 32}
    assert {name: models[name].source for name in weights} == {name: str(folder) for name, folder in weights.items()}


def test_models_of_a_dataset_without_bundled_weights_are_added(
    weights: dict[str, Path], street_weights: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("demo.models.BUNDLED_WEIGHTS", tmp_path)
    folders = street_weights | weights
    models = read_command_line(weight_flags(folders)).models
    assert tuple(models) == MODELS
    assert list(read_command_line(weight_flags(weights)).models) == list(weights)


def test_one_model_of_a_dataset_alone_is_refused(
    capsys: pytest.CaptureFixture[str], weights: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("demo.models.BUNDLED_WEIGHTS", tmp_path)
    said = complaint(capsys, "--weights", f"facades-gan={weights['facades-gan']}")
    assert (
        said.endswith("name a folder for this one with --weights facades-l1=FOLDER")
        and "facades-l1: the page compares both" in said
    )


def test_without_any_weights_the_sentence_says_how_to_name_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("demo.models.BUNDLED_WEIGHTS", tmp_path)
    said = complaint(capsys)
    assert "error: no weights are installed; " in said and "or set PIX2PIX_HUB_OWNER" in said
    assert "--weights facades-gan=SOURCE --weights facades-l1=SOURCE" in said


def test_all_four_models_are_bundled() -> None:
    assert {path.name for path in BUNDLED_WEIGHTS.iterdir() if path.is_dir()} == set(MODELS)


@pytest.mark.parametrize(
    "argument", ["facades=x", "facades-gan", "facades-gan=", "=x", "", "-gan=x", "My-gan=x", "a/b-gan=x", "a-l2=x"]
)
def test_weights_that_name_no_model_are_refused(capsys: pytest.CaptureFixture[str], argument: str) -> None:
    said = complaint(capsys, f"--weights={argument}")
    assert f"{argument!r} is not NAME=FOLDER, with NAME one of {', '.join(MODELS)}, or a name of your own" in said


def test_a_folder_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(capsys, "--weights", "facades-gan=nowhere").endswith("there is no folder 'nowhere'")


def test_a_folder_that_is_not_a_released_one_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sentence = f"facades-gan: {tmp_path} is not a released folder: it has no config.json"
    assert complaint(capsys, "--weights", f"facades-gan={tmp_path}").endswith(sentence)


def test_a_model_under_the_name_of_another_is_refused(
    capsys: pytest.CaptureFixture[str], weights: dict[str, Path]
) -> None:
    folder = weights["facades-l1"]
    assert complaint(capsys, "--weights", f"facades-gan={folder}").endswith(
        f"facades-gan: {folder} holds a facades-l1 model"
    )


def test_a_model_of_another_palette_is_refused(
    capsys: pytest.CaptureFixture[str], weights: dict[str, Path], tmp_path: Path
) -> None:
    release.save(tmp_path, tiny_generator(), tiny_release_config(objective="l1", palette=CITYSCAPES))
    said = complaint(
        capsys, "--weights", f"facades-gan={weights['facades-gan']}", "--weights", f"facades-l1={tmp_path}"
    )
    assert f"facades-l1: {tmp_path} has another palette or size than the examples of facades; under another" in said


def test_the_data_folder_offers_what_it_holds(data_dir):
    options = read_command_line(["--data-dir", str(data_dir)], {})
    assert list(options.samples) == ["facades"] and len(options.samples["facades"]) == 1
    assert not options.is_mcp_server
    assert read_command_line([], {}).samples == {}


def test_on_a_space_datasets_are_ignored_with_a_sentence(data_dir, capsys):
    assert read_command_line(["--data-dir", str(data_dir)], {"SPACE_ID": "owner/space"}).samples == {}
    assert "ignored on a public Space, because datasets may not be redistributed" in capsys.readouterr().err


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        read_command_line(arguments, {})
    assert end.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_a_data_folder_without_a_validation_split_is_refused(tmp_path, capsys):
    assert complaint(capsys, "--data-dir", str(tmp_path)).endswith(
        f"--data-dir: {tmp_path} holds none of the folders facades/val, cityscapes/val"
    )
    (tmp_path / "facades" / "val").mkdir(parents=True)
    assert complaint(capsys, "--data-dir", str(tmp_path)).endswith("val holds no JPEG, PNG or WebP images")


def test_a_missing_package_for_mcp_is_named(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert complaint(capsys, "--mcp").endswith("--mcp needs a package that is not installed: pip install 'gradio[mcp]'")


def test_flags_win_over_gradios_variables_and_these_over_defaults(weights):
    def address(arguments: list[str], **environment: str) -> tuple[str, int | None, bool]:
        options = read_command_line([*weight_flags(weights), *arguments], environment)
        return options.host, options.port, options.is_shared

    named = {"GRADIO_SERVER_NAME": "127.0.0.2", "GRADIO_SERVER_PORT": str(free_port()), "GRADIO_SHARE": "True"}
    assert address([]) == ("127.0.0.1", None, False)
    assert address([], **named) == ("127.0.0.2", int(named["GRADIO_SERVER_PORT"]), True)
    port = free_port()
    flags = ["--host", "127.0.0.3", "--port", str(port), "--share"]
    assert address(flags) == address(flags, **named) == ("127.0.0.3", port, True)
    assert address(["--host", "::1"])[0] == "[::1]"  # as in an address with a port


@pytest.mark.parametrize("port", ["0", "65536", "many", "-1", "8e3"])
def test_a_port_that_does_not_exist_is_refused(capsys, port):
    assert complaint(capsys, f"--port={port}").endswith("is not a whole number from 1 to 65535")
