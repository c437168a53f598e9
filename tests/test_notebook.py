"""The notebook runs from top to bottom, with short settings."""

import re
import tempfile
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from PIL import Image

from tests.helpers.environment import PATIENCE

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "docs" / "pix2pix.ipynb", as_version=4)


def test_the_notebook_is_stored_without_outputs(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    nbformat.validate(notebook)


def test_the_notebook_trains_shows_paints_and_serves(notebook, data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    (settings,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    short = {"FOLDER": str(ROOT), "INSTALL": False, "DATA_DIR": str(data_dir), "RUN_DIR": str(tmp_path / "run")}
    short |= {"EPOCHS": 1, "BASE_CHANNELS": 2}
    assert set(short) <= set(re.findall(r"^([A-Z_]+) =", settings.source, re.MULTILINE))
    settings.source += "".join(f"\n{name} = {value!r}" for name, value in short.items())
    with tempfile.TemporaryDirectory() as folder:  # whose path is short, as those of sockets must be
        # Ports would be chosen before the kernel starts, and could be taken until then.
        manager = AsyncKernelManager(transport="ipc", connection_file=f"{folder}/kernel.json")
        resources = {"metadata": {"path": tmp_path}}
        NotebookClient(notebook, manager, timeout=PATIENCE, startup_timeout=PATIENCE, resources=resources).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    said = "".join(output.text for output in outputs if output.output_type == "stream")
    assert "epoch 1/1: D/real" in said and re.search(r"Paint at http://127\.0\.0\.1:\d+", said)
    shown = [output.data for output in outputs if output.output_type == "display_data"]
    images = [data["image/png"] for data in shown if "image/png" in data]
    sizes = [Image.open(BytesIO(b64decode(image))).size for image in images]
    assert sizes == [(768, 256)] * 4 + [(512, 256)]
