"""The losses of pix2pix (Isola et al. 2017, section 3.1), as pure functions of logits and pictures, in float32.

The paper's minimax objective is trained in its non-saturating form: G maximises log D(x, G(x)).
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def real_loss(logits: Tensor) -> Tensor:
    """-log D: binary cross-entropy of logits [N, 1, h, w] with "real", averaged over patches. D on photos; G on its own fakes."""
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))


def fake_loss(logits: Tensor) -> Tensor:
    """-log(1 - D): binary cross-entropy of logits [N, 1, h, w] with "fake", averaged over patches. D on fakes."""
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(logits, torch.zeros_like(logits))


def l1_loss(fake: Tensor, photo: Tensor) -> Tensor:
    """Mean absolute difference of two batches of pictures [N, 3, H, W] in [-1, 1]; 0 to 2."""
    return F.l1_loss(fake.float(), photo)
