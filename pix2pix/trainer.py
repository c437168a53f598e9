"""Training of pix2pix (Isola et al. 2017, section 3.3): exactly the state that training changes, and one step.

One step updates D, then G, both with Adam. The objective "gan" is cGAN + λ·L1; "l1" trains G alone on L1.
"""

import copy
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pix2pix.channels_last import ChannelsLastAdam
from pix2pix.config import TrainConfig
from pix2pix.losses import fake_loss, l1_loss, real_loss
from pix2pix.networks import PatchGAN, UNet
from pix2pix.processes import average_gradients, sum_over_processes

LOSS_NAMES = {"gan": ("D/real", "D/fake", "G/gan", "G/l1"), "l1": ("G/l1",)}

PROGRESS = ("epoch", "batch", "step_count", "seconds", "pictures", "loss_sums")


class NonFiniteLossError(ArithmeticError):
    """A loss or weight became infinite or not a number; the message names it and the step."""


class Trainer:
    """The networks, their optimisers, the progress, and the running sums of the losses.

    Args:
        config: With `precision` resolved to "fp32" or "bf16".
        device: Where to train.
        rank: Number of this process among `config.num_processes` in torch.distributed's default group.

    Attributes:
        epoch: Number of finished epochs.
        batch: Number of finished batches of the running epoch.
        step_count: Number of finished steps of the run.
        seconds: Time spent in the running epoch; the caller adds to it.
        pictures: Number of images that all processes have seen in the running epoch.
        stop_requested: Set this to end training; `stopping` says when.
    """

    def __init__(self, config: TrainConfig, device: torch.device, rank: int = 0) -> None:
        self.config, self.device, self.rank = config, device, rank
        # Initial weights come from the global generator; forking protects the caller's randomness.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.G = UNet(config.base_channels, config.norm).to(device)
            self.D = PatchGAN(config.base_channels, config.norm).to(device) if config.objective == "gan" else None
        self.G_ema = copy.deepcopy(self.G).requires_grad_(False) if config.ema else None
        self.optimizer_G = self._adam(self.G)
        self.optimizer_D = self._adam(self.D) if self.D else None
        self.epoch = self.batch = self.step_count = self.pictures = 0
        self.seconds = 0.0
        self.stop_requested = self._stop_agreed = False
        self.loss_sums = torch.zeros(len(LOSS_NAMES[config.objective]), dtype=torch.float64)

    def _adam(self, network: torch.nn.Module) -> ChannelsLastAdam:
        return ChannelsLastAdam(network.parameters(), self.config.learning_rate, (self.config.beta1, self.config.beta2))

    def set_weights(self, generator: UNet, discriminator: PatchGAN | None) -> None:
        """Replace the initial weights of G, and of D if given, before the first step."""
        self.G.load_state_dict(generator.state_dict())
        if self.G_ema is not None:
            self.G_ema.load_state_dict(generator.state_dict())
        if self.D is not None and discriminator is not None:
            self.D.load_state_dict(discriminator.state_dict())

    def compile(self, backend: str = "inductor") -> None:
        """Let torch.compile compile both networks at their first calls; weights and their names do not change.

        Args:
            backend: "inductor" is for GPUs; on a CPU, it takes longer than it could save here.
        """
        for network in (self.G, self.D):
            if network is not None:
                network.compile(backend=backend, dynamic=False)

    def step(self, label_image: Tensor, photo: Tensor) -> dict[str, float]:
        """Update D, then G, on this process's batch of pairs [N, 3, H, W] in [-1, 1].

        Returns:
            The losses by name, before the update, averaged over all processes. They are added to the epoch's sums too.

        Raises:
            NonFiniteLossError: If a loss is not finite; the weights are then useless, but the last checkpoint is good.
        """
        label_image, photo = (image.to(self.device, non_blocking=True) for image in (label_image, photo))
        self.set_learning_rate()
        masks = self.dropout_masks(self.step_count, len(photo), *photo.shape[-2:])
        losses = self._agree(self.update(label_image, photo, masks)).cpu()
        return self.count(losses, len(photo))

    def update(self, label_image: Tensor, photo: Tensor, masks: list[Tensor]) -> Tensor:
        """Update D, then G, on the device and without waiting for it; `step` and CUDA graphs are made of this.

        Returns:
            The losses before the update, float64, in the order of `LOSS_NAMES`.
        """
        with self._autocast():
            fake = self.G(label_image, masks).float()
        if self.D is None:
            losses = [self._update_G_on_l1(fake, photo)]
        else:
            losses = [*self._update_D(label_image, photo, fake.detach()), *self._update_G(label_image, photo, fake)]
        self._update_ema()
        return torch.stack([loss.detach() for loss in losses]).double()

    def count(self, values: Tensor, pictures: int) -> dict[str, float]:
        """Count a finished step, and add its losses to the sums of the epoch.

        Args:
            values: Losses on the CPU, float64, in the order of `LOSS_NAMES`.
            pictures: Size of this process's batch.

        Raises:
            NonFiniteLossError: If a loss is not finite.
        """
        named = dict(zip(LOSS_NAMES[self.config.objective], values.tolist(), strict=True))
        self.step_count += 1
        for name, value in named.items():
            if not math.isfinite(value):
                raise NonFiniteLossError(f"loss {name} is {value} at step {self.step_count}")
        self.batch += 1
        self.pictures += pictures * self.config.num_processes
        self.loss_sums += values * pictures * self.config.num_processes
        return named

    def set_learning_rate(self) -> None:
        """Set the learning rate of the running epoch."""
        for optimizer in (self.optimizer_G, self.optimizer_D):
            if optimizer is not None:
                optimizer.set_learning_rate(self.config.learning_rate_in(self.epoch + 1))

    def _update_D(self, label_image: Tensor, photo: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Descend BCE(D(x, y), 1) + BCE(D(x, G(x)), 0).

        The paper halves this sum; the published run that this project reproduces does not.
        """
        assert self.D is not None and self.optimizer_D is not None
        self.D.requires_grad_(True)
        with self._autocast():
            on_photo, on_fake = self.D(label_image, photo), self.D(label_image, fake)
        loss_real, loss_fake = real_loss(on_photo), fake_loss(on_fake)
        self.optimizer_D.zero_grad()
        (loss_real + loss_fake).backward()
        average_gradients(self.D, self.config.num_processes)
        self.optimizer_D.step()
        return loss_real, loss_fake

    def _update_G(self, label_image: Tensor, photo: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Descend BCE(D(x, G(x)), 1) + λ·L1(G(x), y) through the D that was just updated."""
        assert self.D is not None
        self.D.requires_grad_(False)  # no gradients of D's weights, which would be a third of D's work here
        with self._autocast():
            on_fake = self.D(label_image, fake)
        loss_gan, loss_l1 = real_loss(on_fake), l1_loss(fake, photo)
        self.optimizer_G.zero_grad()
        (loss_gan + self.config.lambda_l1 * loss_l1).backward()
        average_gradients(self.G, self.config.num_processes)
        self.optimizer_G.step()
        return loss_gan, loss_l1

    def _update_G_on_l1(self, fake: Tensor, photo: Tensor) -> Tensor:
        """Descend L1 alone. A weight would change almost nothing: Adam divides it out, except for its epsilon."""
        loss_l1 = l1_loss(fake, photo)
        self.optimizer_G.zero_grad()
        loss_l1.backward()
        average_gradients(self.G, self.config.num_processes)
        self.optimizer_G.step()
        return loss_l1

    def _agree(self, losses: Tensor) -> Tensor:
        """Average the losses over the processes, and let all of them know whether one was asked to stop."""
        if self.config.num_processes == 1:
            return losses
        shared = torch.cat([losses, losses.new_tensor([self.stop_requested])])
        sum_over_processes(shared)
        self._stop_agreed = shared[-1].item() > 0
        return shared[:-1] / self.config.num_processes

    @property
    def stopping(self) -> bool:
        """Whether to stop now: once requested; with several processes, once all have learned of it in a step."""
        return self.stop_requested if self.config.num_processes == 1 else self._stop_agreed

    @torch.no_grad()
    def _update_ema(self) -> None:
        """Move the average towards G, faster in the first steps, so that the initial weights are soon forgotten."""
        if self.G_ema is not None:
            decay = min(self.config.ema, (1 + self.step_count) / (10 + self.step_count))
            torch._foreach_lerp_(list(self.G_ema.parameters()), list(self.G.parameters()), 1 - decay)

    @property
    def released_G(self) -> UNet:
        """The generator to sample and release: the moving average if there is one."""
        return self.G if self.G_ema is None else self.G_ema

    def dropout_masks(self, step: int, count: int, height: int, width: int) -> list[Tensor]:
        """Draw masks, each [count, C, h, w], as a function of (seed, step, place in the batch of all processes)."""
        first = self.rank * self.config.batch_size
        keys = [[self.config.seed, step, place] for place in range(first, first + count)]
        seeds = [int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]) for key in keys]
        return self.G.batch_masks(seeds, height, width)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def check_weights(self) -> None:
        """Raise NonFiniteLossError if a weight is not finite: a gradient can overflow while its loss is finite."""
        for name, network in (("G", self.G), ("D", self.D)):
            if network and not all(torch.isfinite(weight).all() for weight in network.parameters()):
                raise NonFiniteLossError(f"the weights of {name} are not finite after step {self.step_count}")

    def finish_epoch(self) -> dict[str, float]:
        """End the running epoch, and return its record: mean losses, images per second and seconds.

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
        """Return all that training changes, as plain tensors and numbers."""
        state = {name: getattr(self, name) for name in PROGRESS}
        return state | {name: item.state_dict() for name, item in self._stateful().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned for a trainer of the same configuration."""
        for name, item in self._stateful().items():
            item.load_state_dict(state[name])
        for name in PROGRESS:
            setattr(self, name, state[name])

    def _stateful(self) -> dict[str, Any]:
        names = ("G", "G_ema", "D", "optimizer_G", "optimizer_D")
        items = {name: getattr(self, name) for name in names}
        return {name: item for name, item in items.items() if item is not None}
