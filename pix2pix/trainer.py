"""Training of pix2pix (Isola et al. 2017, section 3.3): the configuration, and exactly the state that training changes.

One step updates D, then G, both with Adam. The objective "gan" is cGAN + λ·L1; "l1" trains G alone on L1.
"""

import copy
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from pix2pix.channels_last import ChannelsLastAdam
from pix2pix.losses import fake_loss, l1_loss, real_loss
from pix2pix.networks import NORMS, PatchGAN, UNet

LOSS_NAMES = {"gan": ("D/real", "D/fake", "G/gan", "G/l1"), "l1": ("G/l1",)}


class NonFiniteLossError(ArithmeticError):
    """A loss became infinite or not a number; the message names the step and the loss."""


class LostProcessError(RuntimeError):
    """Another process of the same training has ended without saying so."""


def sum_over_processes(values: Tensor, group: Any = None) -> None:
    """Replaces values by their sum over all processes of a group, by default torch.distributed's."""
    try:
        dist.all_reduce(values, group=group)
    except RuntimeError as error:
        raise LostProcessError("another process of this training has ended") from error


def _setting(
    default: Any,
    help: str,
    group: str,
    choices: tuple[str, ...] | None = None,
    at_least: float | None = None,
    below: float = math.inf,
    may_change: bool = False,
) -> Any:
    metadata = {
        "help": help,
        "group": group,
        "choices": choices,
        "at_least": at_least,
        "below": below,
        "may_change": may_change,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run; the defaults are the published run on facades. `train.py` makes a flag of every field with a group.

    Fields marked `may_change` do not decide the weights, so a resumed run may set them anew.

    Raises:
        ValueError: If a value is out of range, or would have no effect; the message names the flag.
    """

    dataset: str = _setting("facades", "dataset to train on", "data", ("facades", "cityscapes"))
    data_dir: Path = _setting(Path("datasets"), "folder that holds facades/ and cityscapes/", "data", may_change=True)
    run_dir: Path | None = _setting(None, "folder of this run; all nodes must see it", "output", may_change=True)
    objective: str = _setting("gan", "cGAN + 100 L1, or L1 alone", "optimisation", ("gan", "l1"))
    epochs: int = _setting(
        200, "passes over the training split; a resumed run may raise it", "optimisation", at_least=1, may_change=True
    )
    batch_size: int = _setting(1, "pictures per step and process; more make fewer steps", "optimisation", at_least=1)
    base_channels: int = _setting(
        64, "filters of the first layer of G and D; 64 as published", "model", at_least=1, below=257
    )
    norm: str = _setting("instance", "normalisation in G and D; close to each other at batch size 1", "model", NORMS)
    learning_rate: float = _setting(2e-4, "of Adam, constant, as published", "optimisation", at_least=0)
    decay_epochs: int = _setting(
        0,
        "let the learning rate fall linearly to 0 over so many last epochs; 0, as published, for none",
        "optimisation",
        at_least=0,
        may_change=True,
    )
    init_from: str = _setting(
        "",
        "initial weights of G and D: a released folder, a run folder, or owner/name[@revision] on the Hub",
        "optimisation",
    )
    beta1: float = _setting(0.5, "first moment decay of Adam, as published", "optimisation", at_least=0, below=1)
    beta2: float = _setting(0.999, "second moment decay of Adam, as published", "optimisation", at_least=0, below=1)
    lambda_l1: float = _setting(100.0, "weight of L1 in the objective gan, as published", "optimisation", at_least=0)
    ema: float = _setting(
        0.0, "release G's moving average of this decay, such as 0.999; 0 for none", "optimisation", at_least=0, below=1
    )
    precision: str = _setting(
        "auto", "of the networks; auto is bf16 where that is fast, else fp32", "machine", ("auto", "fp32", "bf16")
    )
    seed: int = _setting(0, "of initial weights, order, jitter and dropout", "optimisation", at_least=0, below=2**63)
    workers: int = _setting(
        0, "processes that load pictures, per training process; 0 for none", "machine", at_least=0, may_change=True
    )
    num_processes: int = _setting(1, "that train together, from the launcher", "", at_least=1)
    sample_every: int = _setting(
        10, "epochs between sample pictures; 0 for none", "output", at_least=0, may_change=True
    )
    keep_every: int = _setting(
        10,
        "epochs between kept generators; also kept are the first, middle, last and all scored ones",
        "output",
        at_least=0,
        may_change=True,
    )
    fid_every: int = _setting(
        10,
        "epochs between scores of all splits; the last is scored too; 0 for none",
        "scores",
        at_least=0,
        may_change=True,
    )
    fid_samples: int = _setting(
        0,
        "score at most so many pictures of each split, always the same ones; 0 for all",
        "scores",
        at_least=0,
        may_change=True,
    )
    fid_weights: Path | None = _setting(None, "Inception's weights", "scores", may_change=True)
    checkpoint_minutes: float = _setting(
        10.0, "at most this much work is lost in a crash", "output", at_least=0, may_change=True
    )
    push_to_hub: str = _setting(
        "", "owner/name on the Hugging Face Hub to publish the result under", "output", may_change=True
    )
    tracker: str = _setting(
        "none", "where to send curves and samples", "output", ("none", "tensorboard", "wandb"), may_change=True
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value, flag = getattr(self, item.name), "--" + item.name.replace("_", "-")
            choices, at_least, below = (item.metadata[name] for name in ("choices", "at_least", "below"))
            if choices and value not in choices:
                raise ValueError(f"{flag} must be one of {', '.join(choices)}, not {value!r}")
            if at_least is not None and not at_least <= value < below:
                limit = f" and below {below}" if below < math.inf else ""
                raise ValueError(f"{flag} must be at least {at_least}{limit}, not {value}")
        if self.fid_samples == 1:
            raise ValueError("--fid-samples must be 0 for all, or at least 2, not 1")
        if self.decay_epochs > self.epochs:
            raise ValueError(f"--decay-epochs must be at most --epochs, {self.epochs}, not {self.decay_epochs}")
        if self.objective == "l1" and self.lambda_l1 != 100:
            raise ValueError(
                "--lambda-l1 weighs L1 against the GAN; with --objective l1 it would do nothing, so leave it out"
            )

    def learning_rate_in(self, epoch: int) -> float:
        """Learning rate of an epoch, counted from 1: constant, then falling by equal steps that reach 0 after the last one."""
        return self.learning_rate * min(1.0, (self.epochs + 1 - epoch) / (self.decay_epochs + 1))

    def samples_after(self, epoch: int) -> bool:
        """Whether pictures are sampled after an epoch, counted from 1: every `sample_every`, and the first, middle and last one."""
        return self.sample_every > 0 and (self._is_milestone(epoch) or epoch % self.sample_every == 0)

    def keeps_after(self, epoch: int) -> bool:
        """Whether the generator of an epoch, counted from 1, is kept: every `keep_every`, the scored, first, middle and last ones."""
        return (
            self._is_milestone(epoch)
            or self.scores_after(epoch)
            or (self.keep_every > 0 and epoch % self.keep_every == 0)
        )

    def scores_after(self, epoch: int) -> bool:
        """Whether the generator of an epoch, counted from 1, is scored: every `fid_every`, and the last one."""
        return epoch > 0 and self.fid_every > 0 and (epoch % self.fid_every == 0 or epoch == self.epochs)

    def _is_milestone(self, epoch: int) -> bool:
        return epoch in (1, self.epochs // 2, self.epochs)


class Trainer:
    """The networks, their optimisers, the progress and the running sums of the losses.

    Attributes:
        epoch: Finished epochs.
        batch: Finished batches of the running epoch.
        step_count: Finished steps of the run.
        seconds: Spent in the running epoch, by whoever drives the trainer.
        pictures: Seen in the running epoch, by all processes.
        stop_requested: Set it to end training; `stopping` says when to.

    Args:
        config: With `precision` resolved to "fp32" or "bf16".
        device: Where to train.
        rank: Of this process among `config.num_processes`, which share torch.distributed's default group.
    """

    def __init__(self, config: TrainConfig, device: torch.device, rank: int = 0) -> None:
        self.config, self.device, self.rank = config, device, rank
        # Initial weights come from the global generator; forking keeps the caller's randomness as it was.
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
        """Replaces the initial weights of G, and of D where some are given; for a trainer that has not made a step."""
        self.G.load_state_dict(generator.state_dict())
        if self.G_ema is not None:
            self.G_ema.load_state_dict(generator.state_dict())
        if self.D is not None and discriminator is not None:
            self.D.load_state_dict(discriminator.state_dict())

    def compile(self, backend: str = "inductor") -> None:
        """Has both networks compiled at their first calls, each into one graph; weights and their names stay what they are.

        Args:
            backend: Of torch.compile. "inductor" is for GPUs: on a CPU it takes longer than it could ever save here.
        """
        for network in (self.G, self.D):
            if network is not None:
                network.compile(backend=backend, dynamic=False)

    def step(self, label_image: Tensor, photo: Tensor) -> dict[str, float]:
        """One update of D, then of G, on this process's batch of pairs [N, 3, 256, 256] in [-1, 1].

        Returns:
            The losses by name, before the update, over the batches of all processes; also added to the epoch's running sums.

        Raises:
            NonFiniteLossError: If a loss is not finite; the weights are useless then, the last checkpoint is not.
        """
        label_image, photo = (picture.to(self.device, non_blocking=True) for picture in (label_image, photo))
        self._set_learning_rate()
        masks = self._dropout_masks(label_image)
        with self._autocast():
            fake = self.G(label_image, masks).float()
        if self.D is None:
            losses = [self._update_G_on_l1(fake, photo)]
        else:
            losses = [*self._update_D(label_image, photo, fake.detach()), *self._update_G(label_image, photo, fake)]
        self._update_ema()
        values = self._agree(torch.stack([loss.detach() for loss in losses]).double()).cpu()
        named = dict(zip(LOSS_NAMES[self.config.objective], values.tolist(), strict=True))
        self.step_count += 1
        for name, value in named.items():
            if not math.isfinite(value):
                raise NonFiniteLossError(f"loss {name} is {value} at step {self.step_count}")
        self.batch += 1
        pictures = len(photo) * self.config.num_processes
        self.pictures += pictures
        self.loss_sums += values * pictures
        return named

    def _set_learning_rate(self) -> None:
        rate = self.config.learning_rate_in(self.epoch + 1)
        for optimizer in (self.optimizer_G, self.optimizer_D):
            for group in optimizer.param_groups if optimizer else []:
                group["lr"] = rate

    def _update_D(self, label_image: Tensor, photo: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Descends BCE(D(x, y), 1) + BCE(D(x, G(x)), 0). The paper halves this sum; the published run to reproduce did not."""
        assert self.D is not None and self.optimizer_D is not None
        self.D.requires_grad_(True)
        with self._autocast():
            on_photo, on_fake = self.D(label_image, photo), self.D(label_image, fake)
        loss_real, loss_fake = real_loss(on_photo), fake_loss(on_fake)
        self.optimizer_D.zero_grad()
        (loss_real + loss_fake).backward()
        self._average_gradients(self.D)
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
        self._average_gradients(self.G)
        self.optimizer_G.step()
        return loss_gan, loss_l1

    def _update_G_on_l1(self, fake: Tensor, photo: Tensor) -> Tensor:
        """Descends L1 alone. A weight would change next to nothing: Adam divides it out again, but for its epsilon of 1e-8."""
        loss_l1 = l1_loss(fake, photo)
        self.optimizer_G.zero_grad()
        loss_l1.backward()
        self._average_gradients(self.G)
        self.optimizer_G.step()
        return loss_l1

    def _average_gradients(self, network: torch.nn.Module) -> None:
        """Averages the gradients of a network over the processes in one collective, in float32; nothing with one process."""
        if self.config.num_processes == 1:
            return
        gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
        flat = torch.cat([gradient.flatten().float() for gradient in gradients])
        sum_over_processes(flat)
        parts = (flat / self.config.num_processes).split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view(gradient.shape))

    def _agree(self, losses: Tensor) -> Tensor:
        """Means of the losses over the processes, which learn on the way whether one of them was asked to stop."""
        if self.config.num_processes == 1:
            return losses
        shared = torch.cat([losses, losses.new_tensor([self.stop_requested])])
        sum_over_processes(shared)
        self._stop_agreed = shared[-1].item() > 0
        return shared[:-1] / self.config.num_processes

    @property
    def stopping(self) -> bool:
        """Whether to stop now: as soon as requested; with several processes, after the step in which all have learned of it."""
        return self.stop_requested if self.config.num_processes == 1 else self._stop_agreed

    @torch.no_grad()
    def _update_ema(self) -> None:
        """Moves the average towards G; by more in the first steps, so that the initial weights are soon forgotten."""
        if self.G_ema is not None:
            decay = min(self.config.ema, (1 + self.step_count) / (10 + self.step_count))
            torch._foreach_lerp_(list(self.G_ema.parameters()), list(self.G.parameters()), 1 - decay)

    @property
    def released_G(self) -> UNet:
        """The generator to sample and to release: the moving average where there is one."""
        return self.G if self.G_ema is None else self.G_ema

    def _dropout_masks(self, label_image: Tensor) -> list[Tensor]:
        """Masks of a batch, each [N, C, h, w]: a function of (seed, step, place in the batch of all processes)."""
        height, width = label_image.shape[-2:]
        per_picture = []
        first = self.rank * self.config.batch_size
        for place in range(first, first + len(label_image)):
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
        state: dict[str, Any] = {
            name: getattr(self, name) for name in ("epoch", "batch", "step_count", "seconds", "pictures", "loss_sums")
        }
        return state | {name: item.state_dict() for name, item in self._stateful().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned, for a trainer of the same configuration."""
        for name, item in self._stateful().items():
            item.load_state_dict(state[name])
        for name in ("epoch", "batch", "step_count", "seconds", "pictures", "loss_sums"):
            setattr(self, name, state[name])

    def _stateful(self) -> dict[str, Any]:
        items = {
            "G": self.G,
            "G_ema": self.G_ema,
            "D": self.D,
            "optimizer_G": self.optimizer_G,
            "optimizer_D": self.optimizer_D,
        }
        return {name: item for name, item in items.items() if item is not None}
