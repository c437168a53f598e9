"""Scores of generators: conditions, scale and independence of the rest."""

import numpy as np
import pytest
import torch

from pix2pix.fid import evaluator
from pix2pix.fid.distances import FidError, frechet_distance
from pix2pix.fid.evaluator import Evaluator, choose
from pix2pix.pixel_values import to_uint8
from tests.helpers.tiny import published_pairs, tiny_generator

pytestmark = [
    pytest.mark.usefixtures("feature_cache"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pytorch_fid.*"),  # about scipy's sqrtm
]


def test_samples_are_always_the_same_and_more_of_them_hold_the_fewer():
    chosen = choose(100, 10)
    assert len(set(chosen)) == 10 and sorted(chosen) == list(chosen) and chosen.max() < 100
    assert chosen.tolist() == choose(100, 10).tolist() != list(range(10))
    assert set(chosen) < set(choose(100, 20))
    assert choose(100, 0).tolist() == choose(100, 100).tolist() == choose(100, 300).tolist() == list(range(100))


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_a_generated_image_depends_on_its_label_image_and_index_alone(train_pairs, norm):
    generator, device = tiny_generator(norm=norm), torch.device("cpu")
    together = torch.cat(list(evaluator.generate(generator, train_pairs, range(4), device)))
    assert together.dtype == torch.uint8 and together.shape == (4, 3, 256, 256)
    for index, picture in enumerate(together):
        masks = generator.dropout_masks(256, 256, index)
        with torch.no_grad():
            alone = to_uint8(generator(train_pairs[index][0][None], masks))[0]
        assert (
            picture.int() - alone.int()
        ).abs().max() <= 1  # the order of additions may depend on the size of a batch
        assert (picture != alone).float().mean() < 1e-3


def test_a_generator_of_the_photos_themselves_scores_zero(small_inception, train_pairs, monkeypatch):
    monkeypatch.setattr(
        evaluator,
        "generate",
        lambda generator, train_pairs, indices, device: [torch.stack([train_pairs.pair(i)[1] for i in indices])],
    )
    record = Evaluator(small_inception, {"train": train_pairs}, {"train": "f"}, samples=3).score(
        tiny_generator(), "train"
    )
    assert record["fid"] == pytest.approx(0, abs=1e-6) and record["n"] == 3


def test_features_of_one_direction_are_not_taken_from_the_cache_for_the_other(small_inception, data_dir):
    for direction in ("BtoA", "AtoB"):
        pairs = published_pairs(data_dir, "facades", "train", direction)
        found = Evaluator(small_inception, {"train": pairs}, {"train": "f"})._photo_features("train")
        expected = small_inception.features([torch.stack([pairs.pair(index)[1] for index in range(len(pairs))])])
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_scale_of_a_split_is_its_distance_from_as_many_training_photos(small_inception, train_pairs):
    evaluator = Evaluator(small_inception, {"train": train_pairs, "val": train_pairs}, {"train": "f", "val": "f"})
    val, train = (evaluator.score(tiny_generator(), split) for split in ("val", "train"))
    assert val["real_floor"] == pytest.approx(0, abs=1e-6) and val["real_floor_n"] == 4  # here they are the same photos
    photos = small_inception.features(torch.stack([train_pairs.pair(index)[1] for index in range(4)])[None])
    halves = [frechet_distance(photos[[0, i]], photos[[j for j in (1, 2, 3) if j != i]]) for i in (1, 2, 3)]
    assert train["real_floor_n"] == 2 and min(abs(train["real_floor"] - half) for half in halves) < 1e-6


def test_scoring_leaves_the_global_randomness_alone(small_inception, train_pairs):
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()
    Evaluator(small_inception, {"train": train_pairs}, {"train": "f"}).score(tiny_generator(), "train")
    assert torch.equal(torch.get_rng_state(), states[0]) and np.random.get_state()[1].tolist() == states[1]


def test_a_split_of_too_few_images_is_an_error_that_names_it(small_inception, train_pairs, data_dir):
    val = published_pairs(data_dir, "facades", "val")
    with pytest.raises(FidError, match="val has too few images for a score, 1; at least 2 are needed"):
        Evaluator(small_inception, {"train": train_pairs, "val": val}, {"train": "f", "val": "g"})
    with pytest.raises(FidError, match="val has too few images for a score, 1; at least 4 are needed"):
        Evaluator(small_inception, {"val": val}, {"val": "g"})
