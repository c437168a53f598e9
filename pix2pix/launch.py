"""Join the processes that a launcher started (torchrun, accelerate launch), and resolve what the machine decides."""

import os
from dataclasses import replace

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch.utils._triton import has_triton

from pix2pix import run_config
from pix2pix.config import TrainConfig
from pix2pix.cuda_graph import GraphedSteps, fits
from pix2pix.data.dataset import PairedDataset
from pix2pix.precision import resolve_precision, warn_of_slow_bf16
from pix2pix.run_folder import RunFolder
from pix2pix.trackers import check_installed
from pix2pix.trainer import Trainer


class LaunchError(RuntimeError):
    """The requested processes were not started; the message says how to start them."""


def start_processes(config: TrainConfig) -> tuple[Accelerator, TrainConfig]:
    """Join the processes started by a launcher, if any; add their number and the precision to the configuration."""
    check_installed(config.tracker)
    accelerator = Accelerator(
        cpu=not torch.cuda.is_available(),  # a Mac would otherwise train on its GPU, which is untested
        mixed_precision="no",  # pix2pix.precision decides
        log_with=None if config.tracker == "none" else config.tracker,
        project_dir=config.run_dir,
    )
    if accelerator.num_processes == 1 and {"ACCELERATE_MIXED_PRECISION", "MASTER_ADDR"} <= os.environ.keys():
        raise LaunchError(
            "accelerate launch starts several processes on GPUs only; on CPUs: torchrun --nproc-per-node N train.py ..."
        )
    [precision] = broadcast_object_list([choose_precision(config, accelerator.device)])  # the main process decides
    if accelerator.is_main_process:
        warn_of_slow_bf16(config.precision, accelerator.device)
    return accelerator, replace(config, precision=precision, num_processes=accelerator.num_processes)


def choose_precision(config: TrainConfig, device: torch.device) -> str:
    """Resolve "auto"; a resumed run keeps the precision that it started with, even on another machine."""
    assert config.run_dir is not None
    run = RunFolder(config.run_dir)
    recorded = run_config.read(run)[0].precision if run.config_file.exists() else "auto"
    return resolve_precision(recorded if config.precision == "auto" else config.precision, device)


def make_graph(trainer: Trainer, pairs: PairedDataset) -> GraphedSteps | None:
    """Capture the trainer's step as a CUDA graph where one fits, unless PIX2PIX_CUDA_GRAPH=0."""
    return (
        GraphedSteps(trainer, pairs) if fits(trainer, pairs) and os.environ.get("PIX2PIX_CUDA_GRAPH") != "0" else None
    )


def make_trainer(config: TrainConfig, accelerator: Accelerator) -> Trainer:
    """Make this process's trainer, compiled if Triton supports the GPU and TORCH_COMPILE_DISABLE=1 is not set."""
    trainer = Trainer(config, accelerator.device, accelerator.process_index)
    if accelerator.device.type == "cuda" and has_triton():
        trainer.compile()
    return trainer
