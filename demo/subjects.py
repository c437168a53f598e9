"""The page's words and choices for each dataset."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

INTRODUCTION = """
<header class="introduction">
  <h1>{title}</h1>
  <p>{words}</p>
</header>
"""
TWO_NETWORKS = (
    "Two networks turn your label map into images after every stroke: the same generator, trained on the same "
    "photos, once as a <strong>GAN</strong> (cGAN + λ·L1) and once with <strong>L1 only</strong>."
)
SOME_ALONE = "Where only one of the two was trained, it paints alone."
ONE_NETWORK = (
    "A network, trained on pairs of images, turns what you paint or open into another image after every stroke."
)


@dataclass(frozen=True)
class Subject:
    """One dataset on the page.

    Attributes:
        title: What the page calls the dataset: what is painted, not where the photos come from.
        what: What people paint, for the heading.
        start_class: The class selected at the start.
        clear_class: The class that "Clear" paints.
        first_classes: Classes in the palette, in this order; the others are behind "More". Empty shows all.
        first_example: The example that the page opens with: the one that both models paint best.
        api_suffix: Suffix of the endpoints for programs.
        note: Licence note below the images; empty for none.
        photo_aspect: Width divided by height of photos, before the dataset squeezed them into squares.
    """

    title: str
    what: str
    start_class: str
    clear_class: str
    first_classes: tuple[str, ...]
    first_example: str
    api_suffix: str
    note: str
    photo_aspect: float = 1.0


SUBJECTS = {
    "facades": Subject("Facades", "a facade", "window", "background", (), "Arcade", "", ""),
    "cityscapes": Subject(
        title="Streets",
        what="a street",
        start_class="car",
        clear_class="sky",
        first_classes=(
            "road",
            "sidewalk",
            "building",
            "vegetation",
            "sky",
            "car",
            "person",
            "rider",
            "bicycle",
            "pole",
            "traffic sign",
            "traffic light",
            "terrain",
            "wall",
            "fence",
        ),
        first_example="Crossing",
        api_suffix="_cityscapes",
        note="These models were trained on Cityscapes (Cordts et al., CVPR 2016). "
        "They and their images are for non-commercial use only.",
        photo_aspect=2.0,
    ),
}
"""By name, in the order of the tabs."""


def introduce(title: str, models_per_tab: Collection[int] = (2,)) -> str:
    """Return the page's heading and what its networks do, as HTML; each tab has one model or two."""
    words = [TWO_NETWORKS] if 2 in models_per_tab else [ONE_NETWORK]
    words += [SOME_ALONE] if set(models_per_tab) == {1, 2} else []
    return INTRODUCTION.format(title=escape(title), words=" ".join(words))


def make_title(subjects: Sequence[Subject]) -> str:
    """Return the page's heading, such as "Paint a facade or a street"."""
    *others, last = (subject.what for subject in subjects)
    return f"Paint {', '.join(others)} or {last}" if others else f"Paint {last}"


def title_of(dataset: str) -> str:
    """Return what the page calls a dataset: for people's own, its name with a capital letter."""
    return SUBJECTS[dataset].title if dataset in SUBJECTS else dataset.replace("_", " ").capitalize()
