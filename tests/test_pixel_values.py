"""Bytes survive the way to [-1, 1] and back; smoothing and JPEG noise of painted maps."""

import io

import numpy as np
import torch
from PIL import Image

from pix2pix.pixel_values import smooth, through_jpeg, to_float, to_uint8


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
