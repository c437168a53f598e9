"""Trains pix2pix. `python train.py` is the published run on facades; `python train.py --help` lists what can be changed.

To go on with a run that was stopped, give the same command again.
"""

import argparse
import shlex
import signal
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor
from tqdm import tqdm

from pix2pix import checkpoint, release
from pix2pix.data import DataError, PairedDataset, training_batches
from pix2pix.download import DownloadError, download_facades
from pix2pix.labels import PALETTES
from pix2pix.precision import resolve_precision
from pix2pix.run_folder import RunFolder, RunFolderError
from pix2pix.trainer import NonFiniteLossError, TrainConfig, Trainer

SAMPLED_PICTURES = 4
"""Pictures of each split that are sampled; the first ones, so that all runs show the same."""


def parse_flags(arguments: list[str] | None = None) -> TrainConfig:
    """Makes a flag of every field of TrainConfig; a wrong value ends the program with a sentence that names the flag."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for item in fields(TrainConfig):
        kind = Path if item.name.endswith("_dir") else type(item.default)
        flag = "--" + item.name.replace("_", "-")
        default = "runs/DATASET-OBJECTIVE" if item.name == "run_dir" else item.default
        text = f"{item.metadata['help']} (default: {default})"
        parser.add_argument(flag, type=kind, default=item.default, choices=item.metadata["choices"], help=text)
    try:
        config = TrainConfig(**vars(parser.parse_args(arguments)))
    except ValueError as error:
        parser.error(str(error))
    return replace(
        config,
        run_dir=config.run_dir or Path("runs") / f"{config.dataset}-{config.objective}",
        precision=resolve_precision(config.precision, training_device()),
    )


def training_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def open_splits(config: TrainConfig) -> dict[str, PairedDataset]:
    """The training split, and the other splits that are present."""
    folder = config.data_dir / config.dataset
    if config.dataset == "facades" and not folder.exists():
        download_facades(config.data_dir)
    splits = ["train", *(split for split in ("val", "test") if (folder / split).is_dir())]
    return {split: PairedDataset(config.data_dir, config.dataset, split) for split in splits}


class StopRequest:
    """Turns Ctrl-C and termination into a flag that the loop looks at between two steps; a second Ctrl-C stops at once."""

    def __init__(self) -> None:
        self.received = False
        signal.signal(signal.SIGINT, self._receive)
        signal.signal(signal.SIGTERM, self._receive)

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        self.received = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


def train(config: TrainConfig, splits: dict[str, PairedDataset], run: RunFolder) -> bool:
    """Trains to `config.epochs`, from the run's checkpoint where there is one.

    Returns:
        Whether training is complete; False if it was asked to stop before.
    """
    trainer = Trainer(config, training_device())
    run.open(config, {split: dataset.fingerprint() for split, dataset in splits.items()})
    loaded = checkpoint.load(run.checkpoint, {"trainer": trainer})
    run.cut_log(trainer.epoch)
    if loaded:
        print(f"going on from {loaded}: epoch {trainer.epoch + 1}, batch {trainer.batch}")
    stop = StopRequest()
    while trainer.epoch < config.epochs:
        train_epoch(trainer, splits["train"], run, stop)
        if stop.received:
            save_checkpoint(trainer, run)
            return False
        run.log(trainer.finish_epoch())
        sample_and_keep(trainer, splits, run)
        save_checkpoint(trainer, run)  # last: a run killed before it repeats the end of the epoch and leaves nothing out
    return True


def train_epoch(trainer: Trainer, pairs: PairedDataset, run: RunFolder, stop: StopRequest) -> None:
    """Trains what is left of the running epoch; saves a checkpoint every `checkpoint_minutes`; returns early on a stop request."""
    config = trainer.config
    batches = training_batches(pairs, config.seed, trainer.epoch, config.batch_size, config.workers, skip=trainer.batch)
    saved = started = time.monotonic()
    total = trainer.batch + len(batches)
    with tqdm(batches, f"epoch {trainer.epoch + 1}/{config.epochs}", total, initial=trainer.batch, unit=" steps", leave=False) as bar:
        for label_image, photo in bar:
            losses = trainer.step(label_image, photo)
            now = time.monotonic()
            trainer.seconds += now - started
            started = now
            speed = trainer.pictures / trainer.seconds
            left = ((config.epochs - trainer.epoch) * len(pairs) - trainer.pictures) / speed / 3600
            shown = " ".join(f"{name} {value:.2f}" for name, value in losses.items())
            bar.set_postfix_str(f"{shown}, {speed:.1f} pictures/s, {left:.1f} h left")
            if stop.received:
                return
            if now - saved > 60 * config.checkpoint_minutes:
                save_checkpoint(trainer, run)
                saved = started = time.monotonic()


def save_checkpoint(trainer: Trainer, run: RunFolder) -> None:
    """Saves unless the weights have overflowed, so that the checkpoints on the disk are always good ones."""
    trainer.check_weights()
    checkpoint.save(run.checkpoint, {"trainer": trainer})


def sample_and_keep(trainer: Trainer, splits: dict[str, PairedDataset], run: RunFolder) -> None:
    """After an epoch: sample pictures, kept weights, and the released folder, so that a running model can be painted with."""
    config, epoch = trainer.config, trainer.epoch
    milestone = epoch in (1, config.epochs // 2, config.epochs)
    if config.sample_every and (milestone or epoch % config.sample_every == 0):
        for split, dataset in splits.items():
            for index in range(min(SAMPLED_PICTURES, len(dataset))):
                label_image, photo = dataset[index]
                name = dataset.files[index].stem
                run.save_sample(split, name, "label", label_image)
                run.save_sample(split, name, "photo", photo)
                run.save_sample(split, name, f"epoch-{epoch:03d}", sample(trainer, label_image, index))
    if milestone or (config.keep_every and epoch % config.keep_every == 0):
        release.save_weights(run.weights(epoch), trainer.G)
    release.save(
        run.release,
        trainer.G,
        release.ReleaseConfig(
            dataset=config.dataset,
            objective=config.objective,
            palette=PALETTES[config.dataset],
            base_channels=config.base_channels,
            norm=config.norm,
            epochs=epoch,
            seed=config.seed,
        ),
    )


@torch.no_grad()
def sample(trainer: Trainer, label_image: Tensor, seed: int) -> Tensor:
    """G's picture [3, H, W] of one label image, with dropout from its own seed: training's randomness is not touched."""
    height, width = label_image.shape[-2:]
    masks = trainer.G.dropout_masks(height, width, torch.Generator().manual_seed(seed))
    return trainer.G(label_image[None].to(trainer.device), [mask.to(trainer.device) for mask in masks])[0]


def main(arguments: list[str] | None = None) -> int:
    config = parse_flags(arguments)
    assert config.run_dir is not None
    try:
        complete = train(config, open_splits(config), RunFolder(config.run_dir))
    except (DataError, DownloadError, RunFolderError, checkpoint.CheckpointError, OSError) as error:  # OSError: such as a full disk
        print(error, file=sys.stderr)
        return 1
    except NonFiniteLossError as error:
        print(f"Stopped: {error}. A checkpoint in {config.run_dir} is from before and good.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped at once. The same command goes on from the last checkpoint.", file=sys.stderr)
        return 130
    if not complete:
        print(f"Stopped and saved in {config.run_dir}. The same command goes on from here.")
        return 130
    released = shlex.quote(str(config.run_dir / "release"))
    print(f"Trained. Paint files with it: python -m pix2pix.painter --weights {released} --input FOLDER --output FOLDER")
    if config.dataset == "facades":
        print(f"Paint in the browser: python app.py --weights facades-{config.objective}={released}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
