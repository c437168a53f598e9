"""Paints a map with several models and prepares the views: which images each of them shows, and its words."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch

from demo.comparison import Shown, ShownPicture, to_data_url
from demo.subjects import SUBJECTS
from pix2pix.painter import MAX_SEED, Painter
from pix2pix.release import OBJECTIVES, ReleaseConfig

SIDE_BY_SIDE, SLIDER, DIFFERENCE, VARIATIONS, EPOCHS = "Side by side", "Slider", "Difference", "Variations", "Epochs"
VIEWS = (SIDE_BY_SIDE, SLIDER, DIFFERENCE, VARIATIONS, EPOCHS)
NUM_VARIATIONS = 4
WHITE_LEVELS = 128
"""Differences of at least this many 8-bit levels are white; 99 of 100 pixels of painted facades differ by less."""

PUBLISHED_EPOCHS = 200
"""Epochs of the published run; the page says so if a model has had fewer."""

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
    """Paint the same map once per painter and seed, two at a time; each thread has half of the cores.

    Two at a time is faster than one after the other on all cores (in fp32, 57 and 69 ms on 2 cores): most layers are
    too small to be divided well. The painters share a dataset, so they share the label image.
    """
    label_image = painters[0].label_image(label_map)

    def paint(painter: Painter, seed: int) -> Painting:
        start = time.perf_counter()
        picture = painter.paint_image(label_image, seed, dropout)
        return Painting(picture, time.perf_counter() - start)

    return list(PAINTING_THREADS.map(paint, painters, seeds))


def paint_both(painters: Mapping[str, Painter], label_map: np.ndarray, seed: int, dropout: bool) -> dict[str, Painting]:
    """Paint a map with every model and the same seed; painters and paintings by objective."""
    paintings = paint_all(list(painters.values()), label_map, [seed] * len(painters), dropout)
    return dict(zip(painters, paintings, strict=True))


def views_of(painters: Mapping[str, Painter] | None) -> list[str]:
    """Return the available views: `EPOCHS` only if a model has weights of earlier epochs."""
    has_earlier = painters is not None and any(painter.earlier for painter in painters.values())
    return [view for view in VIEWS if view != EPOCHS or has_earlier]


def show(
    view: str,
    painters: Mapping[str, Painter],
    label_map: np.ndarray,
    seed: int,
    dropout: bool,
    photo: np.ndarray | None = None,
) -> Shown:
    """Paint what a view needs.

    Args:
        view: One of `views_of(painters)`; any other text means the first view, and so do variations without dropout.
        painters: By objective, "gan" and "l1".
        label_map: Class indices, integers [256, 256].
        seed: 0 to `MAX_SEED`.
        dropout: Whether there is noise.
        photo: The photo that belongs to the map, uint8 RGB [256, 256, 3], if one is known.

    Raises:
        ReleaseError: If the weights of an earlier epoch cannot be read.
    """
    if view not in views_of(painters) or (view == VARIATIONS and not dropout):
        view = SIDE_BY_SIDE
    if view == EPOCHS:
        return _show_epochs(painters, label_map, seed, dropout)
    if view == VARIATIONS:
        return _show_variations(painters["gan"], label_map, seed)
    paintings = paint_both(painters, label_map, seed, dropout)
    times = " · ".join(
        f"{OBJECTIVES[name].title} {1000 * painting.seconds:.0f} ms" for name, painting in paintings.items()
    )
    if view == DIFFERENCE:
        dataset = painters["gan"].config.dataset
        return _show_difference(dataset, paintings["gan"].picture, paintings["l1"].picture, times)
    pictures = [describe(painters[name], painting.picture) for name, painting in paintings.items()]
    if photo is not None and view == SIDE_BY_SIDE:
        note = "The real one, from the validation split"
        pictures.append(ShownPicture(title="Photo", note=note, file="photo.jpg", url=to_data_url(photo)))
    return Shown(
        view=view,
        pictures=pictures,
        words=say_epochs({name: painter.config for name, painter in painters.items()}),
        times=times,
    )


def say_epochs(configs: Mapping[str, ReleaseConfig]) -> str:
    """Say which models have had fewer epochs than published; empty if none has, or if they are unknown."""
    epochs = {name: config.total_epochs for name, config in configs.items()}
    fewer = {name: count for name, count in epochs.items() if 0 < count < PUBLISHED_EPOCHS}
    if len(fewer) == len(epochs) > 1 and len(set(fewer.values())) == 1:
        return f"Both models were trained for {fewer['gan']} of the {PUBLISHED_EPOCHS} epochs of the published run."
    said = [f"{OBJECTIVES[name].title} for {count}" for name, count in fewer.items()]
    return f"Trained for fewer than the published {PUBLISHED_EPOCHS} epochs: {', '.join(said)}." if fewer else ""


def describe_model(config: ReleaseConfig) -> str:
    """Return the words below a model's title, such as "Facades · cGAN + λ·L1"."""
    return f"{SUBJECTS[config.dataset].title} · {OBJECTIVES[config.objective].formula}"


def describe(painter: Painter, picture: np.ndarray) -> ShownPicture:
    """Return a model's image with the page's words about the model."""
    config = painter.config
    return ShownPicture(
        title=OBJECTIVES[config.objective].title,
        note=describe_model(config),
        file=f"{config.dataset}-{config.objective}.jpg",
        url=to_data_url(picture),
    )


def levels_apart(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the absolute difference of two images in 8-bit levels, 0 to 255, averaged over colours: float [H, W]."""
    return np.abs(picture.astype(np.int16) - other).mean(2)


def _show_difference(dataset: str, gan: np.ndarray, l1: np.ndarray, times: str) -> Shown:
    apart = levels_apart(gan, l1)
    grey = np.minimum(apart * (255 / WHITE_LEVELS), 255).astype(np.uint8)
    picture = ShownPicture(
        title="GAN minus L1 only",
        note="Absolute, the mean of red, green and blue",
        file=f"{dataset}-difference.jpg",
        url=to_data_url(np.repeat(grey[..., None], 3, axis=2)),
    )
    words = (
        f"Black: both models agree. White: {WHITE_LEVELS} or more of 255 levels apart. "
        f"On average they are {apart.mean():.0f} levels apart."
    )
    return Shown(view=DIFFERENCE, pictures=[picture], words=words, times=times)


def _show_variations(painter: Painter, label_map: np.ndarray, seed: int) -> Shown:
    seeds = [(seed + number) % (MAX_SEED + 1) for number in range(NUM_VARIATIONS)]
    paintings = paint_all([painter] * NUM_VARIATIONS, label_map, seeds, dropout=True)
    dataset = painter.config.dataset
    pictures = [
        ShownPicture(title=f"Seed {seed}", note="", file=f"{dataset}-gan-{seed}.jpg", url=to_data_url(painting.picture))
        for seed, painting in zip(seeds, paintings, strict=True)
    ]
    pairs = [(one.picture, other.picture) for one, other in combinations(paintings, 2)]
    apart = np.mean([levels_apart(one, other).mean() for one, other in pairs])
    tones_apart = np.mean([np.abs(one.mean((0, 1)) - other.mean((0, 1))).mean() for one, other in pairs])
    words = (
        "The same map with four seeds. Dropout is the GAN's only noise, and it is weak. It can vary tones and details: "
        f"here a pixel differs by {apart:.0f} of 255 levels on average. It cannot vary the image as a whole, such as "
        f"its colours or its light: the mean colours differ by {tones_apart:.0f}."
    )
    seconds = sum(painting.seconds for painting in paintings) / NUM_VARIATIONS
    return Shown(view=VARIATIONS, pictures=pictures, words=words, times=f"GAN {1000 * seconds:.0f} ms each")


def _show_epochs(painters: Mapping[str, Painter], label_map: np.ndarray, seed: int, dropout: bool) -> Shown:
    shown = [epoch for painter in painters.values() if painter.earlier for epoch in painter.over_epochs]
    paintings = paint_all(shown, label_map, [seed] * len(shown), dropout)
    pictures = [
        ShownPicture(
            title=f"{OBJECTIVES[painter.config.objective].title}, epoch {painter.config.epochs}",
            note="",
            file=f"{painter.config.dataset}-{painter.config.objective}-epoch-{painter.config.epochs:03d}.jpg",
            url=to_data_url(painting.picture),
        )
        for painter, painting in zip(shown, paintings, strict=True)
    ]
    words = "The same map and seed painted by earlier epochs. In one epoch, training sees every image once."
    seconds = sum(painting.seconds for painting in paintings) / len(paintings)
    return Shown(view=EPOCHS, pictures=pictures, words=words, times=f"{1000 * seconds:.0f} ms each")
