"""How far pictures are from photographs: FID (Heusel et al. 2017) and KID (Binkowski et al. 2018).

`python -m pix2pix.fid DIR DIR` compares two folders of pictures; `python -m pix2pix.evaluation RUN` scores a training run.
FID is biased upwards where pictures are few, so only figures of equal n can be compared; KID is not biased.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor
from tqdm import tqdm

from pix2pix.inception import BATCH_SIZE, DIMS, FidError, Inception, find_weights


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """|μa - μb|² + tr(Ca + Cb - 2 (Ca Cb)^½), of the means and covariances of two sets of features: [N, dims], [M, dims].

    With X the centred features over (N - 1)^½, C = XᵀX, and the trace of the root is the sum of the singular values of Xa Xbᵀ.
    That is exact for singular covariances too, which fewer pictures than features always have, and takes no matrix square root.
    """
    _check(a, b)
    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = a.mean(0), b.mean(0)
    x_a, x_b = (a - mean_a) / np.sqrt(len(a) - 1), (b - mean_b) / np.sqrt(len(b) - 1)
    # The orthogonal factors do not change singular values, and without them no matrix is larger than [dims, dims].
    r_a, r_b = np.linalg.qr(x_a).R, np.linalg.qr(x_b).R
    trace_of_root = np.linalg.svdvals(r_a @ r_b.T).sum()
    distance = ((mean_a - mean_b) ** 2).sum() + (x_a**2).sum() + (x_b**2).sum() - 2 * trace_of_root
    return max(0.0, float(distance))  # rounding can take equal sets below zero


def kernel_distance(a: np.ndarray, b: np.ndarray, subset_size: int | None = None, subsets: int = 100, seed: int = 0) -> tuple[float, float]:
    """Mean and standard deviation of `squared_mmd` over random subsets of features [N, dims] and [M, dims], as KID is published.

    Args:
        subset_size: `default_subset_size` by default; at most N and M.
        subsets: How many; they overlap, so their spread is no standard error of the mean.
        seed: Of the choice.
    """
    _check(a, b)
    size = subset_size or default_subset_size(len(a), len(b))
    a, b = a.astype(np.float64), b.astype(np.float64)
    rng = np.random.default_rng(seed)
    values = [squared_mmd(a[rng.choice(len(a), size, replace=False)], b[rng.choice(len(b), size, replace=False)]) for _ in range(subsets)]
    return float(np.mean(values)), float(np.std(values))


def default_subset_size(n: int, m: int) -> int:
    """1000 as published; half of the smaller set where that is less, as subsets of all pictures would have no spread."""
    return min(1000, max(2, min(n, m) // 2))


def squared_mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy of float64 [N, dims] and [M, dims] under (x·y / dims + 1)³; below zero by chance."""
    dims = a.shape[1]
    k_aa, k_bb, k_ab = (a @ a.T / dims + 1) ** 3, (b @ b.T / dims + 1) ** 3, (a @ b.T / dims + 1) ** 3
    within_a = (k_aa.sum() - k_aa.trace()) / (len(a) * (len(a) - 1))
    within_b = (k_bb.sum() - k_bb.trace()) / (len(b) * (len(b) - 1))
    return float(within_a + within_b - 2 * k_ab.mean())


def _check(a: np.ndarray, b: np.ndarray) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise FidError(f"features must be [N, dims] and [M, dims], not {list(a.shape)} and {list(b.shape)}")
    if min(len(a), len(b)) < 2:
        raise FidError(f"a distance needs at least 2 pictures of each kind, not {len(a)} and {len(b)}")


def choose(count: int, samples: int | None, name: object) -> np.ndarray:
    """Which pictures of `count` to score: all, or `samples` of them, spread at random but always the same; ascending indices.

    Raises:
        FidError: If there are fewer; the message calls them `name`.
    """
    if samples is None:
        return np.arange(count)
    if samples > count:
        raise FidError(f"--samples {samples} is more than the {count} pictures of {name}")
    return np.sort(np.random.default_rng(0).permutation(count)[:samples])


def read_folder(folder: Path, samples: int | None = None) -> Iterator[Tensor]:
    """The pictures of a folder, or `samples` of them, in batches uint8 [N, 3, H, W].

    Raises:
        FidError: If it holds none or fewer, or one is not readable or of another size than those before it.
    """
    suffixes = {".bmp", ".jpg", ".jpeg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}  # as pytorch-fid
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in suffixes)
    if not files:
        raise FidError(f"{folder} is not a folder with pictures")
    chosen = [files[index] for index in choose(len(files), samples, folder)]
    shape: torch.Size | None = None
    for start in tqdm(range(0, len(chosen), BATCH_SIZE), str(folder), unit=" batches", leave=False, disable=None):
        pictures = [_read(path) for path in chosen[start : start + BATCH_SIZE]]
        shape = shape or pictures[0].shape
        for path, picture in zip(chosen[start:], pictures, strict=False):
            if picture.shape != shape:
                height, width = picture.shape[1:]
                raise FidError(f"{path} is {width}x{height}, unlike the pictures before it; those of a folder must be of one size")
        yield torch.stack(pictures)


def _read(path: Path) -> Tensor:
    try:
        with Image.open(path) as image:
            return pil_to_tensor(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FidError(f"{path} is not a readable picture: {error}") from error


def sample_count(text: str) -> int:
    """The value of --samples."""
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 2, not {text!r}")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pix2pix.fid", description="FID and KID of two folders of pictures.")
    parser.add_argument("folders", type=Path, nargs=2, metavar="DIR", help="folder of pictures of one size, such as PNG files")
    parser.add_argument("--fid-weights", type=Path, help="Inception's weights (default: pytorch-fid's, downloaded where they are missing)")
    parser.add_argument("--samples", type=sample_count, help="score this many pictures of each folder (default: all)")
    parser.add_argument("--dims", type=int, default=2048, choices=DIMS, help="features of Inception (default: 2048, as published)")
    flags = parser.parse_args(arguments)
    try:
        inception = Inception(find_weights(flags.fid_weights), flags.dims)
        a, b = (inception.features(read_folder(folder, flags.samples)) for folder in flags.folders)
        (kid, spread), fid = kernel_distance(a, b), frechet_distance(a, b)
    except (FidError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    frechet_name, kernel_name = inception.names
    print(f"{frechet_name}: {fid:.4f} (n = {len(a)} and {len(b)})")
    print(f"{kernel_name}: {kid:.6f} ± {spread:.6f} (100 subsets of {default_subset_size(len(a), len(b))})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
