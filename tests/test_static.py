"""The site of static files as it is written: complete, consistent, replaced as a whole."""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from demo import static
from demo.static import SiteError, write_site
from demo.static.__main__ import main
from pix2pix.labels import PALETTES
from pix2pix.release import ReleaseError
from tests.helpers.app import tiny_models
from tests.helpers.environment import PATIENCE
from tests.helpers.site import build_site
from tests.helpers.warm import run_warm

ROOT = Path(__file__).parents[1]
SOURCES = {"facades-gan": "bundled weights", "facades-l1": "me/facades@1234567"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory, "facades")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, folders: dict[str, Path]) -> Path:
    """Not to be changed."""
    (folders["facades-gan"] / "LICENSE.md").write_text("For research only.")
    return build_site(tmp_path_factory.mktemp("site") / "site", folders)


def data_of(site: Path) -> dict:
    index = (site / "index.html").read_text()
    return json.loads(re.search(r'<script type="application/json" id="studio-data">(.*)</script>', index)[1])


def kept_files(site: Path) -> dict:
    return json.loads(re.match(r"self\.site = (.*);\n", (site / "service_worker.js").read_text())[1])


def test_the_page_names_only_files_of_the_site(site):
    index = (site / "index.html").read_text()
    data = data_of(site)
    links = re.findall(r'(?:href|src)="([^"]+)"', index)
    named = [link for link in links if not link.startswith("data:")]
    named += [model["url"] for studio in data["studios"] for model in studio["models"]]
    assert len(named) > 40
    assert [name for name in named if not (site / name).is_file()] == []
    assert all((site / data["runtime"] / name).is_file() for names in static.RUNTIME.values() for name in names)


def test_nothing_comes_from_another_host(site):
    code = [path for path in site.rglob("*") if path.suffix in (".html", ".js", ".css") and "runtime" not in path.parts]
    addresses = {address for path in code for address in re.findall(r"https?://[\w.-]+", path.read_text())}
    assert addresses == {"http://www.w3.org"}  # the name of SVG


def test_modules_are_those_of_the_page_of_gradio(site):
    (version,) = [path for path in site.iterdir() if (path / "find.js").is_file()]
    for name in ("label_canvas/canvas.js", "label_canvas/mount.js", "comparison/comparison.js", "model_notes/notes.js"):
        assert (version / name).read_bytes() == (ROOT / "demo" / name).read_bytes()
    imported = {
        (module.parent / path).resolve()
        for module in version.rglob("*.js")
        for path in re.findall(r"from '(\.[^']+)'", module.read_text())
        if not path.endswith("gradio")  # types
    }
    assert len(imported) > 40 and [path for path in imported if not path.is_file()] == []


def test_the_page_preloads_what_it_imports_and_nothing_of_the_worker(site):
    preloads = re.findall(r'rel="modulepreload" href="[^"/]+/([^"]+)"', (site / "index.html").read_text("utf-8"))
    of_the_engine = {path.removeprefix("in_browser/") for path in preloads if path.startswith("in_browser/")}
    assert of_the_engine == {"browser_engine.js", "client.js", "model_store.js", "png.js", "views.js"}
    canvas = (static.DEMO / "label_canvas").rglob("*.js")
    not_preloaded = {path.relative_to(static.DEMO).as_posix() for path in canvas} - set(preloads)
    assert not_preloaded == {"label_canvas/types.js"}  # it says types and nothing else, so no module imports it
    assert "static/page/main.js" in preloads and len(preloads) == len(set(preloads))


def test_the_service_worker_keeps_every_file_of_the_page_under_its_hash(site):
    kept = kept_files(site)
    assert all(path.startswith("runtime/") or path == "LICENSES.txt" for path in kept["later"])
    assert all(path.startswith(f"{kept['version']}/") or path == "index.html" for path in kept["now"])
    everything = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    models = {path for path in everything if path.startswith("models/")}
    others = {"service_worker.js", "models.json", ".nojekyll"}
    assert kept["now"].keys() | kept["later"].keys() == everything - models - others
    for path, sha256 in (kept["now"] | kept["later"]).items():
        assert hashlib.sha256((site / path).read_bytes()).hexdigest() == sha256


def test_the_service_worker_knows_the_type_of_every_file_that_it_keeps(site):
    kept = kept_files(site)
    (table,) = re.findall(r"const TYPES = \{(.*?)\};", (site / "service_worker.js").read_text("utf-8"), re.DOTALL)
    known = set(re.findall(r"^  (\w+):", table, re.MULTILINE))
    assert known == {path.rpartition(".")[2] for path in kept["now"] | kept["later"]}


def test_models_are_described_and_named_by_their_hash_with_the_licence_beside_them(site):
    (studio,) = data_of(site)["studios"]
    assert studio["size"] == {"width": 256, "height": 256} and [entry["name"] for entry in studio["classes"]] == list(
        PALETTES["facades"].names
    )
    for model in studio["models"]:
        content = (site / model["url"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == model["sha256"] and len(content) == model["bytes"]
        assert Path(model["url"]).stem == model["sha256"][:12]
    assert [model["title"] for model in studio["models"]] == ["GAN", "L1 only"]
    assert (site / "models" / "facades-gan" / "LICENSE.md").read_text() == "For research only."
    licences = (site / "LICENSES.txt").read_text()
    assert "For research only." in licences and "ONNX Runtime Web" in licences and "Unknown." in licences


def test_a_site_shows_no_path_of_the_machine(site, folders):
    text = (site / "index.html").read_text() + (site / "service_worker.js").read_text()
    assert str(ROOT) not in text and str(folders["facades-gan"].parent) not in text


def test_a_site_is_replaced_as_a_whole_and_its_version_follows_its_modules(site, folders, tmp_path, monkeypatch):
    output = shutil.copytree(site, tmp_path / "site")
    (output / "models" / "left-over.onnx").write_text("")
    (output / "LICENSES.md").write_text("its name in earlier sites")
    write_site(folders, output, SOURCES, surprises=1)
    assert not (output / "models" / "left-over.onnx").exists() and not (output / "LICENSES.md").exists()
    assert list(tmp_path.iterdir()) == [output]
    versions = {next(path.name for path in one.iterdir() if (path / "find.js").is_file()) for one in (site, output)}
    assert len(versions) == 2
    assert data_of(output)["studios"][0]["models"][1]["source"] == "me/facades@1234567"


def test_a_site_that_cannot_be_written_leaves_the_old_one(site, folders, tmp_path):
    output = shutil.copytree(site, tmp_path / "site")
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*")}
    broken = shutil.copytree(folders["facades-l1"], tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ReleaseError):
        write_site(folders | {"facades-l1": broken}, output, SOURCES, surprises=1)
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*")} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "site"]


def test_what_people_add_to_a_site_stays(site, folders, tmp_path):
    output = shutil.copytree(site, tmp_path / "site")
    (output / "README.md").write_text("sdk: static")
    (output / ".git" / "objects").mkdir(parents=True)
    (output / ".git" / "HEAD").write_text("ref: refs/heads/gh-pages")
    write_site(folders, output, SOURCES, surprises=1)
    assert (output / "README.md").read_text() == "sdk: static"
    assert (output / ".git" / "HEAD").read_text() == "ref: refs/heads/gh-pages"
    assert len([path for path in output.iterdir() if (path / "find.js").is_file()]) == 1


def test_a_service_worker_alone_is_no_site(folders, tmp_path):
    (tmp_path / "service_worker.js").write_text("self.addEventListener('fetch', () => {});")
    with pytest.raises(SiteError, match="is not empty and holds no site"):
        write_site(folders, tmp_path, SOURCES)


def test_a_folder_of_other_things_is_not_touched(folders, tmp_path):
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(SiteError, match="is not empty and holds no site; choose another folder"):
        write_site(folders, tmp_path, SOURCES)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_model_of_peoples_own_is_refused_with_a_sentence(folders, tmp_path):
    own = {"my-gan": folders["facades-gan"]}
    with pytest.raises(SiteError, match="my-gan is none of facades-gan, .*only app.py has tabs for other names"):
        write_site(own, tmp_path / "site", {"my-gan": "mine"})


def test_a_missing_runtime_is_a_sentence(folders, tmp_path, monkeypatch):
    monkeypatch.setattr(static, "NPM_PACKAGE", tmp_path / "nothing")
    with pytest.raises(SiteError, match=r"needs onnxruntime-web \S+, which is not installed in .*Run: npm ci"):
        write_site(folders, tmp_path / "site", SOURCES)


def test_a_name_of_peoples_own_is_refused_before_anything_is_downloaded(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("demo.static.__main__.pull", lambda source: pytest.fail("it was downloaded"))
    assert main(["--output", str(tmp_path / "site"), "--weights", "my-gan=me/my"]) == 1
    assert "my-gan is none of facades-gan" in capsys.readouterr().err


def test_the_command_refuses_the_wrong_model_in_a_sentence(folders, tmp_path, capsys):
    wrong = f"facades-gan={folders['facades-l1']}"
    assert main(["--output", str(tmp_path / "site"), "--weights", wrong]) == 1
    assert "holds a facades-l1 model" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_both_names_of_the_command_are_the_same():
    first, second = (
        run_warm([sys.executable, "-m", name, "--help"], PATIENCE, cwd=ROOT)
        for name in ("pix2pix.static", "demo.static")
    )
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout == second.stdout and "--output" in first.stdout
