"""Example maps of streets, drawn by hand in code. All streets are invented."""

from collections.abc import Callable

import numpy as np

from demo.maps.street import Street


def high_street() -> np.ndarray:
    """Tall houses at both sides, parked cars in front of them, people on the pavements."""
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
    """Trees at both sides that almost meet over the road, with grass below and houses behind."""
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
