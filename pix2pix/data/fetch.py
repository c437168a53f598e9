"""Download a file, resumable: it grows in a partial file, which a later call continues.

Servers are not trusted: a partial file is continued only if the server still has the same file; its size is bounded.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from http.client import HTTPException, HTTPResponse
from itertools import chain
from pathlib import Path

from tqdm import tqdm

from pix2pix.surroundings import in_words, through_proxy

ATTEMPTS = 3  # per server
TIMEOUT_SECONDS = 20.0  # for connecting, and between two pieces of data
CHUNK_BYTES = 1 << 16
GZIP_MAGIC = b"\x1f\x8b"


class DownloadError(RuntimeError):
    """The dataset could not be downloaded; the message says why and what to do."""


@dataclass(frozen=True)
class _Source:
    """The file that a partial one belongs to; `validator` is the server's ETag or date of it."""

    url: str
    validator: str | None
    length: int | None


class _Interrupted(Exception):
    """A problem that may be gone at the next attempt with the same server."""


def fetch(url: str, part: Path, max_bytes: int, pause_seconds: float) -> None:
    """Download a gzip file to `part`, whose source is noted in a file beside it.

    Args:
        url: The file on the server.
        part: The partial file; complete afterwards.
        max_bytes: Maximum size.
        pause_seconds: Pause before the second attempt; doubled for each further one.

    Raises:
        DownloadError: If the server has no such file, does not answer, or sends something else.
    """
    for attempt in range(ATTEMPTS):
        if attempt > 0:
            time.sleep(pause_seconds * 2 ** (attempt - 1))
        try:
            _fetch_once(url, part, max_bytes)
            return
        except _Interrupted as problem:
            last_problem = problem
    raise DownloadError(f"{last_problem} ({ATTEMPTS} attempts)") from last_problem


def _fetch_once(url: str, part: Path, max_bytes: int) -> None:
    """Append what is missing to `part`, or start over if `part` may belong to another file."""
    known = _read_source(part)
    have = part.stat().st_size if part.exists() else 0
    if known is None or known.url != url or known.length is None:
        known, have = None, 0
    elif have == known.length:
        return  # an earlier call was stopped while it unpacked
    with closing(_open(url, part, known, have)) as response:
        if known is not None and response.status == 206:
            _check_continues(response, part, known, have)
            _append(response, b"", part, known.length, max_bytes)
        else:
            beginning = _check_begins(response)  # first, so that a login page does not cost the partial file
            discard(part)
            source = _source(url, response)
            _source_path(part).write_text(json.dumps(asdict(source)))
            _append(response, beginning, part, source.length, max_bytes)


def _open(url: str, part: Path, known: _Source | None, have: int) -> HTTPResponse:
    headers = {"User-Agent": "pix2pix-facades"}
    if known is not None:
        headers["Range"] = f"bytes={have}-"
        if known.validator is not None:
            headers["If-Range"] = known.validator  # if the file has changed, all of it comes, with status 200
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as answer:
        answer.close()
        if answer.code == 416:
            discard(part)
            raise _Interrupted("the file on the server is shorter than the part fetched before") from answer
        passing = answer.code >= 500 or answer.code in (408, 429)
        raise (_Interrupted if passing else DownloadError)(
            f"the server answered {answer.code} {answer.reason}"
        ) from answer
    except (OSError, HTTPException) as problem:
        raise _Interrupted(f"no connection{through_proxy(url)}: {in_words(problem)}") from problem


def _check_continues(response: HTTPResponse, part: Path, known: _Source, have: int) -> None:
    content_range = response.headers["Content-Range"] or ""
    same_place = content_range.startswith(f"bytes {have}-") and content_range.endswith(f"/{known.length}")
    if not (same_place and _source(known.url, response).validator in (None, known.validator)):
        discard(part)
        raise _Interrupted("the file on the server has changed")


def _check_begins(response: HTTPResponse) -> bytes:
    beginning = next(_pieces(response), b"")
    if not beginning:
        raise _Interrupted("the connection was cut before the first byte")
    if beginning[:2] != GZIP_MAGIC[: len(beginning)]:
        kind = response.headers["Content-Type"] or "unknown type"
        raise DownloadError(f"the file is not the archive ({kind}, beginning with {beginning[:20]!r})")
    return beginning


def _append(response: HTTPResponse, beginning: bytes, part: Path, length: int | None, max_bytes: int) -> None:
    limit = max_bytes if length is None else min(length, max_bytes)
    with (
        part.open("ab") as file,
        tqdm(total=length, initial=file.tell(), unit="B", unit_scale=True, desc=part.stem, disable=None) as bar,
    ):
        for piece in chain([beginning], _pieces(response)):
            file.write(piece)
            bar.update(len(piece))
            if file.tell() > limit:
                break
        have = file.tell()
    if have > limit:
        discard(part)
        raise DownloadError(f"the server sent more than {limit:,} bytes, too many for this archive")
    if length is not None and have < length:
        raise _Interrupted(f"the connection was cut after {have:,} of {length:,} bytes")


def _pieces(response: HTTPResponse) -> Iterator[bytes]:
    """Yield data as it arrives; end too when the connection is closed early."""
    try:
        while piece := response.read1(CHUNK_BYTES):
            yield piece
    except (OSError, HTTPException) as problem:
        raise _Interrupted(f"the connection was cut: {in_words(problem) or type(problem).__name__}") from problem


def _source(url: str, response: HTTPResponse) -> _Source:
    etag = response.headers["ETag"]
    strong = etag and not etag.startswith("W/")  # weak ones do not promise equal bytes
    length = response.headers["Content-Length"] or ""
    return _Source(
        url, etag if strong else response.headers["Last-Modified"], int(length) if length.isdecimal() else None
    )


def _source_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_source(part: Path) -> _Source | None:
    try:
        return _Source(**json.loads(_source_path(part).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def discard(part: Path) -> None:
    """Remove a partial file and the note about its source."""
    part.unlink(missing_ok=True)
    _source_path(part).unlink(missing_ok=True)
