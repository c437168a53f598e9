"""What tests of the views share."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.helpers.browser import (
    press,
)

PIXELS = """
picture => picture.decode().then(() => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
  canvas.getContext('2d').drawImage(picture, 0, 0);
  return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
})
"""


def look(page: Page, view: str) -> None:
    """Chooses a view and waits until it is shown."""
    page.locator(".view-choice label", has_text=view).click()
    expect(page.get_by_role("radio", name=view, exact=True)).to_be_checked()
    page.locator(f'.cp-pictures[data-view="{view}"] img[src]').first.wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.cp-pictures img')].every((picture) => picture.naturalWidth)"
    )


def open_file(page: Page, name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def saved(page: Page, button: str) -> tuple[str, Image.Image]:
    """The name and the contents of the file that a button saves."""
    with page.expect_download() as download:
        press(page, button)
    return download.value.suggested_filename, Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
