"""Distances against pytorch-fid and closed forms."""

from itertools import combinations

import numpy as np
import pytest
from pytorch_fid import fid_score

from pix2pix.fid.distances import FidError, default_subset_size, frechet_distance, kernel_distance, squared_mmd

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:pytorch_fid.*"
)  # about scipy's sqrtm, which we do not use


def draw_features(n: int, dims: int, seed: int) -> np.ndarray:
    """Correlated float32 features [n, dims] with a mean of their own."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, dims)) @ rng.normal(size=(dims, dims)) / dims**0.5 + rng.normal(size=dims)).astype(
        np.float32
    )


def kernel(x: np.ndarray, y: np.ndarray) -> float:
    return (x @ y / len(x) + 1) ** 3


@pytest.mark.parametrize(
    "n, m, dims",
    [(10, 12, 16), (300, 200, 16), (40, 30, 64), (40, 200, 64), (500, 64, 64), (50, 80, 192), (400, 500, 192)],
)
def test_the_frechet_distance_is_that_of_pytorch_fid(n, m, dims):
    a, b = draw_features(n, dims, seed=1), draw_features(m, dims, seed=2)
    statistics = [
        value for x in (a.astype(np.float64), b.astype(np.float64)) for value in (x.mean(0), np.cov(x, rowvar=False))
    ]
    # Where covariances are singular, it is pytorch-fid that loses half of the digits, in sqrtm.
    assert frechet_distance(a, b) == pytest.approx(fid_score.calculate_frechet_distance(*statistics), rel=1e-7)


@pytest.mark.parametrize("n", [5, 200])
def test_with_equal_covariances_the_frechet_distance_is_the_squared_distance_of_the_means(n):
    a, shift = draw_features(n, 32, seed=1).astype(np.float64), np.linspace(-1, 2, 32)
    assert frechet_distance(a, a + shift) == pytest.approx((shift**2).sum())


@pytest.mark.parametrize("n", [5, 200])
def test_the_frechet_distance_of_the_same_features_in_another_order_is_zero(n):
    a = draw_features(n, 32, seed=1)
    assert frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-9)


def test_in_one_dimension_the_frechet_distance_is_that_of_two_normal_distributions():
    a, b = np.array([[1.0], [2.0], [3.0]]), np.array([[10.0], [14.0]])  # means 2 and 12, standard deviations 1 and 8^½
    assert frechet_distance(a, b) == pytest.approx((2 - 12) ** 2 + (1 - 8**0.5) ** 2)


def test_the_squared_mmd_is_the_mean_kernel_within_minus_that_between():
    a, b = draw_features(4, 3, seed=1).astype(np.float64), draw_features(5, 3, seed=2).astype(np.float64)
    within = [np.mean([kernel(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]) for s in (a, b)]
    between = np.mean([kernel(x, y) for x in a for y in b])
    assert squared_mmd(a, b) == pytest.approx(sum(within) - 2 * between)


def test_of_two_constants_the_squared_mmd_is_known():
    u, v = np.array([1.0, 2.0]), np.array([0.0, -1.0])
    expected = 3.5**3 + 1.5**3 - 2 * 0.0**3  # (|u|² / 2 + 1)³ + (|v|² / 2 + 1)³ - 2 (u·v / 2 + 1)³
    assert squared_mmd(np.tile(u, (3, 1)), np.tile(v, (4, 1))) == pytest.approx(expected)


def test_the_squared_mmd_is_unbiased_as_the_frechet_distance_is_not():
    pool = draw_features(6, 4, seed=1).astype(np.float64)
    halves = [
        (pool[list(chosen)], pool[[i for i in range(6) if i not in chosen]]) for chosen in combinations(range(6), 3)
    ]
    assert np.mean([squared_mmd(a, b) for a, b in halves]) == pytest.approx(0, abs=1e-9)
    assert np.mean([frechet_distance(a, b) for a, b in halves]) > 0.1


def test_the_kernel_distance_is_the_mean_over_subsets():
    a, b = draw_features(40, 8, seed=1), draw_features(30, 8, seed=2)
    full = squared_mmd(a[:30].astype(np.float64), b.astype(np.float64))
    assert kernel_distance(a[:30], b, subset_size=30) == (pytest.approx(full), pytest.approx(0, abs=1e-9))
    mean, spread = kernel_distance(a[:30], b, subset_size=15, subsets=400)
    assert 0 < abs(mean - full) < 4 * spread / 400**0.5  # subsets are drawn independently of one another
    assert kernel_distance(a, b) == kernel_distance(a, b, subset_size=15, subsets=100, seed=0)
    assert kernel_distance(a, b) != kernel_distance(a, b, seed=1)


@pytest.mark.parametrize(
    "n, m, size", [(2, 9, 2), (100, 400, 50), (106, 106, 53), (1999, 5000, 999), (5000, 5000, 1000)]
)
def test_a_subset_has_1000_images_or_half_of_the_smaller_set(n, m, size):
    assert default_subset_size(n, m) == size


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_a_distance_needs_two_images_and_features_of_one_kind(distance):
    with pytest.raises(FidError, match="at least 2 images of each kind, not 5 and 1"):
        distance(draw_features(5, 8, 1), draw_features(1, 8, 2))
    with pytest.raises(FidError, match=r"not \[5, 8\] and \[5, 9\]"):
        distance(draw_features(5, 8, 1), draw_features(5, 9, 2))
