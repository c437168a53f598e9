"""Models from the Hub are pulled whole, from the cache where possible; everything else is refused in one sentence."""

import errno
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import constants

from pix2pix import release
from pix2pix.hub import HubError, HubModel, __main__, cached, fetch, locate, pull
from pix2pix.painter import Painter
from pix2pix.release import ReleaseError
from pix2pix.run_folder import RunFolder
from tests.helpers.environment import PATIENCE
from tests.helpers.hub_server import HubServer
from tests.helpers.tiny import tiny_generator, tiny_release_config, use_endpoint

ROOT = Path(__file__).parents[1]
MODEL = HubModel("me/facades-gan")
NOWHERE = "http://127.0.0.1:9"


def released_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def published(hub: HubServer, released_folder: Path) -> str:
    """The commit of a released folder on the Hub, nothing of it in the cache."""
    return hub.add(MODEL.repo, released_files(released_folder))


def paths(hub: HubServer, method: str) -> list[str]:
    return [path for asked, path, _ in hub.log if asked == method]


def hub_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m pix2pix.hub` as people type it."""
    settings = os.environ | {"HF_HUB_DISABLE_XET": "1"} | environment
    command = [sys.executable, "-m", "pix2pix.hub", *arguments]
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=PATIENCE)


# From the cache or the Hub


def test_a_commit_in_the_cache_needs_no_network(hub, published):
    pinned = HubModel(MODEL.repo, published)
    folder = pull(pinned)
    assert folder.name == published and len(paths(hub, "GET")) == 3
    hub.log.clear()
    assert pull(pinned) == cached(pinned) == folder
    assert hub.log == []


def test_only_known_files_are_read_of_a_repository_that_holds_others(hub, released_folder):
    other = {
        "model.bin": b"pickle",
        "run.py": b"raise SystemExit",
        "sub/model.safetensors": b"x",
        ".gitattributes": b"",
    }
    folder = pull(HubModel(MODEL.repo, hub.add(MODEL.repo, released_files(released_folder) | other)))
    assert {path.name for path in folder.rglob("*")} == {"config.json", "model.safetensors"}
    assert {path.rpartition("/")[2] for path in paths(hub, "GET") if "/resolve/" in path} == {
        "config.json",
        "model.safetensors",
    }


def test_the_shown_epochs_are_fetched_before_the_weights_that_make_the_folder_complete(hub, released_folder):
    weights = (released_folder / "model.safetensors").read_bytes()
    many = {
        f"epochs/epoch-{epoch:03d}.safetensors": weights[:-1] + bytes([epoch]) for epoch in range(9)
    }  # equal ones come once
    many |= {"epochs/epoch-x.safetensors": b"x"}
    hub.add(MODEL.repo, released_files(released_folder) | many)  # its own epoch is 3
    assert list(Painter.load(MODEL.repo).earlier) == [0, 1, 2]
    fetched = [
        path.partition("/resolve/")[2].partition("/")[2] for path in paths(hub, "GET") if path.endswith(".safetensors")
    ]
    assert fetched[-1] == "model.safetensors" and set(fetched[:-1]) <= {
        f"epochs/epoch-{epoch:03d}.safetensors" for epoch in range(3)
    }


def test_an_earlier_epoch_is_checked_like_the_released_one(hub, released_folder):
    files = released_files(released_folder)
    length = len(files["model.safetensors"])
    for content, sentence in (
        (b"x" * 1000, "epochs/epoch-001.safetensors has 1000 bytes"),
        (b"x" * length, "epoch-001.safetensors cannot be"),
    ):
        hub.add(MODEL.repo, files | {"epochs/epoch-001.safetensors": content})
        with pytest.raises(ReleaseError, match=sentence):
            pull(MODEL)
    assert not [path for path in paths(hub, "GET") if path.endswith("/model.safetensors")]


def test_a_branch_is_followed_and_its_last_commit_is_used_where_the_hub_is_down(
    hub, published, tmp_path, monkeypatch, caplog
):
    assert pull(MODEL).name == published
    release.save(tmp_path / "new", tiny_generator(1), tiny_release_config(epochs=9))
    newer = hub.add(MODEL.repo, released_files(tmp_path / "new"))
    assert pull(MODEL).name == newer
    use_endpoint(monkeypatch, NOWHERE)
    assert pull(MODEL).name == newer and Painter.load(MODEL.repo).config.epochs == 9
    assert (
        "http://127.0.0.1:9 cannot be reached for me/facades-gan: check the connection and try again; "
        f"using commit {newer[:7]} from the cache" in caplog.text
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty"))
    with pytest.raises(HubError, match="cannot be reached"):
        pull(MODEL)


def test_a_hub_that_is_broken_counts_as_one_that_is_down(hub, published):
    folder = pull(MODEL)
    hub.status = 503
    assert pull(MODEL) == folder


def test_a_download_resumes_after_a_cut_connection(hub, published, monkeypatch, released_folder):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 4096)
    hub.cut_after = [50_000, 30_000]
    folder = pull(MODEL)
    ranges = [wanted for method, path, wanted in hub.log if method == "GET" and path.endswith("model.safetensors")]
    assert ranges[0] is None and len(ranges) == 3
    first, second = (int(wanted.removeprefix("bytes=").removesuffix("-")) for wanted in ranges[1:] if wanted)
    assert 0 < first <= 30_000 < second <= 80_000
    assert (folder / "model.safetensors").read_bytes() == (released_folder / "model.safetensors").read_bytes()


def test_pulls_at_the_same_time_get_one_whole_copy(hub, published, released_folder):
    hub.gate.clear()
    with ThreadPoolExecutor(4) as threads:
        pulls = [threads.submit(pull, MODEL) for _ in range(4)]
        while paths(hub, "GET").count(f"/api/models/{MODEL.repo}/revision/main") < 4:
            time.sleep(0.01)  # until all have asked; the weights wait
        hub.gate.set()
        folders = {done.result() for done in pulls}
    assert {folder.name for folder in folders} == {published}
    assert (folders.pop() / "model.safetensors").read_bytes() == (released_folder / "model.safetensors").read_bytes()


def test_progress_is_reported_from_nothing_to_all(hub, published, released_folder, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 65536)
    reported: list[tuple[int, int]] = []
    fetch(MODEL, lambda done, size: reported.append((done, size)))
    size = (released_folder / "model.safetensors").stat().st_size
    assert reported[0] == (0, size) and reported[-1] == (size, size) and len(reported) > 2
    assert [done for done, _ in reported] == sorted(done for done, _ in reported)
    files = released_files(released_folder)
    another = files["model.safetensors"][:-1] + b"\1"  # the same contents would not be fetched again
    hub.add(MODEL.repo, files | {"epochs/epoch-001.safetensors": another})
    reported.clear()
    fetch(MODEL, lambda done, size: reported.append((done, size)))
    assert reported[0] == (0, 2 * size) and reported[-1] == (size, 2 * size)  # the weights are in the cache
    assert [done for done, _ in reported] == sorted(done for done, _ in reported)


def test_the_environment_variables_are_honoured(hub, published, tmp_path):
    environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    done = hub_command("pull", MODEL.repo, **environment)
    folder = tmp_path / "home" / "hub" / "models--me--facades-gan" / "snapshots" / published
    assert done.returncode == 0 and done.stdout.splitlines() == [f"me/facades-gan@{published}", str(folder)], (
        done.stderr
    )
    hub.log.clear()
    offline = hub_command("pull", MODEL.repo, **environment, HF_HUB_OFFLINE="1")
    assert offline.returncode == 0 and offline.stdout == done.stdout and "HF_HUB_OFFLINE is set" in offline.stderr
    assert hub.log == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_cache_that_can_only_be_read_serves_what_it_holds(hub, published, released_folder, monkeypatch, number):
    folder = pull(MODEL)
    hub.add(MODEL.repo, released_files(released_folder) | {"config.json": config_with(released_folder, seed=8)})

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "cache")

    monkeypatch.setattr("pix2pix.hub.hf_hub_download", refuse)
    assert pull(MODEL) == folder
    with pytest.raises(HubError, match="cannot be saved in"):
        pull(HubModel(MODEL.repo, hub.repos["model", MODEL.repo].branches["main"]))


def test_an_unchanged_model_in_a_cache_is_not_written_again(hub, published):
    folder = pull(MODEL)
    (reference,) = (folder.parents[1] / "refs").iterdir()
    os.utime(reference, (0, 0))
    assert pull(MODEL) == folder
    assert reference.stat().st_mtime == 0


def test_an_existing_folder_is_not_looked_up_on_the_hub(hub, released_folder, monkeypatch):
    monkeypatch.chdir(released_folder.parent)
    assert Painter.load(f"./{released_folder.name}").config.epochs == 3
    assert hub.log == []
    with pytest.raises(ReleaseError, match=r"has no model runs/mine, .* \(and there is no folder runs/mine\)"):
        Painter.load("runs/mine")


def test_a_hub_that_takes_the_call_and_never_answers_counts_as_one_that_is_down(hub, monkeypatch):
    monkeypatch.setattr("pix2pix.hub.ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_endpoint(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(HubError, match="cannot be reached for me/facades-gan: check the connection and try again"):
            fetch(MODEL)


def test_the_commands_of_the_documents_are_known():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))]
    lines = [line for text in texts for line in re.findall(r"python -m pix2pix\.hub ([a-z]+ [^#;`\n]+)", text)]
    assert lines and all(__main__.parse().parse_args(shlex.split(line)).model for line in lines)


# What comes from outside


def config_with(released_folder: Path, **changes: object) -> bytes:
    return json.dumps(json.loads((released_folder / "config.json").read_text()) | changes).encode()


REFUSED = {
    "no such repository": (
        "me/other",
        "has no model me/other, or it is private: check the name, or log in with: hf auth login, or set HF_TOKEN to a",
    ),
    "private": (MODEL.repo, "has no model me/facades-gan, or it is private"),
    "gated": (MODEL.repo, "me/facades-gan is gated: accept its conditions at"),
    "no such revision": (f"{MODEL.repo}@v9", "me/facades-gan has no revision 'v9'"),
    "no weights": (MODEL.repo, "is no released pix2pix model: it has no model.safetensors"),
    "no configuration": (MODEL.repo, "is no released pix2pix model: it has no config.json"),
    "newer format": (MODEL.repo, "format_version is 2; this program reads 1 and may need an update"),
    "wrong palette": (MODEL.repo, "palette needs a list of objects with name and color"),
    "wrong numbers": (MODEL.repo, "metrics of 'val' need an object with fid, n, dims and weights"),
    "other sizes": (MODEL.repo, "does not fit its config.json: model.safetensors has"),
    "large weights": (MODEL.repo, "model.safetensors has 10000000000 bytes, where"),
    "large configuration": (MODEL.repo, "has a config.json of 2000000 bytes"),
    "truncated": (MODEL.repo, "does not fit its config.json: model.safetensors has 1000 bytes"),
    "not safetensors": (MODEL.repo, "model.safetensors cannot be read"),
    "damaged on the way": (MODEL.repo, "arrived damaged: its checksum is not the Hub's; pull again"),
    "offline": (
        MODEL.repo,
        "me/facades-gan@main was not requested because HF_HUB_OFFLINE is set: unset it, or pull once while online",
    ),
    "token refused": (
        MODEL.repo,
        "refused me/facades-gan (403): log in with: hf auth login, or set HF_TOKEN to a token that may read it and has",
    ),
    "server broken": (MODEL.repo, "answered 502 for me/facades-gan: try again later"),
    "disk full": (MODEL.repo, "no space is left for me/facades-gan in"),
    "cache is a file": (MODEL.repo, "me/facades-gan cannot be saved in"),
    "malformed name": ("me/../x", "'me/../x' is neither a folder nor of the form owner/name or owner/name@revision"),
    "malformed revision": (
        f"{MODEL.repo}@../x",
        "is neither a folder nor of the form owner/name or owner/name@revision",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_one_sentence(case, hub, released_folder, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("HF_TOKEN")
    files = released_files(released_folder)
    access = {"private": case == "private", "gated": case == "gated"}
    changes: dict[str, dict[str, object]] = {
        "newer format": {"format_version": 2},
        "wrong palette": {"palette": [{"name": "sky"}]},
        "wrong numbers": {"metrics": {"val": {"fid": "low"}}},
        "other sizes": {"base_channels": 64},
    }
    if case in changes:
        files["config.json"] = config_with(released_folder, **changes[case])
    elif case in ("no weights", "no configuration"):
        del files["model.safetensors" if case == "no weights" else "config.json"]
    elif case in ("truncated", "not safetensors"):
        length = 1000 if case == "truncated" else len(files["model.safetensors"])
        files["model.safetensors"] = b"x" * length
    elif case in ("large weights", "large configuration"):
        hub.claimed_sizes = {"model.safetensors": 10**10} if case == "large weights" else {"config.json": 2_000_000}
    hub.damaged = case == "damaged on the way"
    hub.add(MODEL.repo, files, **access)
    if case in ("server broken", "token refused"):
        hub.status = 502 if case == "server broken" else 403
    elif case == "offline":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    elif case == "disk full":
        monkeypatch.setattr("huggingface_hub.file_download.http_get", full_disk)
    elif case == "cache is a file":
        (tmp_path / "file").touch()
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    name, sentence = REFUSED[case]
    assert __main__.main(["pull", name]) == 1
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    fetched = [path for path in paths(hub, "GET") if path.endswith("/model.safetensors")]
    assert bool(fetched) == (case in ("damaged on the way", "not safetensors")), (
        "the weights were fetched before they were checked"
    )


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_after_a_damaged_download_the_next_one_is_whole(hub, published, released_folder):
    hub.damaged = True
    with pytest.raises(HubError, match="damaged"):
        pull(MODEL)
    hub.damaged = False
    assert (pull(MODEL) / "model.safetensors").read_bytes() == (released_folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("access", ["private", "gated"])
def test_a_token_opens_private_and_gated_models(access, hub, released_folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_reader")
    commit = hub.add(MODEL.repo, released_files(released_folder), **{access: True})
    assert pull(MODEL).name == commit


def test_a_run_without_a_release_yet_is_named_as_such(tmp_path):
    with RunFolder(tmp_path / "run").lock():
        pass
    (tmp_path / "run" / "config.json").write_text("{}")
    with pytest.raises(ReleaseError, match="run is a training run without a release; it gets one when its first epoch"):
        locate(tmp_path / "run")
    (tmp_path / "run" / "release").mkdir()
    assert locate(tmp_path / "run") == tmp_path / "run" / "release"
    assert locate(tmp_path) == tmp_path
