"""JavaScript run in a page, with arrays of bytes in and out as base64; as lists, an image would take seconds."""

import base64
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page

RUN = """
async (...given) => {
  const read = (value) => (value?.base64 === undefined ? value : Uint8Array.fromBase64(value.base64));
  const write = (value) => {
    if (Array.isArray(value)) return value.map(write);
    if (!(value instanceof Uint8Array || value instanceof Uint8ClampedArray)) return value;
    return { base64: new Uint8Array(value.buffer, value.byteOffset, value.length).toBase64() };
  };
  const args = given.pop().map(read);
  return write(await (%s)(...given, ...args));
}
"""


def run_script(page: Page | Locator, function: str, *arguments: Any) -> Any:
    """Call a JavaScript function in a page; one of a locator gets its element first.

    Uint8 arrays become Uint8Arrays; Uint8Arrays in the result, or in lists in it, become arrays, uint8 [N].
    """
    return _read(page.evaluate(RUN % function, [_write(argument) for argument in arguments]))


def _write(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    assert value.dtype == np.uint8
    return {"base64": base64.b64encode(value.tobytes()).decode()}


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(part) for part in value]
    if isinstance(value, dict) and set(value) == {"base64"}:
        return np.frombuffer(base64.b64decode(value["base64"]), np.uint8)
    return value
