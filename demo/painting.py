"""Paints with several models at once, and says how long each took."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from pix2pix.painter import Painter

NUM_THREADS = 2
PAINTING_THREADS = ThreadPoolExecutor(
    NUM_THREADS,
    "painting",
    initializer=torch.set_num_threads,
    initargs=(max(1, torch.get_num_threads() // NUM_THREADS),),
)


@dataclass(frozen=True)
class Painting:
    """What one model made of a map.

    Attributes:
        picture: uint8 RGB [H, W, 3].
        seconds: How long the model took.
    """

    picture: np.ndarray
    seconds: float


def paint_all(
    painters: Sequence[Painter], label_map: np.ndarray, seeds: Sequence[int], dropout: bool
) -> list[Painting]:
    """One painting of the same map per painter and seed, two at a time: each thread has half of the cores.

    Half of the cores for each is faster than all of them for one after the other (in fp32, 57 and 69 ms on 2 cores): most layers are too
    small to be divided well. The label image is the same for all, as they are of one dataset.
    """
    label_image = painters[0].label_image(label_map)

    def paint(painter: Painter, seed: int) -> Painting:
        start = time.perf_counter()
        picture = painter.paint_image(label_image, seed, dropout)
        return Painting(picture, time.perf_counter() - start)

    return list(PAINTING_THREADS.map(paint, painters, seeds))
