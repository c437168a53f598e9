"""Hundreds of seeded hostile requests: each gets a sentence or correct images, and the server stays healthy.

HOSTILE_EXAMPLES=2000 sends more of them.
"""

import base64
import io
import json
import random
import re
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import limits
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from demo.app import build_demo, launch
from demo.label_canvas import encode
from demo.map_files import open_label_map, to_png
from demo.server import limits as server_limits
from pix2pix.labels import FACADES
from tests.helpers.app import local_models, tiny_models
from tests.helpers.hostile import damage, damaged, hostile, values
from tests.helpers.tiny import draw_label_map

WHOLE = encode(draw_label_map(1)).model_dump()
HONEST = {"paint": [WHOLE, 1, True], "repaint": [WHOLE, {"seed": 1, "dropout": True}, "Side by side"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the app with tiny models; both endpoints paint the same before and after all that is sent."""
    demo = build_demo(local_models(tiny_models(tmp_path_factory, "facades")))
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True)
    with httpx.Client(base_url=url, timeout=60) as client, pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            server_limits, "RATE", limits.parse("1000000 per second")
        )  # a fast machine sends more than one visitor may
        before = {
            endpoint: pictures(client, endpoint, ask(client, endpoint, data)) for endpoint, data in HONEST.items()
        }
        yield client
        for endpoint, data in HONEST.items():
            for found, expected in zip(
                pictures(client, endpoint, ask(client, endpoint, data)), before[endpoint], strict=True
            ):
                np.testing.assert_array_equal(found, expected)
    demo.close()


@cache
def events_of_page(client: httpx.Client) -> list[dict[str, Any]]:
    return [event for event in client.get("/config").json()["dependencies"] if event["backend_fn"]]


def event_of_page(client: httpx.Client) -> dict[str, Any]:
    """The event by which the page paints, which has no name for programs."""
    return next(event for event in events_of_page(client) if any(name == "input" for _, name in event["targets"]))


def ask(client: httpx.Client, endpoint: str, data: Any) -> Any:
    """The answer's data; a sentence where it was refused."""
    session = f"{random.getrandbits(60):x}"
    if endpoint == "repaint":
        event = event_of_page(client)
        body = {"data": data, "fn_index": event["id"], "trigger_id": event["inputs"][0], "session_hash": session}
        joined = client.post(
            "/gradio_api/queue/join", content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
    else:
        body = {"data": data}
        joined = client.post(
            f"/gradio_api/call/{endpoint}", content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
    if joined.status_code != 200:
        assert 400 <= joined.status_code < 500
        return str(joined.json()["detail"])
    if endpoint == "repaint":
        messages = client.get("/gradio_api/queue/data", params={"session_hash": session}).text
        done = [json.loads(line[6:]) for line in messages.splitlines() if "process_completed" in line][0]
        return done["output"]["data"] if done["success"] else str(done["output"]["error"])
    answer = client.get(f"/gradio_api/call/{endpoint}/{joined.json()['event_id']}").text
    kind, _, rest = answer.partition("data: ")
    content = json.loads(rest.splitlines()[0])
    return content if "complete" in kind else str(content["error"] if isinstance(content, dict) else content)


def pictures(client: httpx.Client, endpoint: str, data: list[Any]) -> list[np.ndarray]:
    """The pictures of an answer, as pixels."""
    if endpoint == "repaint":
        contents = [base64.b64decode(picture["url"].partition(",")[2]) for picture in data[0]["pictures"]]
    else:
        contents = [client.get(file["url"]).content for file in data[:2]]
    return [np.asarray(Image.open(io.BytesIO(content))) for content in contents]


def check_sentence(answer: str) -> None:
    """For people: no words of an exception, no folder of the server."""
    assert answer.endswith(".") and "Traceback" not in answer and not re.search(r"[\w.-]+/[\w.-]+", answer), answer


def check(client: httpx.Client, endpoint: str, answer: Any) -> None:
    if isinstance(answer, str):
        check_sentence(answer)
    else:
        assert [picture.shape for picture in pictures(client, endpoint, answer)] == [(256, 256, 3)] * 2


@hostile
@given(endpoint=st.sampled_from(list(HONEST)), place=st.integers(0, 2), value=values)
def test_any_value_in_any_place_gets_a_sentence_or_pictures(server, endpoint, place, value):
    data = list(HONEST[endpoint])
    data[place] = value
    check(server, endpoint, ask(server, endpoint, data))


@hostile
@given(
    endpoint=st.sampled_from(list(HONEST)),
    changes=st.dictionaries(
        st.sampled_from(["width", "height", "runs", "more"]), st.one_of(values, st.integers(-1, 2**40)), min_size=1
    ),
)
def test_a_map_with_other_fields_gets_a_sentence_or_pictures(server, endpoint, changes):
    check(server, endpoint, ask(server, endpoint, [WHOLE | changes, *HONEST[endpoint][1:]]))


@hostile
@given(endpoint=st.sampled_from(list(HONEST)), steps=damage)
def test_damaged_runs_get_a_sentence_or_pictures(server, endpoint, steps):
    runs = base64.b64encode(damaged(base64.b64decode(WHOLE["runs"]), steps)).decode()
    check(server, endpoint, ask(server, endpoint, [WHOLE | {"runs": runs}, *HONEST[endpoint][1:]]))


@hostile
@given(endpoint=st.sampled_from(list(HONEST)), data=st.one_of(values, st.lists(values, max_size=6)))
def test_any_list_of_arguments_gets_a_sentence_or_pictures(server, endpoint, data):
    check(server, endpoint, ask(server, endpoint, data))


files = st.fixed_dictionaries(
    {"path": st.sampled_from(["app.py", "/etc/passwd", "", "a\0b", "x" * 300, None, 1])}, optional={"meta": values}
)


@hostile
@given(number=st.integers(0, 100), data=st.lists(st.one_of(values, files), max_size=6))
def test_every_event_of_the_page_answers_strange_arguments_with_a_sentence(server, number, data):
    """Or does what it was asked to: some take none."""
    events = events_of_page(server)
    body = {"data": data, "fn_index": events[number % len(events)]["id"], "session_hash": f"{random.getrandbits(60):x}"}
    joined = server.post(
        "/gradio_api/queue/join", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    if joined.status_code != 200:
        return check_sentence(str(joined.json()["detail"]))
    messages = server.get("/gradio_api/queue/data", params={"session_hash": body["session_hash"]}).text
    done = [json.loads(line[6:]) for line in messages.splitlines() if "process_completed" in line][0]
    if not done["success"]:
        check_sentence(str(done["output"]["error"]))


def test_what_the_page_does_not_use_is_not_there(server):
    for method, path in [
        ("GET", "proxy=http://localhost"),
        ("POST", "process_recording"),
        ("GET", "dev/reload"),
        ("POST", "component_server"),
    ]:
        assert server.request(method, f"/gradio_api/{path}").status_code == 404
    assert server.get("/monitoring").status_code == 404
    assert server.get("/gradio_api/file=https://example.com/picture.png").json() == {
        "detail": "This server fetches nothing for others."
    }


def test_the_description_for_programs_is_not_what_another_visitor_has_made_of_it(server):
    assert "evil.example" not in server.get("/").text
    server.get("/gradio_api/info", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in server.get("/gradio_api/info").text


def test_very_many_parts_are_refused_before_anybody_looks_at_them(server):
    joined = server.post("/gradio_api/queue/join", json={"data": [[]] * 100_000, "fn_index": 0, "session_hash": "x"})
    assert (joined.status_code, joined.json()["detail"]) == (422, "The request cannot be understood.")


def test_an_infinite_number_in_place_of_the_arguments_gets_a_sentence(server):
    for endpoint in HONEST:
        assert ask(server, endpoint, float("inf")) == "The request cannot be understood."


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def huge_png() -> bytes:
    """A few bytes that claim to be 60,000 pixels wide and high."""
    whole = bytearray(saved(Image.new("RGB", (1, 1)), "PNG"))
    whole[16:24] = struct.pack(">II", 60_000, 60_000)
    return bytes(whole)


def scan_bomb(scans: int) -> bytes:
    """A progressive JPEG with empty scans, each of which costs as much time as a whole one."""
    whole = saved(Image.new("L", (64, 64), 128), "JPEG", progressive=True)
    assert whole.endswith(b"\xff\xd9") and whole.count(b"\xff\xda") > 1
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * scans + whole[-2:]


def drawn() -> Image.Image:
    return Image.fromarray(FACADES.to_image(draw_label_map(1)))


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


STRANGE_FILES: dict[str, Callable[[], bytes]] = {
    "animated GIF": lambda: saved(drawn(), "GIF", save_all=True, append_images=[drawn()] * 5),
    "animated WebP": lambda: saved(drawn(), "WEBP", save_all=True, append_images=[drawn()] * 5, lossless=True),
    "CMYK JPEG": lambda: saved(drawn().convert("CMYK"), "JPEG"),
    "16-bit PNG": lambda: saved(Image.fromarray(np.zeros((64, 64), np.uint16)), "PNG"),
    "grey PNG with transparency": lambda: saved(drawn().convert("LA"), "PNG"),
    "turned JPEG": lambda: saved(drawn(), "JPEG", exif=turned()),
    "one pixel": lambda: saved(drawn().crop((0, 0, 1, 1)), "PNG"),
    "a line": lambda: saved(drawn().resize((20_000, 1), Image.Resampling.NEAREST), "PNG"),
    "huge PNG": huge_png,
    "bomb": lambda: saved(Image.new("1", (30_000, 30_000)), "PNG"),
    "SVG": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "nothing": bytes,
    "TIFF": lambda: saved(drawn(), "TIFF"),
    "JPEG of a thousand scans": lambda: scan_bomb(1000),
}


@pytest.mark.parametrize("kind", STRANGE_FILES)
def test_a_strange_file_gets_a_sentence_or_pictures(server, kind):
    uploaded = server.post("/gradio_api/upload", files={"files": ("../../map.png", STRANGE_FILES[kind]())})
    assert uploaded.status_code == 200
    (path,) = uploaded.json()
    answer = ask(server, "predict", [{"path": path, "meta": {"_type": "gradio.FileData"}}, 1, True])
    check(server, "predict", answer)
    is_map = kind in ("animated WebP", "CMYK JPEG", "turned JPEG", "one pixel", "a line")
    assert isinstance(answer, list) == is_map, answer


@hostile
@given(kind=st.sampled_from(["PNG", "JPEG", "WEBP"]), steps=damage)
def test_a_damaged_label_picture_is_refused_or_read_to_classes(tmp_path, kind, steps):
    path: Path = tmp_path / "map"
    whole = (
        to_png(draw_label_map(1), FACADES)
        if kind == "PNG"
        else saved(Image.fromarray(FACADES.to_image(draw_label_map(1))), kind)
    )
    path.write_bytes(damaged(whole, steps))
    try:
        label_map = open_label_map(path, FACADES, 0).input
    except ValueError as error:
        assert str(error).endswith(".")
    else:
        assert (label_map.shape, label_map.dtype) == ((256, 256), np.uint8)
        assert label_map.max() < len(FACADES)


PATHS: list[Callable[[str], str]] = [
    lambda path: path,
    lambda path: "/gradio_api/file=" + path,
    lambda path: "/gradio_api/file/" + path,
    lambda path: "/static/" + path,
    lambda path: "/assets/" + path,
    lambda path: "/gradio_api/custom_component/x/client/component/" + path,
    lambda path: "/svelte/" + path,
]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../../../../../../etc/passwd",
        "..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/app.py",
        "{here}/app.py",
    ],
)
def test_no_file_is_served_but_those_of_the_page(server, path):  # fmt: skip
    here = str(Path(__file__).parents[1])
    for place in PATHS:
        answer = server.request(
            "GET", httpx.URL(str(server.base_url).rstrip("/") + "/" + place(path.format(here=here)).lstrip("/"))
        )
        assert "root:" not in answer.text and "Starts the web app" not in answer.text
