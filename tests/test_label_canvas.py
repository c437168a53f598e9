"""The canvas's value: what travels between browser and Python, and what is refused."""

import base64
from typing import Any

import gradio as gr
import numpy as np
import pytest

from demo.label_canvas import LabelCanvas, LabelMap, decode, encode
from pix2pix.labels import CITYSCAPES, FACADES

SIZE = 256


@pytest.fixture
def canvas() -> LabelCanvas:
    return LabelCanvas(palette=FACADES)


def message(runs: bytes | str, width: Any = SIZE, height: Any = SIZE) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "runs": base64.b64encode(runs).decode() if isinstance(runs, bytes) else runs,
    }


def run(label: int, length: int) -> bytes:
    return bytes((label, length & 0xFF, length >> 8))


def random_rectangles(rng: np.random.Generator, number: int) -> np.ndarray:
    label_map = np.zeros((SIZE, SIZE), np.uint8)
    for _ in range(number):
        (top, bottom), (left, right) = np.sort(rng.integers(0, SIZE + 1, (2, 2)))
        label_map[top:bottom, left:right] = rng.integers(len(FACADES))
    return label_map


def test_a_map_of_noise_survives_the_journey_and_back() -> None:
    label_map = np.random.default_rng(0).integers(0, len(FACADES), (SIZE, SIZE)).astype(np.uint8)
    assert (decode(encode(label_map), len(FACADES), (SIZE, SIZE)) == label_map).all()


@pytest.mark.parametrize("label", [0, 5, 11])
def test_a_map_of_one_class_survives_although_no_run_is_that_long(label: int) -> None:
    label_map = np.full((SIZE, SIZE), label, np.uint8)
    packed = encode(label_map)
    assert base64.b64decode(packed.runs) == run(label, 65535) + run(label, 1)
    assert (decode(packed, len(FACADES), (SIZE, SIZE)) == label_map).all()


def test_maps_of_300_random_rectangles_survive() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        label_map = random_rectangles(rng, 300)
        decoded = decode(encode(label_map), len(FACADES), (SIZE, SIZE))
        assert decoded.dtype == np.uint8
        assert (decoded == label_map).all()


def test_a_map_that_is_not_contiguous_in_memory_is_packed_row_by_row() -> None:
    label_map = random_rectangles(np.random.default_rng(2), 30)
    assert (decode(encode(label_map.T), len(FACADES), (SIZE, SIZE)) == label_map.T).all()


def test_the_canvas_gives_python_what_it_was_given(canvas: LabelCanvas) -> None:
    label_map = random_rectangles(np.random.default_rng(3), 20)
    sent = canvas.postprocess(label_map)
    assert sent is not None
    received = canvas.preprocess(LabelMap.model_validate(sent.model_dump()))
    assert received.dtype == np.uint8 and received.shape == (SIZE, SIZE)
    assert (received == label_map).all()


def test_a_canvas_without_a_value_starts_with_the_background() -> None:
    canvas = LabelCanvas(palette=FACADES, background=3)
    assert (canvas.preprocess(LabelMap.model_validate(canvas.value)) == 3).all()


def test_a_class_that_is_to_be_shown_first_must_be_in_the_palette() -> None:
    with pytest.raises(ValueError, match="no class 'window'"):
        LabelCanvas(palette=CITYSCAPES, first_classes=("road", "window"))


WHOLE = run(0, 65535) + run(0, 1)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("x", "A label map has exactly three fields: width, height and runs."),
        ([], "A label map has exactly three fields: width, height and runs."),
        (7, "A label map has exactly three fields: width, height and runs."),
        ({}, "A label map has exactly three fields: width, height and runs."),
        (message(WHOLE) | {"more": 1}, "A label map has exactly three fields: width, height and runs."),
        (message(WHOLE, width="256"), "The width of a label map is a whole number from 1 to 1024."),
        (message(WHOLE, width=256.0), "The width of a label map is a whole number from 1 to 1024."),
        (message(WHOLE, height=True), "The height of a label map is a whole number from 1 to 1024."),
        (message(WHOLE, height=None), "The height of a label map is a whole number from 1 to 1024."),
        (message(WHOLE, height=0), "The height of a label map is a whole number from 1 to 1024."),
        (message(WHOLE, width=-256), "The width of a label map is a whole number from 1 to 1024."),
        (message(WHOLE, width=10**9), "The width of a label map is a whole number from 1 to 1024."),
        (message(WHOLE, width=10**5000), "The width of a label map is a whole number from 1 to 1024."),
        (message(WHOLE, width=512, height=128), "The label map is 512 by 128 pixels; it must be 256 by 256."),
        (message(WHOLE) | {"runs": 5}, "The runs of a label map are base64 text."),
        (message(WHOLE) | {"runs": None}, "The runs of a label map are base64 text."),
        (message("a"), "The runs of the label map are not valid base64."),
        (message("????"), "The runs of the label map are not valid base64."),
        (message("ÄÖÜ€"), "The runs of the label map are not valid base64."),
        (message("A" * (4 * SIZE * SIZE + 4)), "The label map has more runs than pixels."),
        (message(WHOLE + b"\0"), "The runs of the label map are not three bytes each."),
        (message(WHOLE + run(1, 0)), "The label map holds a run of no pixels."),
        (message(b""), "The runs of the label map cover 0 pixels; they must cover 65536."),
        (message(run(0, 65535)), "The runs of the label map cover 65535 pixels; they must cover 65536."),
        (message(WHOLE + run(1, 9)), "The runs of the label map cover 65545 pixels; they must cover 65536."),
        (message(run(0, 65535) + run(12, 1)), "The label map holds class 12; the classes are 0 to 11."),
        (message(run(255, 65535) + run(0, 1)), "The label map holds class 255; the classes are 0 to 11."),
    ],
)
def test_a_wrong_value_is_refused_with_one_sentence(canvas: LabelCanvas, value: Any, sentence: str) -> None:
    with pytest.raises(gr.Error) as refusal:
        canvas.preprocess(LabelMap.model_validate(value))
    assert refusal.value.message == sentence
    assert not refusal.value.print_exception


def test_a_request_without_a_map_is_refused(canvas: LabelCanvas) -> None:
    with pytest.raises(gr.Error) as refusal:
        canvas.preprocess(None)
    assert refusal.value.message == "There is no label map in the request."


def test_a_canvas_need_not_be_square() -> None:
    canvas = LabelCanvas(palette=FACADES, size=(512, 256))
    label_map = np.random.default_rng(4).integers(0, len(FACADES), (256, 512)).astype(np.uint8)
    sent = canvas.postprocess(label_map)
    assert sent and (canvas.preprocess(sent) == label_map).all()
    assert canvas.example_value().shape == (256, 512)
    with pytest.raises(gr.Error, match="is 256 by 512 pixels; it must be 512 by 256"):
        canvas.preprocess(encode(label_map.T))
