"""One picture to keep or to pass on: the label map and what the models made of it, with captions."""

import io
import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = 256
MARGIN = 16
LINE = 20
LETTER = 8
INK, PAPER = "#1e293b", "#ffffff"


def draw_sheet(pictures: Sequence[tuple[str, np.ndarray]], lines: Sequence[str]) -> bytes:
    """Draws pictures side by side.

    Args:
        pictures: A caption and uint8 RGB [256, 256, 3] each.
        lines: What stands below all of them, each broken where it is too long.

    Returns:
        A PNG file.
    """
    font = ImageFont.load_default(14)
    width = MARGIN + len(pictures) * (SIZE + MARGIN)
    lines = [part for line in lines for part in textwrap.wrap(line, width // LETTER)]
    sheet = Image.new("RGB", (width, MARGIN + LINE + SIZE + MARGIN // 2 + len(lines) * LINE + MARGIN // 2), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (caption, picture) in enumerate(pictures):
        x = MARGIN + number * (SIZE + MARGIN)
        draw.text((x, MARGIN // 2 + 2), caption, INK, font)
        sheet.paste(Image.fromarray(picture), (x, MARGIN + LINE // 2 + 4))
    for number, line in enumerate(lines):
        draw.text((MARGIN, MARGIN + LINE // 2 + 4 + SIZE + 6 + number * LINE), line, INK, font)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
