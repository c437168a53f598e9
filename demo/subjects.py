"""What the page offers and says for each dataset."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """One dataset on the page.

    Attributes:
        what: What people paint, for the heading.
        start_class: The class picked at first.
        clear_class: The class that "Clear" paints.
        first_classes: The classes that the palette shows, in this order, the others behind "More"; empty for all of them.
        api_suffix: Of its endpoints for programs.
        note: What the licence asks to be said below the pictures; empty for nothing.
    """

    what: str
    start_class: str
    clear_class: str
    first_classes: tuple[str, ...]
    api_suffix: str
    note: str


SUBJECTS = {
    "facades": Subject("a facade", "window", "background", (), "", ""),
    "cityscapes": Subject(
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
        api_suffix="_cityscapes",
        note="These models were trained on Cityscapes (Cordts et al., CVPR 2016). They and their pictures are for non-commercial use only.",
    ),
}
"""By name, in the order of the tabs."""
