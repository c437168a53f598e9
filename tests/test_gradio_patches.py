"""What a public server does otherwise than Gradio."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import gradio.route_utils
import gradio.routes
import httpx
import pytest
from fastapi import HTTPException
from gradio.data_classes import PredictBodyInternal
from gradio.server_messages import HeartbeatMessage
from gradio.state_holder import SessionState

from demo.app import launch
from demo.server import gradio_patches, settings
from demo.server import limits as server_limits
from tests.helpers.app import ROOT


def test_old_temporary_files_are_deleted_and_new_or_kept_ones_stay(tmp_path, monkeypatch):
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    with gr.Blocks() as demo:
        gr.HTML().keep_in_cache = {str(tmp_path / "kept")}
    gradio_patches.patch_gradio(demo.queue())
    demo.temp_file_sets = [{str(tmp_path / name) for name in ("old", "gone", "new", "kept", "folder")}]
    for name in ("old", "kept"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()  # which cannot be deleted like a file
    time.sleep(1)
    (tmp_path / "new").touch()
    now = (tmp_path / "new").stat().st_ctime
    with monkeypatch.context() as frozen:
        frozen.setattr(time, "time", lambda: now)
        gradio.route_utils.delete_files_created_by_app(demo, 0.5)
    assert {path.name for path in tmp_path.iterdir()} == {"new", "kept", "folder"}
    assert {Path(file).name for file in demo.temp_file_sets[0]} == {"new", "kept", "folder"}


def test_a_session_describes_no_component_and_keeps_no_map():
    with gr.Blocks() as demo:
        box = gr.Textbox("at first")
    gradio_patches.patch_gradio(demo.queue())
    session = SessionState(demo)
    session._update_value_in_config(box._id, "changed")
    session._update_config(box._id)
    assert session.config_values == {} and session.blocks_config.blocks[box._id] is box


def test_news_for_a_session_that_is_no_longer_kept_is_dropped_and_that_for_others_is_not():
    demo = gr.Blocks().queue()
    gradio_patches.patch_gradio(demo)
    kept = asyncio.Queue()
    demo._queue.pending_messages_per_session["kept"] = kept
    for session in ("gone", "kept"):
        event = SimpleNamespace(alive=True, _id="1", session_hash=session)
        demo._queue.send_message(event, HeartbeatMessage())
    assert kept.qsize() == 1


def test_of_too_many_sessions_the_one_that_has_been_away_longest_is_dropped(monkeypatch):
    monkeypatch.setattr(gradio_patches, "MAX_WAITING", 2)
    demo = gr.Blocks().queue()
    gradio_patches.patch_gradio(demo)
    kept = demo._queue.pending_messages_per_session
    for number in range(8):
        kept[f"passing {number}"] = asyncio.Queue()
        if number == 0:
            kept["painting"] = asyncio.Queue()
        demo._queue.send_message(SimpleNamespace(alive=True, _id="1", session_hash="painting"), HeartbeatMessage())
    assert list(kept) == ["passing 5", "passing 6", "passing 7", "painting"]
    assert kept["painting"].qsize() == 8


def test_no_table_of_all_strokes_is_made_at_each_one():
    queue = gr.Blocks().queue()._queue
    records = [{"function": "paint", "status": "success", "process_time": 1.0}]
    queue.events_recorded = 1
    assert queue.compute_analytics_summary(records)["functions"]  # what Gradio does otherwise
    gradio_patches.patch_gradio(demo := gr.Blocks().queue())
    demo._queue.events_recorded = 1
    assert not demo._queue.compute_analytics_summary(records)["functions"]
    assert demo._queue.ANALYTICS_MAX_EVENTS == 1


def test_in_a_folder_of_its_own_files_are_deleted_that_nobody_knows_of(tmp_path, monkeypatch):
    """Such as the halves of uploads that broke off."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    demo = gr.Blocks().queue()
    gradio_patches.patch_gradio(demo)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "half").touch()
    for age in (60, None):  # at the end of this process; another one may share the folder
        gradio.route_utils.delete_files_created_by_app(demo, age)
        assert (tmp_path / "folder" / "half").exists()
    time.sleep(0.01)
    gradio.route_utils.delete_files_created_by_app(demo, 0)
    assert not (tmp_path / "folder" / "half").exists()


def test_the_events_of_a_session_are_forgotten_with_it():
    demo = gr.Blocks().queue()
    gradio_patches.patch_gradio(demo)
    sessions, events = demo._queue.pending_messages_per_session, demo._queue.pending_event_ids_session
    for number in range(2 * settings.MAX_WAITING + 5):
        sessions[str(number)], events[str(number)] = asyncio.Queue(), {"id"}
    assert set(sessions) == set(events) and len(events) == 2 * settings.MAX_WAITING
    del sessions["9"]
    assert "9" not in events


def test_a_page_that_fetches_nothing_is_given_up():
    demo = gr.Blocks().queue()
    gradio_patches.patch_gradio(demo)
    demo._queue.pending_messages_per_session["away"] = asyncio.Queue()
    event = SimpleNamespace(alive=True, _id="1", session_hash="away")
    for _ in range(gradio_patches.MAX_UNFETCHED):
        demo._queue.send_message(event, HeartbeatMessage())
    assert demo._queue.pending_messages_per_session["away"].qsize() == gradio_patches.MAX_UNFETCHED
    demo._queue.send_message(event, HeartbeatMessage())
    demo._queue.send_message(event, HeartbeatMessage())
    assert "away" not in demo._queue.pending_messages_per_session


def request_from(address: str) -> Any:
    return SimpleNamespace(client=SimpleNamespace(host=address))


@pytest.fixture
def push(monkeypatch: pytest.MonkeyPatch) -> Any:
    """push(address) on a queue that nobody serves, with room for three maps per address; push.order() returns whose."""
    monkeypatch.setattr(server_limits, "MAX_WAITING_PER_ADDRESS", 3)
    with gr.Blocks() as demo:
        gr.Button().click(lambda: None)
    gradio_patches.patch_gradio(demo.queue())

    async def push(address: str, **changes: Any) -> None:
        body = PredictBodyInternal(**{"data": [], "fn_index": 0, "session_hash": "page"} | changes)
        await demo._queue.push(body, request_from(address), None)

    def order() -> list[str]:
        (waiting,) = demo._queue.event_queue_per_concurrency_id.values()
        return [event.request.client.host for event in waiting.queue]

    push.order = order  # type: ignore[attr-defined]
    return push


@pytest.mark.anyio
async def test_addresses_take_turns(push):
    for address in ("bad", "bad", "bad", "good", "other", "good"):
        await push(address)
    assert push.order() == ["bad", "good", "other", "bad", "good", "bad"]


@pytest.mark.anyio
async def test_requests_that_come_together_do_not_get_past_the_limit_of_their_address(push):
    outcomes = await asyncio.gather(*(push("bad") for _ in range(10)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == 7 and {(error.status_code, error.detail.partition(" ")[0]) for error in refused} == {
        (429, "3")
    }


@pytest.mark.parametrize("changes", [{"fn_index": 99}, {"session_hash": "x" * 65}])
@pytest.mark.anyio
async def test_an_unknown_event_or_an_endless_name_is_not_understood(push, changes):
    with pytest.raises(HTTPException) as refused:
        await push("good", **changes)
    assert (refused.value.status_code, refused.value.detail) == (422, "The request cannot be understood.")


def test_no_exception_tells_people_its_words_but_those_meant_for_them():
    assert gradio_patches._error_payload(gr.Error("Choose a class."), True)["error"] == "Choose a class."
    assert gradio_patches._error_payload(FileNotFoundError("/srv/secret"), True)["error"] == gradio_patches.FAILED


def test_a_connection_that_asks_for_nothing_is_closed_and_one_that_has_asked_is_not(monkeypatch):
    monkeypatch.setattr(gradio_patches, "FIRST_REQUEST_SECONDS", 3)  # longer than a loaded machine takes to ask
    with gr.Blocks() as demo:
        gr.Button()
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True)
    address = (httpx.URL(url).host, httpx.URL(url).port)
    asking = HTTPConnection(*address, timeout=60)
    asking.request("GET", "/health")
    assert asking.getresponse().read()
    asking.auto_open = 0  # the same connection, or none
    with (
        socket.create_connection(address, timeout=60) as silent,
        socket.create_connection(address, timeout=60) as unfinished,
    ):
        unfinished.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        assert silent.recv(1000) == unfinished.recv(1000) == b""
    asking.request("GET", "/health")
    assert asking.getresponse().read()
    asking.close()
    demo.close(verbose=False)


def test_a_session_that_there_is_not_ends_without_a_traceback(capfd):
    with gr.Blocks() as demo:
        gr.Button()
    _, url, _ = launch(demo, prevent_thread_lock=True, quiet=True)
    answer = httpx.get(f"{url}gradio_api/queue/data", params={"session_hash": "nobody"}, timeout=60)
    assert '"session_not_found":true' in answer.text and "Traceback" not in capfd.readouterr().err
    demo.close(verbose=False)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_more_files_may_be_open_where_the_system_lets_them_and_never_fewer(monkeypatch):
    import resource

    calls = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: calls.append(limits))
    endless = resource.RLIM_INFINITY
    for limits in ((1024, 4096), (1024, 10**6), (1024, endless), (10**6, 10**6), (endless, endless), (4096, 4096)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, limits=limits: limits)
        gradio_patches._patch_requests()
    assert calls == [(4096, 4096), (10_240, 10**6), (10_240, endless)]


def test_the_patches_were_checked_with_the_installed_gradio():
    checked = gradio_patches.CHECKED_WITH
    assert gr.__version__ == checked, (
        f"Gradio is {gr.__version__}; demo/server/gradio_patches.py was checked with {checked}. "
        "Read every patch there against the new version, then set CHECKED_WITH."
    )


COMPONENT = """
import sys
from demo.server.gradio_import import without_stub_files
with without_stub_files():
    import gradio
    import quick
import slow
"""


def test_gradio_writes_no_stub_files_at_the_start(tmp_path):
    for name in ("quick", "slow"):
        (tmp_path / f"{name}.py").write_text("import gradio\n\n\nclass Own(gradio.HTML):\n    EVENTS = []\n")
    path = os.pathsep.join((str(ROOT), str(tmp_path)))
    subprocess.run([sys.executable, "-c", COMPONENT], check=True, env=os.environ | {"PYTHONPATH": path})
    assert {file.name for file in tmp_path.glob("*.pyi")} == {"slow.pyi"}  # it still writes them otherwise


def test_the_server_of_a_page_is_made_once(monkeypatch):
    made, make = [], gradio.routes.App.create_app
    monkeypatch.setattr(gradio.routes.App, "create_app", lambda *args, **flags: made.append(1) or make(*args, **flags))
    with gradio_patches.without_servers(), gr.Blocks() as demo:
        gr.HTML()
    assert not made
    launch(demo, prevent_thread_lock=True, quiet=True)
    demo.close()
    assert len(made) == 1
