"""`Street`: a street built in metres and seen by a camera like that of Cityscapes.

The camera is 1.3 m above the road with a view of about 50 degrees; its image is squeezed from 2:1 to a square. X is to
the right of the camera, Y above the road, Z ahead. Far things are drawn first. The bonnet of the car and its star are
at the bottom of every training image (as `unlabeled`), so they are here too.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from pix2pix.labels import CITYSCAPES

SIZE = 256
CENTRE, HORIZON = 137.0, 112.0
FOCAL_X, FOCAL_Y = 283.0, 565.0
CAMERA_HEIGHT = 1.3
NEAR, FAR = 2.5, 220.0
FINE = 4
"""Shapes are drawn at this many times the size; a pixel then takes the class of its middle."""


class Street:
    """A label map while it is being drawn: sky everywhere, and ground of one class below the horizon."""

    def __init__(self, ground: str) -> None:
        self._image = Image.new("L", (SIZE * FINE, SIZE * FINE), CITYSCAPES.index("sky"))
        self._draw = ImageDraw.Draw(self._image)
        self.ground(ground, -300, 300)

    def seen(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Project a point in metres to fine pixels of the image."""
        return FINE * (CENTRE + FOCAL_X * x / z), FINE * (HORIZON + FOCAL_Y * (CAMERA_HEIGHT - y) / z)

    def polygon(self, name: str, points: Sequence[tuple[float, float, float]]) -> None:
        """Fill a polygon of points in metres."""
        self._draw.polygon([self.seen(*point) for point in points], fill=CITYSCAPES.index(name))

    def ground(self, name: str, left: float, right: float, near: float = NEAR, far: float = FAR) -> None:
        """Draw a strip of ground along the street."""
        self.polygon(name, [(left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far)])

    def upright(self, name: str, left: float, right: float, bottom: float, top: float, z: float) -> None:
        """Draw a rectangle that faces the camera."""
        self.polygon(name, [(left, bottom, z), (right, bottom, z), (right, top, z), (left, top, z)])

    def along(self, name: str, x: float, near: float, far: float, top: float) -> None:
        """Draw a wall along the street."""
        self.polygon(name, [(x, 0, near), (x, 0, far), (x, top, far), (x, top, near)])

    def disc(self, name: str, x: float, y: float, z: float, width: float, height: float) -> None:
        """Draw an ellipse that faces the camera, around (x, y, z)."""
        left, top = self.seen(x - width / 2, y + height / 2, z)
        right, bottom = self.seen(x + width / 2, y - height / 2, z)
        self._draw.ellipse([left, top, right, bottom], fill=CITYSCAPES.index(name))

    def houses(self, x: float, far: float, near: float, heights: Sequence[float]) -> None:
        """Draw a closed row of equally wide houses along the street at x, far to near; taller ones show an end wall."""
        ends = np.linspace(far, near, len(heights) + 1).tolist()
        for back, front, height in zip(ends, ends[1:], heights, strict=False):
            self.along("building", x, front, back, height)
            self.upright("building", min(x, 40 * np.sign(x)), max(x, 40 * np.sign(x)), 0, height, front)

    def tree(self, x: float, z: float, height: float = 9.0, seed: int = 0) -> None:
        """Draw a trunk and a crown of several leafy discs."""
        rng = np.random.default_rng(seed)
        self.upright("vegetation", x - 0.2, x + 0.2, 0, height * 0.6, z)
        for _ in range(16):
            dx, dy = rng.normal(0, 0.15 * height), rng.normal(0, 0.11 * height)
            self.disc("vegetation", x + dx, 0.7 * height + dy, z, *rng.uniform(0.2, 0.42, 2) * height)

    def bushes(self, left: float, right: float, z: float, height: float, seed: int = 0) -> None:
        """Draw a row of bushes or, if it is high, the edge of a wood."""
        rng = np.random.default_rng(seed)
        self.upright("vegetation", left, right, 0, 0.75 * height, z)
        for x in np.arange(left, right, 0.3 * height).tolist():
            self.disc("vegetation", x, (0.6 + 0.2 * rng.random()) * height, z, 0.6 * height, 0.5 * height)

    def car(self, x: float, z: float) -> None:
        """Draw a car along the street, its nearer end at z: a body and a narrower cabin, on wheels."""
        length = 4.3
        for depth in np.linspace(z + length, z, 16).tolist():
            self.polygon(
                "car", [(x - 0.9, 0.3, depth), (x + 0.9, 0.3, depth), (x + 0.88, 0.95, depth), (x - 0.88, 0.95, depth)]
            )
            if 0.6 < depth - z < 0.75 * length:
                self.polygon(
                    "car",
                    [(x - 0.85, 0.9, depth), (x + 0.85, 0.9, depth), (x + 0.62, 1.5, depth), (x - 0.62, 1.5, depth)],
                )
        for wheel in (x - 0.75, x + 0.75):
            for depth in (z + 0.8 * length, z + 0.15 * length):
                self.upright("car", wheel - 0.12, wheel + 0.12, 0, 0.4, depth)

    def car_across(self, x: float, z: float) -> None:
        """Draw a car that crosses the street, seen from its side."""
        self.polygon(
            "car", [(x - 2.1, 0.3, z), (x + 2.1, 0.3, z), (x + 2.1, 0.8, z), (x + 1.2, 0.95, z), (x - 2.0, 0.95, z)]
        )
        self.polygon("car", [(x - 1.8, 0.9, z), (x + 1.3, 0.9, z), (x + 0.5, 1.5, z), (x - 1.3, 1.5, z)])
        for wheel in (x - 1.3, x + 1.3):
            self.disc("car", wheel, 0.32, z, 0.64, 0.64)

    def box(self, name: str, x: float, z: float, width: float, height: float, length: float) -> None:
        """Draw a bus, truck or tram along the street, its nearer end at z, on wheels."""
        for depth in np.linspace(z + length, z, 24).tolist():
            self.upright(name, x - width / 2, x + width / 2, 0.35, height, depth)
        for wheel in (x - 0.4 * width, x + 0.4 * width):
            self.upright(name, wheel - 0.15, wheel + 0.15, 0, 0.5, z)

    def person(self, x: float, z: float, height: float = 1.75, step: float = 0.2) -> None:
        """Draw someone who walks: head, trunk with arms, two legs `step` metres apart."""
        h = height / 1.75
        self.disc("person", x, 1.63 * h, z, 0.2 * h, 0.25 * h)
        self.polygon(
            "person",
            [
                (x - 0.25, 0.85 * h, z),
                (x - 0.22, 1.45 * h, z),
                (x, 1.55 * h, z),
                (x + 0.22, 1.45 * h, z),
                (x + 0.25, 0.85 * h, z),
            ],
        )
        for side in (-1, 1):
            foot = side * (0.08 + step / 2)
            self.polygon(
                "person",
                [(x - 0.17, 0.95 * h, z), (x + 0.17, 0.95 * h, z), (x + foot + 0.08, 0, z), (x + foot - 0.08, 0, z)],
            )

    def bicycle(self, x: float, z: float, slant: float = 0.5) -> None:
        """Draw a bicycle turned away from the camera; slant 1 shows its whole side."""
        for wheel in (-0.5, 0.5):
            self.disc("bicycle", x + wheel * slant, 0.34, z, 0.3 + 0.38 * slant, 0.68)
        self.polygon(
            "bicycle",
            [
                (x - 0.4 * slant, 0.4, z),
                (x + 0.45 * slant, 0.4, z),
                (x + 0.35 * slant, 1.0, z),
                (x - 0.2 * slant, 0.9, z),
            ],
        )

    def cyclist(self, x: float, z: float) -> None:
        """Draw a rider on a bicycle, seen from behind."""
        self.bicycle(x, z, 0.3)
        self.polygon(
            "rider",
            [
                (x - 0.2, 0.5, z),
                (x + 0.2, 0.5, z),
                (x + 0.24, 1.45, z),
                (x + 0.1, 1.58, z),
                (x - 0.1, 1.58, z),
                (x - 0.24, 1.45, z),
            ],
        )
        self.disc("rider", x, 1.68, z, 0.22, 0.28)

    def pole(self, x: float, z: float, height: float, arm: float = 0.0) -> None:
        """Draw a pole with an arm of `arm` metres at its top, to the right (to the left if negative)."""
        self.upright("pole", x - 0.08, x + 0.08, 0, height, z)
        self.upright("pole", min(x, x + arm), max(x, x + arm), height - 0.14, height, z)

    def sign(self, x: float, z: float, round_one: bool = False) -> None:
        """Draw a traffic sign on a pole."""
        self.pole(x, z, 2.6)
        if round_one:
            self.disc("traffic sign", x, 2.5, z, 0.7, 0.7)
        else:
            self.upright("traffic sign", x - 0.35, x + 0.35, 2.1, 2.8, z)

    def traffic_light(self, x: float, z: float, arm: float = 0.0) -> None:
        """Draw a traffic light on a pole and, if there is an arm, another one over the road."""
        self.pole(x, z, 5.6 if arm else 3.2, arm)
        self.upright("traffic light", x - 0.2, x + 0.2, 2.2, 3.2, z)
        if arm:
            self.upright("traffic light", x + arm - 0.2, x + arm + 0.2, 4.7, 5.7, z)

    def label_map(self) -> np.ndarray:
        """Add the bonnet and its star in front; return uint8 [256, 256]."""
        bonnet = [
            (0, 256),
            (0, 254),
            (45, 252),
            (80, 243),
            (120, 238),
            (146, 237),
            (175, 239),
            (215, 246),
            (256, 253),
            (256, 256),
        ]
        unlabeled = CITYSCAPES.index("unlabeled")
        self._draw.polygon([(FINE * x, FINE * y) for x, y in bonnet], fill=unlabeled)
        self._draw.ellipse([FINE * 137, FINE * 210, FINE * 151, FINE * 239], fill=unlabeled)
        return np.array(self._image)[FINE // 2 :: FINE, FINE // 2 :: FINE]
