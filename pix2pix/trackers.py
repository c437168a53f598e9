"""Send curves and samples of a run to TensorBoard or Weights & Biases, through Accelerate's trackers.

Only the main process sends any.
"""

import importlib.util
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch import Tensor

from pix2pix.config import TrainConfig
from pix2pix.pixel_values import to_uint8
from pix2pix.run_folder import RunFolder


class TrackerError(RuntimeError):
    """The tracker is not installed or could not be started; the message says why."""


def check_installed(tracker: str) -> None:
    """Raise TrackerError if the tracker's package is missing; Accelerate would skip the tracker silently."""
    if tracker != "none" and importlib.util.find_spec(tracker) is None:
        raise TrackerError(f"--tracker {tracker} needs a package that is not installed: pip install {tracker}")


def start_tracker(accelerator: Accelerator, config: TrainConfig, run: RunFolder, step: int) -> None:
    """Start the curves of a run, or resume them.

    TensorBoard hides what it has of steps after `step`, which will be repeated; Weights & Biases skips what it has.

    Args:
        accelerator: Made with `log_with=config.tracker` and the folder of the run.
        config: Configuration of the run; Weights & Biases shows it.
        run: TensorBoard's files go to this folder.
        step: Number of finished steps.

    Raises:
        TrackerError: If the tracker cannot be started.
    """
    options: dict[str, Any] = {"tensorboard": {"purge_step": step + 1}}
    if config.tracker == "wandb" and accelerator.is_main_process:
        settings = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(config).items()}
        names = {"name": run.path.name, "dir": str(run.path), "config": settings}
        options["wandb"] = {"id": _wandb_id(run.wandb_id), "resume": "allow"} | names
    project = "pix2pix" if config.tracker == "wandb" else run.tensorboard.name
    try:
        accelerator.init_trackers(project, init_kwargs=options)
    except Exception as error:  # trackers raise errors of their own, such as for a missing login
        accelerator.trackers.clear()  # ending it later would fail too
        raise TrackerError(f"--tracker {config.tracker} could not be started: {error}") from error


def _wandb_id(path: Path) -> str:
    """Return the id of a run, which is made once and kept in a file, so that a resumed run continues its curves."""
    if not path.exists():
        path.write_text(uuid.uuid4().hex)
    return path.read_text()


def log_epoch(accelerator: Accelerator, record: dict[str, float], learning_rate: float) -> None:
    """Send the record of an epoch and its learning rate."""
    values = {name: value for name, value in record.items() if name != "step"}
    accelerator.log(values | {"learning_rate": learning_rate}, step=int(record["step"]))


def log_samples(accelerator: Accelerator, name: str, images: Tensor, step: int) -> None:
    """Send images [N, 3, H, W] in [-1, 1]."""
    for tracker in accelerator.trackers:
        tracker.log_images({name: to_uint8(images).cpu()}, step=step)
