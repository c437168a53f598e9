"""Curves and samples of a run in TensorBoard or Weights & Biases, through Accelerate's trackers. Only the main process sends any."""

import importlib.util
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import Tensor

from pix2pix.pictures import to_uint8
from pix2pix.trainer import TrainConfig


class TrackerError(RuntimeError):
    """The tracker is not installed or cannot be started; the message says why."""


def check_installed(tracker: str) -> None:
    """Accelerate leaves out a tracker without its package in silence, so this raises TrackerError first."""
    if tracker != "none" and importlib.util.find_spec(tracker) is None:
        raise TrackerError(f"--tracker {tracker} needs a package that is not installed: pip install {tracker}")


def start_tracker(accelerator: Accelerator, config: TrainConfig, folder: Path, step: int) -> None:
    """Starts the curves of a run, or goes on with them.

    TensorBoard hides what was shown of the steps after `step`, which are taken again; Weights & Biases leaves out what it has already.

    Args:
        accelerator: Made with `log_with=config.tracker`.
        config: Of the run, shown by Weights & Biases.
        folder: Of the run; TensorBoard's files go to tensorboard/ in it.
        step: Finished steps.

    Raises:
        TrackerError: If the tracker cannot be started.
    """
    options: dict[str, Any] = {"tensorboard": {"purge_step": step + 1}}
    if config.tracker == "wandb" and accelerator.is_main_process:
        settings = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(config).items()}
        options["wandb"] = {
            "id": _wandb_id(folder),
            "resume": "allow",
            "name": folder.name,
            "dir": str(folder),
            "config": settings,
        }
    try:
        accelerator.init_trackers("pix2pix" if config.tracker == "wandb" else "tensorboard", init_kwargs=options)
    except Exception as error:  # its own kinds of errors, such as wandb's for a missing login
        accelerator.trackers.clear()  # it would be ended, and that fails too
        raise TrackerError(f"--tracker {config.tracker} could not be started: {error}") from error


def _wandb_id(folder: Path) -> str:
    """Of the run, made once and kept in its folder, so that a resumed run goes on with its curves."""
    path = folder / "wandb-id"
    if not path.exists():
        path.write_text(uuid.uuid4().hex)
    return path.read_text()


def log_epoch(accelerator: Accelerator, record: dict[str, float], learning_rate: float) -> None:
    """Sends what the log says of an epoch, and the learning rate."""
    values = {name: value for name, value in record.items() if name != "step"}
    accelerator.log(values | {"learning_rate": learning_rate}, step=int(record["step"]))


def log_samples(accelerator: Accelerator, name: str, pictures: Tensor, step: int) -> None:
    """Sends pictures [N, 3, H, W] in [-1, 1]."""
    for tracker in accelerator.trackers:
        tracker.log_images({name: to_uint8(pictures).cpu()}, step=step)
