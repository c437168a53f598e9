"""Line drawings, such as edges: whether images are some, and the colours of their paper and lines."""

from collections.abc import Iterable

import numpy as np

DRAWN_LEVELS = 40
LEAST_DRAWN = 0.85
"""Share of a drawing's pixels within `DRAWN_LEVELS` of black or white; soft edges take the rest.

The photos of both datasets have 0.50 at most (100 validation photos of each).
"""
GREY_LEVELS = 24
LEAST_GREY = 0.99
"""Share of a grey image's pixels whose channels differ by `GREY_LEVELS` at most, which is the noise of JPEG."""
MAJORITY = 0.8
BLACK, WHITE = "#000000", "#ffffff"


def drawing_colors(images: Iterable[np.ndarray]) -> tuple[str, str] | None:
    """Return the colours of paper and lines, if a `MAJORITY` of images are drawings in black and white.

    Args:
        images: uint8 RGB [H, W, 3] each.

    Returns:
        ("#ffffff", "#000000"), or the reverse for white lines on black; None if the images are no drawings.
    """
    papers = [_paper(pixels) for pixels in images]
    if not papers or sum(paper is not None for paper in papers) < MAJORITY * len(papers):
        return None
    return (WHITE, BLACK) if papers.count(WHITE) >= papers.count(BLACK) else (BLACK, WHITE)


def is_grey(pixels: np.ndarray) -> bool:
    """Return whether uint8 RGB [H, W, 3] is grey throughout, but for JPEG noise."""
    return bool((pixels.max(2) - pixels.min(2) <= GREY_LEVELS).mean() >= LEAST_GREY)


def is_drawing(pixels: np.ndarray) -> bool:
    """Return whether uint8 RGB [H, W, 3] is a line drawing in black and white; a photo on white paper is none."""
    return _paper(pixels) is not None


def _paper(pixels: np.ndarray) -> str | None:
    """Return the colour of a drawing's paper; None for other images."""
    if not is_grey(pixels):
        return None
    low, high = pixels.min(2), pixels.max(2)
    white, black = (low >= 255 - DRAWN_LEVELS).mean(), (high <= DRAWN_LEVELS).mean()
    if white + black < LEAST_DRAWN or not min(white, black):
        return None
    return WHITE if white >= black else BLACK
