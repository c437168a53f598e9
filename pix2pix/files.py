"""Files that survive a crash: replaced as a whole or not at all, or one record per line. Errors name the file."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add `path` to an OSError; write and fsync raise that of a full disk without a file name."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def replacing(path: Path, keep_as: Path | None = None) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces `path` once its content is on disk; if anything fails, `path` stays.

    A process that is killed leaves the temporary file, which the next call for `path` overwrites.

    Args:
        path: The file to replace or create.
        keep_as: Where to move the previous file; None to drop it.

    Raises:
        OSError: If the file cannot be written, such as on a full disk; it names `path`.
    """
    temporary = path.with_suffix(".tmp")
    with naming(path):
        try:
            with open(temporary, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if keep_as and path.exists():
                os.replace(path, keep_as)
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Flush file names to disk, so that a power cut cannot keep a later file and lose an earlier one."""
    with suppress(OSError):  # Windows cannot open folders, and some network disks cannot sync them
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def append_record(path: Path, record: dict[str, Any]) -> None:
    """Append a JSON object to a file with one per line; start a new line if a crash cut the last one short.

    Raises:
        OSError: If it cannot be written, such as on a full disk; it names `path`.
    """
    with naming(path), open(path, "a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.write(b"\n")
        file.write(json.dumps(record).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_records(path: Path) -> list[dict[str, Any]]:
    """Read the records of `append_record`, without lines cut short by a crash; none if there is no file."""
    records = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        with suppress(ValueError):
            records.append(json.loads(line))
    return [record for record in records if isinstance(record, dict)]
