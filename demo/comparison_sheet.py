"""The comparison as one image file: the label map and both generated images with captions."""

import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pix2pix.image_files import encode_image

MARGIN = 16
LINE = 20
LETTER = 8
INK, PAPER = "#1e293b", "#ffffff"


def draw_sheet(pictures: Sequence[tuple[str, np.ndarray]], lines: Sequence[str]) -> bytes:
    """Draw images side by side.

    Args:
        pictures: Captions and images of one size, uint8 RGB [H, W, 3].
        lines: Text below the images; long lines are wrapped.

    Returns:
        A PNG file.
    """
    font = ImageFont.load_default(14)
    height, step = pictures[0][1].shape[0], pictures[0][1].shape[1] + MARGIN
    width = MARGIN + len(pictures) * step
    lines = [part for line in lines for part in textwrap.wrap(line, width // LETTER)]
    sheet = Image.new("RGB", (width, MARGIN + LINE + height + MARGIN // 2 + len(lines) * LINE + MARGIN // 2), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (caption, picture) in enumerate(pictures):
        x = MARGIN + number * step
        draw.text((x, MARGIN // 2 + 2), caption, INK, font)
        sheet.paste(Image.fromarray(picture), (x, MARGIN + LINE // 2 + 4))
    for number, line in enumerate(lines):
        draw.text((MARGIN, MARGIN + LINE // 2 + 4 + height + 6 + number * LINE), line, INK, font)
    return encode_image(sheet, "PNG", optimize=True)
