"""Models that browsers may paint with: refused folders, weights that change, and the files as the server sends them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import gradio as gr
import httpx
import pytest
from starlette.responses import PlainTextResponse

from demo.app import build_demo, launch
from demo.browser_models import BrowserModels, BrowserModelsError
from demo.command_line import read_command_line
from demo.engine_choice import EngineChoice, make_offer
from demo.models import Model
from demo.server import limits
from pix2pix.hub import HubModel
from pix2pix.painter import Painter
from tests.helpers.app import local_models, tiny_models, weight_flags


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory, "facades")


@pytest.fixture(scope="module")
def models(folders: dict[str, Path]) -> dict[str, Model]:
    return local_models(folders)


@pytest.fixture
def site(tmp_path: Path, models: dict[str, Model]) -> Path:
    """What `demo.browser_models` needs of a site; the files stand for models and runtime."""
    site = tmp_path / "site"
    described = {}
    for name, model in models.items():
        path = site / "models" / name / "0123.onnx"
        path.parent.mkdir(parents=True)
        path.write_bytes(name.encode())
        assert model.painter
        described[name] = {
            "url": path.relative_to(site).as_posix(),
            "sha256": "0123",
            "bytes": len(name),
            "weights_sha256": model.painter.weights_sha256,
        }
    (site / "runtime" / "ort").mkdir(parents=True)
    (site / "runtime" / "ort" / "ort.wasm.min.mjs").write_bytes(b"export {};")
    (site / "index.html").write_text("the page of the site")
    runtime = {"url": "runtime/ort/", "bytes": {"wasm": 10, "webgpu": 0}}
    (site / "models.json").write_text(json.dumps({"runtime": runtime, "models": described}))
    return site


def edit(site: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    data = json.loads((site / "models.json").read_text())
    change(data)
    (site / "models.json").write_text(json.dumps(data))


def test_the_models_of_a_site_are_offered_with_the_pages_words(site: Path, models: dict[str, Model]) -> None:
    offer = make_offer(BrowserModels.read(site, models), tab_of(models))
    assert [model["title"] for model in offer["models"]] == ["GAN", "L1 only"]
    assert [model["url"] for model in offer["models"]] == [f"models/{name}/0123.onnx" for name in models]
    assert offer["epochs"] == "Both models were trained for 3 of the 200 epochs of the published run."


def tab_of(models: dict[str, Model]) -> dict[str, Model]:
    return {name.partition("-")[2]: model for name, model in models.items()}


BREAKAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "nothing": (shutil.rmtree, "models.json is missing; write it with"),
    "no model": (lambda site: (site / "models/facades-l1/0123.onnx").unlink(), "0123.onnx is missing; write it"),
    "no runtime": (lambda site: shutil.rmtree(site / "runtime"), "is missing; write it"),
    "half a runtime": (lambda site: (site / "runtime/ort/ort.wasm.min.mjs").write_bytes(b""), "is damaged; write it"),
    "half a model": (lambda site: (site / "models/facades-l1/0123.onnx").write_bytes(b"facades"), "is damaged;"),
    "no JSON": (lambda site: (site / "models.json").write_text("{"), "is no site whose models can be used"),
    "other JSON": (lambda site: (site / "models.json").write_text("[]"), "is no site whose models can be used"),
    "no hash": (lambda site: edit(site, lambda data: data["models"]["facades-l1"].pop("sha256")), "is no site whose"),
    "other weights": (
        lambda site: edit(site, lambda data: data["models"]["facades-l1"].update(weights_sha256="ab")),
        "has other weights of facades-l1 than this page; write it with the page's --weights",
    ),
    "one model": (
        lambda site: edit(site, lambda data: data["models"].pop("facades-l1")),
        "has the models of no tab of this page",
    ),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_folder_that_cannot_be_used_is_refused_with_a_sentence(
    site: Path, models: dict[str, Model], breakage: str
) -> None:
    break_it, sentence = BREAKAGES[breakage]
    break_it(site)
    with pytest.raises(BrowserModelsError) as refused:
        BrowserModels.read(site, models)
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(f"python -m pix2pix.static --output {site}")


def test_the_flag_or_the_environment_names_the_site(
    site: Path, folders: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, environment in ((["--browser-models", str(site)], {}), ([], {"PIX2PIX_BROWSER_MODELS": str(site)})):
        options = read_command_line([*weight_flags(folders), *arguments], environment)
        assert options.browser_models and options.browser_models.site == site
    assert read_command_line(weight_flags(folders), {"PIX2PIX_BROWSER_MODELS": ""}).browser_models is None
    with pytest.raises(SystemExit):
        read_command_line([*weight_flags(folders), "--browser-models", str(site / "models")])
    assert "error: --browser-models: " in capsys.readouterr().err


def test_other_weights_that_a_download_brought_end_the_offer(
    site: Path, models: dict[str, Model], folders: dict[str, Path]
) -> None:
    browser_models, tab = BrowserModels.read(site, models), tab_of(models)
    tab["l1"] = Model("facades-l1", Painter.load(folders["facades-gan"]))
    assert make_offer(browser_models, tab)["models"] == []
    tab["l1"] = Model("facades-l1", Painter.load(folders["facades-l1"]))
    assert len(make_offer(browser_models, tab)["models"]) == 2
    tab["l1"].painter = None
    assert make_offer(browser_models, tab)["models"] == []


def test_a_site_of_models_that_are_being_downloaded_is_not_refused(site: Path, folders: dict[str, Path]) -> None:
    """The weights at hand are shown meanwhile; those that come may be the site's."""
    swapped = dict(zip(folders, reversed(folders.values()), strict=True))
    models = local_models(swapped)
    with pytest.raises(BrowserModelsError, match="other weights"):
        BrowserModels.read(site, models)
    for model in models.values():
        model.wanted = HubModel("me/facades")
    assert make_offer(BrowserModels.read(site, models), tab_of(models))["models"] == []


def events_of(demo: gr.Blocks) -> list[Any]:
    return [[event["targets"], event["js"], event["api_name"]] for event in demo.config["dependencies"]]


def test_a_page_without_a_site_has_no_event_more(site: Path, models: dict[str, Model]) -> None:
    plain, offering = build_demo(models), build_demo(models, browser_models=BrowserModels.read(site, models))
    assert [block for block in plain.blocks.values() if isinstance(block, EngineChoice)] == []
    assert "-changed" not in str(events_of(plain)) and "-changed" in str(events_of(offering))


def test_the_server_sends_models_and_runtime_and_nothing_else_of_a_site(site: Path, models: dict[str, Model]) -> None:
    browser_models = BrowserModels.read(site, models)
    demo = build_demo(models, browser_models=browser_models)
    _, url, _ = launch(demo, browser_models, prevent_thread_lock=True, quiet=True)
    try:
        with httpx.Client(base_url=f"{url}in_browser/", timeout=60) as client:
            model, script = client.get("models/facades-gan/0123.onnx"), client.get("runtime/ort/ort.wasm.min.mjs")
            others = (
                "",
                "index.html",
                "models.json",
                "models/",
                "models/%2e%2e/index.html",
                "models//etc/passwd",
                "runtime/ort/none.mjs",
            )
            assert {client.get(path).status_code for path in others} == {404}
        page = httpx.get(url, timeout=60)
    finally:
        demo.close()
    assert model.content == b"facades-gan" and "immutable" in model.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")
    assert page.status_code == 200
    for answer in (model, script, page):
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-embedder-policy"] == "require-corp"


@pytest.mark.parametrize("is_isolated", [True, False])
def test_only_a_page_that_offers_models_asks_for_isolation(is_isolated: bool) -> None:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("page")(scope, receive, send)

    async def ask() -> httpx.Response:
        guarded = limits.Limits(answer, gr.Blocks(), is_isolated=is_isolated)
        transport = httpx.ASGITransport(guarded, client=("10.0.0.1", 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.get("/")

    assert ("cross-origin-embedder-policy" in anyio.run(ask).headers) == is_isolated
