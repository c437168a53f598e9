"""Checks what a page or program sends with a request (seed, dropout, uploads) and finds the painters that answer it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from demo.models import Model, painters_of
from demo.refusal import refuse
from pix2pix.painter import MAX_SEED, Painter

FIRST_SEED = 1
TWO_AT_A_TIME: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "painters"}
"""While the images of one map are packed and sent, the next map can be painted. More would only delay every map."""


def check_seed(seed: Any) -> int:
    """Return a seed that was sent as an integer, 0 to `MAX_SEED`; raise `gr.Error` for anything else."""
    is_number = isinstance(seed, int | float | np.number) and not isinstance(seed, bool)
    if not is_number or seed != seed // 1 or not 0 <= seed <= MAX_SEED:
        raise refuse(f"The seed is a whole number from 0 to {MAX_SEED}.")
    return int(seed)


def check_dropout(dropout: Any) -> bool:
    """Return a dropout setting that was sent; raise `gr.Error` unless it is a bool."""
    if not isinstance(dropout, bool):
        raise refuse("Dropout is either true or false.")
    return dropout


def check_upload(upload: Any, folder: str) -> Path:
    """Return the path of an uploaded file; raise `gr.Error` for any other file of the server."""
    path = upload.get("path") if isinstance(upload, dict) else None
    if (
        not isinstance(path, str)
        or not Path(path).resolve().is_relative_to(Path(folder).resolve())
        or not Path(path).is_file()
    ):
        raise refuse("The image is not a file that was uploaded.")
    return Path(path)


def painters_now(models: Mapping[str, Model]) -> dict[str, Painter]:
    """Return the models' painters by objective; raise `gr.Error` until every model has one."""
    painters = painters_of(models)
    if painters is None:
        raise refuse("These models are still being downloaded or are unavailable; the page says which.")
    return painters
