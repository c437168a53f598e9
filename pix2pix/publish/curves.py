"""Draw the charts of a report into one PNG, because model cards do not show SVG files of their repository."""

import unicodedata
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from pix2pix.report.charts import Chart

SCALE = 2
"""Pixels per unit of a chart."""
COLUMNS = 2
TITLE_HEIGHT = 26
LINE, RULE, TEXT, FLOOR = "#2563eb", "#e2e8f0", "#334155", "#94a3b8"


def draw_charts(charts: Sequence[Chart]) -> Image.Image:
    """Draw all charts on white, two in a row."""
    width, height = Chart.width * SCALE, (Chart.height + TITLE_HEIGHT) * SCALE
    rows = -(-len(charts) // COLUMNS)
    sheet = Image.new("RGB", (width * min(COLUMNS, len(charts)), height * rows), "white")
    for number, chart in enumerate(charts):
        sheet.paste(draw_chart(chart), (number % COLUMNS * width, number // COLUMNS * height))
    return sheet


def draw_chart(chart: Chart) -> Image.Image:
    """Draw one chart with its title, axes and lines."""
    image = Image.new("RGB", (chart.width * SCALE, (chart.height + TITLE_HEIGHT) * SCALE), "white")
    draw = ImageDraw.Draw(image)
    small, large = (ImageFont.load_default(size * SCALE) for size in (11, 13))

    def place(x: float, y: float) -> tuple[float, float]:
        return x * SCALE, (y + TITLE_HEIGHT) * SCALE

    title = unicodedata.normalize("NFKD", chart.title).encode("ascii", "ignore").decode()  # Pillow's font has no é
    draw.text(place(chart.left, -10), title, TEXT, large, anchor="lm")
    for y, text in chart.y_ticks:
        draw.line([place(chart.left, y), place(chart.right, y)], RULE, SCALE)
        draw.text(place(chart.left - 7, y), text, TEXT, small, anchor="rm")
    for x, text in chart.x_ticks:
        draw.text(place(x, chart.bottom + 13), text, TEXT, small, anchor="mm")
    draw.text(place(chart.right, chart.bottom + 27), "epoch", TEXT, small, anchor="rm")
    if chart.floor is not None:
        draw.line([place(chart.left, chart.y(chart.floor)), place(chart.right, chart.y(chart.floor))], FLOOR, SCALE)
        draw.text(place(chart.right, chart.y(chart.floor) - 7), "photos", TEXT, small, anchor="rm")
    for line in chart.lines:
        points = [place(chart.x(epoch), chart.y(value)) for epoch, value in line.points]
        draw.line(points, LINE, 2 * SCALE, joint="curve")
        for x, y in chart.marks(line):
            center_x, center_y = place(x, y)
            draw.ellipse([center_x - 5, center_y - 5, center_x + 5, center_y + 5], LINE)
    return image
