"""The flags of `train.py`, made from the fields of TrainConfig. A wrong flag ends the program with a sentence that names it."""

import argparse
import difflib
from dataclasses import fields, replace
from pathlib import Path

from pix2pix.trainer import TrainConfig

GROUPS = {
    "data": "what to train on",
    "model": "the networks",
    "optimisation": "how they are trained; all of these decide the weights",
    "machine": "how fast",
    "output": "what is kept, and where",
    "scores": "how far the pictures are from the photographs: FID and KID",
}
DEFAULTS = {
    "run_dir": "runs/DATASET-OBJECTIVE",
    "fid_weights": "pytorch-fid's, downloaded if missing",
    "push_to_hub": "none",
}
"""Of the flags whose default is not a value, in words."""
METAVARS = {int: "N", float: "X", Path: "DIR", str: None}


def parse_flags(arguments: list[str] | None = None) -> tuple[TrainConfig, bool]:
    """Makes a flag of every field of TrainConfig that has a group.

    Returns:
        The configuration, its precision and number of processes not yet resolved; whether to try the run only (`--dry-run`).
    """
    parser = argparse.ArgumentParser(
        prog="train.py",
        usage="python train.py [flags]",
        description="Trains pix2pix. Without flags it is the published run on facades.",
        allow_abbrev=False,  # a shortened flag could mean another one tomorrow
    )
    for name, purpose in GROUPS.items():
        group = parser.add_argument_group(name, purpose)
        for item in (item for item in fields(TrainConfig) if item.metadata["group"] == name):
            kind = Path if item.name.endswith(("_dir", "_weights")) else type(item.default)
            default = DEFAULTS.get(item.name, item.default)
            group.add_argument(
                _flag(item.name),
                type=kind,
                default=item.default,
                choices=item.metadata["choices"],
                metavar="FILE" if item.name == "fid_weights" else METAVARS[kind],
                help=f"{item.metadata['help']} (default: {default})",
            )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the settings, the time and the disk that the run needs; write nothing",
    )
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.error(_unknown(unknown[0], list(vars(parsed))))
    values = vars(parsed)
    dry_run = values.pop("dry_run")
    try:
        config = TrainConfig(**values)
    except ValueError as error:
        parser.error(str(error))
    return replace(config, run_dir=config.run_dir or Path("runs") / f"{config.dataset}-{config.objective}"), dry_run


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _unknown(argument: str, names: list[str]) -> str:
    """The sentence about a flag that does not exist."""
    given = argument.partition("=")[0]
    if given in ("--num-processes", "--num_processes"):
        return f"{given} is for the launcher: torchrun --nproc-per-node N train.py (CPUs), accelerate launch --num-processes N train.py (GPUs)"
    near = difflib.get_close_matches(given, [_flag(name) for name in names], 1)
    return f"{given} is not a flag; " + (f"did you mean {near[0]}?" if near else "python train.py --help lists them")
