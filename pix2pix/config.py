"""The configuration of a training run, and its flags on the command line."""

import argparse
import math
import re
from dataclasses import Field, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pix2pix.data_description import DIRECTIONS, VAL_SHARE, parse_size
from pix2pix.flags import Parser, command_of, folder_to_write
from pix2pix.labels import PALETTES
from pix2pix.lineage import DATASET_NAME, DATASET_NAME_IN_WORDS
from pix2pix.networks import NORMS
from pix2pix.release_config import OBJECTIVES

GROUPS = {
    "data": "what to train on",
    "model": "the networks",
    "optimisation": "how to train them; all of these change the weights",
    "machine": "how to use this machine",
    "output": "what to keep, and where",
    "scores": "the distance between generated images and photos: FID and KID",
}
DEFAULTS = {
    "run_dir": "runs/NAME-OBJECTIVE",
    "data": "the dataset instead",
    "palette": "palette.json in --data, if there is one",
    "init_from": "random weights",
    "fid_weights": "pytorch-fid's, downloaded if missing",
    "push_to_hub": "none",
}
"""Defaults in words, for flags whose default value says nothing."""
METAVARS: dict[Any, str] = {
    **{int: "N", float: "X", Path: "DIR", str: "SOURCE"},
    **{"fid_weights": "FILE", "palette": "FILE", "size": "SIZE", "push_to_hub": "OWNER/NAME"},
}
OWN_DATA = {"palette": None, "val_share": VAL_SHARE}
"""Settings that matter to own pairs only, and their defaults."""
NEEDS_DATA = "{} has no effect without --data; leave it out"


def _setting(
    default: Any,
    group: str,
    help: str,
    choices: tuple[str, ...] | None = None,
    at_least: float | None = None,
    below: float = math.inf,
    may_change: bool = False,
) -> Any:
    metadata = dict(group=group, help=help, choices=choices, at_least=at_least, below=below, may_change=may_change)
    return field(default=default, metadata=metadata)


_changeable = partial(_setting, may_change=True)


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run; the defaults are the published run on facades. Fields with a group have a flag.

    Fields marked `may_change` do not decide the weights of finished epochs, so a resumed run may change them.

    Raises:
        ValueError: If a value is out of range or has no effect; the message names the flag.
    """

    dataset: str = _setting("facades", "data", "dataset to train on", tuple(PALETTES))
    data_dir: Path = _changeable(Path("datasets"), "data", "folder that contains facades/ and cityscapes/")
    data: Path | None = _changeable(None, "data", "folder of your own pairs, which contains train/, or A/ and B/")
    val_share: float = _setting(
        OWN_DATA["val_share"], "data", "share of your pairs to validate on, if there is no val/", at_least=0, below=1
    )
    palette: Path | None = _changeable(OWN_DATA["palette"], "data", "classes and colours of your label images")
    size: str = _setting("256x256", "data", "width and height to train at, such as 512x256; others are resized")
    direction: str = _setting(
        "BtoA", "data", "which image of a pair becomes which; BtoA is label image to photo, as published", DIRECTIONS
    )
    force: bool = _changeable(False, "data", "train although the pairs look wrong")
    run_dir: Path | None = _changeable(None, "output", "folder of this run; all nodes must see it")
    objective: str = _setting("gan", "optimisation", "cGAN + 100 L1, or L1 alone", tuple(OBJECTIVES))
    epochs: int = _changeable(
        200, "optimisation", "passes over the training split; may be raised on resume", at_least=1
    )
    batch_size: int = _setting(1, "optimisation", "images per step and process; larger means fewer steps", at_least=1)
    base_channels: int = _setting(64, "model", "filters in the first layer of G and D", at_least=1, below=257)
    norm: str = _setting("instance", "model", "normalisation in G and D; nearly the same at batch size 1", NORMS)
    learning_rate: float = _setting(2e-4, "optimisation", "learning rate of Adam, as published", at_least=0)
    decay_epochs: int = _changeable(
        0, "optimisation", "last epochs, over which the learning rate falls linearly to 0; 0 as published", at_least=0
    )
    init_from: str = _setting(
        "", "optimisation", "start from a released folder, a run folder, or owner/name[@revision] on the Hub"
    )
    beta1: float = _setting(0.5, "optimisation", "decay of Adam's first moment, as published", at_least=0, below=1)
    beta2: float = _setting(0.999, "optimisation", "decay of Adam's second moment, as published", at_least=0, below=1)
    lambda_l1: float = _setting(100.0, "optimisation", "weight of L1 in the objective gan, as published", at_least=0)
    no_flip: bool = _setting(False, "optimisation", "never flip pairs left to right")
    no_jitter: bool = _setting(False, "optimisation", "neither enlarge pairs nor crop random windows of them")
    ema: float = _setting(
        0.0, "optimisation", "decay of a moving average of G to release, such as 0.999; 0 for none", at_least=0, below=1
    )
    precision: str = _setting("auto", "machine", "auto is bf16 where it is fast, else fp32", ("auto", "fp32", "bf16"))
    seed: int = _setting(0, "optimisation", "seed of all randomness", at_least=0, below=2**63)
    workers: int = _changeable(0, "machine", "processes that load images, per training process", at_least=0)
    num_processes: int = _setting(1, "", "processes that train together, set by the launcher", at_least=1)
    sample_every: int = _changeable(10, "output", "epochs between samples; 0 for none", at_least=0)
    keep_every: int = _changeable(
        10, "output", "epochs between kept generators; first, middle, last and scored ones are kept too", at_least=0
    )
    fid_every: int = _changeable(10, "scores", "epochs between scores; the last is scored too; 0 for none", at_least=0)
    fid_samples: int = _changeable(
        0, "scores", "maximum images per split, always the same; 0 for all; also of pix2pix.fid", at_least=0
    )
    fid_weights: Path | None = _changeable(None, "scores", "Inception's weights, also of pix2pix.fid")
    checkpoint_minutes: float = _changeable(10.0, "output", "maximum work lost in a crash", at_least=0)
    push_to_hub: str = _changeable("", "output", "owner/name on the Hugging Face Hub to publish the result as")
    tracker: str = _changeable("none", "output", "receives curves and samples", ("none", "tensorboard", "wandb"))

    def __post_init__(self) -> None:
        for item in fields(self):
            if isinstance(number := getattr(self, item.name), np.generic):
                object.__setattr__(self, item.name, number.item())  # which JSON can hold
            value, flag = getattr(self, item.name), flag_of(item.name)
            choices, at_least, below = (item.metadata[name] for name in ("choices", "at_least", "below"))
            if choices and value not in choices and not (item.name == "dataset" and self.data):
                raise ValueError(f"{flag} must be one of {', '.join(choices)}, not {value!r}")
            if at_least is not None and not at_least <= value < below:
                limit = f" and below {below}" if below < math.inf else ""
                raise ValueError(f"{flag} must be at least {at_least}{limit}, not {value}")
        if self.fid_samples == 1:
            raise ValueError("--fid-samples must be 0 for all, or at least 2, not 1")
        if self.decay_epochs > self.epochs:
            raise ValueError(f"--decay-epochs must be at most --epochs, {self.epochs}, not {self.decay_epochs}")
        if self.objective == "l1" and self.lambda_l1 != 100:
            raise ValueError("--lambda-l1 has no effect with --objective l1; leave it out")
        self._check_data()

    def _check_data(self) -> None:
        if not re.fullmatch(DATASET_NAME, self.dataset):
            raise ValueError(f"--name must consist of {DATASET_NAME_IN_WORDS}, not {self.dataset[:50]!r}")
        for name, default in OWN_DATA.items():
            if self.data is None and getattr(self, name) != default:
                raise ValueError(NEEDS_DATA.format(flag_of(name)))
        try:
            parse_size(self.size)
        except ValueError as error:
            raise ValueError(f"--size {error}") from error

    @property
    def image_size(self) -> tuple[int, int]:
        """Width and height of the images in pixels."""
        return parse_size(self.size)

    def learning_rate_in(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 1.

        It is constant, then falls by equal steps over `decay_epochs`, and would be 0 after the last epoch.
        """
        return self.learning_rate * min(1.0, (self.epochs + 1 - epoch) / (self.decay_epochs + 1))

    def samples_after(self, epoch: int) -> bool:
        """Return whether to sample after an epoch, counted from 1: first, middle, last and every `sample_every`."""
        return self.sample_every > 0 and (self._is_milestone(epoch) or epoch % self.sample_every == 0)

    def keeps_after(self, epoch: int) -> bool:
        """Return whether to keep the generator of an epoch, counted from 1: milestones, scored, every `keep_every`."""
        is_due = self.keep_every > 0 and epoch % self.keep_every == 0
        return is_due or self._is_milestone(epoch) or self.scores_after(epoch)

    def scores_after(self, epoch: int) -> bool:
        """Return whether to score the generator of an epoch, counted from 1: the last and every `fid_every`."""
        return epoch > 0 and self.fid_every > 0 and (epoch % self.fid_every == 0 or epoch == self.epochs)

    def _is_milestone(self, epoch: int) -> bool:
        return epoch in (1, self.epochs // 2, self.epochs)


def is_path(item: Field[Any]) -> bool:
    """Return whether a field of `TrainConfig` holds a path of this machine."""
    return item.type in (Path, Path | None)


def flag_of(field_name: str) -> str:
    """Return the flag of a field: batch_size → --batch-size."""
    return "--" + field_name.replace("_", "-")


def parse_flags(arguments: list[str] | None = None) -> tuple[TrainConfig, bool]:
    """Parse the flags of `train.py`; a wrong flag ends the program with a sentence that names it.

    Returns:
        The configuration, with precision and number of processes not yet resolved; whether `--dry-run` was given.
    """
    parser = _make_parser()
    given = vars(parser.parse_args(arguments))
    dry_run, name = given.pop("dry_run", False), given.pop("name", None)
    try:
        _check_given(given)
        config = TrainConfig(**given | _called(given.get("data"), name))
    except ValueError as error:
        parser.error(str(error))
    return replace(config, run_dir=config.run_dir or Path("runs") / f"{config.dataset}-{config.objective}"), dry_run


def _check_given(given: dict[str, Any]) -> None:
    """Refuse empty flags, and flags about data that are not used, even with their default values."""
    for name, value in given.items():
        if value == "":  # such as "$RELEASE", if that is not set
            raise ValueError(f"{flag_of(name)} is empty; give it a value, or leave it out")
    if "data" not in given:
        for name in OWN_DATA:
            if name in given:
                raise ValueError(NEEDS_DATA.format(flag_of(name)))
    elif "dataset" in given:
        raise ValueError("--dataset and --data exclude each other; leave one out, or name your own data with --name")
    elif "data_dir" in given:
        raise ValueError("--data-dir has no effect with --data, which names the folder of your pairs; leave it out")
    elif "val_share" in given and any(any(given["data"].glob(images)) for images in ("val/*", "A/val/*")):
        raise ValueError("--val-share has no effect where --data contains val; leave it out")


def _called(data: Path | None, name: str | None) -> dict[str, str]:
    """Return the name of what is trained on, if it is people's own: `--name`, or else the folder's name."""
    if data is None:
        if name is not None:
            raise ValueError("--name has no effect without --data, which it names; --run-dir names the folder of a run")
        return {}
    from_folder = re.sub("[^a-z0-9_-]+", "-", data.resolve().name.lower()).strip("-_")[:40] or "own"
    return {"dataset": from_folder if name is None else name}


def _make_parser() -> Parser:
    """Make the parser of `train.py`; flags that are not given get no value, so that `TrainConfig` has the defaults."""
    parser = Parser(
        prog=command_of("train.py"),
        usage="%(prog)s [flags]",
        description="Train pix2pix. The defaults are the published run on facades.",
        argument_default=argparse.SUPPRESS,
    )
    for name, purpose in GROUPS.items():
        group = parser.add_argument_group(name, purpose)
        for item in (item for item in fields(TrainConfig) if item.metadata["group"] == name):
            kind = Path if is_path(item) else type(item.default)
            if kind is bool:
                group.add_argument(flag_of(item.name), action="store_true", help=item.metadata["help"])
                continue
            group.add_argument(
                flag_of(item.name),
                type=folder_to_write if item.name == "run_dir" else kind,
                choices=item.metadata["choices"],
                metavar=None if item.metadata["choices"] else METAVARS.get(item.name, METAVARS[kind]),
                help=f"{item.metadata['help']} (default: {DEFAULTS.get(item.name, item.default)})",
            )
            if item.name == "data":
                group.add_argument(
                    "--name", metavar="NAME", help="what to call your pairs (default: the name of their folder)"
                )
    dry_run_help = "print the settings, time and disk space that the run needs, and write nothing"
    parser.add_argument("--dry-run", action="store_true", help=dry_run_help)
    return parser
