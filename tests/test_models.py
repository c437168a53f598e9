"""Sources of the page's models: nobody waits for the Hub, and what is unavailable is reported."""

import json
import shutil
import threading
from pathlib import Path

import pytest
from gradio_client.exceptions import AppError

from demo.app import build_demo, launch
from demo.command_line import read_command_line
from demo.label_canvas import encode
from demo.model_notes import describe_quality
from demo.models import MODELS, OWNER_VARIABLE, PUBLISHED_MODELS, fetch_wanted, load_models, start_model
from pix2pix import release
from pix2pix.hub import HubModel, pull
from pix2pix.labels import CITYSCAPES
from pix2pix.painter import Painter
from tests.helpers.app import tiny_models
from tests.helpers.environment import PATIENCE
from tests.helpers.hub_server import HubServer
from tests.helpers.server import program_at
from tests.helpers.tiny import draw_label_map, tiny_generator, tiny_release_config, use_endpoint

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny bundled weights of facades. Not to be changed."""
    folder = tmp_path_factory.mktemp("bundle")
    for name, source in tiny_models(tmp_path_factory, "facades").items():
        shutil.copytree(source, folder / name)
    return folder


@pytest.fixture(autouse=True)
def bundled(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.models.BUNDLED_WEIGHTS", bundle)
    monkeypatch.delenv(OWNER_VARIABLE, raising=False)


def publish(hub: HubServer, tmp_path: Path, name: str, epochs: int = 50, **changes: object) -> str:
    """A model of other weights than the bundled ones; its commit."""
    dataset, objective = name.split("-")
    palette = {} if dataset == "facades" else {"palette": CITYSCAPES}
    folder = tmp_path / "published" / name
    release.save(
        folder,
        tiny_generator(epochs),
        tiny_release_config(dataset=dataset, objective=objective, epochs=epochs, **palette, **changes),
    )
    return hub.add(f"me/{name}", {path.name: path.read_bytes() for path in folder.iterdir()})


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("fetching"):
            thread.join(PATIENCE)


def test_the_bundled_weights_ask_nobody(hub: HubServer) -> None:
    models = load_models({})
    assert {name: (model.source, model.notice, model.wanted) for name, model in models.items()} == {
        "facades-gan": ("bundled weights", "", None),
        "facades-l1": ("bundled weights", "", None),
    }
    assert hub.log == []


def test_what_is_published_is_pinned_to_commits() -> None:
    sources = {name: HubModel.parse(source) for name, source in json.loads(PUBLISHED_MODELS.read_text()).items()}
    assert sources.keys() <= set(MODELS) and all(source.pinned for source in sources.values())


def test_the_bundled_model_paints_until_the_published_one_is_there(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: Path
) -> None:
    commits = {name: publish(hub, tmp_path, name) for name in MODELS}
    monkeypatch.setenv(OWNER_VARIABLE, "me")
    hub.gate.clear()
    models = load_models({})
    gan, before = models["facades-gan"], Painter.load(bundle / "facades-gan").paint(draw_label_map(1), 1)
    fetch_wanted(models)
    while "being fetched, " not in gan.notice:
        assert gan.wanted
    assert gan.painter and (gan.painter.paint(draw_label_map(1), 1) == before).all()
    assert gan.notice.startswith("me/facades-gan@main is being fetched, ") and gan.notice.endswith(
        "; shown meanwhile: bundled weights."
    )
    hub.gate.set()
    wait_for_threads()
    for name, model in models.items():
        assert (model.source, model.notice, model.wanted) == (f"me/{name}@{commits[name][:7]}", "", None)
        assert model.painter and model.painter.config.epochs == 50
    assert (gan.painter.paint(draw_label_map(1), 1) != before).any()


def test_a_pinned_model_in_the_cache_is_shown_at_once_and_asks_nobody(hub: HubServer, tmp_path: Path) -> None:
    commit = publish(hub, tmp_path, "facades-gan")
    pull(HubModel("me/facades-gan", commit))
    hub.log.clear()
    gan = load_models({"facades-gan": HubModel("me/facades-gan", commit)})["facades-gan"]
    assert (gan.source, gan.notice, gan.wanted) == (f"me/facades-gan@{commit[:7]}", "", None)
    assert hub.log == []


def test_a_branch_in_the_cache_is_shown_until_its_newest_commit_is_there(hub: HubServer, tmp_path: Path) -> None:
    old = publish(hub, tmp_path, "facades-gan")
    pull(HubModel("me/facades-gan"))
    new = publish(hub, tmp_path, "facades-gan", epochs=51)
    gan = start_model("facades-gan", HubModel("me/facades-gan"))
    assert gan.source == f"me/facades-gan@{old[:7]}"
    gan.fetch()
    assert (gan.source, gan.notice) == (f"me/facades-gan@{new[:7]}", "")


def test_the_models_of_the_file_are_those_that_are_wanted(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = publish(hub, tmp_path, "facades-l1")
    (tmp_path / "models.json").write_text(json.dumps({"facades-l1": f"me/facades-l1@{commit}"}))
    monkeypatch.setattr("demo.models.PUBLISHED_MODELS", tmp_path / "models.json")
    models = load_models({})
    assert (models["facades-gan"].wanted, models["facades-l1"].wanted) == (None, HubModel("me/facades-l1", commit))
    monkeypatch.setenv(OWNER_VARIABLE, "you")
    assert load_models({})["facades-l1"].wanted == HubModel("you/facades-l1")


FAILURES = {
    "down": f"{NOWHERE} cannot be reached for me/facades-gan: check the connection and try again. "
    "Shown instead: bundled weights.",
    "missing": "or log in with: hf auth login, or set HF_TOKEN to a token. Shown instead: bundled weights.",
    "another model": "holds a facades-l1 model. Shown instead: bundled weights.",
    "another palette": "has another palette or size than the examples of facades; under another name, such as "
    "my-facades-gan, it gets a tab of its own. Shown instead: bundled weights.",
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_could_not_be_had_is_told_with_what_is_shown_instead(
    case: str, hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if case == "another model":
        publish(hub, tmp_path, "facades-l1")
        hub.repos["model", "me/facades-gan"] = hub.repos["model", "me/facades-l1"]
    elif case == "another palette":
        publish(hub, tmp_path, "facades-gan", palette=CITYSCAPES)
    elif case == "down":
        use_endpoint(monkeypatch, NOWHERE)
    model = start_model("facades-gan", HubModel("me/facades-gan"))
    before = model.painter
    model.fetch()
    assert model.notice.endswith(FAILURES[case]) and model.painter is before and model.wanted is None


def test_a_damaged_model_in_the_cache_is_told(hub: HubServer, tmp_path: Path) -> None:
    commit = publish(hub, tmp_path, "facades-gan")
    (pull(HubModel("me/facades-gan", commit)) / "config.json").resolve().write_text("{}")
    model = start_model("facades-gan", HubModel("me/facades-gan", commit))
    assert model.source == "bundled weights" and model.painter
    assert "config.json: format_version is None" in model.notice and model.notice.endswith(
        "Shown instead: bundled weights."
    )


@pytest.mark.parametrize(
    ("owner", "text", "sentence"),
    [
        ("no/body", "{}", "PIX2PIX_HUB_OWNER is 'no/body', which is no name of a user or organisation"),
        ("", "[]", "models.json is malformed: "),
        (
            "",
            '{"facades-gan": "facades"}',
            "models.json is malformed: 'facades' is neither a folder nor of the form owner/name",
        ),
        ("", '{"facades-gan": 3}', "models.json is malformed: "),
        ("", '{"facades": "me/facades"}', "models.json is malformed: 'facades' is none of facades-gan, facades-l1"),
    ],
)
def test_a_wrong_owner_or_file_ends_the_start_with_a_sentence(
    owner: str,
    text: str,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(OWNER_VARIABLE, owner)
    (tmp_path / "models.json").write_text(text)
    monkeypatch.setattr("demo.models.PUBLISHED_MODELS", tmp_path / "models.json")
    with pytest.raises(SystemExit):
        read_command_line([])
    assert sentence in capsys.readouterr().err.splitlines()[-1]


def test_without_weights_the_page_starts_refuses_to_paint_and_paints_once_they_are_there(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in MODELS[:2]:
        publish(hub, tmp_path, name)
    monkeypatch.setattr("demo.models.BUNDLED_WEIGHTS", tmp_path / "nothing")
    models = load_models({name: HubModel(f"me/{name}") for name in MODELS[:2]})
    assert [model.painter for model in models.values()] == [None, None]
    demo = build_demo(models)
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True)
    try:
        client, label_map = program_at(url), encode(draw_label_map(1)).model_dump()
        with pytest.raises(AppError, match="These models are still being downloaded or are unavailable"):
            client.predict(label_map, 1, True, api_name="/paint")
        fetch_wanted(models)
        wait_for_threads()
        *_, times = client.predict(label_map, 1, True, api_name="/paint")
    finally:
        demo.close()
    assert set(times) == {"gan", "l1"}


def test_the_page_says_epochs_and_the_distance_by_its_name() -> None:
    score = {"weights": "482f07bb", "dims": 2048, "fid": 2.04, "n": 100}
    scored = tiny_release_config(epochs=60, metrics={"train": score | {"fid": 1.0}, "val": score})
    measured = "(Fréchet distance, substitute Inception 482f07bb, val, n = 100)"
    assert describe_quality(scored) == (
        f"GAN was trained for 60 epochs. Its images are 2.04 away from photos, where less is closer {measured}."
    )
    assert describe_quality(tiny_release_config()) == (
        "GAN was trained for 3 epochs. How close its images are to photos was not measured."
    )
