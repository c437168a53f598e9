"""The dropout noise is the one that docs/noise.md defines, and JavaScript draws the same bits."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from pix2pix.noise import masks, philox

ROOT = Path(__file__).parents[1]
DEFINITION = (ROOT / "docs" / "noise.md").read_text(encoding="utf-8")
KNOWN = [
    [[int(word, 16) for word in cell.split()] for cell in row]
    for row in re.findall(
        r"^\| ((?:[0-9a-f]{8} ?){4}) \| ((?:[0-9a-f]{8} ?){2}) \| ((?:[0-9a-f]{8} ?){4}) \|$", DEFINITION, re.M
    )
]
CASES = [(0, 512, 256, 256), (1, 256, 512, 256), (2**32 - 1, 16, 256, 768), (2**53 - 1, 200, 256, 256)]
"""Seed, channels, height and width."""


def test_philox_gives_the_published_answers():
    assert len(KNOWN) == 3
    for counter, (low, high), words in KNOWN:
        assert philox(np.array(counter)[:, None], low + (high << 32))[:, 0].tolist() == words


def test_philox_takes_any_number_of_counters():
    counters = np.array([counter for counter, _, _ in KNOWN]).T  # [4, 3]
    together = philox(counters[:, :, None], 5)
    assert together.shape == (4, 3, 1) and together.dtype == np.uint32
    for index in range(3):
        assert (together[:, index] == philox(counters[:, index, None], 5)).all()


def test_masks_are_those_of_the_definition():
    hashes = re.findall(r"^\| (\d) \| ([0-9a-f]{64}) \|$", DEFINITION, re.M)
    found = [hashlib.sha256(mask.astype(np.uint8).tobytes("C")).hexdigest() for mask in masks(1, 256, 256, 256)]
    assert [(str(layer), digest) for layer, digest in enumerate(found)] == hashes


@pytest.mark.parametrize("seed, channels, height, width", CASES)
def test_an_element_is_the_bit_of_its_position(seed, channels, height, width):
    """The sentence of the definition, element by element."""
    drawn = masks(seed, channels, height, width)
    shapes = [(channels, height // scale, width // scale) for scale in (128, 64, 32)]
    assert [mask.shape for mask in drawn] == shapes and {mask.dtype for mask in drawn} == {np.dtype(np.float32)}
    rng = np.random.default_rng(0)
    for layer, mask in enumerate(drawn):
        for channel, y, x in rng.integers(0, mask.shape, (50, 3)).tolist():
            words = philox(np.array([[channel // 128], [x], [y], [layer]]), seed)[:, 0].tolist()
            assert mask[channel, y, x] == 2 * (words[channel % 128 // 32] >> channel % 32 & 1)


def test_a_larger_image_or_wider_network_begins_with_the_same_noise():
    for small, large in zip(masks(3, 256, 256, 256), masks(3, 512, 512, 768), strict=True):
        c, h, w = small.shape
        assert (large[:c, :h, :w] == small).all()


def test_seeds_differ_in_all_their_64_bits():
    drawn = [masks(seed, 512, 256, 256)[2] for seed in (0, 1, 2**31, 2**32, 2**63)]
    for index, mask in enumerate(drawn):
        assert all(0.45 < (mask == other).mean() < 0.55 for other in drawn[:index])


def test_masks_keep_half_in_every_channel_and_at_every_place():
    """With 2,000 seeds, five standard deviations are 0.056 of the share."""
    kept = np.mean([masks(seed, 32, 256, 256)[0] for seed in range(2000)], 0) / 2  # [32, 2, 2]
    assert np.abs(kept - 0.5).max() < 0.056
