"""What a distance may be called."""

import hashlib

from pix2pix.fid.inception import Inception
from pix2pix.fid.measure import Measure


def test_the_weights_hash_is_part_of_the_name_unless_it_is_the_published_one(inception_weights):
    digits = hashlib.sha256(inception_weights.read_bytes()).hexdigest()[:8]
    assert Inception(inception_weights, dims=64).measure == Measure(digits, 64)
    substitute = f"substitute Inception {digits}"
    assert Measure(digits, 2048).full_names == (f"Fréchet distance, {substitute}", f"Kernel distance, {substitute}")
    assert Measure(digits, 64).full_names[0] == f"Fréchet distance, {substitute}, 64 features"
    assert Measure("6726825d", 2048).full_names == Measure("6726825d", 2048).names == ("FID", "KID")
    assert Measure("6726825d", 64).full_names[0] == "Fréchet distance, published Inception 6726825d, 64 features"
    assert Measure("6726825d", 64).names == Measure(digits, 2048).names == ("Fréchet distance", "Kernel distance")
