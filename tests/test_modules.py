"""The components' ES modules are served to every app that uses a component, and a missing one is a sentence."""

import gradio as gr
import httpx
import pytest
from playwright.sync_api import Browser, expect

from demo import modules
from demo.label_canvas import LabelCanvas
from pix2pix.labels import FACADES


def test_a_module_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="there is no module label_canvas/nothing.js"):
        modules.browser_side("label_canvas/nothing.js")


def test_events_that_are_not_gradios_own_are_named_in_the_script():
    assert "'linked'" in modules.browser_side("label_canvas/mount.js", events=["linked"])["js_on_load"]


def test_all_modules_of_the_canvas_are_preloaded_and_show_no_folder_of_the_project():
    parts = modules.browser_side("label_canvas/mount.js", ["canvas.css"], is_preloaded=True)
    links = parts["head"]
    assert links.count("modulepreload") == len(list((modules.SOURCE / "label_canvas").rglob("*.js")))
    assert ".label-canvas" in links
    assert str(modules.SOURCE) not in links + parts["js_on_load"]


@pytest.fixture(scope="module")
def plain_app():
    """Somebody else's page with a canvas: nothing of this project's server is around it."""
    with gr.Blocks() as demo:
        canvas = LabelCanvas(palette=FACADES)
        count = gr.Number(label="Pixels of facade")
        canvas.input(lambda label_map: int((label_map == 1).sum()), canvas, count)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    yield url.rstrip("/")
    demo.close()


def test_a_page_of_somebody_else_has_a_canvas_that_paints(browser: Browser, plain_app: str):
    page = browser.new_page()
    page.goto(plain_app)
    page.get_by_role("radio", name="Fill").click()
    page.get_by_role("radio", name="facade").click()
    page.locator(".lc-surface canvas").click()
    expect(page.get_by_label("Pixels of facade")).to_have_value(str(256 * 256))
    page.close()


def test_a_module_that_is_not_served_is_a_sentence_on_the_page(browser: Browser, plain_app: str):
    page = browser.new_page()
    page.route("**/label_canvas/view.js", lambda route: route.fulfill(status=404))
    page.goto(plain_app)
    expect(page.get_by_text("This part of the page could not be loaded. Please reload the page.")).to_be_visible()
    page.close()


def test_modules_are_javascript(plain_app: str):
    answer = httpx.get(f"{plain_app}/gradio_api/{modules.PATH}/label_canvas/mount.js", timeout=60)
    assert answer.status_code == 200 and "javascript" in answer.headers["content-type"]
