"""Paints a map with several models and prepares the views: which images each of them shows, and its words."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch

from demo.comparison import Shown, ShownPicture, to_data_url
from demo.model_notes import describe_quality
from demo.subjects import SUBJECTS, title_of
from pix2pix.painter import MAX_SEED, Painter
from pix2pix.release import OBJECTIVES, ReleaseConfig

SIDE_BY_SIDE, SLIDER, DIFFERENCE, VARIATIONS, EPOCHS = "Side by side", "Slider", "Difference", "Variations", "Epochs"
VIEWS = (SIDE_BY_SIDE, SLIDER, DIFFERENCE, VARIATIONS, EPOCHS)
ALONE = "Image"
VIEWS_OF_ONE = (ALONE, VARIATIONS, EPOCHS)
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
class ViewImage:
    """One image of a view.

    Attributes:
        title: One or two words.
        note: A few more words; empty for none.
        file: File name for saving.
        picture: uint8 RGB [H, W, 3].
        row: The row that it stands in, from 1; 0 if rows do not matter.
    """

    title: str
    note: str
    file: str
    picture: np.ndarray
    row: int = 0


@dataclass(frozen=True)
class PaintedView:
    """The images of a view, a sentence about them, and the painting times."""

    view: str
    images: list[ViewImage]
    words: str
    times: str


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
    too small to be divided well. The painters share a tab, so they share the input image.
    """
    label_image = label_map if label_map.ndim == 3 else painters[0].label_image(label_map)

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
    """Return the available views, the first one first: `EPOCHS` only if a model has weights of earlier epochs."""
    has_earlier = painters is not None and any(painter.earlier for painter in painters.values())
    views = VIEWS_OF_ONE if painters and len(painters) == 1 else VIEWS
    return [view for view in views if view != EPOCHS or has_earlier]


def show(
    view: str,
    painters: Mapping[str, Painter],
    label_map: np.ndarray,
    seed: int,
    dropout: bool,
    photo: np.ndarray | None = None,
) -> Shown:
    """Paint what a view needs, as the message to the page; see `paint_view` for the arguments."""
    painted = paint_view(view, painters, label_map, seed, dropout, photo)
    pictures = [
        ShownPicture(title=image.title, note=image.note, file=image.file, row=image.row, url=to_data_url(image.picture))
        for image in painted.images
    ]
    facts = [describe_quality(painter.config) for painter in painters.values()]
    return Shown(view=painted.view, pictures=pictures, words=painted.words, times=painted.times, facts=facts)


def paint_view(
    view: str,
    painters: Mapping[str, Painter],
    label_map: np.ndarray,
    seed: int,
    dropout: bool,
    photo: np.ndarray | None = None,
) -> PaintedView:
    """Paint what a view needs.

    Args:
        view: One of `views_of(painters)`; any other text means the first view, and so do variations without dropout.
        painters: By objective, "gan" and "l1" or one of them.
        label_map: Class indices, integers [H, W], or the input image, uint8 RGB [H, W, 3].
        seed: 0 to `MAX_SEED`.
        dropout: Whether there is noise.
        photo: The photo that belongs to the map, uint8 RGB [H, W, 3], if one is known; it is the last image.

    Raises:
        ReleaseError: If the weights of an earlier epoch cannot be read.
    """
    if view not in views_of(painters) or (view == VARIATIONS and not dropout):
        view = views_of(painters)[0]
    if view == EPOCHS:
        painted = _paint_epochs(painters, label_map, seed, dropout)
    elif view == VARIATIONS:
        painted = _paint_variations(painters.get("gan") or painters["l1"], label_map, seed)
    else:
        painted = _paint_both_models(view, painters, label_map, seed, dropout)
    if photo is not None:
        row = max(image.row for image in painted.images)
        title = "Label image" if next(iter(painters.values())).config.output_palette else "Photo"
        painted.images.append(ViewImage(title, "The real one", "photo.png", photo, row and row + 1))
    return painted


def say_epochs(configs: Mapping[str, ReleaseConfig]) -> str:
    """Say which models have had fewer epochs than published; empty if none has, or if they are unknown."""
    epochs = {name: config.total_epochs for name, config in configs.items() if config.dataset in SUBJECTS}
    fewer = {name: count for name, count in epochs.items() if 0 < count < PUBLISHED_EPOCHS}
    if len(fewer) == len(epochs) > 1 and len(set(fewer.values())) == 1:
        return f"Both models were trained for {fewer['gan']} of the {PUBLISHED_EPOCHS} epochs of the published run."
    said = [f"{OBJECTIVES[name].title} for {count}" for name, count in fewer.items()]
    return f"Trained for fewer than the published {PUBLISHED_EPOCHS} epochs: {', '.join(said)}." if fewer else ""


def describe_model(config: ReleaseConfig) -> str:
    """Return the words below a model's title, such as "Facades · cGAN + λ·L1"."""
    return f"{title_of(config.dataset)} · {OBJECTIVES[config.objective].formula}"


def words_of(config: ReleaseConfig) -> dict[str, str]:
    """Return what a browser that paints must say of a model; `views.js` has the names."""
    return {
        "objective": config.objective,
        "title": OBJECTIVES[config.objective].title,
        "note": describe_model(config),
        "details": describe_quality(config),
    }


def describe(painter: Painter, picture: np.ndarray) -> ViewImage:
    """Return a model's image with the page's words about the model."""
    config = painter.config
    objective = OBJECTIVES[config.objective]
    return ViewImage(objective.title, describe_model(config), f"{config.dataset}-{config.objective}.png", picture)


def levels_apart(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the absolute difference of two images in 8-bit levels, 0 to 255, averaged over colours: float [H, W]."""
    return np.abs(picture.astype(np.int16) - other).mean(2)


def _paint_both_models(
    view: str, painters: Mapping[str, Painter], label_map: np.ndarray, seed: int, dropout: bool
) -> PaintedView:
    paintings = paint_both(painters, label_map, seed, dropout)
    times = " · ".join(
        f"{OBJECTIVES[name].title} {1000 * painting.seconds:.0f} ms" for name, painting in paintings.items()
    )
    if view == DIFFERENCE:
        image, words = _subtract(painters["gan"].config.dataset, paintings["gan"].picture, paintings["l1"].picture)
        return PaintedView(view, [image], words, times)
    images = [describe(painters[name], painting.picture) for name, painting in paintings.items()]
    words = say_epochs({name: painter.config for name, painter in painters.items()})
    return PaintedView(view, images, words, times)


def _subtract(dataset: str, gan: np.ndarray, l1: np.ndarray) -> tuple[ViewImage, str]:
    apart = levels_apart(gan, l1)
    grey = np.minimum(apart * (255 / WHITE_LEVELS), 255).astype(np.uint8)
    note = "Absolute, the mean of red, green and blue"
    image = ViewImage("GAN minus L1 only", note, f"{dataset}-difference.png", np.repeat(grey[..., None], 3, axis=2))
    words = (
        f"Black: both models agree. White: {WHITE_LEVELS} or more of 255 levels apart. "
        f"On average they are {apart.mean():.0f} levels apart."
    )
    return image, words


def _paint_variations(painter: Painter, label_map: np.ndarray, seed: int) -> PaintedView:
    seeds = [(seed + number) % (MAX_SEED + 1) for number in range(NUM_VARIATIONS)]
    paintings = paint_all([painter] * NUM_VARIATIONS, label_map, seeds, dropout=True)
    objective = painter.config.objective
    images = [
        ViewImage(f"Seed {seed}", "", f"{painter.config.dataset}-{objective}-{seed}.png", painting.picture)
        for seed, painting in zip(seeds, paintings, strict=True)
    ]
    pairs = [(one.picture, other.picture) for one, other in combinations(paintings, 2)]
    apart = np.mean([levels_apart(one, other).mean() for one, other in pairs])
    tones_apart = np.mean([np.abs(one.mean((0, 1)) - other.mean((0, 1))).mean() for one, other in pairs])
    words = (
        "The same map with four seeds. Dropout is this model's only noise, and it is weak. It can vary tones and "
        f"details: here a pixel differs by {apart:.0f} of 255 levels on average. It cannot vary the image as a "
        f"whole, such as its colours or its light: the mean colours differ by {tones_apart:.0f}."
    )
    seconds = sum(painting.seconds for painting in paintings) / NUM_VARIATIONS
    return PaintedView(VARIATIONS, images, words, f"{OBJECTIVES[objective].title} {1000 * seconds:.0f} ms each")


def _paint_epochs(painters: Mapping[str, Painter], label_map: np.ndarray, seed: int, dropout: bool) -> PaintedView:
    models = [painter.over_epochs for painter in painters.values() if painter.earlier]
    shown = [(row, epoch) for row, epochs in enumerate(models, 1) for epoch in epochs]
    paintings = paint_all([epoch for _, epoch in shown], label_map, [seed] * len(shown), dropout)
    images = [
        ViewImage(
            f"{OBJECTIVES[painter.config.objective].title}, epoch {painter.config.epochs}",
            "",
            f"{painter.config.dataset}-{painter.config.objective}-epoch-{painter.config.epochs:03d}.png",
            painting.picture,
            row,
        )
        for (row, painter), painting in zip(shown, paintings, strict=True)
    ]
    words = "The same map and seed painted by earlier epochs. In one epoch, training sees every image once."
    seconds = sum(painting.seconds for painting in paintings) / len(paintings)
    return PaintedView(EPOCHS, images, words, f"{1000 * seconds:.0f} ms each")
