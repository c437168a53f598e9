"""Distances between two sets of features: Fréchet (as in FID) and kernel (as in KID).

FID of few images is biased upwards, so only figures of equal n are comparable; KID is unbiased.
"""

import numpy as np


class FidError(ValueError):
    """Features, images or weights cannot be used; the message names them and says what to do."""


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return |μa - μb|² + tr(Ca + Cb - 2 (Ca Cb)^½), the Fréchet distance of features [N, dims] and [M, dims].

    μ and C are means and covariances. With X the centred features divided by (N - 1)^½, C is XᵀX, and the trace of the
    root is the sum of the singular values of Xa Xbᵀ. This needs no matrix square root, and is exact for singular
    covariances too, as those of fewer images than features always are.
    """
    _check(a, b)
    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = a.mean(0), b.mean(0)
    x_a, x_b = (a - mean_a) / np.sqrt(len(a) - 1), (b - mean_b) / np.sqrt(len(b) - 1)
    # Orthogonal factors do not change singular values; without them no matrix is larger than [dims, dims].
    r_a, r_b = np.linalg.qr(x_a).R, np.linalg.qr(x_b).R
    trace_of_root = np.linalg.svdvals(r_a @ r_b.T).sum()
    distance = ((mean_a - mean_b) ** 2).sum() + (x_a**2).sum() + (x_b**2).sum() - 2 * trace_of_root
    return max(0.0, float(distance))  # rounding can make the distance of equal sets negative


def kernel_distance(
    a: np.ndarray, b: np.ndarray, subset_size: int | None = None, subsets: int = 100, seed: int = 0
) -> tuple[float, float]:
    """Return mean and standard deviation of `squared_mmd` over random subsets, as KID is published.

    Args:
        a: Features [N, dims].
        b: Features [M, dims].
        subset_size: At most N and M; `default_subset_size` if None.
        subsets: Number of subsets; they overlap, so the standard deviation is no standard error of the mean.
        seed: Seed of the random choice.
    """
    _check(a, b)
    size = subset_size or default_subset_size(len(a), len(b))
    a, b = a.astype(np.float64), b.astype(np.float64)
    rng = np.random.default_rng(seed)
    values = [
        squared_mmd(a[rng.choice(len(a), size, replace=False)], b[rng.choice(len(b), size, replace=False)])
        for _ in range(subsets)
    ]
    return float(np.mean(values)), float(np.std(values))


def default_subset_size(n: int, m: int) -> int:
    """Return 1000, as published, or half of the smaller set if that is less: subsets of all images would not vary."""
    return min(1000, max(2, min(n, m) // 2))


def squared_mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Return the unbiased squared maximum mean discrepancy of float64 [N, dims] and [M, dims]; it can be negative.

    The kernel is (x·y / dims + 1)³.
    """
    dims = a.shape[1]
    k_aa, k_bb, k_ab = (a @ a.T / dims + 1) ** 3, (b @ b.T / dims + 1) ** 3, (a @ b.T / dims + 1) ** 3
    within_a = (k_aa.sum() - k_aa.trace()) / (len(a) * (len(a) - 1))
    within_b = (k_bb.sum() - k_bb.trace()) / (len(b) * (len(b) - 1))
    return float(within_a + within_b - 2 * k_ab.mean())


def _check(a: np.ndarray, b: np.ndarray) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise FidError(f"features must be [N, dims] and [M, dims], not {list(a.shape)} and {list(b.shape)}")
    if min(len(a), len(b)) < 2:
        raise FidError(f"a distance needs at least 2 images of each kind, not {len(a)} and {len(b)}")
