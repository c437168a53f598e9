"""Start a training from released weights: G, and D where the source has one; the optimisers start afresh."""

import re
from pathlib import Path

from pix2pix import release
from pix2pix.config import TrainConfig, flag_of
from pix2pix.hub import HubModel, locate
from pix2pix.lineage import Stage
from pix2pix.release import ReleaseConfig, ReleaseError
from pix2pix.run_folder import run_around
from pix2pix.trainer import Trainer


def init_from(trainer: Trainer, source: str) -> tuple[Stage, ...]:
    """Replace the initial weights of a trainer.

    Palettes and datasets may differ, so that a model can be fine-tuned on other data; sizes and norm may not.

    Args:
        trainer: One that has not trained yet.
        source: A released folder, a run folder (its `release/` is taken), or "owner/name[@revision]" on the Hub.

    Returns:
        The trainings that led to the weights, oldest first.

    Raises:
        ReleaseError: If the source is missing, damaged, or of another size or norm.
    """
    folder = locate(source, discriminator=True)
    config = release.load_config(folder)
    _check_fit(source, config, trainer.config)
    generator, _ = release.load(folder)
    discriminator = release.load_discriminator(folder) if trainer.D else None
    trainer.set_weights(generator, discriminator)
    weights = release.hash_weights(folder)[:8]
    stage = Stage(
        _name(source, folder), config.dataset, config.objective, config.epochs, weights, discriminator is not None
    )
    return (*config.lineage, stage)


def check_start(config: TrainConfig) -> None:
    """Check that local weights of `--init-from` fit, or that it can be a name on the Hub; nothing is downloaded.

    Raises:
        ReleaseError: As `init_from`.
    """
    source = config.init_from
    if "/" in source and not Path(source).is_dir():
        HubModel.parse(source)
    elif source:
        _check_fit(source, release.load_config(locate(source, discriminator=True)), config)


def describe_start(trainer: Trainer, stage: Stage, result: ReleaseConfig) -> str:
    """Describe in one line what a trainer started from.

    Args:
        trainer: After `init_from`.
        stage: What it started from.
        result: What the training will release.
    """
    source = trainer.config.init_from
    networks = "G and D" if stage.discriminator else "G; D starts anew" if trainer.D else "G"
    before = release.load_config(locate(source, discriminator=True))
    other = f", trained on {stage.dataset}" if stage.dataset != result.dataset else ""
    if (before.palette, before.palette_of) != (result.palette, result.palette_of):
        other = f", trained on {stage.dataset}: its classes and colours differ"
    return f"Started from {source} ({networks}{other})"


def _check_fit(source: str, released: ReleaseConfig, config: TrainConfig) -> None:
    for name in ("base_channels", "norm"):
        theirs, ours = getattr(released, name), getattr(config, name)
        if theirs != ours:
            flag = flag_of(name)
            raise ReleaseError(f"--init-from {source} has {flag} {theirs}, this run has {ours}. Add {flag} {theirs}.")


def _name(source: str, folder: Path) -> str:
    """Name the source: a model on the Hub as given, a folder by its own name, `RUN/release` by the run's."""
    if not Path(source).is_dir():
        return source
    run = run_around(folder)
    name = run.path.name if run else folder.resolve().name
    return re.sub(r"[^\w@./-]+", "-", name)[:150] or "release"
