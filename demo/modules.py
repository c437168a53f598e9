"""Serves the components' ES modules as static files of Gradio, and describes the components' messages.

The browser loads the modules from a copy in a temporary folder. So the address shows no folder of the project, works in
any app that uses a component, and differs after every start: a page never mixes modules of two versions.
"""

import atexit
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

SOURCE = Path(__file__).parent
SERVED = Path(tempfile.mkdtemp(prefix="pix2pix-modules-"))
PATH = f"file={SERVED.as_posix()}"
"""Below Gradio's API prefix."""

MOUNT = """
const { root, api_prefix } = window.gradio_config;
import(`${root}${api_prefix}/PATH`)
  .then((module) => module.mount(element, { props, trigger, watch }))
  .catch((error) => {
    console.error(error);
    element.textContent = 'This part of the page could not be loaded. Please reload the page.';
  });
"""


def _serve() -> None:
    for module in SOURCE.rglob("*.js"):
        copy = SERVED / module.relative_to(SOURCE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, copy)
    atexit.register(shutil.rmtree, SERVED, ignore_errors=True)
    gr.set_static_paths(SERVED)


_serve()


def browser_side(
    module: str, styles: Sequence[str] = (), events: Sequence[str] = (), is_preloaded: bool = False
) -> dict[str, Any]:
    """Return the arguments of `gr.HTML` for a component that a module builds in the browser.

    Gradio compiles templates anew with every value, so the module adds markup, and the head of the page has the styles.

    Args:
        module: Path below `demo/`; it exports `mount(element, {props, trigger, watch})`.
        styles: Names of CSS files beside it, in their order.
        events: Events that are not Gradio's own; Gradio finds their names in the script.
        is_preloaded: Whether the page loads all modules of the folder at once, not one import after another.
    """
    if not (SERVED / module).is_file():
        raise ValueError(f"there is no module {module} below {SOURCE}")
    folder = Path(module).parent
    names = f"// Events: {', '.join(map(repr, events))}" if events else ""
    rules = "".join((SOURCE / folder / name).read_text(encoding="utf-8") for name in styles)
    return {
        "js_on_load": MOUNT.replace("PATH", f"{PATH}/{module}") + names,
        "head": (_preloading(folder) if is_preloaded else "") + (f"<style>{rules}</style>" if rules else ""),
        "apply_default_css": False,
    }


def describe_message(component: gr.HTML) -> dict[str, Any]:
    """Return the JSON schema of a component's message; its class has this as `api_info`."""
    assert component.data_model
    return component.data_model.model_json_schema()


def _preloading(folder: Path) -> str:
    modules = sorted((SERVED / folder).rglob("*.js"))
    addresses = [f"gradio_api/file={module.as_posix()}" for module in modules]
    return "".join(f'<link rel="modulepreload" href={json.dumps(address)}>' for address in addresses)
