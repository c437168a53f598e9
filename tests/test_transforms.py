"""Jitter moves both halves alike, and bytes survive the way to [-1, 1] and back."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix.pictures import smooth, through_jpeg, to_float, to_uint8
from pix2pix.transforms import jitter


def noise_pair(seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (2, 3, 256, 256), np.uint8))


def test_every_byte_survives_the_way_to_floats_and_back():
    values = torch.arange(256, dtype=torch.uint8)
    floats = to_float(values)
    assert floats.dtype == torch.float32
    assert floats[0] == -1 and floats[255] == 1
    assert torch.equal(to_uint8(floats), values)


def test_floats_become_the_nearest_byte_and_are_clipped():
    step = 1 / 127.5
    floats = torch.tensor([-1 + 0.4 * step, -1 + 0.6 * step, -1.5, 1.5, float("inf")])
    assert to_uint8(floats).tolist() == [0, 1, 0, 255, 255]
    assert to_uint8(torch.tensor([0.5], dtype=torch.bfloat16)).tolist() == [191]


def test_both_halves_get_the_same_window_and_flip():
    pair = noise_pair(0)
    pair[1] = pair[0]
    for seed in range(8):
        jittered = jitter(pair, np.random.default_rng(seed))
        assert jittered.shape == (2, 3, 256, 256) and jittered.dtype == torch.uint8
        assert torch.equal(jittered[0], jittered[1])


def test_jitter_is_a_function_of_the_pair_and_the_generator():
    pair = noise_pair(1)
    kept, state = pair.clone(), torch.get_rng_state()
    first, again, other = (jitter(pair, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(pair, kept)
    assert torch.equal(torch.get_rng_state(), state)


def test_every_window_is_used_and_half_of_the_pictures_are_flipped():
    """On a ramp along one side of the picture, the mean tells the window and the slope the flip."""
    ramp = torch.arange(256, dtype=torch.uint8)
    pair = torch.stack([ramp.expand(1, 256, 256), ramp[:, None].expand(1, 256, 256)])
    rng = np.random.default_rng(0)
    lefts, tops, flips = set(), set(), 0
    for _ in range(300):
        along_x, along_y = jitter(pair, rng).float()
        # Pixel p of 286 shows place (p + 1/2) * 256/286 - 1/2 of the ramp; the mean over 256 of them is that of p = left + 127.5.
        lefts.add(round(((along_x.mean().item() + 0.5) * 286 / 256) - 128))
        tops.add(round(((along_y.mean().item() + 0.5) * 286 / 256) - 128))
        flips += bool(along_x[0, 0, 0] > along_x[0, 0, -1])
        assert along_y[0, 0, 0] < along_y[0, -1, 0]  # never upside down
    assert lefts == tops == set(range(31))
    assert 120 < flips < 180


@pytest.mark.parametrize("seed", range(4))
def test_jitter_is_a_crop_of_the_bicubic_enlargement_as_pillow_makes_it(seed):
    pair = noise_pair(seed)
    rng = np.random.default_rng(seed)
    top, left = rng.integers(0, 31, 2).tolist()
    flip = rng.random() < 0.5
    for half, jittered in zip(pair, jitter(pair, np.random.default_rng(seed)), strict=True):
        image = Image.fromarray(half.permute(1, 2, 0).numpy()).resize((286, 286), Image.Resampling.BICUBIC)
        image = image.crop((left, top, left + 256, top + 256))
        expected = np.asarray(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else image)
        difference = np.abs(jittered.permute(1, 2, 0).numpy().astype(int) - expected.astype(int))
        assert difference.max() <= 2


def test_the_draws_above_cover_both_flips():
    flips = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        rng.integers(0, 31, 2)
        flips.append(rng.random() < 0.5)
    assert len(set(flips)) == 2


def test_smoothing_leaves_plain_colours_and_turns_an_edge_into_a_gaussian_slope():
    plain = np.full((20, 20, 3), (10, 20, 200), np.uint8)
    np.testing.assert_array_equal(smooth(plain, 0.6), plain)
    edge = np.zeros((20, 20, 3), np.uint8)
    edge[:, 10:] = 200
    weights = np.exp(-0.5 * (np.arange(-2, 3) / 0.6) ** 2)
    slope = 200 * np.cumsum(weights / weights.sum())  # columns 8 to 12
    assert np.abs(smooth(edge, 0.6)[5, 8:13, 0] - slope).max() <= 1
    np.testing.assert_array_equal(edge[:, :10], 0)  # the picture that was given is as it was


def test_jpeg_noise_is_that_of_quality_95_with_colour_at_half_resolution():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=95, subsampling=2)
    np.testing.assert_array_equal(through_jpeg(image), np.asarray(Image.open(file)))
