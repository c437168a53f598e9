"""The app on a real server: what programs get from `paint`, what they are told, and that the app calls nobody."""

import ast
import base64
import errno
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import gradio as gr
import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from demo import endpoints
from demo.app import build_demo, launch
from demo.example_gallery import read_examples
from demo.label_canvas import encode
from demo.map_files import to_png
from demo.studio import make_choose_example
from demo.subjects import SUBJECTS
from pix2pix.labels import CITYSCAPES, FACADES, PALETTES
from pix2pix.painter import Painter
from tests.helpers.app import local_models, tiny_models, weight_flags
from tests.helpers.environment import PATIENCE
from tests.helpers.server import program_at
from tests.helpers.tiny import draw_label_map, draw_photo, free_port

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "demo" / "maps"
Paint = Callable[..., tuple[np.ndarray, np.ndarray, dict[str, float]]]

AUDITED_START = """
import os, runpy, sys, threading, time, urllib.request

# Lines of several threads stay whole here, which printed ones do not.
calls = os.open(os.environ["CALLS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def report(event, args):
    if event == "socket.connect":
        os.write(calls, f"{args[1][0]}\\n".encode())
    elif event == "socket.getaddrinfo":
        os.write(calls, f"{args[0]}\\n".encode())

def finish():
    while True:
        time.sleep(0.2)
        try:
            urllib.request.urlopen("http://127.0.0.1:" + os.environ["GRADIO_SERVER_PORT"]).close()
            break
        except OSError:
            pass
    time.sleep(4)  # reports of the start would come from threads
    print("STARTED", flush=True)
    os._exit(0)

sys.addaudithook(report)
threading.Thread(target=finish, daemon=True).start()
sys.path.insert(0, ".")
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Released folders of tiny networks with random weights, by the name that the app has for them."""
    return tiny_models(tmp_path_factory, "facades")


@pytest.fixture(scope="session")
def street_weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory, "cityscapes")


@pytest.fixture(scope="module")
def demo(weights: dict[str, Path]) -> gr.Blocks:
    return build_demo(local_models(weights))


@pytest.fixture(scope="module")
def client(demo: gr.Blocks) -> Iterator[Client]:
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True)
    yield program_at(url)
    demo.close()


@pytest.fixture(scope="module")
def paint(client: Client) -> Paint:
    def paint_remotely(
        label_map: np.ndarray, seed: Any = 1, dropout: Any = True
    ) -> tuple[np.ndarray, np.ndarray, dict[str, float]]:
        gan, l1, times = client.predict(encode(label_map).model_dump(), seed, dropout, api_name="/paint")
        return np.asarray(Image.open(gan)), np.asarray(Image.open(l1)), times

    return paint_remotely


@pytest.fixture(scope="module")
def two_tabs(weights: dict[str, Path], street_weights: dict[str, Path]) -> gr.Blocks:
    return build_demo(local_models(weights | street_weights))


def refusal(client: Client, *arguments: Any) -> str:
    with pytest.raises(AppError) as refused:
        client.predict(*arguments, api_name="/paint")
    return refused.value.message


def test_a_program_gets_both_pictures_as_the_models_painted_them(paint: Paint, weights: dict[str, Path]) -> None:
    label_map = draw_label_map(1)
    *pictures, times = paint(label_map, 5)
    for picture, folder in zip(pictures, weights.values(), strict=True):
        expected = Painter.load(folder).paint(label_map, 5)
        # One level of 256: the app's threads may add up in another order.
        assert np.abs(picture.astype(int) - expected).max() <= 1
    assert set(times) == {"gan", "l1"} and all(time > 0 for time in times.values())


def test_two_maps_give_two_pairs_of_pictures(paint: Paint) -> None:
    one, other = paint(draw_label_map(1)), paint(draw_label_map(2))
    assert (one[0] != other[0]).any() and (one[1] != other[1]).any()


def test_equal_seeds_give_equal_pictures_and_other_seeds_others(paint: Paint) -> None:
    first, again, other = (paint(draw_label_map(1), seed)[0] for seed in (7, 7, 8))
    assert (first == again).all()
    assert (first != other).any()


def test_without_dropout_the_seed_has_no_effect(paint: Paint) -> None:
    assert (paint(draw_label_map(1), 7, False)[0] == paint(draw_label_map(1), 8, False)[0]).all()


def test_the_largest_seed_paints(paint: Paint) -> None:
    assert (paint(draw_label_map(1), 2**32 - 1)[0] != paint(draw_label_map(1), 0)[0]).any()


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "7", None, True, 1e300])
def test_a_wrong_seed_is_refused_with_a_sentence(client: Client, seed: Any) -> None:
    label_map = encode(draw_label_map(1)).model_dump()
    assert refusal(client, label_map, seed, True) == "The seed is a whole number from 0 to 4294967295."


def test_dropout_that_is_neither_on_nor_off_is_refused(client: Client) -> None:
    assert refusal(client, encode(draw_label_map(1)).model_dump(), 1, "no") == "Dropout is either true or false."


@pytest.mark.parametrize(
    ("label_map", "sentence"),
    [
        ("x", "A label map has exactly three fields: width, height and runs."),
        (None, "A label map has exactly three fields: width, height and runs."),
        ({"width": 256, "height": 256, "runs": "AAAA"}, "The label map holds a run of no pixels."),
        (encode(np.zeros((64, 64), np.uint8)).model_dump(), "The label map is 64 by 64 pixels; it must be 256 by 256."),
        (encode(np.full((256, 256), 12)).model_dump(), "The label map holds class 12; the classes are 0 to 11."),
    ],
)
def test_a_wrong_map_is_refused_with_a_sentence(client: Client, label_map: Any, sentence: str) -> None:
    assert refusal(client, label_map, 1, True) == sentence


def predict(
    client: Client, content: bytes, tmp_path: Path, seed: Any = 5, dropout: Any = True
) -> tuple[str, str, dict[str, float]]:
    (tmp_path / "labels").write_bytes(content)
    return client.predict(handle_file(tmp_path / "labels"), seed, dropout, api_name="/predict")


def test_a_program_gets_the_pictures_of_a_file(client: Client, paint: Paint, tmp_path: Path) -> None:
    *files, times = predict(client, to_png(draw_label_map(1), FACADES), tmp_path)
    for file, expected in zip(files, paint(draw_label_map(1), 5)[:2], strict=True):
        assert np.abs(np.asarray(Image.open(file)).astype(int) - expected).max() <= 1
    assert set(times) == {"gan", "l1"}


def test_a_file_that_is_no_label_picture_is_refused_with_a_sentence(client: Client, tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"^This file is not an image of a known format \(PNG, JPEG, WEBP\)\.$"):
        predict(client, b"no picture", tmp_path)
    with pytest.raises(AppError, match="^The seed is a whole number from 0 to 4294967295.$"):
        predict(client, to_png(draw_label_map(1), FACADES), tmp_path, seed=-1)


def test_a_photo_is_refused_for_programs_which_would_not_learn_that_its_map_is_guessed(
    client: Client, tmp_path: Path
) -> None:
    photo = io.BytesIO()
    draw_photo(256, 256).save(photo, "PNG")
    with pytest.raises(AppError, match="^This file looks like a photo, or a map in other colours"):
        predict(client, photo.getvalue(), tmp_path)


def test_a_full_disk_is_told_to_programs_with_a_sentence(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere")

    monkeypatch.setattr(endpoints, "save_pil_to_cache", fail)
    said = refusal(client, encode(draw_label_map(1)).model_dump(), 1, True)
    assert said == "The server has no room for the files of your images. Try again in ten minutes."


def ask(client: Client, endpoint: str, *data: Any) -> str:
    """What the app answers to a request that no honest client sends."""
    address = f"{client.src.rstrip('/')}/gradio_api/call/{endpoint}"
    number = httpx.post(address, json={"data": list(data)}, timeout=60).json()["event_id"]
    return httpx.get(f"{address}/{number}", timeout=60).text


META = {"_type": "gradio.FileData"}


@pytest.mark.parametrize("meta", [{"meta": META}, {}])
@pytest.mark.parametrize("kind", ["outside", "missing", "not a path", "no object"])
def test_only_files_that_were_uploaded_are_read(
    client: Client, tmp_path: Path, kind: str, meta: dict[str, Any]
) -> None:
    path = tmp_path / "private.png"
    path.write_bytes(to_png(draw_label_map(1), FACADES))
    asked: Any = {
        "path": {"outside": str(path), "missing": "/tmp/gradio/../nothing.png", "not a path": 7}.get(kind)
    } | meta
    answer = ask(client, "predict", "private.png" if kind == "no object" else asked, 1, True)
    assert "event: error" in answer and "facades-gan" not in answer


@pytest.mark.parametrize(("endpoint", "place"), [("predict", 0), ("paint", 0), ("paint", 1)])
def test_no_address_is_fetched_wherever_it_stands(client: Client, endpoint: str, place: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/picture.png"
        data: list[Any] = [encode(draw_label_map(1)).model_dump(), 1, True]
        data[place] = {"path": url, "meta": META}
        assert "Send the image itself, not its address." in ask(client, endpoint, *data)
        trap.settimeout(0.2)
        with pytest.raises(TimeoutError):
            trap.accept()


def test_language_models_may_paint_where_they_are_let(weights: dict[str, Path], client: Client) -> None:
    assert (
        httpx.get(client.src.rstrip("/") + "/gradio_api/mcp/schema", timeout=60).status_code == 404
    )  # not unless asked for
    demo = build_demo(local_models(weights))
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True, mcp_server=True)
    picture = "data:image/png;base64," + base64.b64encode(to_png(draw_label_map(1), FACADES)).decode()

    async def use() -> tuple[list[str], list[Any]]:
        async with (
            streamable_http_client(f"{url}gradio_api/mcp/") as (reader, writer, _),
            ClientSession(reader, writer) as session,
        ):
            await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            asked = ({"picture": picture, "seed": 5}, {"picture": "http://127.0.0.1/picture.png"})
            return tools, [await session.call_tool("predict", arguments) for arguments in asked]

    try:
        tools, (painted, refused) = anyio.run(use)
        assert tools == ["paint", "predict"]
        gan = ast.literal_eval(painted.content[0].text)[0]
        file = Image.open(io.BytesIO(httpx.get(gan["url"], timeout=60).content))
    finally:
        demo.close()
    assert (
        np.abs(np.asarray(file).astype(int) - Painter.load(weights["facades-gan"]).paint(draw_label_map(1), 5)).max()
        <= 1
    )
    assert refused.isError and "Send the image itself, not its address." in refused.content[0].text


def test_only_paint_and_predict_are_offered_to_programs(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert list(endpoints["named_endpoints"]) == ["/paint", "/predict"]
    assert not endpoints["unnamed_endpoints"]


def test_components_hand_the_page_plain_values_only(demo: gr.Blocks) -> None:
    # gr.HTML makes a listener of every constructor argument whose name stands in quotes in the script.
    assert json.loads(json.dumps(demo.get_config_file()))["components"]


def test_the_page_comes_with_the_first_map_and_both_of_its_pictures(demo: gr.Blocks) -> None:
    values = [component["props"].get("value") for component in demo.get_config_file()["components"]]
    shown = next(value for value in values if isinstance(value, dict) and "pictures" in value)
    urls = [picture["url"] for picture in shown["pictures"]]
    first_map = next(iter(read_examples(EXAMPLES / "facades", FACADES).values()))
    assert encode(first_map).model_dump() in values
    assert len(urls) == 2 and all(url.startswith("data:image/jpeg;base64,") for url in urls)


@pytest.mark.parametrize(
    "data", [None, [], "Arcade", {}, {"name": None}, {"name": ["Arcade"]}, {"name": "No such facade"}]
)
def test_a_click_on_an_example_that_does_not_exist_is_refused_with_a_sentence(data: Any) -> None:
    choose = make_choose_example({"Arcade": draw_label_map(0)})
    assert (choose(gr.EventData(None, {"name": "Arcade"})) == draw_label_map(0)).all()
    with pytest.raises(gr.Error, match="no such example"):
        choose(gr.EventData(None, data))


def test_files_that_are_too_large_are_not_taken(client: Client) -> None:
    address = client.src.rstrip("/") + "/gradio_api/upload"
    assert httpx.post(address, files={"files": ("large.bin", b"x" * 11_000_000)}, timeout=60).status_code == 413
    assert httpx.post(address, files={"files": ("small.bin", b"x" * 1_000_000)}, timeout=60).status_code == 200


@pytest.mark.parametrize("dataset", PALETTES)
def test_there_are_at_least_six_examples_of_each_dataset(dataset: str) -> None:
    assert len(read_examples(EXAMPLES / dataset, PALETTES[dataset])) >= 6


def test_with_the_models_of_one_dataset_there_are_no_tabs(demo: gr.Blocks) -> None:
    components = demo.get_config_file()["components"]
    assert "tabitem" not in [component["type"] for component in components]
    assert demo.title == "Paint a facade"
    assert any("<h1>Paint a facade</h1>" in str(component["props"].get("value")) for component in components)


def test_the_second_tab_paints_only_when_it_is_opened(two_tabs: gr.Blocks) -> None:
    components = two_tabs.get_config_file()["components"]
    assert [component["props"]["label"] for component in components if component["type"] == "tabitem"] == [
        "Facades",
        "Streets",
    ]
    assert two_tabs.title == "Paint a facade or a street"
    pictures = [
        component["props"].get("value")
        for component in components
        if component["props"].get("elem_classes") == ["studio-pictures"]
    ]
    assert [value is not None for value in pictures] == [True, False]


def test_programs_paint_streets_at_an_endpoint_of_their_own(
    two_tabs: gr.Blocks, street_weights: dict[str, Path]
) -> None:
    _, url, _ = launch(two_tabs, prevent_thread_lock=True, quiet=True)
    try:
        client = program_at(url)
        assert list(client.view_api(return_format="dict", print_info=False)["named_endpoints"]) == [
            *("/paint", "/predict", "/paint_cityscapes", "/predict_cityscapes")
        ]
        label_map = np.full((256, 256), len(CITYSCAPES) - 1, np.uint8)
        *files, times = client.predict(encode(label_map).model_dump(), 5, True, api_name="/paint_cityscapes")
    finally:
        two_tabs.close()
    for file, folder in zip(files, street_weights.values(), strict=True):
        assert np.abs(np.asarray(Image.open(file)).astype(int) - Painter.load(folder).paint(label_map, 5)).max() <= 1
    assert set(times) == {"gan", "l1"}


def test_every_class_that_a_subject_names_is_in_its_palette() -> None:
    for dataset, subject in SUBJECTS.items():
        named = {subject.start_class, subject.clear_class, *subject.first_classes}
        assert named <= set(PALETTES[dataset].names)
    assert len(set(SUBJECTS["cityscapes"].first_classes)) == 15


def test_an_example_of_another_size_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (512, 256), FACADES.colors[0]).save(tmp_path / "wide.png")
    with pytest.raises(ValueError, match=r"wide\.png: 512 by 256 pixels; examples have 256 by 256"):
        read_examples(tmp_path, FACADES)


def test_a_folder_without_examples_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no PNG files"):
        read_examples(tmp_path, FACADES)


def test_an_example_in_other_colours_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (256, 256), "#808080").save(tmp_path / "grey.png")
    with pytest.raises(ValueError, match=r"grey\.png: 100\.0% of the pixels have no colour of the palette"):
        read_examples(tmp_path, FACADES)


def test_the_app_connects_to_nobody_but_itself_at_the_start(weights: dict[str, Path], tmp_path: Path) -> None:
    port = str(free_port())
    arguments = weight_flags(weights)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRADIO_")}
    finished = subprocess.run(
        [sys.executable, "-c", AUDITED_START, *arguments],
        cwd=ROOT,
        env=environment | {"GRADIO_SERVER_PORT": port, "CALLS": str(tmp_path / "calls")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "STARTED" in finished.stdout, finished.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls, "the app has not even called itself: the hook does not work"
    assert set(calls) == {"127.0.0.1"}
