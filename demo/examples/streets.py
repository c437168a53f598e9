"""Drawings of streets for the demo.

Every street is built in metres and seen by a camera as that of Cityscapes: 1.3 m above the road, with a view of about 50 degrees, its
picture squeezed from 2:1 to a square. X is to the right of the camera, Y above the road, Z ahead. What is far is drawn first. The
bonnet of the car and its star stand at the bottom of every training picture (as `unlabeled`), so they do here. All streets are invented.
"""

from collections.abc import Callable, Sequence

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
    """A label map in the making: sky everywhere, and ground of one class below the horizon."""

    def __init__(self, ground: str) -> None:
        self._image = Image.new("L", (SIZE * FINE, SIZE * FINE), CITYSCAPES.index("sky"))
        self._draw = ImageDraw.Draw(self._image)
        self.ground(ground, -300, 300)

    def seen(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Where a point in metres is in the picture, in fine pixels."""
        return FINE * (CENTRE + FOCAL_X * x / z), FINE * (HORIZON + FOCAL_Y * (CAMERA_HEIGHT - y) / z)

    def polygon(self, name: str, points: Sequence[tuple[float, float, float]]) -> None:
        """Fills a polygon of points in metres."""
        self._draw.polygon([self.seen(*point) for point in points], fill=CITYSCAPES.index(name))

    def ground(self, name: str, left: float, right: float, near: float = NEAR, far: float = FAR) -> None:
        """A strip of ground along the street."""
        self.polygon(name, [(left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far)])

    def upright(self, name: str, left: float, right: float, bottom: float, top: float, z: float) -> None:
        """A rectangle that faces the camera."""
        self.polygon(name, [(left, bottom, z), (right, bottom, z), (right, top, z), (left, top, z)])

    def along(self, name: str, x: float, near: float, far: float, top: float) -> None:
        """A wall along the street."""
        self.polygon(name, [(x, 0, near), (x, 0, far), (x, top, far), (x, top, near)])

    def disc(self, name: str, x: float, y: float, z: float, width: float, height: float) -> None:
        """An ellipse that faces the camera, around (x, y, z)."""
        left, top = self.seen(x - width / 2, y + height / 2, z)
        right, bottom = self.seen(x + width / 2, y - height / 2, z)
        self._draw.ellipse([left, top, right, bottom], fill=CITYSCAPES.index(name))

    def houses(self, x: float, far: float, near: float, heights: Sequence[float]) -> None:
        """A closed row of houses of equal width along the street at x, from far to near; a taller one shows its end wall."""
        ends = np.linspace(far, near, len(heights) + 1).tolist()
        for back, front, height in zip(ends, ends[1:], heights, strict=False):
            self.along("building", x, front, back, height)
            self.upright("building", min(x, 40 * np.sign(x)), max(x, 40 * np.sign(x)), 0, height, front)

    def tree(self, x: float, z: float, height: float = 9.0, seed: int = 0) -> None:
        """A trunk and a crown of several leafy discs."""
        rng = np.random.default_rng(seed)
        self.upright("vegetation", x - 0.2, x + 0.2, 0, height * 0.6, z)
        for _ in range(16):
            dx, dy = rng.normal(0, 0.15 * height), rng.normal(0, 0.11 * height)
            self.disc("vegetation", x + dx, 0.7 * height + dy, z, *rng.uniform(0.2, 0.42, 2) * height)

    def bushes(self, left: float, right: float, z: float, height: float, seed: int = 0) -> None:
        """A row of bushes or, where it is high, the edge of a wood."""
        rng = np.random.default_rng(seed)
        self.upright("vegetation", left, right, 0, 0.75 * height, z)
        for x in np.arange(left, right, 0.3 * height).tolist():
            self.disc("vegetation", x, (0.6 + 0.2 * rng.random()) * height, z, 0.6 * height, 0.5 * height)

    def car(self, x: float, z: float, name: str = "car", length: float = 4.3) -> None:
        """A car along the street, its nearer end at z: a body and a narrower cabin, on wheels."""
        for depth in np.linspace(z + length, z, 16).tolist():
            self.polygon(
                name, [(x - 0.9, 0.3, depth), (x + 0.9, 0.3, depth), (x + 0.88, 0.95, depth), (x - 0.88, 0.95, depth)]
            )
            if 0.6 < depth - z < 0.75 * length:
                self.polygon(
                    name,
                    [(x - 0.85, 0.9, depth), (x + 0.85, 0.9, depth), (x + 0.62, 1.5, depth), (x - 0.62, 1.5, depth)],
                )
        for wheel in (x - 0.75, x + 0.75):
            for depth in (z + 0.8 * length, z + 0.15 * length):
                self.upright(name, wheel - 0.12, wheel + 0.12, 0, 0.4, depth)

    def car_across(self, x: float, z: float) -> None:
        """A car that crosses the street, seen from its side."""
        self.polygon(
            "car", [(x - 2.1, 0.3, z), (x + 2.1, 0.3, z), (x + 2.1, 0.8, z), (x + 1.2, 0.95, z), (x - 2.0, 0.95, z)]
        )
        self.polygon("car", [(x - 1.8, 0.9, z), (x + 1.3, 0.9, z), (x + 0.5, 1.5, z), (x - 1.3, 1.5, z)])
        for wheel in (x - 1.3, x + 1.3):
            self.disc("car", wheel, 0.32, z, 0.64, 0.64)

    def box(self, name: str, x: float, z: float, width: float, height: float, length: float) -> None:
        """A bus, truck or tram along the street, its nearer end at z, on wheels."""
        for depth in np.linspace(z + length, z, 24).tolist():
            self.upright(name, x - width / 2, x + width / 2, 0.35, height, depth)
        for wheel in (x - 0.4 * width, x + 0.4 * width):
            self.upright(name, wheel - 0.15, wheel + 0.15, 0, 0.5, z)

    def person(self, x: float, z: float, height: float = 1.75, name: str = "person", step: float = 0.2) -> None:
        """Someone who walks: head, trunk with arms, two legs `step` metres apart."""
        h = height / 1.75
        self.disc(name, x, 1.63 * h, z, 0.2 * h, 0.25 * h)
        self.polygon(
            name,
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
                name,
                [(x - 0.17, 0.95 * h, z), (x + 0.17, 0.95 * h, z), (x + foot + 0.08, 0, z), (x + foot - 0.08, 0, z)],
            )

    def bicycle(self, x: float, z: float, slant: float = 0.5) -> None:
        """A bicycle turned away from the camera; slant 1 shows its whole side."""
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
        """A rider on a bicycle, seen from behind."""
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
        """A pole, with an arm of `arm` metres to the right at its top (to the left where negative)."""
        self.upright("pole", x - 0.08, x + 0.08, 0, height, z)
        self.upright("pole", min(x, x + arm), max(x, x + arm), height - 0.14, height, z)

    def sign(self, x: float, z: float, round_one: bool = False) -> None:
        """A traffic sign on a pole."""
        self.pole(x, z, 2.6)
        if round_one:
            self.disc("traffic sign", x, 2.5, z, 0.7, 0.7)
        else:
            self.upright("traffic sign", x - 0.35, x + 0.35, 2.1, 2.8, z)

    def traffic_light(self, x: float, z: float, arm: float = 0.0) -> None:
        """A traffic light on a pole and, where there is an arm, another one over the road."""
        self.pole(x, z, 5.6 if arm else 3.2, arm)
        self.upright("traffic light", x - 0.2, x + 0.2, 2.2, 3.2, z)
        if arm:
            self.upright("traffic light", x + arm - 0.2, x + arm + 0.2, 4.7, 5.7, z)

    def label_map(self) -> np.ndarray:
        """Puts the bonnet and its star in front: uint8 [256, 256]."""
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


def high_street() -> np.ndarray:
    """Tall houses at both sides, parked cars before them, people on the pavements."""
    street = Street("sidewalk")
    street.upright("building", -14, 4, 0, 16, 190)
    street.bushes(-6, 9, 160, 9, seed=1)
    street.ground("road", -4.5, 5.5)
    street.houses(-9, 180, 6, (18, 15, 19, 17, 21))
    street.houses(10, 180, 6, (15, 19, 16, 20, 18, 22))
    for z in (90, 70, 50, 34, 26):
        street.car(-3.6, z)
    for z in (80, 60, 38, 30, 22, 15):
        street.car(4.6, z)
    street.car(-1.2, 45)
    for x, z in ((-7.6, 60), (-6.4, 33), (-6, 32), (8.2, 40), (7.4, 24), (-7.4, 17)):
        street.person(x, z)
    for z in (100, 60, 28):
        street.pole(6.6, z, 7, -1.6)
    street.sign(-5.4, 40)
    street.sign(6.4, 21, round_one=True)
    return street.label_map()


def tree_avenue() -> np.ndarray:
    """Trees at both sides almost meet over the road; grass under them, houses behind."""
    street = Street("sidewalk")
    street.houses(-15, 150, 14, (12, 11, 13, 12))
    street.houses(16, 150, 12, (11, 13, 12, 14))
    street.ground("terrain", -7.5, -5)
    street.ground("terrain", 5.5, 8)
    street.ground("road", -5, 5.5)
    street.bushes(-20, 2, 170, 12, seed=2)
    street.bushes(1, 20, 170, 10, seed=3)
    for number, z in enumerate((120, 90, 68, 50, 37, 27, 19)):
        street.tree(-6.4, z, 11, seed=number)
        street.tree(6.8, z + 3, 11, seed=20 + number)
    for z in (62, 44, 31, 24):
        street.car(4.4, z)
    street.car(-2.2, 36)
    street.car(1.2, 70)
    street.person(-9, 24)
    street.person(-9.7, 24.5, 1.65)
    street.cyclist(-7.9, 40)
    street.sign(5.9, 20)
    return street.label_map()


def crossing() -> np.ndarray:
    """A wide junction with traffic lights: a car crosses, people wait and walk."""
    street = Street("road")
    street.ground("sidewalk", -300, -9, near=26)
    street.ground("sidewalk", 10, 300, near=28)
    street.ground("sidewalk", -300, -5, near=34)
    street.ground("sidewalk", 6, 300, near=36)
    street.ground("road", -5, 6, near=30)
    street.upright("building", -30, 30, 0, 15, 200)
    street.bushes(-4, 8, 150, 10, seed=4)
    street.houses(-11, 170, 40, (17, 15, 18, 16))
    street.houses(12, 170, 42, (16, 19, 15, 18))
    street.tree(9, 60, 8, seed=5)
    street.tree(-8.2, 75, 8, seed=6)
    for x, z in ((-3.4, 80), (-3.4, 60), (1.6, 55), (-1.4, 48)):
        street.car(x, z)
    street.car_across(-8.5, 30)
    for x, z, step in (
        (7, 31, 0.1),
        (8, 32, 0.05),
        (-2, 27, 0.5),
        (4, 26, 0.4),
        (5, 27, 0.4),
        (13, 33, 0.3),
        (-14, 33, 0.3),
    ):
        street.person(x, z, step=step)
    street.traffic_light(-6.2, 29, arm=4.2)
    street.traffic_light(8.6, 28, arm=-4.6)
    street.traffic_light(5.6, 48)
    street.sign(11.4, 30)
    street.sign(-10.4, 34, round_one=True)
    return street.label_map()


def edge_of_town() -> np.ndarray:
    """A road between meadows: a fence, a wall, wooded hills, much sky."""
    street = Street("terrain")
    street.bushes(-120, -6, 210, 22, seed=7)
    street.bushes(-10, 130, 215, 15, seed=8)
    street.upright("building", 22, 38, 0, 7, 120)
    street.polygon("building", [(21, 7, 120), (39, 7, 120), (34, 11, 120), (26, 11, 120)])
    street.ground("sidewalk", 4, 6)
    street.ground("road", -4.5, 4)
    street.along("fence", 8, 9, 90, 1.3)
    street.along("wall", -9, 16, 70, 1.8)
    for number, z in enumerate((110, 75, 48)):
        street.tree(-11.5, z, 9, seed=30 + number)
    street.bushes(9, 15, 60, 4, seed=9)
    street.tree(13, 42, 8, seed=10)
    street.car(-1.8, 50)
    street.car(1.4, 95)
    street.person(5, 28)
    for z in (130, 85, 55, 34):
        street.pole(-6.4, z, 8, 2.2)
    street.sign(5.2, 44, round_one=True)
    street.sign(-5.4, 24)
    return street.label_map()


def bicycle_lane() -> np.ndarray:
    """A street of the old town with people on bicycles, others parked along the houses."""
    street = Street("sidewalk")
    street.upright("building", -8, 14, 0, 14, 130)
    street.ground("road", -3.5, 4.2)
    street.houses(-6.5, 125, 5, (13, 12, 15, 13, 14))
    street.houses(9, 125, 9, (12, 15, 13, 14))
    street.tree(7, 60, 7, seed=11)
    street.tree(7.2, 36, 7, seed=12)
    street.car(-1.9, 48)
    street.car(2.9, 70)
    for number, z in enumerate((30, 27, 24, 21.5, 19)):
        street.bicycle(6.6 + 0.15 * (number % 2), z, 0.9)
    for x, z in ((2.4, 31), (3.1, 19), (0.8, 55)):
        street.cyclist(x, z)
    for x, z in ((-4.8, 40), (-5.3, 26), (-4.7, 25.5), (7.9, 33)):
        street.person(x, z)
    street.bicycle(-5.4, 17, 0.8)
    for z in (45, 33, 25, 20):
        street.pole(-3.9, z, 0.9)
    street.pole(4.9, 38, 6, -1.2)
    street.sign(4.8, 24, round_one=True)
    return street.label_map()


def garden_suburb() -> np.ndarray:
    """Detached houses behind hedges and garden walls; a truck delivers."""
    street = Street("sidewalk")
    street.ground("terrain", -300, -8)
    street.ground("terrain", 8.5, 300)
    street.bushes(-50, 50, 190, 13, seed=13)
    for x, z in ((-16, 120), (15, 105), (-15.5, 75), (16, 62), (-16, 40), (17, 36)):
        for depth in (z + 9, z + 6, z + 3, z):
            street.upright("building", x - 5, x + 5, 0, 5.5, depth)
            street.polygon("building", [(x - 5.6, 5.3, depth), (x + 5.6, 5.3, depth), (x, 9.8, depth)])
    street.ground("road", -4.2, 4.8)
    street.along("wall", -8, 24, 80, 1.5)
    street.along("fence", 8.5, 12, 55, 1.2)
    for left, z in ((-13, 84), (9, 78), (9, 58), (-14, 22)):
        street.bushes(left, left + 5, z, 3, seed=int(z))
    street.tree(-10.5, 55, 9, seed=14)
    street.tree(11.5, 47, 10, seed=15)
    street.tree(10.2, 20, 7, seed=16)
    street.box("truck", 3.3, 36, 2.4, 3.2, 7)
    for z in (66, 52, 24):
        street.car(-3.3, z)
    street.car(3.8, 19)
    street.person(6.6, 28, 1.3)
    street.person(7.2, 28)
    street.pole(-5.2, 60, 5.5, 0.9)
    street.pole(-5.2, 30, 5.5, 0.9)
    street.sign(5.6, 30)
    return street.label_map()


def tram_street() -> np.ndarray:
    """Rails in the road and a tram on them; a bus at its stop, where people wait."""
    street = Street("sidewalk")
    street.upright("building", -20, 20, 0, 18, 200)
    street.ground("road", -7, 6.5)
    street.ground("rail track", -4.6, -2.2)
    street.houses(-12, 170, 8, (18, 20, 17, 19, 21))
    street.houses(11.5, 170, 7, (19, 17, 20, 18))
    street.box("train", -3.4, 58, 2.4, 3.4, 28)
    street.box("bus", 4.7, 34, 2.5, 3.1, 11)
    street.car(1.2, 60)
    street.car(-0.2, 26)
    for x, z in ((7.8, 34), (8.4, 33), (9.1, 33.5), (7.6, 29), (9.6, 26), (-9.4, 36), (-10.2, 22)):
        street.person(x, z, step=0.1)
    for z in (110, 70, 44, 27):
        street.pole(-8, z, 7.5, 4.4)
    street.traffic_light(7.2, 24)
    street.sign(8, 38)
    street.sign(-8.2, 31, round_one=True)
    street.tree(9.6, 62, 8, seed=17)
    return street.label_map()


DRAWINGS: tuple[Callable[[], np.ndarray], ...] = (
    high_street,
    tree_avenue,
    crossing,
    edge_of_town,
    bicycle_lane,
    garden_suburb,
    tram_street,
)
