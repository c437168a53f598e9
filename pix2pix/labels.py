"""Palettes: the colours of classes, and the conversion between label maps and label images.

A generator is conditioned on a *label image*, an RGB image whose colours stand for classes. People paint *label maps*,
which are class indices. Only a `Palette` converts one into the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FAR_DISTANCE = 60.0
"""Euclidean RGB distance, 0 to 441, beyond which a pixel counts as far from a palette colour.

JPEG noise in flat regions of the datasets is a few levels; neighbouring facade colours are 58 to 114 apart.
"""


@dataclass(frozen=True)
class Palette:
    """Class names and their colours, in class order.

    Attributes:
        names: One name per class.
        colors: One "#rrggbb" per class, all different.

    Raises:
        ValueError: If the numbers of names and colours differ or exceed 256, if one repeats, or if a colour is
            malformed.
    """

    names: tuple[str, ...]
    colors: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.names) == len(self.colors) <= 256:
            names, colors = len(self.names), len(self.colors)
            raise ValueError(
                f"a palette needs 1 to 256 classes, each with a colour, not {names} names, {colors} colours"
            )
        for color in self.colors:
            if not (len(color) == 7 and color[0] == "#" and all(digit in "0123456789abcdef" for digit in color[1:])):
                raise ValueError(f"palette colour {color!r} is not of the form '#rrggbb' in lower case")
        for kind, values in (("names", self.names), ("colours", self.colors)):
            if repeated := [value for value in dict.fromkeys(values) if values.count(value) > 1]:
                raise ValueError(f"palette {kind} repeat: {', '.join(repeated)}")

    @property
    def rgb(self) -> np.ndarray:
        """Colours as uint8 [num_classes, 3]."""
        return np.array([list(bytes.fromhex(color[1:])) for color in self.colors], np.uint8)

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Look up the index of a class; raises ValueError for a name that is not in the palette."""
        if name not in self.names:
            raise ValueError(f"no class {name!r} in this palette; it has {', '.join(self.names)}")
        return self.names.index(name)

    def to_image(self, label_map: np.ndarray) -> np.ndarray:
        """Convert a label map to a label image: integers [H, W] → uint8 RGB [H, W, 3].

        Raises:
            ValueError: If the map does not hold integers, or an index is no class of this palette.
        """
        if not np.issubdtype(label_map.dtype, np.integer):
            raise ValueError(f"a label map holds integers, not {label_map.dtype}")
        if label_map.min(initial=0) < 0 or label_map.max(initial=0) >= len(self):
            raise ValueError(
                f"label map holds class {label_map.min()} to {label_map.max()}; the palette has 0 to {len(self) - 1}"
            )
        return self.rgb.take(label_map, axis=0)

    def from_image(self, image: np.ndarray) -> tuple[np.ndarray, float]:
        """Read each pixel of a label image as its nearest class.

        Args:
            image: uint8 RGB [H, W, 3].

        Returns:
            The label map, uint8 [H, W], and the share of pixels, 0 to 1, that are farther than `FAR_DISTANCE` from
            every colour.
        """
        red, green, blue = image.reshape(-1, 3).T.astype(np.int32)
        packed, places = np.unique(red << 16 | green << 8 | blue, return_inverse=True)  # label images have few colours
        # (p - c)² = p² - 2pc + c² needs a matrix product instead of an array [pixels, classes, 3].
        pixels = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], 1).astype(np.float32)
        colors = self.rgb.astype(np.float32)
        squared = (pixels**2).sum(1)[:, None] - 2 * pixels @ colors.T + (colors**2).sum(1)
        nearest = squared.argmin(1)
        far = squared[np.arange(len(nearest)), nearest] > FAR_DISTANCE**2
        return nearest.astype(np.uint8)[places].reshape(image.shape[:2]), float(far[places].mean())


def _palette(classes: Sequence[tuple[str, str]]) -> Palette:
    names, colors = zip(*classes, strict=True)
    return Palette(names, colors)


# Colours: flat regions of the label images. Class order: the CMP Facade Database (Tyleček and Šára 2013).
FACADES = _palette(
    [
        ("background", "#0000de"),
        ("facade", "#0030ff"),
        ("window", "#0080ff"),
        ("door", "#01cfff"),
        ("cornice", "#20ffe0"),
        ("sill", "#70fe8e"),
        ("balcony", "#c0ff3f"),
        ("blind", "#fff001"),
        ("deco", "#ff9f00"),
        ("molding", "#ff5000"),
        ("pillar", "#fe0000"),
        ("shop", "#ae0001"),
    ]
)

# The official Cityscapes colours (cityscapesScripts, helpers/labels.py). "unlabeled" includes all classes that are
# black in that file: ego vehicle, rectification border, out of roi, static.
CITYSCAPES = _palette(
    [
        ("unlabeled", "#000000"),
        ("dynamic", "#6f4a00"),
        ("ground", "#510051"),
        ("road", "#804080"),
        ("sidewalk", "#f423e8"),
        ("parking", "#faaaa0"),
        ("rail track", "#e6968c"),
        ("building", "#464646"),
        ("wall", "#66669c"),
        ("fence", "#be9999"),
        ("guard rail", "#b4a5b4"),
        ("bridge", "#966464"),
        ("tunnel", "#96785a"),
        ("pole", "#999999"),
        ("traffic light", "#faaa1e"),
        ("traffic sign", "#dcdc00"),
        ("vegetation", "#6b8e23"),
        ("terrain", "#98fb98"),
        ("sky", "#4682b4"),
        ("person", "#dc143c"),
        ("rider", "#ff0000"),
        ("car", "#00008e"),
        ("truck", "#000046"),
        ("bus", "#003c64"),
        ("caravan", "#00005a"),
        ("trailer", "#00006e"),
        ("train", "#005064"),
        ("motorcycle", "#0000e6"),
        ("bicycle", "#770b20"),
    ]
)

PALETTES = {"facades": FACADES, "cityscapes": CITYSCAPES}
