"""Train pix2pix.

    python train.py                                             # the published run on facades, downloaded if missing
    python train.py --dataset cityscapes --objective l1         # L1 alone on Cityscapes; --help lists all flags
    torchrun --nproc-per-node 2 train.py --batch-size 1         # two processes, one image each per step

To resume a run that was stopped, run the same command again. `--dry-run` prints the time and disk space of a run.
"""

import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from pix2pix.surroundings import prepare_program

prepare_program()  # before what takes seconds to import

import torch
from accelerate import Accelerator
from torch import Tensor

from pix2pix import checkpoint, release, run_config
from pix2pix.config import TrainConfig, parse_flags
from pix2pix.cuda_graph import GraphedSteps
from pix2pix.data import DataError
from pix2pix.data.dataset import PairedDataset, training_batches
from pix2pix.data.facades import DownloadError
from pix2pix.dry_run import dry_run
from pix2pix.fid.distances import FidError
from pix2pix.fid.scoring import Scoring
from pix2pix.flags import command_of, complain
from pix2pix.hub import HubModel
from pix2pix.init_from import check_start, describe_start, init_from
from pix2pix.labels import PALETTES
from pix2pix.launch import make_graph, make_trainer, start_processes
from pix2pix.processes import LostProcessError
from pix2pix.progress import Progress
from pix2pix.run_folder import RunFolder, RunFolderError
from pix2pix.stop_signals import handling_stop_signals
from pix2pix.trackers import TrackerError, log_epoch, log_samples, start_tracker
from pix2pix.trainer import NonFiniteLossError, Trainer
from pix2pix.training_data import open_splits, read_splits

SAMPLES_PER_SPLIT = 4
"""Images to sample from each split: the first ones, so that all runs show the same."""
MAPS = Path(__file__).parent / "demo" / "maps"
"""Drawn label maps; the model card of a published model shows what it paints for them."""
AGAIN = "Run the same command again to resume from the last checkpoint."
EXPECTED_ERRORS = (
    *(DataError, DownloadError, FidError, RunFolderError, TrackerError, checkpoint.CheckpointError),
    *(release.ReleaseError, OSError, NonFiniteLossError, torch.OutOfMemoryError, LostProcessError),
)


def train(config: TrainConfig, splits: dict[str, PairedDataset], run: RunFolder, accelerator: Accelerator) -> bool:
    """Train to `config.epochs`, from the run's checkpoint if there is one. Only the main process writes.

    Returns:
        Whether training is complete; False if it was asked to stop.
    """
    trainer = make_trainer(config, accelerator)
    hashes = read_splits(config, splits, accelerator.is_main_process)
    if accelerator.is_main_process:
        run_config.record(run, config, hashes, splits["train"].description)
    start(trainer, run, hashes["train"], accelerator)
    progress = Progress(trainer, len(splits["train"]))
    progress.open()
    scoring = Scoring(run, config, splits, hashes, accelerator, is_finished=trainer.epoch >= config.epochs)
    start_tracker(accelerator, config, run, trainer.step_count)
    graphed = make_graph(trainer, splits["train"])
    with stopping_on_signals(trainer):
        if not scoring.score(trainer):  # a run that was stopped while scoring resumes with that
            return False
        while trainer.epoch < config.epochs:
            train_epoch(trainer, splits["train"], run, graphed, progress)
            if trainer.stopping:
                save_checkpoint(trainer, run)
                accelerator.wait_for_everyone()  # a launcher ends all processes soon after the first has ended
                return False
            record = trainer.finish_epoch()
            progress.end_epoch(record)
            if accelerator.is_main_process:
                run.log(record)
                log_epoch(accelerator, record, config.learning_rate_in(trainer.epoch))
                sample_and_keep(trainer, splits, run, accelerator)
            save_checkpoint(trainer, run)  # last: a run killed before this repeats the end of the epoch
            if not scoring.score(trainer):
                return False
    return True


def train_epoch(
    trainer: Trainer, pairs: PairedDataset, run: RunFolder, graphed: GraphedSteps | None, progress: Progress
) -> None:
    """Train the rest of the running epoch, saving every `checkpoint_minutes`; return early on a request to stop."""
    config = trainer.config
    place = {"skip": trainer.batch, "rank": trainer.rank, "num_processes": config.num_processes}
    batches = training_batches(pairs, config.seed, trainer.epoch, config.batch_size, config.workers, **place)
    steps = graphed.run_epoch() if graphed else (trainer.step(*batch) for batch in batches)
    saved = time.monotonic()
    for _ in progress.watch(steps):
        if trainer.stopping:
            return
        if trainer.rank == 0 and time.monotonic() - saved > 60 * config.checkpoint_minutes:
            save_checkpoint(trainer, run)
            saved = time.monotonic()


def save_checkpoint(trainer: Trainer, run: RunFolder) -> None:
    """Save, in the main process, unless weights have overflowed, so that checkpoints on disk are always good."""
    trainer.check_weights()
    if trainer.rank == 0:
        checkpoint.save(run.checkpoint, {"trainer": trainer})


def sample_and_keep(
    trainer: Trainer, splits: dict[str, PairedDataset], run: RunFolder, accelerator: Accelerator
) -> None:
    """Write samples, kept weights and the released folder after an epoch, so that a running model can be used."""
    config, epoch = trainer.config, trainer.epoch
    if config.samples_after(epoch):
        for split, pairs in splits.items():
            shown = []
            for index in range(min(SAMPLES_PER_SPLIT, len(pairs))):
                source, target = pairs[index]
                fake = sample(trainer, source, index).cpu()
                for kind, image in (("input", source), ("target", target), (epoch, fake)):
                    run.save_sample(split, pairs.files[index].stem, kind, image)
                shown.append(torch.cat([source, fake, target], 2))
            log_samples(accelerator, f"samples/{split}", torch.stack(shown), trainer.step_count)
    if config.keeps_after(epoch):
        release.save_weights(run.weights(epoch), trainer.released_G)
    release.save(run.release, trainer.released_G, run_config.describe_release(run, config, epoch), trainer.D)


@torch.no_grad()
def sample(trainer: Trainer, label_image: Tensor, seed: int) -> Tensor:
    """Return G's image [3, H, W] of one label image; the seed of its dropout leaves training's randomness alone."""
    masks = trainer.G.batch_masks([seed], *label_image.shape[-2:])
    return trainer.released_G(label_image[None].to(trainer.device), masks)[0]


def start(trainer: Trainer, run: RunFolder, images_hash: str, accelerator: Accelerator) -> None:
    """Load the newest whole checkpoint, or else the weights of `--init-from`, in all processes.

    Raises:
        ReleaseError: If the weights of `--init-from` cannot be used.
        RunFolderError: If the processes found different checkpoints, initial weights or training images.
    """
    with accelerator.main_process_first():  # it moves a damaged checkpoint out of the way
        loaded = checkpoint.load(run.checkpoint, {"trainer": trainer})
        source = trainer.config.init_from if not loaded else ""
        lineage = init_from(trainer, source) if source else ()
    weights = int(lineage[-1].weights, 16) if lineage else 0
    here = torch.tensor([[trainer.step_count, weights, int(images_hash[:12], 16)]], device=trainer.device)
    found = accelerator.gather(here)
    for what, values in zip(("checkpoints", "initial weights", "training images"), found.T, strict=True):
        if (values != values[0]).any():
            raise RunFolderError(
                f"the processes found different {what}; the data and {run.path} must be on disks that all nodes see"
            )
    if accelerator.is_main_process:
        run.cut_records(trainer.epoch)
        if loaded and trainer.epoch < trainer.config.epochs:
            print(f"Resuming from {loaded}: epoch {trainer.epoch + 1}, batch {trainer.batch}")
        elif lineage:
            run_config.record_lineage(run, lineage)
            print(describe_start(trainer, lineage[-1], run_config.describe_release(run, trainer.config, 0)))


@contextmanager
def stopping_on_signals(trainer: Trainer) -> Iterator[None]:
    """Turn signals to stop into a request to stop between two steps; a Ctrl-C after that stops at once."""

    def request(signum: int, frame: FrameType | None) -> None:
        trainer.stop_requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with handling_stop_signals(request):
        yield


def main(arguments: list[str] | None = None) -> int:
    config, only_dry = parse_flags(arguments)
    try:
        accelerator, config = start_processes(config)
    except (OSError, RuntimeError, ValueError) as error:  # such as an address that another launch uses
        complain(error)
        return 1
    assert config.run_dir is not None
    run = RunFolder(config.run_dir)
    try:
        check_hub(config)
        with accelerator.main_process_first():
            splits = open_splits(config, download=not only_dry)
        if only_dry:
            check_start(config)
            accelerator.print(dry_run(make_trainer(config, accelerator), splits, SAMPLES_PER_SPLIT))
            return 0
        with run.lock() if accelerator.is_main_process else nullcontext():
            complete = train(config, splits, run, accelerator)
    except (KeyboardInterrupt, *EXPECTED_ERRORS) as error:
        if accelerator.is_local_main_process or isinstance(error, LostProcessError):
            complain(explain(error, run))
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    finally:
        accelerator.end_training()
    if not complete:
        accelerator.print(f"Stopped and saved in {run.path}. Run the same command again to resume.")
        return 130
    accelerator.print(how_to_paint(config, run))
    return publish(run, config.push_to_hub) if config.push_to_hub and accelerator.is_main_process else 0


def explain(error: BaseException, run: RunFolder) -> str:
    """Return the sentences that a person reads instead of a traceback."""
    if isinstance(error, KeyboardInterrupt):
        return f"Stopped at once. {AGAIN}"
    if isinstance(error, OSError):  # such as a full disk
        return f"Stopped: {error}. Once this is fixed, run the same command again to resume from the last checkpoint."
    if isinstance(error, LostProcessError):
        return f"Stopped: {error}; its message is above or in its log. {AGAIN}"
    if isinstance(error, torch.OutOfMemoryError):
        reason = str(error).partition(".")[0]
        return f"Stopped: the GPU has too little memory ({reason}). Try a smaller --batch-size or --base-channels."
    if isinstance(error, NonFiniteLossError):
        kept = " Its last checkpoint was saved before and is good." if run.checkpoint.exists() else ""
        advice = "Try --precision fp32 or a lower --learning-rate in another --run-dir."
        return f"Stopped in {run.path}: {error}.{kept} The same settings are likely to fail again. {advice}"
    return str(error)


def check_hub(config: TrainConfig) -> None:
    """Check, before training, that the result can be published, if it is to be."""
    if config.push_to_hub:
        from pix2pix.publish import check_token

        check_token(HubModel.parse(config.push_to_hub))


def publish(run: RunFolder, name: str) -> int:
    """Push the released folder of a complete run; the run stays complete if that fails."""
    from pix2pix.publish.push import push

    retry = f"python -m pix2pix.publish push {shlex.quote(str(run.release))} {name} --maps {shlex.quote(str(MAPS))}"
    try:
        model = push(run.release, HubModel.parse(name), maps=MAPS).model
    except (OSError, ValueError) as error:
        complain(f"Not published: {error}. Once this is fixed, run: {retry}")
        return 1
    except KeyboardInterrupt:
        print(f"Not published. To publish it later, run: {retry}", file=sys.stderr)
        return 130
    print(f"Published as {model.repo}@{model.revision}")
    return 0


def how_to_paint(config: TrainConfig, run: RunFolder) -> str:
    """Return the commands to use the result."""
    released = shlex.quote(str(run.release))
    is_other = config.data is not None or (config.direction, config.image_size) != ("BtoA", (256, 256))
    is_own = is_other and config.dataset in PALETTES  # the tabs of bundled models take their own kind only
    name = f"my-{config.dataset}" if is_own else config.dataset
    text = (
        f"Trained. Paint files with it: python -m pix2pix.painter --weights {released} --input FOLDER --output FOLDER\n"
        f"Paint in the browser: {command_of('app.py')} --weights {name}-{config.objective}={released}"
    )
    if config.data:
        text += f" --data {shlex.quote(str(config.data))}"
    if run.release_best.exists():
        text += f"\nThe epoch with the best validation score, instead of the last: {shlex.quote(str(run.release_best))}"
    return text


if __name__ == "__main__":
    sys.exit(main())
