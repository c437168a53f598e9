"""Trains pix2pix. `python train.py` is the published run on facades; `python train.py --help` lists what can be changed.

To go on with a run that was stopped, give the same command again.
"""

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor
from torch.utils._triton import has_triton
from tqdm import tqdm

from pix2pix import checkpoint, release
from pix2pix.data import SPLITS, DataError, PairedDataset, training_batches
from pix2pix.distances import FidError
from pix2pix.download import DownloadError, download_facades
from pix2pix.dry_run import dry_run
from pix2pix.flags import parse_flags
from pix2pix.hub import HubModel
from pix2pix.init_from import init_from
from pix2pix.lineage import Stage
from pix2pix.precision import resolve_precision
from pix2pix.publish import check_token
from pix2pix.publish.push import push
from pix2pix.run_folder import RunFolder, RunFolderError, release_config
from pix2pix.scoring import Scoring
from pix2pix.trackers import TrackerError, check_installed, log_epoch, log_samples, start_tracker
from pix2pix.trainer import LostProcessError, NonFiniteLossError, TrainConfig, Trainer

SAMPLED_PICTURES = 4
"""Pictures of each split that are sampled; the first ones, so that all runs show the same."""
MAPS = Path(__file__).parent / "demo" / "examples"
"""Label maps drawn for the project; the model card of a published model shows what it paints of them."""


class LaunchError(RuntimeError):
    """The processes that were asked for were not started; the message says how to."""


def start_processes(config: TrainConfig) -> tuple[Accelerator, TrainConfig]:
    """Joins the processes that a launcher started, or stays alone. Returns the configuration with what the machine decides."""
    check_installed(config.tracker)
    accelerator = Accelerator(
        cpu=not torch.cuda.is_available(),  # else a Mac would train on its GPU, which nobody has tested
        mixed_precision="no",  # pix2pix.precision's business
        log_with=None if config.tracker == "none" else config.tracker,
        project_dir=config.run_dir,
    )
    if accelerator.num_processes == 1 and {"ACCELERATE_MIXED_PRECISION", "MASTER_ADDR"} <= os.environ.keys():
        raise LaunchError(
            "accelerate launch starts several processes on GPUs only; on CPUs: torchrun --nproc-per-node N train.py ..."
        )
    [precision] = broadcast_object_list([choose_precision(config, accelerator.device)])  # that of the main process
    return accelerator, replace(config, precision=precision, num_processes=accelerator.num_processes)


def choose_precision(config: TrainConfig, device: torch.device) -> str:
    """A run that goes on keeps the precision that `auto` gave it, though it be on another machine now."""
    assert config.run_dir is not None
    run = RunFolder(config.run_dir)
    recorded = run.read()[0].precision if run.config_file.exists() else "auto"
    return resolve_precision(recorded if config.precision == "auto" else config.precision, device)


def open_splits(config: TrainConfig, download: bool = True) -> dict[str, PairedDataset]:
    """The training split, and the other splits that are present."""
    folder = config.data_dir / config.dataset
    if download and config.dataset == "facades" and not folder.exists():
        download_facades(config.data_dir)
    names = [split for split in SPLITS if split == "train" or (folder / split).is_dir()]
    splits = {split: PairedDataset(config.data_dir, config.dataset, split) for split in names}
    together = config.batch_size * config.num_processes
    if together > len(splits["train"]):
        raise DataError(
            f"--batch-size {config.batch_size} makes {together} pictures per step; {folder / 'train'} holds {len(splits['train'])}"
        )
    return splits


def make_trainer(config: TrainConfig, accelerator: Accelerator) -> Trainer:
    """The trainer of this process, compiled on GPUs that Triton knows; the environment variable TORCH_COMPILE_DISABLE=1 leaves that out."""
    trainer = Trainer(config, accelerator.device, accelerator.process_index)
    if accelerator.device.type == "cuda" and has_triton():
        trainer.compile()
    return trainer


@contextmanager
def stopping_on_signals(trainer: Trainer) -> Iterator[None]:
    """Turns Ctrl-C and termination into a request that the loop looks at between two steps; a second Ctrl-C stops at once."""

    def request(signum: int, frame: FrameType | None) -> None:
        trainer.stop_requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train(config: TrainConfig, splits: dict[str, PairedDataset], run: RunFolder, accelerator: Accelerator) -> bool:
    """Trains to `config.epochs`, from the run's checkpoint where there is one. Only the main process writes.

    Returns:
        Whether training is complete; False if it was asked to stop before.
    """
    trainer = make_trainer(config, accelerator)
    hashes = {split: dataset.fingerprint(keep=split == "train") for split, dataset in splits.items()}
    if accelerator.is_main_process:
        run.open(config, hashes)
    start(trainer, run, hashes["train"], accelerator)
    scoring = Scoring(run, config, splits, hashes, accelerator)
    start_tracker(accelerator, config, run.path, trainer.step_count)
    with stopping_on_signals(trainer):
        return train_epochs(trainer, splits, run, scoring, accelerator)


def train_epochs(
    trainer: Trainer, splits: dict[str, PairedDataset], run: RunFolder, scoring: Scoring, accelerator: Accelerator
) -> bool:
    """The epoch loop. Returns whether it came to its end."""
    config = trainer.config
    if not scoring.score(trainer):  # a run that was stopped while it scored goes on with that
        return False
    while trainer.epoch < config.epochs:
        train_epoch(trainer, splits["train"], run)
        if trainer.stopping:
            save_checkpoint(trainer, run)
            accelerator.wait_for_everyone()  # a launcher ends all processes soon after the first has ended
            return False
        record = trainer.finish_epoch()
        if accelerator.is_main_process:
            run.log(record)
            log_epoch(accelerator, record, config.learning_rate_in(trainer.epoch))
            sample_and_keep(trainer, splits, run, accelerator)
        save_checkpoint(
            trainer, run
        )  # after these: a run killed before it repeats the end of the epoch and leaves nothing out
        if not scoring.score(trainer):
            return False
    return True


def start(trainer: Trainer, run: RunFolder, pictures_hash: str, accelerator: Accelerator) -> None:
    """Loads the newest whole checkpoint, or else the weights of `--init-from`, into all processes.

    Raises:
        ReleaseError: If the weights of `--init-from` cannot be used.
        RunFolderError: If the processes have not found the same checkpoint, initial weights and training images.
    """
    with accelerator.main_process_first():  # it moves a damaged checkpoint out of the way
        loaded = checkpoint.load(run.checkpoint, {"trainer": trainer})
        source = trainer.config.init_from if not loaded else ""
        lineage = init_from(trainer, source) if source else ()
    weights = int(lineage[-1].weights, 16) if lineage else 0
    found = accelerator.gather(
        torch.tensor([[trainer.step_count, weights, int(pictures_hash[:12], 16)]], device=trainer.device)
    )
    for what, values in zip(("checkpoints", "initial weights", "training images"), found.T, strict=True):
        if (values != values[0]).any():
            raise RunFolderError(
                f"the processes found different {what}; the data and {run.path} must be on disks that all nodes see"
            )
    if accelerator.is_main_process:
        run.cut_records(trainer.epoch)
        if loaded:
            print(f"resuming from {loaded}: epoch {trainer.epoch + 1}, batch {trainer.batch}")
        elif lineage:
            run.record_lineage(lineage)
            print(how_started(trainer, lineage[-1]))


def how_started(trainer: Trainer, stage: Stage) -> str:
    """What the initial weights are, in one line."""
    config = trainer.config
    networks = "G and D" if stage.discriminator else "G; D starts anew" if trainer.D else "G"
    other = f", trained on {stage.dataset}: its classes and colours differ" if stage.dataset != config.dataset else ""
    return f"started from {config.init_from} ({networks}{other})"


def train_epoch(trainer: Trainer, pairs: PairedDataset, run: RunFolder) -> None:
    """Trains what is left of the running epoch; saves a checkpoint every `checkpoint_minutes`; returns early on a stop request."""
    config, main = trainer.config, trainer.rank == 0
    place = {"skip": trainer.batch, "rank": trainer.rank, "num_processes": config.num_processes}
    batches = training_batches(pairs, config.seed, trainer.epoch, config.batch_size, config.workers, **place)
    saved = started = time.monotonic()
    total = trainer.batch + len(batches)
    name = f"epoch {trainer.epoch + 1}/{config.epochs}"
    with tqdm(batches, name, total, initial=trainer.batch, unit=" steps", leave=False, disable=not main) as bar:
        for label_image, photo in bar:
            losses = trainer.step(label_image, photo)
            now = time.monotonic()
            trainer.seconds += now - started
            started = now
            speed = trainer.pictures / trainer.seconds
            left = ((config.epochs - trainer.epoch) * len(pairs) - trainer.pictures) / speed / 3600
            shown = " ".join(f"{name} {value:.2f}" for name, value in losses.items())
            bar.set_postfix_str(f"{shown}, {speed:.1f} pictures/s, {left:.1f} h left")
            if trainer.stopping:
                return
            if main and now - saved > 60 * config.checkpoint_minutes:
                save_checkpoint(trainer, run)
                saved = started = time.monotonic()


def save_checkpoint(trainer: Trainer, run: RunFolder) -> None:
    """Saves unless the weights have overflowed, so that the checkpoints on the disk are always good ones."""
    trainer.check_weights()
    if trainer.rank == 0:
        checkpoint.save(run.checkpoint, {"trainer": trainer})


def sample_and_keep(
    trainer: Trainer, splits: dict[str, PairedDataset], run: RunFolder, accelerator: Accelerator
) -> None:
    """After an epoch: sample pictures, kept weights, and the released folder, so that a running model can be painted with."""
    config, epoch = trainer.config, trainer.epoch
    if config.samples_after(epoch):
        for split, dataset in splits.items():
            shown = []
            for index in range(min(SAMPLED_PICTURES, len(dataset))):
                label_image, photo = dataset[index]
                name = dataset.files[index].stem
                fake = sample(trainer, label_image, index).cpu()
                run.save_sample(split, name, "label", label_image)
                run.save_sample(split, name, "photo", photo)
                run.save_sample(split, name, epoch, fake)
                shown.append(torch.cat([label_image, fake, photo], 2))
            log_samples(accelerator, f"samples/{split}", torch.stack(shown), trainer.step_count)
    if config.keeps_after(epoch):
        release.save_weights(run.weights(epoch), trainer.released_G)
    released = release_config(config, epoch, lineage=run.lineage())
    release.save(run.release, trainer.released_G, released, trainer.D)


@torch.no_grad()
def sample(trainer: Trainer, label_image: Tensor, seed: int) -> Tensor:
    """G's picture [3, H, W] of one label image, with dropout from its own seed: training's randomness is not touched."""
    height, width = label_image.shape[-2:]
    masks = trainer.G.dropout_masks(height, width, torch.Generator().manual_seed(seed))
    return trainer.released_G(label_image[None].to(trainer.device), [mask.to(trainer.device) for mask in masks])[0]


def main(arguments: list[str] | None = None) -> int:
    config, only_dry = parse_flags(arguments)
    try:
        accelerator, config = start_processes(config)
    except (OSError, RuntimeError, ValueError) as error:  # such as an address that another launch uses
        print(error, file=sys.stderr)
        return 1
    assert config.run_dir is not None
    say = partial(print, file=sys.stderr) if accelerator.is_local_main_process else lambda _: None
    try:
        if config.push_to_hub:
            check_token(HubModel.parse(config.push_to_hub))  # now, and not after 200 epochs
        with accelerator.main_process_first():
            splits = open_splits(config, download=not only_dry)
        if only_dry:
            accelerator.print(dry_run(make_trainer(config, accelerator), splits, SAMPLED_PICTURES))
            return 0
        run = RunFolder(config.run_dir)
        with run.lock() if accelerator.is_main_process else nullcontext():
            complete = train(config, splits, run, accelerator)
    except (
        DataError,
        DownloadError,
        FidError,
        RunFolderError,
        TrackerError,
        checkpoint.CheckpointError,
        release.ReleaseError,
    ) as error:
        say(error)
        return 1
    except OSError as error:  # such as a full disk
        say(f"Stopped: {error}. Once this is put right, the same command goes on from the last checkpoint.")
        return 1
    except NonFiniteLossError as error:
        kept = " Its last checkpoint is from before and good." if RunFolder(config.run_dir).checkpoint.exists() else ""
        again = "The same settings are likely to end here again: try --precision fp32 or a lower --learning-rate in another --run-dir."
        say(f"Stopped in {config.run_dir}: {error}.{kept} {again}")
        return 1
    except torch.OutOfMemoryError as error:
        say(
            f"Stopped: the GPU has too little memory ({str(error).partition('.')[0]}): try a smaller --batch-size or --base-channels."
        )
        return 1
    except LostProcessError as error:
        print(
            f"Stopped: {error}; what it said is above or in its log. The same command goes on from the last checkpoint.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        say("Stopped at once. The same command goes on from the last checkpoint.")
        return 130
    finally:
        accelerator.end_training()
    if not complete:
        accelerator.print(f"Stopped and saved in {config.run_dir}. The same command goes on from here.")
        return 130
    accelerator.print(how_to_paint(config, run))
    if config.push_to_hub and accelerator.is_main_process:
        return publish(run, config.push_to_hub)
    return 0


def publish(run: RunFolder, name: str) -> int:
    """Pushes the released folder of a complete run; the run stays complete where that fails."""
    retry = f"python -m pix2pix.publish push {shlex.quote(str(run.release))} {name} --maps {shlex.quote(str(MAPS))}"
    try:
        model = push(run.release, HubModel.parse(name), maps=MAPS).model
    except (OSError, ValueError) as error:
        print(f"Not published: {error}. Once this is put right: {retry}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"Not published. To do it later: {retry}", file=sys.stderr)
        return 130
    print(f"Published as {model.repo}@{model.revision}")
    return 0


def how_to_paint(config: TrainConfig, run: RunFolder) -> str:
    """What to type after training."""
    released = shlex.quote(str(run.release))
    said = (
        f"Trained. Paint files with it: python -m pix2pix.painter --weights {released} --input FOLDER --output FOLDER\n"
        f"Paint in the browser: python app.py --weights {config.dataset}-{config.objective}={released}"
    )
    if run.release_best.exists():
        said += f"\nThe scored epoch that is closest to the validation photographs, instead of the last: {shlex.quote(str(run.release_best))}"
    return said


if __name__ == "__main__":
    sys.exit(main())
