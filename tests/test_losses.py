"""Losses against their closed forms."""

import math

import pytest
import torch

from pix2pix.losses import fake_loss, l1_loss, real_loss


def test_an_undecided_discriminator_loses_log_2():
    logits = torch.zeros(2, 1, 30, 30)
    assert real_loss(logits).item() == pytest.approx(math.log(2))
    assert fake_loss(logits).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("logit", [-3.0, -0.5, 0.7, 2.0])
def test_losses_are_minus_the_log_of_the_probability_of_the_right_answer(logit):
    probability = 1 / (1 + math.exp(-logit))
    logits = torch.full((1, 1, 3, 3), logit)
    assert real_loss(logits).item() == pytest.approx(-math.log(probability), rel=1e-5)
    assert fake_loss(logits).item() == pytest.approx(-math.log(1 - probability), rel=1e-5)


def test_losses_are_means_over_patches_and_images():
    logits = torch.tensor([0.0, 50.0, 0.0, 50.0]).reshape(2, 1, 1, 2)
    assert real_loss(logits).item() == pytest.approx(math.log(2) / 2)
    assert fake_loss(logits).item() == pytest.approx((math.log(2) + 50) / 2)


def test_extreme_logits_stay_finite_and_keep_their_gradient():
    logits = torch.full((1, 1, 1, 1), -1000.0, requires_grad=True)
    real_loss(logits).backward()
    assert logits.grad.item() == -1  # the saturating form, log(1 - D), would have none
    assert real_loss(logits).item() == 1000
    assert fake_loss(logits).item() == 0


def test_l1_is_the_mean_absolute_difference():
    fake, photo = torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)
    fake[0], photo[0] = 1.0, -1.0
    assert l1_loss(fake, photo).item() == 1.0
    assert l1_loss(fake, fake).item() == 0.0
    assert l1_loss(torch.ones(1, 3, 2, 2), -torch.ones(1, 3, 2, 2)).item() == 2.0


def test_losses_of_bf16_are_computed_in_fp32():
    logits = torch.tensor([[1.0, 0.5]], dtype=torch.bfloat16)
    for loss in (real_loss(logits), fake_loss(logits), l1_loss(logits, torch.zeros(1, 2))):
        assert loss.dtype == torch.float32
    assert real_loss(logits).item() == pytest.approx(real_loss(logits.float()).item(), rel=1e-6)
