"""Training of pix2pix (Isola et al. 2017, section 3.3): the configuration, and exactly the state that training changes.

One step updates D, then G, both with Adam. The objective "gan" is cGAN + λ·L1; "l1" trains G alone on L1.
"""

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pix2pix.losses import fake_loss, l1_loss, real_loss
from pix2pix.networks import NORMS, PatchGAN, UNet

LOSS_NAMES = {"gan": ("D/real", "D/fake", "G/gan", "G/l1"), "l1": ("G/l1",)}


class NonFiniteLossError(ArithmeticError):
    """A loss became infinite or not a number; the message names the step and the loss."""


def _setting(
    default: Any,
    help: str,
    choices: tuple[str, ...] | None = None,
    at_least: float | None = None,
    below: float = math.inf,
    may_change: bool = False,
) -> Any:
    metadata = {"help": help, "choices": choices, "at_least": at_least, "below": below, "may_change": may_change}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run; the defaults are the published run on facades. `train.py` makes a flag of every field.

    Fields marked `may_change` do not decide the weights, so a resumed run may set them anew.

    Raises:
        ValueError: If a value is out of range; the message names the flag.
    """

    dataset: str = _setting("facades", "dataset to train on", ("facades", "cityscapes"))
    data_dir: Path = _setting(Path("datasets"), "folder that holds facades/ and cityscapes/", may_change=True)
    run_dir: Path | None = _setting(None, "folder of this run", may_change=True)
    objective: str = _setting("gan", "cGAN + 100 L1, or L1 alone", ("gan", "l1"))
    epochs: int = _setting(200, "passes over the training split; a resumed run may raise it", at_least=1, may_change=True)
    batch_size: int = _setting(1, "pictures per step", at_least=1)
    base_channels: int = _setting(64, "filters of the first layer of G and D; 64 in the paper", at_least=1, below=257)
    norm: str = _setting("instance", "normalisation in G and D", NORMS)
    learning_rate: float = _setting(2e-4, "of Adam, constant", at_least=0)
    beta1: float = _setting(0.5, "first moment decay of Adam", at_least=0, below=1)
    beta2: float = _setting(0.999, "second moment decay of Adam", at_least=0, below=1)
    lambda_l1: float = _setting(100.0, "weight of L1 in the objective gan", at_least=0)
    precision: str = _setting("auto", "of the networks; auto is bf16 where the machine has fast bf16, else fp32", ("auto", "fp32", "bf16"))
    seed: int = _setting(0, "of initial weights, order, jitter and dropout", at_least=0, below=2**63)
    workers: int = _setting(2, "processes that load pictures; 0 loads in the training process", at_least=0, may_change=True)
    sample_every: int = _setting(10, "epochs between sample pictures; 0 for none", at_least=0, may_change=True)
    keep_every: int = _setting(10, "epochs between kept generators; 0 keeps the first, middle and last", at_least=0, may_change=True)
    checkpoint_minutes: float = _setting(10.0, "at most this much work is lost in a crash", at_least=0, may_change=True)

    def __post_init__(self) -> None:
        for item in fields(self):
            value, flag = getattr(self, item.name), "--" + item.name.replace("_", "-")
            choices, at_least, below = (item.metadata[name] for name in ("choices", "at_least", "below"))
            if choices and value not in choices:
                raise ValueError(f"{flag} must be one of {', '.join(choices)}, not {value!r}")
            if at_least is not None and not at_least <= value < below:
                limit = f" and below {below}" if below < math.inf else ""
                raise ValueError(f"{flag} must be at least {at_least}{limit}, not {value}")


class Trainer:
    """The networks, their optimisers, the progress and the running sums of the losses.

    Attributes:
        epoch: Finished epochs.
        batch: Finished batches of the running epoch.
        step_count: Finished steps of the run.
        seconds: Spent in the running epoch, by whoever drives the trainer.
        pictures: Seen in the running epoch.

    Args:
        config: With `precision` resolved to "fp32" or "bf16".
        device: Where to train.
    """

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        self.config, self.device = config, device
        # Initial weights come from the global generator; forking keeps the caller's randomness as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.G = UNet(config.base_channels, config.norm).to(device)
            self.D = PatchGAN(config.base_channels, config.norm).to(device) if config.objective == "gan" else None
        self.optimizer_G = self._adam(self.G)
        self.optimizer_D = self._adam(self.D) if self.D else None
        self.epoch = self.batch = self.step_count = self.pictures = 0
        self.seconds = 0.0
        self.loss_sums = torch.zeros(len(LOSS_NAMES[config.objective]), dtype=torch.float64)

    def _adam(self, network: torch.nn.Module) -> torch.optim.Adam:
        config = self.config
        return torch.optim.Adam(network.parameters(), config.learning_rate, (config.beta1, config.beta2), fused=True)

    def step(self, label_image: Tensor, photo: Tensor) -> dict[str, float]:
        """One update of D, then of G, on a batch of pairs [N, 3, 256, 256] in [-1, 1].

        Returns:
            The losses by name, before the update; also added to the epoch's running sums.

        Raises:
            NonFiniteLossError: If a loss is not finite; the weights are useless then, the last checkpoint is not.
        """
        label_image, photo = label_image.to(self.device), photo.to(self.device)
        masks = self._dropout_masks(label_image)
        with self._autocast():
            fake = self.G(label_image, masks).float()
        if self.D is None:
            losses = [self._update_G_on_l1(fake, photo)]
        else:
            losses = [*self._update_D(label_image, photo, fake.detach()), *self._update_G(label_image, photo, fake)]
        values = torch.stack([loss.detach() for loss in losses]).double().cpu()
        named = dict(zip(LOSS_NAMES[self.config.objective], values.tolist(), strict=True))
        self.step_count += 1
        for name, value in named.items():
            if not math.isfinite(value):
                raise NonFiniteLossError(f"loss {name} is {value} at step {self.step_count}")
        self.batch += 1
        self.pictures += len(photo)
        self.loss_sums += values * len(photo)
        return named

    def _update_D(self, label_image: Tensor, photo: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Descends BCE(D(x, y), 1) + BCE(D(x, G(x)), 0). The paper halves this sum; the published run to reproduce did not."""
        assert self.D is not None and self.optimizer_D is not None
        self.D.requires_grad_(True)
        with self._autocast():
            on_photo, on_fake = self.D(label_image, photo), self.D(label_image, fake)
        loss_real, loss_fake = real_loss(on_photo), fake_loss(on_fake)
        self.optimizer_D.zero_grad()
        (loss_real + loss_fake).backward()
        self.optimizer_D.step()
        return loss_real, loss_fake

    def _update_G(self, label_image: Tensor, photo: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Descends BCE(D(x, G(x)), 1) + λ·L1(G(x), y) through the D that was just updated."""
        assert self.D is not None
        self.D.requires_grad_(False)  # no gradients of D's weights: a third of D's work here
        with self._autocast():
            on_fake = self.D(label_image, fake)
        loss_gan, loss_l1 = real_loss(on_fake), l1_loss(fake, photo)
        self.optimizer_G.zero_grad()
        (loss_gan + self.config.lambda_l1 * loss_l1).backward()
        self.optimizer_G.step()
        return loss_gan, loss_l1

    def _update_G_on_l1(self, fake: Tensor, photo: Tensor) -> Tensor:
        """Descends L1 alone. A weight would change next to nothing: Adam divides it out again, but for its epsilon of 1e-8."""
        loss_l1 = l1_loss(fake, photo)
        self.optimizer_G.zero_grad()
        loss_l1.backward()
        self.optimizer_G.step()
        return loss_l1

    def _dropout_masks(self, label_image: Tensor) -> list[Tensor]:
        """Masks of a batch, each [N, C, h, w]: a function of (seed, step, place in the batch)."""
        height, width = label_image.shape[-2:]
        per_picture = []
        for place in range(len(label_image)):
            (seed,) = np.random.SeedSequence([self.config.seed, self.step_count, place]).generate_state(1, np.uint64)
            per_picture.append(self.G.dropout_masks(height, width, torch.Generator().manual_seed(int(seed))))
        return [torch.cat(masks).to(self.device) for masks in zip(*per_picture, strict=True)]

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def check_weights(self) -> None:
        """Raises NonFiniteLossError if a weight is not finite: a gradient can overflow while its loss is still finite."""
        for name, network in (("G", self.G), ("D", self.D)):
            if network and not all(torch.isfinite(weight).all() for weight in network.parameters()):
                raise NonFiniteLossError(f"the weights of {name} are not finite after step {self.step_count}")

    def finish_epoch(self) -> dict[str, float]:
        """Closes the running epoch: counts it, and returns its mean losses, pictures per second and seconds.

        Raises:
            NonFiniteLossError: If a weight is not finite.
        """
        self.check_weights()
        means = (self.loss_sums / self.pictures).tolist()
        log: dict[str, float] = {"epoch": self.epoch + 1, "step": self.step_count}
        log |= dict(zip(LOSS_NAMES[self.config.objective], means, strict=True))
        log |= {"pictures_per_second": self.pictures / self.seconds, "seconds": self.seconds}
        self.epoch += 1
        self.batch = self.pictures = 0
        self.seconds = 0.0
        self.loss_sums.zero_()
        return log

    def state_dict(self) -> dict[str, Any]:
        """All that training changes, as plain tensors and numbers."""
        state: dict[str, Any] = {name: getattr(self, name) for name in ("epoch", "batch", "step_count", "seconds", "pictures", "loss_sums")}
        return state | {name: item.state_dict() for name, item in self._stateful().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned, for a trainer of the same configuration."""
        for name, item in self._stateful().items():
            item.load_state_dict(state[name])
        for name in ("epoch", "batch", "step_count", "seconds", "pictures", "loss_sums"):
            setattr(self, name, state[name])

    def _stateful(self) -> dict[str, Any]:
        items = {"G": self.G, "D": self.D, "optimizer_G": self.optimizer_G, "optimizer_D": self.optimizer_D}
        return {name: item for name, item in items.items() if item is not None}
