"""Jitter moves both halves of a pair alike."""

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix.data.jitter import PUBLISHED_JITTER, Jitter

enlarge, jitter = PUBLISHED_JITTER.enlarge, PUBLISHED_JITTER


def noise_pair(seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (2, 3, 256, 256), np.uint8))


def test_both_halves_get_the_same_window_and_flip():
    pair = noise_pair(0)
    pair[1] = pair[0]
    for seed in range(8):
        jittered = jitter(enlarge(pair), np.random.default_rng(seed))
        assert jittered.shape == (2, 3, 256, 256) and jittered.dtype == torch.uint8
        assert torch.equal(jittered[0], jittered[1])


def test_jitter_is_a_function_of_the_pair_and_the_generator():
    pair = noise_pair(1)
    kept, state = pair.clone(), torch.get_rng_state()
    first, again, other = (jitter(enlarge(pair), np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(pair, kept)
    assert torch.equal(torch.get_rng_state(), state)


def test_every_window_is_used_and_half_of_the_images_are_flipped():
    """On a ramp along one side of the picture, the mean gives the window and the slope the flip."""
    ramp = torch.arange(256, dtype=torch.uint8)
    pair = torch.stack([ramp.expand(1, 256, 256), ramp[:, None].expand(1, 256, 256)])
    rng = np.random.default_rng(0)
    lefts, tops, flips = set(), set(), 0
    for _ in range(300):
        along_x, along_y = jitter(enlarge(pair), rng).float()
        # Pixel p of 286 shows place (p + 1/2) * 256/286 - 1/2 of the ramp; the mean of 256 is at p = left + 127.5.
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
    for half, jittered in zip(pair, jitter(enlarge(pair), np.random.default_rng(seed)), strict=True):
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


def ramps(width: int, height: int) -> torch.Tensor:
    """Images whose values are the columns and the rows, each divided by 4."""
    across, down = (torch.arange(side) // 4 for side in (width, height))
    return torch.stack([across.expand(3, height, width), down[:, None].expand(3, height, width)]).to(torch.uint8)


@pytest.mark.parametrize("size", [(512, 256), (512, 512), (256, 1024)])
def test_other_sizes_are_enlarged_and_cropped_in_proportion(size):
    of_size, (width, height) = Jitter(size), size
    large = of_size.enlarge(ramps(width, height))
    assert large.shape == (2, 3, round(height * 286 / 256), round(width * 286 / 256))
    rng = np.random.default_rng(0)
    windows = [of_size.draw_window(rng) for _ in range(2000)]
    assert {top for top, _, _ in windows} <= set(range(large.shape[2] - height + 1)) >= {0, large.shape[2] - height}
    assert max(top for top, _, _ in windows) > 0.9 * (large.shape[2] - height)
    assert max(left for _, left, _ in windows) > 0.9 * (large.shape[3] - width)
    assert of_size(large, rng).shape == (2, 3, height, width)


def test_without_crops_a_pair_is_only_flipped_and_without_flips_only_cropped():
    pair = noise_pair(0)
    only_flipped = [Jitter(crops=False)(pair, np.random.default_rng(seed)) for seed in range(8)]
    assert all(torch.equal(image, pair) or torch.equal(image, pair.flip(-1)) for image in only_flipped)
    assert len({torch.equal(image, pair) for image in only_flipped}) == 2
    assert torch.equal(Jitter(crops=False, flips=False)(pair, np.random.default_rng(1)), pair)
    for seed in range(8):
        windows = (Jitter(flips=flips).draw_window(np.random.default_rng(seed)) for flips in (True, False))
        (top, left, _), (same_top, same_left, flip) = windows
        assert (top, left, flip) == (same_top, same_left, False), "flips do not change the windows"
