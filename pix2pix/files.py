"""Files that survive a crash: replaced whole or not at all, records one to a line, and errors that name the file."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Makes an OSError name `path`; that of a full disk, raised by write or fsync, names no file."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def replacing(path: Path, keep_as: Path | None = None) -> Iterator[BinaryIO]:
    """Opens a temporary file, which takes the place of `path` once its content is on the disk; if anything fails, `path` stays.

    A process killed on the way leaves the temporary file; the next one to replace `path` overwrites it.

    Args:
        path: The file to replace or create.
        keep_as: Where to keep the file that was there.

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
    """Puts names on the disk too, so that a power cut never keeps a later file without an earlier one."""
    with suppress(OSError):  # Windows opens no folders, and some network disks do not sync them
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def append_record(path: Path, record: dict[str, Any]) -> None:
    """Adds a JSON object to a file that has one to a line; on a line of its own also where a crash cut the last one short.

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
    """What `append_record` added, without a line that a crash cut short; nothing where there is no file."""
    records = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        with suppress(ValueError):
            records.append(json.loads(line))
    return [record for record in records if isinstance(record, dict)]
