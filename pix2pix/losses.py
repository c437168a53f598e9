"""The losses of pix2pix (Isola et al. 2017, section 3.1), as pure functions of logits and images, in float32.

As in the paper, the minimax objective takes its non-saturating form: G maximises log D(x, G(x)).
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def real_loss(logits: Tensor) -> Tensor:
    """Return -log D, the mean binary cross-entropy of logits [N, 1, h, w] with "real"; D on photos, G on fakes."""
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))


def fake_loss(logits: Tensor) -> Tensor:
    """Return -log(1 - D), the mean binary cross-entropy of logits [N, 1, h, w] with "fake"; D on fakes."""
    logits = logits.float()
    return F.binary_cross_entropy_with_logits(logits, torch.zeros_like(logits))


def l1_loss(fake: Tensor, photo: Tensor) -> Tensor:
    """Return the mean absolute difference, 0 to 2, of two batches of images [N, 3, H, W] in [-1, 1]."""
    return F.l1_loss(fake.float(), photo)
