"""The app as a Hugging Face Space runs it: front matter, pinned models, and a Hub that is slow or empty."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import metadata_load
from playwright.sync_api import Browser, expect

from demo import models, pin
from demo.models import MODELS
from pix2pix import release
from tests.helpers.browser import both_pictures_change, opened_page, press, shown_pictures
from tests.helpers.hub_server import HubServer
from tests.helpers.tiny import free_port, tiny_generator, tiny_release_config

ROOT = Path(__file__).parents[1]
NOBODY = 65534
COLORS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def publish(hub: HubServer, tmp_path: Path, name: str) -> str:
    dataset, objective = name.split("-")
    palette = models.PALETTES[dataset]
    release.save(
        tmp_path / name, tiny_generator(9), tiny_release_config(dataset=dataset, objective=objective, palette=palette)
    )
    epoch = (
        {"epochs/epoch-001.safetensors": (tmp_path / name / "model.safetensors").read_bytes()}
        if name == "facades-gan"
        else {}
    )
    return hub.add(f"me/{name}", {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} | epoch)


# Front matter and pins


def test_the_front_matter_is_what_a_space_needs_and_agrees_with_the_requirements() -> None:
    data = metadata_load(ROOT / "README.md")
    requirements = (ROOT / "requirements.txt").read_text()
    assert data and data["sdk"] == "gradio" and f"gradio=={data['sdk_version']}\n" in requirements
    assert (
        (ROOT / data["app_file"]).is_file() and data["suggested_hardware"] == "cpu-basic" and data["license"] == "mit"
    )
    assert {data["colorFrom"], data["colorTo"]} <= COLORS and len(data["short_description"]) <= 60
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert re.match(r">=(\d+\.\d+)", needed)[1] == data["python_version"]  # type: ignore[index]


def test_what_a_space_fetches_when_it_is_built_is_what_the_page_wants() -> None:
    """Of the repository as it is: nothing in both as long as nothing has been published."""
    sources = json.loads(models.PUBLISHED_MODELS.read_text())
    lines = (metadata_load(ROOT / "README.md") or {}).get("preload_from_hub", [])
    without_epochs = [re.sub(r",epochs/epoch-\d+\.safetensors", "", line) for line in lines]
    assert sorted(without_epochs) == sorted(
        "{} config.json,model.safetensors {}".format(*source.split("@")) for source in sources.values()
    )


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The two files that pinning writes."""
    for module, name, path in ((pin, "README", "README.md"), (pin, "PUBLISHED_MODELS", "demo/models.json")):
        shutil.copy(ROOT / path, tmp_path)
        monkeypatch.setattr(module, name, tmp_path / Path(path).name)
    return tmp_path


def test_pinning_writes_commits_for_the_page_and_for_the_build_of_a_space(hub: HubServer, copies: Path) -> None:
    commits = {name: publish(hub, copies, name) for name in MODELS}
    before = (copies / "README.md").read_text().split("---\n", 2)[2]
    assert pin.main(["me"]) == 0
    assert json.loads((copies / "models.json").read_text()) == {
        name: f"me/{name}@{commit}" for name, commit in commits.items()
    }
    data = metadata_load(copies / "README.md")
    epoch = {"facades-gan": ",epochs/epoch-001.safetensors"}
    preloaded = [
        f"me/{name} config.json,model.safetensors{epoch.get(name, '')} {commit}" for name, commit in commits.items()
    ]
    assert data and data["preload_from_hub"] == preloaded
    assert data["models"] == [f"me/{name}" for name in MODELS] and data["python_version"] == "3.11"
    assert (copies / "README.md").read_text().split("---\n", 2)[2] == before
    hub.log.clear()
    for name, commit in commits.items():  # pinning has put them into the cache
        model = models.start_model(name, models.HubModel(f"me/{name}", commit))
        assert (model.source, model.wanted) == (f"me/{name}@{commit[:7]}", None)
    assert hub.log == []


def test_nothing_is_pinned_where_a_model_is_missing(
    hub: HubServer, copies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(hub, copies, "facades-gan")
    before = {path.name: path.read_bytes() for path in copies.glob("*.*") if path.is_file()}
    assert pin.main(["me", "facades-gan", "facades-l1"]) == 1
    assert "has no model me/facades-l1" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in copies.glob("*.*") if path.is_file()} == before


def test_a_file_that_cannot_be_written_gets_a_sentence(
    hub: HubServer, copies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(hub, copies, "facades-gan")
    (copies / "models.json").unlink()
    (copies / "models.json").mkdir()
    assert pin.main(["me", "facades-gan"]) == 1
    assert capsys.readouterr().err == f"Is a directory: '{copies / 'models.json'}'\n"


# The page


def as_nobody(home: Path) -> list[str]:
    """The beginning of a command that another user runs, who owns `home`; root could write read-only files.

    That user can read everything, because the project may lie in a folder that only root can read.
    """
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return []
    os.chown(home, NOBODY, NOBODY)
    reading = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *reading]


@pytest.fixture
def space(hub: HubServer, tmp_path: Path) -> Iterator[str]:
    """The app in a read-only folder, as another user if this is root, with only the documented environment."""
    folder, home = tmp_path / "app", tmp_path / "home"
    for name in ("demo", "pix2pix"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "weights", "*.pyi"))
    shutil.copy(ROOT / "app.py", folder)
    (folder / "demo" / "weights").mkdir()
    for name in ("facades-gan", "facades-l1"):  # and none of Cityscapes, so that something can be missing
        (folder / "demo" / "weights" / name).symlink_to(ROOT / "demo" / "weights" / name)
    home.mkdir()
    subprocess.run(["chmod", "-R", "a-w", folder], check=True)
    command = [*as_nobody(home), sys.executable, "app.py"]
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(home / "tmp"),
        "OMP_NUM_THREADS": "1",
    }
    environment |= {
        "HF_HOME": str(home / "hf"),
        "HF_ENDPOINT": hub.url,
        "HF_HUB_DOWNLOAD_TIMEOUT": "600",
        "PIX2PIX_HUB_OWNER": "me",
    }
    with (tmp_path / "log.txt").open("w") as output:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    while server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            break
        except OSError:
            time.sleep(0.1)
    assert server.poll() is None, (tmp_path / "log.txt").read_text()
    yield url
    server.terminate()
    server.wait()
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    assert "Traceback" not in (tmp_path / "log.txt").read_text()
    assert [path for path in folder.rglob("*") if path.suffix == ".pyc"] == []


def test_the_page_paints_while_the_hub_is_slow_swaps_what_has_come_and_tells_what_has_not(
    browser: Browser,
    hub: HubServer,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    commit = publish(hub, tmp_path, "facades-gan")
    hub.gate.clear()
    url = request.getfixturevalue("space")  # from here on, so that the repository is there when the app starts
    with opened_page(browser, url) as page:
        line = page.locator(".model-notes:visible")
        expect(line).to_contain_text(
            "me/facades-gan@main is being fetched, 0 of 0 MB; shown meanwhile: bundled weights."
        )
        expect(line).to_contain_text("has no model me/facades-l1, or it is private")
        expect(line).to_contain_text("Shown instead: bundled weights.")
        with both_pictures_change(page):
            press(page, "Clear")  # one change, where a stroke would have pictures of its parts on their way
        gan, l1 = shown_pictures(page)
        views = page.locator(".view-choice:visible").get_by_role("radio")
        expect(views).to_have_count(4)
        hub.gate.set()
        expect(line).to_contain_text(f"GAN me/facades-gan@{commit[:7]}")
        page.wait_for_function(
            "before => document.querySelector('.comparison img').src !== before", arg=gan
        )  # nobody has touched the page
        assert shown_pictures(page)[1] == l1
        expect(views).to_have_count(5)
        page.locator(".view-choice:visible label", has_text="Epochs").click()  # of the model that has just come
        expect(page.locator(".comparison:visible figcaption strong")).to_have_text(["GAN, epoch 1", "GAN, epoch 3"])
        page.get_by_role("tab", name="Streets").click()
        expect(page.locator(".model-notes:visible")).to_contain_text("There is nothing to show instead.")
    with opened_page(browser, url) as later:
        expect(later.locator(".model-notes:visible")).to_contain_text(f"me/facades-gan@{commit[:7]}")
        later.wait_for_function("before => document.querySelector('.comparison img').src !== before", arg=gan)
        expect(later.locator(".mn-notice:visible")).to_have_count(1)
