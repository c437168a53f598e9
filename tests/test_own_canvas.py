"""The example of docs/canvas.md: the canvas with a palette of its own, in an app of its own."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from docs.own_canvas.app import ISLANDS, canvas, demo, shares
from tests.helpers.browser import drag, read_map

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    yield url
    demo.close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    expect(page.locator(".lc-palette [role=radio]")).to_have_count(len(ISLANDS))
    yield page
    assert complaints == []
    page.close()


def test_a_painted_quarter_is_a_quarter_of_the_map_in_python_and_is_undone(page: Page):
    page.get_by_role("radio", name="Rectangle").click()
    drag(page, (0, 0), (159, 119))  # with the class of the start, sand; the map is also sent on the way
    expect(page.get_by_text("25%")).to_be_visible()
    painted = read_map(page, ISLANDS)
    assert painted.shape == (240, 320) and (painted[:120, :160] == 1).all() and (painted == 1).mean() == 0.25
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("100%")).to_be_visible()
    assert (read_map(page, ISLANDS) == 0).all()


def test_the_function_of_the_example_gets_class_numbers():
    label_map = np.zeros((240, 320), np.uint8)
    label_map[:120] = 2
    assert shares(canvas.preprocess(canvas.postprocess(label_map))) == {"water": 0.5, "sand": 0.0, "grass": 0.5}


def test_the_guide_shows_the_example_as_it_runs():
    example = (ROOT / "docs" / "own_canvas" / "app.py").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "canvas.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```python\n(import gradio.*?)```", guide, re.DOTALL)
    code = [line for line in example.split('"""\n', 1)[1].splitlines() if line]
    assert [line for line in shown.splitlines() if line] == code
