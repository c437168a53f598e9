"""The ways to look at what the models made of a map: which pictures each of them shows, and what it says about them."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from demo.comparison import Shown, ShownPicture, to_data_url
from demo.painting import paint_all
from pix2pix.painter import MAX_SEED, Painter

SIDE_BY_SIDE, SLIDER, DIFFERENCE, VARIATIONS, EPOCHS = "Side by side", "Slider", "Difference", "Variations", "Epochs"
VIEWS = (SIDE_BY_SIDE, SLIDER, DIFFERENCE, VARIATIONS, EPOCHS)
NUM_VARIATIONS = 4
WHITE_LEVELS = 128
"""A difference of so many 8-bit levels or more is shown white: 99 of 100 pixels of painted facades are nearer."""

MODEL_NAMES = {"gan": "GAN", "l1": "L1 only"}
OBJECTIVES = {"gan": "cGAN + λ·L1", "l1": "L1"}


def views_of(painters: Sequence[Painter] | None) -> list[str]:
    """The views that there are of these models: `EPOCHS` only where one of them has weights of earlier ones."""
    has_earlier = any(painter.earlier for painter in painters or ())
    return [view for view in VIEWS if view != EPOCHS or has_earlier]


def show(
    view: str,
    painters: Sequence[Painter],
    label_map: np.ndarray,
    seed: int,
    dropout: bool,
    photo: np.ndarray | None = None,
) -> Shown:
    """Paints what a view needs.

    Args:
        view: One of `views_of` these painters; any other is the first.
        painters: The GAN's and the L1 model's.
        label_map: Class indices, integers [256, 256].
        seed: 0 to `MAX_SEED`.
        dropout: Whether there is noise.
        photo: The real picture that belongs to the map, uint8 RGB [256, 256, 3], where one is known.

    Raises:
        ReleaseError: If the weights of an earlier epoch cannot be read.
    """
    if view not in views_of(painters):
        view = SIDE_BY_SIDE
    if view == EPOCHS:
        return _show_epochs([painter for painter in painters if painter.earlier], label_map, seed, dropout)
    if view == VARIATIONS:
        return _show_variations(painters[0], label_map, seed, dropout)
    paintings = paint_all(painters, label_map, [seed] * len(painters), dropout)
    times = " · ".join(
        f"{MODEL_NAMES[painter.config.objective]} {1000 * painting.seconds:.0f} ms"
        for painter, painting in zip(painters, paintings, strict=True)
    )
    if view == DIFFERENCE:
        return _show_difference(painters[0].config.dataset, paintings[0].picture, paintings[1].picture, times)
    pictures = [describe(painter, painting.picture) for painter, painting in zip(painters, paintings, strict=True)]
    if photo is not None and view == SIDE_BY_SIDE:
        note = "The real one, from the validation split"
        pictures.append(ShownPicture(title="Photo", note=note, file="photo.jpg", url=to_data_url(photo)))
    return Shown(view=view, pictures=pictures, words="", times=times)


def describe(painter: Painter, picture: np.ndarray) -> ShownPicture:
    """A model's picture with what the page says about the model."""
    config = painter.config
    return ShownPicture(
        title=MODEL_NAMES[config.objective],
        note=f"{config.dataset.capitalize()} · {OBJECTIVES[config.objective]}",
        file=f"{config.dataset}-{config.objective}.jpg",
        url=to_data_url(picture),
    )


def levels_apart(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How many 8-bit levels, 0 to 255, two pictures are apart in every pixel, on average over the colours: float [H, W]."""
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
    words = f"Black: both models agree. White: {WHITE_LEVELS} or more of 255 levels apart. On average they are {apart.mean():.0f} levels apart."
    return Shown(view=DIFFERENCE, pictures=[picture], words=words, times=times)


def _show_variations(painter: Painter, label_map: np.ndarray, seed: int, dropout: bool) -> Shown:
    seeds = [(seed + number) % (MAX_SEED + 1) for number in range(NUM_VARIATIONS)]
    paintings = paint_all([painter] * NUM_VARIATIONS, label_map, seeds, dropout)
    dataset = painter.config.dataset
    pictures = [
        ShownPicture(title=f"Seed {seed}", note="", file=f"{dataset}-gan-{seed}.jpg", url=to_data_url(painting.picture))
        for seed, painting in zip(seeds, paintings, strict=True)
    ]
    apart = np.mean([levels_apart(one.picture, other.picture).mean() for one, other in combinations(paintings, 2)])
    if dropout:
        words = f"The same map with four seeds: dropout is the GAN's only noise, and moves a pixel by {apart:.0f} of 255 levels on average."
    else:
        words = "Without dropout there is no noise: every seed gives the same picture."
    seconds = sum(painting.seconds for painting in paintings)
    return Shown(
        view=VARIATIONS, pictures=pictures, words=words, times=f"GAN {1000 * seconds / NUM_VARIATIONS:.0f} ms each"
    )


def _show_epochs(painters: Sequence[Painter], label_map: np.ndarray, seed: int, dropout: bool) -> Shown:
    shown = [epoch for painter in painters for epoch in painter.over_epochs]
    paintings = paint_all(shown, label_map, [seed] * len(shown), dropout)
    pictures = [
        ShownPicture(
            title=f"{MODEL_NAMES[painter.config.objective]}, epoch {painter.config.epochs}",
            note="",
            file=f"{painter.config.dataset}-{painter.config.objective}-epoch-{painter.config.epochs:03d}.jpg",
            url=to_data_url(painting.picture),
        )
        for painter, painting in zip(shown, paintings, strict=True)
    ]
    words = "The same map and seed on the way through training: one epoch shows every training picture once."
    seconds = sum(painting.seconds for painting in paintings)
    return Shown(view=EPOCHS, pictures=pictures, words=words, times=f"{1000 * seconds / len(paintings):.0f} ms each")
