"""Random streets that follow rules: their width, what stands along each side, then everything on them, farthest first.

They are built in metres, like the example streets, so that everything stands on the ground and has its real size.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from demo.maps.street import Street

END = 170
"""Metres to the end of the street."""


def span(x: float, other: float) -> tuple[float, float]:
    """Order two places across the street, left one first."""
    return min(x, other), max(x, other)


class RandomStreet:
    """A street while it is being drawn.

    Args:
        seed: Selects the street; at least 0.
    """

    def __init__(self, seed: int) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.street = Street("sidewalk")
        self.left, self.right = -self.uniform(3.2, 7.5), self.uniform(3.6, 8.5)
        """Edges of the road, metres to the right of the camera."""
        self.parks = {side: self.chance(0.55) for side in (-1, 1)}
        self.pavement = {side: self.uniform(2, 5.5) for side in (-1, 1)}
        self.kinds = {side: str(rng.choice(["houses", "villas", "green"], p=(0.6, 0.2, 0.2))) for side in (-1, 1)}
        self.things: list[tuple[float, Callable[[], None]]] = []
        """Things on the ground: distance in metres, and the call that draws them."""

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def seed(self) -> int:
        return int(self.rng.integers(2**32))

    def edge(self, side: int, beyond: float = 0.0) -> float:
        """Return where the road ends on a side, or `beyond` metres further out."""
        return (self.right if side > 0 else self.left) + side * beyond

    def distances(self, near: float, far: float, gap: float) -> list[float]:
        """Return distances of things in a row, on average `gap` metres apart."""
        distances, z = [], near + self.uniform(0, gap)
        while z < far:
            distances.append(z)
            z += gap * self.uniform(0.6, 1.4)
        return distances

    def draw(self) -> np.ndarray:
        """Return the label map, uint8 [256, 256]."""
        self.horizon()
        for side in (-1, 1):
            self.row(side)
        self.ground()
        for side in (-1, 1):
            self.trees(side)
            self.poles(side)
            self.parked(side)
            self.people(side)
        self.traffic()
        for _, draw in sorted(self.things, key=lambda thing: -thing[0]):
            draw()
        return self.street.label_map()

    def horizon(self) -> None:
        """Draw what closes the view: houses or trees below the sky."""
        if self.chance(0.5):
            self.street.upright(
                "building", self.uniform(-40, -12), self.uniform(12, 40), 0, self.uniform(10, 22), END + 30
            )
        self.street.bushes(-90, 90, END + 20, self.uniform(5, 13), self.seed())

    def row(self, side: int) -> None:
        """Draw one side: a closed row of houses, villas with gardens, or a wood."""
        x = self.edge(side, self.pavement[side])
        near = self.uniform(5, 14)
        if self.kinds[side] == "houses":
            height = self.uniform(9, 20)
            far = END if self.chance(0.7) else self.uniform(60, 120)  # a gap at the end: a square, a crossing
            self.street.houses(
                x, far, near, [height * self.uniform(0.85, 1.15) for _ in range(self.rng.integers(5, 10))]
            )
        elif self.kinds[side] == "villas":
            self.street.ground("terrain", *span(x, side * 300))
            self.street.bushes(*span(x + side * 14, x + side * 60), END, 11, self.seed())
            for z in reversed(self.distances(near + 8, END - 20, 24)):
                self.villa(x + side * self.uniform(8, 11), z)
            self.street.along(
                str(self.rng.choice(["wall", "fence"])), x, near + 4, self.uniform(60, END), self.uniform(1.0, 1.7)
            )
        else:
            self.street.ground("terrain", *span(x, side * 300))
            self.street.bushes(*span(x + side * 6, x + side * 90), END - 10, self.uniform(8, 16), self.seed())
            for z in reversed(self.distances(14, END - 20, 15)):
                self.street.tree(x + side * self.uniform(2, 6), z, self.uniform(7, 12), self.seed())

    def villa(self, x: float, z: float) -> None:
        """Draw a detached house with a gable."""
        half, eaves = self.uniform(4, 5.5), self.uniform(4.5, 7)
        for depth in (z + 9, z + 6, z + 3, z):
            self.street.upright("building", x - half, x + half, 0, eaves, depth)
            self.street.polygon(
                "building", [(x - half - 0.5, eaves, depth), (x + half + 0.5, eaves, depth), (x, eaves + half, depth)]
            )

    def ground(self) -> None:
        """Draw the road, sometimes with a parking lane, rails or a strip of grass at its edge."""
        if self.chance(0.25):
            side = int(self.rng.choice([-1, 1]))
            self.street.ground("terrain", *span(self.edge(side), self.edge(side, 0.5 * self.pavement[side])))
        self.street.ground("road", self.left, self.right)
        for side in (-1, 1):
            if self.parks[side] and self.chance(0.3):
                self.street.ground("parking", *span(self.edge(side), self.edge(side, -2.1)))
        if self.right - self.left > 11 and self.chance(0.2):
            self.street.ground("rail track", -4.2, -1.9)
            z = self.uniform(45, 110)
            self.stand(z, self.street.box, "train", -3, z, width=2.4, height=3.4, length=28)

    def stand(self, z: float, draw: Callable[..., None], *arguments: object, **keywords: object) -> None:
        """Remember a thing at distance z; it is drawn before everything nearer."""
        self.things.append((z, partial(draw, *arguments, **keywords)))

    def trees(self, side: int) -> None:
        """Add a row of trees, or none."""
        if self.kinds[side] == "green" or not self.chance(0.5):
            return
        x, height = self.edge(side, self.uniform(0.8, 1.6)), self.uniform(5, 10)
        for z in self.distances(self.uniform(15, 40), 130, self.uniform(9, 20)):
            self.stand(z, self.street.tree, x, z, height=height * self.uniform(0.85, 1.15), seed=self.seed())

    def poles(self, side: int) -> None:
        """Add lamps, signs, and traffic lights at a crossing."""
        x = self.edge(side, 0.5)
        if self.chance(0.6):
            for z in self.distances(16, 120, 28):
                self.stand(z, self.street.pole, x, z, height=self.uniform(6, 8), arm=-side * 1.7)
        for z in self.distances(15, 70, 26):
            self.stand(z, self.street.sign, x + side * self.uniform(0, 0.8), z, round_one=self.chance(0.4))
        if self.chance(0.35):
            z = self.uniform(22, 45)
            self.stand(z, self.street.traffic_light, x, z, arm=-side * 4.0 if self.chance(0.5) else 0.0)

    def parked(self, side: int) -> None:
        """Add a row of parked cars with gaps or, without parking, bicycles against the houses."""
        if self.parks[side]:
            for z in self.distances(self.uniform(11, 30), 110, 7.5):
                if self.chance(0.8):
                    self.stand(z, self.street.car, self.edge(side, -1.0), z)
        elif self.chance(0.3):
            for z in self.distances(14, self.uniform(18, 32), 3):
                self.stand(
                    z, self.street.bicycle, self.edge(side, 0.7 * self.pavement[side]), z, slant=self.uniform(0.4, 1)
                )

    def people(self, side: int) -> None:
        """Add people on the pavement, alone or in twos."""
        for z in self.distances(14, 80, self.uniform(9, 30)):
            x = self.edge(side, self.uniform(0.6, self.pavement[side] - 0.4))
            self.stand(z, self.street.person, x, z, height=self.uniform(1.55, 1.9), step=self.uniform(0.05, 0.5))
            if self.chance(0.3):
                self.stand(z + 0.4, self.street.person, x + 0.6, z + 0.4, height=self.uniform(1.2, 1.9))

    def traffic(self) -> None:
        """Add cars in both lanes, sometimes a bus or truck, a cyclist, a crossing car or pedestrian."""
        margin = {side: 3.2 if self.parks[side] else 1.4 for side in (-1, 1)}
        lanes = (self.left + margin[-1], min(self.edge(1, -margin[1]), 2.6))
        for lane, near in zip(lanes, (20, 26), strict=True):
            for z in self.distances(near, 120, self.uniform(20, 60)):
                self.stand(z, self.street.car, lane + self.uniform(-0.2, 0.2), z)
        if self.chance(0.2):
            name, z = str(self.rng.choice(["bus", "truck"])), self.uniform(24, 60)
            self.stand(z, self.street.box, name, lanes[0], z, width=2.5, height=3.1, length=9)
        if self.chance(0.3):
            z = self.uniform(13, 40)
            self.stand(z, self.street.cyclist, self.edge(1, -margin[1]), z)
        if self.chance(0.2):
            z = self.uniform(40, 60)
            self.stand(z, self.street.car_across, self.uniform(-6, 6), z)
        if self.chance(0.25):
            z = self.uniform(16, 34)
            self.stand(z, self.street.person, self.uniform(self.left, self.right), z, step=0.5)


def random_street(seed: int) -> np.ndarray:
    """Return a random street, uint8 [256, 256] of the classes of `CITYSCAPES`."""
    return RandomStreet(seed).draw()
