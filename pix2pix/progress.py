"""What a training reports: an opening line, a bar on a terminal, and a line per epoch, readable in a file too."""

import time
from collections.abc import Iterable, Iterator

import torch
from tqdm import tqdm

from pix2pix.config import TrainConfig
from pix2pix.trainer import LOSS_NAMES, Trainer


def duration(seconds: float) -> str:
    """Format seconds: 3661 → "1 h 01 min", 302 → "5 min 02 s", 9 → "9 s"."""
    whole = round(seconds)
    if whole >= 3600:
        minutes = round(seconds / 60)
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def steps_per_epoch(config: TrainConfig, images: int) -> int:
    """Return the steps that show each of `images` images once."""
    return -(-images // (config.batch_size * config.num_processes))


def describe_run(config: TrainConfig, device: torch.device, images: int, first_epoch: int = 1) -> str:
    """Return one line that names objective, dataset, epochs, images, steps, precision, device and run folder."""
    last = config.epochs
    epochs = f"epochs {first_epoch} to {last}" if first_epoch < last else f"epoch {last}"
    processes = f"{config.num_processes} processes, " if config.num_processes > 1 else ""
    return (
        f"{config.objective} on {config.dataset}, {epochs}: {images} images and "
        f"{steps_per_epoch(config, images)} steps per epoch; {processes}{config.precision} on {_name(device)}; "
        f"writes to {config.run_dir}"
    )


def _name(device: torch.device) -> str:
    threads = torch.get_num_threads()
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"the CPU with {threads} thread{'s' * (threads > 1)}"


class Progress:
    """Reports the progress of a training and estimates its end. Only the main process writes.

    Args:
        trainer: Its checkpoint, if there is one, has been loaded.
        images: Number of training images.
    """

    def __init__(self, trainer: Trainer, images: int) -> None:
        self.trainer, self.images = trainer, images
        self.is_main = trainer.rank == 0
        self._started, self._seen_before = time.monotonic(), self._seen

    @property
    def _seen(self) -> int:
        return self.trainer.epoch * self.images + min(self.trainer.pictures, self.images)

    def open(self) -> None:
        """Print what is trained, or that nothing is left to train."""
        config, epoch = self.trainer.config, self.trainer.epoch
        if not self.is_main:
            return
        if epoch >= config.epochs:
            done = f"{epoch} epoch{'s' * (epoch > 1)}"
            text = f"{config.run_dir} is already finished: {done}. To train it further, raise --epochs."
        else:
            text = "Training " + describe_run(config, self.trainer.device, self.images, epoch + 1)
        print(text, flush=True)

    def watch(self, steps: Iterable[dict[str, float]]) -> Iterator[dict[str, float]]:
        """Yield the losses of the running epoch's steps; add their time to the trainer's; show a bar on a terminal."""
        trainer = self.trainer
        name, total = f"epoch {trainer.epoch + 1}/{trainer.config.epochs}", steps_per_epoch(trainer.config, self.images)
        disable, shape = None if self.is_main else True, "{desc} {percentage:.0f}%{postfix}"
        with tqdm(desc=name, total=total, initial=trainer.batch, leave=False, disable=disable, bar_format=shape) as bar:
            started = time.monotonic()
            for losses in steps:
                trainer.seconds += time.monotonic() - started
                pace = self._pace(trainer.pictures / trainer.seconds)
                bar.set_postfix_str(f"{pace}; {_words(losses)}", refresh=False)
                bar.update(trainer.batch - bar.n)
                yield losses
                started = time.monotonic()  # what the caller does between two steps, such as saving, is no training

    def end_epoch(self, record: dict[str, float]) -> None:
        """Print the record of a finished epoch."""
        if self.is_main:
            losses = {name: record[name] for name in LOSS_NAMES[self.trainer.config.objective]}
            pace = self._pace(record["pictures_per_second"])
            print(f"epoch {record['epoch']}/{self.trainer.config.epochs}: {_words(losses)}; {pace}", flush=True)

    def _pace(self, speed: float) -> str:
        """Describe the speed, and the time left at the mean pace since the start, with saving, sampling and scoring."""
        left = self.trainer.config.epochs * self.images - self._seen
        per_image = (time.monotonic() - self._started) / max(1, self._seen - self._seen_before)
        return f"{speed:.1f} images/s" + f", {duration(left * per_image)} left" * (left > 0)


def _words(losses: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
