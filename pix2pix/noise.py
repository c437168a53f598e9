"""The dropout noise z of G(x, z): the same masks on every machine, in NumPy, PyTorch and JavaScript.

Each bit is a function of the seed and of its own position, drawn with Philox4x32-10 (Salmon et al., "Parallel Random
Numbers: As Easy as 1, 2, 3", SC 2011). docs/noise.md defines it for those who write it in another language.
"""

from operator import index

import numpy as np

SCALES = (128, 64, 32)
"""The masks of the first three decoder layers have 1/128, 1/64 and 1/32 of the image's height and width."""

_MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_WORD = np.uint64(32)


def philox(counters: np.ndarray, seed: int) -> np.ndarray:
    """Turn each counter into 128 random bits: Philox4x32 with ten rounds.

    Args:
        counters: Integers below 2³², [4, ...].
        seed: 0 to 2⁶⁴ - 1; its lower 32 bits are the first word of the key.

    Returns:
        uint32 of the same shape.
    """
    seed = index(seed)  # NumPy's integers may have too few bits
    even, odd = counters[0::2].astype(np.uint64), counters[1::2].astype(np.uint64)  # words 0 and 2; words 1 and 3
    key = np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint64).reshape(2, *[1] * (counters.ndim - 1))
    steps = np.array(_KEY_STEPS, np.uint64).reshape(key.shape)
    multipliers = _MULTIPLIERS.reshape(key.shape)
    for _ in range(10):
        products = even * multipliers  # 64 bits each
        even, odd = (products >> _WORD)[::-1] ^ odd ^ key, (products & _LOW)[::-1]
        key = key + steps & _LOW
    return np.stack([even, odd], 1).reshape(counters.shape).astype(np.uint32)


def masks(seed: int, channels: int, height: int, width: int) -> list[np.ndarray]:
    """Draw the dropout masks of one image.

    Args:
        seed: 0 to 2⁶⁴ - 1.
        channels: Channels of each mask; 8 times the generator's base channels.
        height: Height of the image, a multiple of 256.
        width: Width of the image, a multiple of 256.

    Returns:
        Three masks, float32 [channels, h, w] of zeros and twos (kept values are doubled), in the sizes of `SCALES`.
        In memory, channels come last.
    """
    groups = -(-channels // 128)
    shapes = [(height // scale, width // scale, groups) for scale in SCALES]
    counters = np.concatenate([_positions(layer, shape) for layer, shape in enumerate(shapes)], 1)
    words = np.ascontiguousarray(philox(counters, seed).T, "<u4")  # [positions, 4]
    twos = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little").astype(np.float32) * 2  # [positions, 128]
    ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
    layers = zip(np.split(twos, ends), shapes, strict=True)
    return [bits.reshape(h, w, groups * 128)[..., :channels].transpose(2, 0, 1) for bits, (h, w, _) in layers]


def _positions(layer: int, shape: tuple[int, int, int]) -> np.ndarray:
    """Return a mask's counters (group of 128 channels, x, y, layer), in the order of memory: [4, h * w * groups]."""
    y, x, group = np.indices(shape).reshape(3, -1)
    return np.stack([group, x, y, np.full_like(y, layer)])
