"""The facades download against a local server that behaves in every way that servers do."""

import errno
import gzip
import io
import socket
import tarfile
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix.data import facades
from pix2pix.data import fetch as fetching
from pix2pix.data.facades import DownloadError, download_facades

COUNTS = {"train": 3, "val": 2, "test": 1}


class Server(ThreadingHTTPServer):
    """Serves `body` at every path; the other attributes are how it misbehaves."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = b""
        self.etag: str | None = '"one"'
        self.statuses: list[int] = []  # answered first, one per request
        self.cuts: list[int] = []  # bytes sent before the connection is cut, one per request
        self.knows_ranges = True
        self.knows_if_range = True
        self.sends_length = True
        self.shifts_ranges = 0
        self.requests: list[dict[str, str]] = []
        self.sent_bytes = 0
        self.url = f"http://127.0.0.1:{self.server_port}/facades.tar.gz"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.requests.append(dict(self.headers))
        if server.statuses:
            self.send_error(server.statuses.pop(0))
            return
        asked = self.headers["Range"]
        unchanged = not server.knows_if_range or self.headers["If-Range"] in (None, server.etag)
        start = (
            int(asked.removeprefix("bytes=").removesuffix("-")) if asked and unchanged and server.knows_ranges else 0
        )
        if asked and start >= len(server.body):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            start += server.shifts_ranges
            self.send_header("Content-Range", f"bytes {start}-{len(server.body) - 1}/{len(server.body)}")
        if server.etag:
            self.send_header("ETag", server.etag)
        if server.sends_length:
            self.send_header("Content-Length", str(len(server.body) - start))
        self.end_headers()
        end = start + server.cuts.pop(0) if server.cuts else len(server.body)
        server.sent_bytes += len(server.body[start:end])  # before who asked has them
        self.wfile.write(server.body[start:end])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def start_server(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    servers = []

    def start(body: bytes) -> Server:
        server = Server()
        server.body = body
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def dead_urls() -> Iterator[list[str]]:
    """Two addresses whose ports are taken, so that nobody else listens there, and refuse connections."""
    with socket.socket() as first, socket.socket() as second:
        for taken in (first, second):
            taken.bind(("127.0.0.1", 0))
        yield [f"http://127.0.0.1:{taken.getsockname()[1]}/facades.tar.gz" for taken in (first, second)]


def jpeg(seed: int = 0, size: tuple[int, int] = (512, 256)) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (size[1] // 8, size[0] // 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize(size).save(file, "JPEG")
    return file.getvalue()


def pictures() -> dict[str, bytes]:
    names = [f"facades/{split}/{number}.jpg" for split, count in COUNTS.items() for number in range(1, count + 1)]
    return {name: jpeg(seed) for seed, name in enumerate(names)}


def archive(files: dict[str, bytes], *others: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for other in others:
            tar.addfile(other)
    return file.getvalue()


def fetch(data_dir: Path, *servers: Server | str) -> None:
    """Download from servers, or from addresses."""
    urls = [server if isinstance(server, str) else server.url for server in servers]
    download_facades(data_dir, urls, COUNTS, pause_seconds=0)


def failure(data_dir: Path, *servers: Server | str) -> str:
    with pytest.raises(DownloadError) as caught:
        fetch(data_dir, *servers)
    return str(caught.value)


def assert_complete(data_dir: Path) -> None:
    """The six pictures are there byte for byte, and nothing else."""
    found = {path.relative_to(data_dir).as_posix(): path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    assert found == pictures()
    assert [path.name for path in data_dir.iterdir()] == ["facades"]


def test_downloads_verifies_and_leaves_only_the_dataset(tmp_path, start_server, capsys):
    server = start_server(archive(pictures()))
    fetch(tmp_path / "datasets", server)
    assert_complete(tmp_path / "datasets")
    assert len(server.requests) == 1
    printed = capsys.readouterr()
    assert "Tyleček" in printed.out and "research use" in printed.out and "Isola" in printed.out
    assert printed.err == ""  # bars are for terminals


def test_an_existing_folder_is_kept_and_no_server_asked(tmp_path, start_server, capsys):
    server = start_server(archive(pictures()))
    (tmp_path / "facades").mkdir()
    (tmp_path / "facades" / "mine.txt").write_text("mine")
    fetch(tmp_path, server)
    assert [path.name for path in (tmp_path / "facades").iterdir()] == ["mine.txt"]
    assert server.requests == []
    assert "is kept" in capsys.readouterr().out


def test_a_cut_connection_is_resumed_where_it_was_cut(tmp_path, start_server):
    server = start_server(archive(pictures()))
    server.cuts = [5000, 3000]
    fetch(tmp_path, server)
    assert_complete(tmp_path)
    assert [request.get("Range") for request in server.requests] == [None, "bytes=5000-", "bytes=8000-"]
    assert [request.get("If-Range") for request in server.requests] == [None, '"one"', '"one"']
    assert server.sent_bytes == len(server.body)


def test_a_later_call_resumes_what_an_earlier_one_left(tmp_path, start_server):
    server = start_server(archive(pictures()))
    server.cuts = [5000, 0, 0]
    assert "cut after 5,000 of" in failure(tmp_path, server)
    assert (tmp_path / "facades.tar.gz.part").read_bytes() == server.body[:5000]
    assert not (tmp_path / "facades").exists()
    fetch(tmp_path, server)
    assert_complete(tmp_path)
    assert server.requests[-1]["Range"] == "bytes=5000-"
    assert server.sent_bytes == len(server.body)


def test_a_file_that_arrived_fully_is_not_fetched_again(tmp_path, start_server, monkeypatch):
    server = start_server(archive(pictures()))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(facades, "_unpack", interrupt)
        fetch(tmp_path, server)
    fetch(tmp_path, server)
    assert_complete(tmp_path)
    assert len(server.requests) == 1


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_server_that_ignores_ranges_starts_over(tmp_path, start_server):
    server = start_server(archive(pictures()))
    server.cuts, server.knows_ranges = [5000], False
    fetch(tmp_path, server)
    assert_complete(tmp_path)
    assert server.requests[1]["Range"] == "bytes=5000-"
    assert server.sent_bytes == len(server.body) + 5000


def test_a_server_without_etag_resumes_by_length(tmp_path, start_server):
    server = start_server(archive(pictures()))
    server.cuts, server.etag = [5000], None
    fetch(tmp_path, server)
    assert_complete(tmp_path)
    assert server.sent_bytes == len(server.body)


def test_a_server_without_length_is_read_to_the_end(tmp_path, start_server):
    server = start_server(archive(pictures()))
    server.sends_length = False
    fetch(tmp_path, server)
    assert_complete(tmp_path)


@pytest.mark.parametrize("etag", ['"two"', None])
def test_a_file_changed_on_the_server_starts_over(tmp_path, start_server, etag):
    server = start_server(archive(pictures() | {"facades/readme.txt": b"an older packing"}))
    server.cuts, server.etag = [5000, 0, 0], etag and '"one"'
    failure(tmp_path, server)
    server.body, server.etag = archive(pictures()), etag
    fetch(tmp_path, server)
    assert_complete(tmp_path)


def test_a_changed_file_of_equal_length_starts_over_even_if_the_server_ignores_if_range(tmp_path, start_server):
    body = archive(pictures())
    server = start_server(body[:2] + bytes(len(body) - 2))
    server.cuts, server.knows_if_range = [5000, 0, 0], False
    failure(tmp_path, server)
    server.body, server.etag = body, '"two"'
    fetch(tmp_path, server)
    assert_complete(tmp_path)


def test_a_file_now_shorter_than_the_partial_one_starts_over(tmp_path, start_server):
    body = archive(pictures())
    server = start_server(body + bytes(3000))
    server.cuts, server.etag = [len(body) + 1000, 0, 0], None
    failure(tmp_path, server)
    server.body = body
    fetch(tmp_path, server)  # by way of status 416
    assert_complete(tmp_path)


def test_a_wrong_range_is_not_appended(tmp_path, start_server):
    server = start_server(archive(pictures()))
    server.cuts, server.shifts_ranges = [5000], -100
    fetch(tmp_path, server)
    assert_complete(tmp_path)
    assert "Range" not in server.requests[2]


def test_a_busy_server_is_asked_again(tmp_path, start_server):
    server = start_server(archive(pictures()))
    server.statuses = [503, 500]
    fetch(tmp_path, server)
    assert_complete(tmp_path)


def test_a_server_without_the_file_is_not_asked_again(tmp_path, start_server):
    lost, good = start_server(b""), start_server(archive(pictures()))
    lost.statuses = [404]
    fetch(tmp_path, lost, good)
    assert_complete(tmp_path)
    assert len(lost.requests) == 1


def test_after_a_dead_server_the_next_one_is_asked(tmp_path, start_server, dead_urls):
    fetch(tmp_path, dead_urls[0], start_server(archive(pictures())))
    assert_complete(tmp_path)


def test_the_next_server_does_not_continue_the_file_of_the_first(tmp_path, start_server):
    first, second = (
        start_server(archive(pictures() | {"facades/readme.txt": b"another packing"})),
        start_server(archive(pictures())),
    )
    first.cuts = [5000, 0, 0]
    fetch(tmp_path, first, second)
    assert_complete(tmp_path)
    assert "Range" not in second.requests[0]


def test_an_archive_of_headers_without_end_is_one_sentence_and_is_not_kept(tmp_path, start_server):
    name = tarfile.TarInfo("././@LongLink")
    name.type, name.size = tarfile.GNUTYPE_LONGNAME, 512
    bomb = gzip.compress((name.tobuf(tarfile.GNU_FORMAT) + b"x" * 511 + b"\0") * 5000)
    assert "the archive is damaged" in failure(tmp_path, start_server(bomb))
    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_is_given_up(tmp_path, start_server, monkeypatch):
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    silent, good = start_server(b""), start_server(archive(pictures()))
    silent.shutdown()  # its socket still takes connections, and nobody answers
    urlopen = urllib.request.urlopen

    def impatient(request: urllib.request.Request, timeout: float) -> object:
        """The other server has all of its time."""
        return urlopen(request, timeout=timeout / 100 if request.full_url == silent.url else timeout)

    monkeypatch.setattr(urllib.request, "urlopen", impatient)
    fetch(tmp_path, silent, good)
    assert_complete(tmp_path)


def test_all_servers_dead_is_an_error_that_shows_what_was_tried_and_what_to_do(tmp_path, dead_urls, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    message = failure(tmp_path, *dead_urls)
    assert all(url in message for url in dead_urls)
    assert "refused" in message and "3 attempts" in message
    assert "unpack it in" in message and "train/1.jpg to train/3.jpg" in message
    assert list(tmp_path.iterdir()) == []


def test_a_web_page_instead_of_the_archive_is_refused(tmp_path, start_server):
    server = start_server(b"<!DOCTYPE html><title>Please log in</title>")
    assert "is not the archive" in failure(tmp_path, server)
    assert list(tmp_path.iterdir()) == []


def test_a_web_page_in_between_does_not_cost_the_partial_file(tmp_path, start_server):
    server = start_server(archive(pictures()))
    server.cuts = [5000, 0, 0]
    failure(tmp_path, server)
    server.body, server.etag, body = b"<!DOCTYPE html><title>Please log in</title>", None, server.body
    failure(tmp_path, server)
    server.body, server.etag = body, '"one"'
    fetch(tmp_path, server)
    assert server.requests[-1]["Range"] == "bytes=5000-"


def bad_archives() -> dict[str, tuple[bytes, str]]:
    good = pictures()
    device = tarfile.TarInfo("facades/train/4.jpg")
    device.type = tarfile.CHRTYPE
    symlink = tarfile.TarInfo("facades/train/4.jpg")
    symlink.type, symlink.linkname = tarfile.SYMTYPE, "../../../evil.jpg"
    hardlink = tarfile.TarInfo("facades/train/4.jpg")
    hardlink.type, hardlink.linkname = tarfile.LNKTYPE, "facades/train/1.jpg"
    return {
        "truncated": (archive(good)[:-5000], "damaged"),
        "not gzip after all": (b"\x1f\x8b" + bytes(1000), "damaged"),
        "empty": (archive({}), "0 images in train/"),
        "path upwards": (archive(good | {"facades/train/../../../evil.jpg": b"evil"}), "outside its folder"),
        "path upwards from the top": (archive({"../evil.jpg": b"evil"} | good), "outside its folder"),
        "absolute path": (archive(good | {"/evil.jpg": b"evil"}), "outside its folder"),
        "path of Windows": (archive(good | {"facades\\..\\..\\evil.jpg": b"evil"}), "outside its folder"),
        "symbolic link": (archive(good, symlink), "link, device"),
        "hard link": (archive(good, hardlink), "link, device"),
        "device": (archive(good, device), "link, device"),
        "a picture missing": (
            archive({name: good[name] for name in good if name != "facades/val/2.jpg"}),
            "1 images in val/",
        ),
        "a picture too many": (archive(good | {"facades/test/2.jpg": jpeg()}), "2 images in test/"),
        "broken picture": (
            archive(good | {"facades/val/1.jpg": jpeg()[:-2000]}),
            "val/1.jpg of the archive is damaged",
        ),
        "not a picture": (archive(good | {"facades/val/1.jpg": b"text"}), "val/1.jpg of the archive is damaged"),
        "small picture": (
            archive(good | {"facades/val/1.jpg": jpeg(0, (256, 256))}),
            "val/1.jpg of the archive is 256x256",
        ),
    }


@pytest.mark.parametrize("name", bad_archives())
def test_a_bad_archive_is_refused_and_removed_and_the_next_server_asked(tmp_path, start_server, name):
    body, sentence = bad_archives()[name]
    data_dir = tmp_path / "outer" / "datasets"
    bad, good = start_server(body), start_server(archive(pictures()))
    assert sentence in failure(data_dir, bad)
    assert [path.name for path in tmp_path.rglob("*")] == ["outer", "datasets"]
    fetch(data_dir, bad, good)
    assert_complete(data_dir)
    assert not Path("/evil.jpg").exists()


def test_an_archive_without_end_is_refused(tmp_path, start_server, monkeypatch):
    server = start_server(archive(pictures()))
    monkeypatch.setattr(facades, "MAX_BYTES", 4000)
    assert "more than 4,000 bytes" in failure(tmp_path, server)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path, start_server, monkeypatch):
    server = start_server(archive(pictures() | {"facades/zeros": bytes(1_000_000)}))
    monkeypatch.setattr(facades, "MAX_BYTES", 900_000)
    assert "unpacks to more than 900,000 bytes" in failure(tmp_path, server)
    assert list(tmp_path.iterdir()) == []


def test_of_two_downloads_at_once_one_waits_and_finds_the_folder(tmp_path, start_server):
    server = start_server(archive(pictures()))
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(fetch, tmp_path, server) for _ in range(2)]:
            done.result()
    assert len(server.requests) == 1
    assert_complete(tmp_path)


def test_what_a_killed_download_had_unpacked_is_removed(tmp_path, start_server):
    (tmp_path / ".facades-abc" / "facades").mkdir(parents=True)
    (tmp_path / ".facades-abc" / "facades" / "1.jpg").touch()
    (tmp_path / ".facades.lock").touch()
    fetch(tmp_path, start_server(archive(pictures())))
    assert_complete(tmp_path)


def test_a_full_disk_is_one_sentence(tmp_path, start_server, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(facades, "_decompress", full)
    message = failure(tmp_path, start_server(archive(pictures())), start_server(archive(pictures())))
    assert message == f"Could not write facades (about 100 MB) to {tmp_path}: No space left on device."
    assert [path.name for path in tmp_path.iterdir() if "part" not in path.name] == []


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, start_server):
    (tmp_path / "datasets").write_text("a file where the folder should be")
    message = failure(tmp_path / "datasets", start_server(archive(pictures())))
    assert message.startswith("Could not write facades") and "\n" not in message
