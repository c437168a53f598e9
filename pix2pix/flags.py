"""The command-line parser of all programs; it answers unknown flags, such as those of other pix2pix programs."""

import argparse
import difflib
import sys
import textwrap
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pix2pix.surroundings import in_words, prepare_program

RENAMED = {
    **dict.fromkeys(("dataroot", "data-root", "dataset-dir"), ("--data", "--data-dir", "--input")),
    **dict.fromkeys(("output-dir", "results-dir", "outdir", "out"), ("--output", "--run-dir")),
    **dict.fromkeys(("n-epochs", "num-epochs", "num-train-epochs", "niter"), ("--epochs",)),
    **dict.fromkeys(("n-epochs-decay", "niter-decay", "decay-epoch"), ("--decay-epochs",)),
    **dict.fromkeys(("batchsize", "train-batch-size"), ("--batch-size",)),
    **dict.fromkeys(("ngf", "ndf"), ("--base-channels",)),
    **dict.fromkeys(("num-threads", "nthreads", "n-cpu", "num-workers"), ("--workers",)),
    **dict.fromkeys(("save-epoch-freq", "checkpoint-interval"), ("--keep-every",)),
    **dict.fromkeys(("display-freq", "sample-interval"), ("--sample-every",)),
    **dict.fromkeys(("mixed-precision", "fp16", "bf16", "amp"), ("--precision",)),
    **dict.fromkeys(("use-wandb", "wandb", "log-with"), ("--tracker",)),
    **dict.fromkeys(("pretrained", "load-pretrain", "checkpoint", "ckpt", "model"), ("--weights", "--init-from")),
    **dict.fromkeys(("crop-size", "finesize", "image-size", "resolution"), ("--size",)),
    **dict.fromkeys(("preprocess", "resize-or-crop"), ("--no-jitter",)),
    "checkpoints-dir": ("--run-dir", "--weights"),
    "which-direction": ("--direction",),
    "lr": ("--learning-rate",),
    "save-latest-freq": ("--checkpoint-minutes",),
    "hub-model-id": ("--push-to-hub",),
    "eval": ("--no-dropout",),
}
"""Flags of other programs → flags here that do the same, of which a program suggests the first that it has."""
NO_FLAG = {
    **dict.fromkeys(
        ("continue-train", "resume", "epoch-count", "which-epoch", "load-iter"),
        "to resume a run, give the same command again",
    ),
    **dict.fromkeys(
        ("gpu-ids", "gpu", "gpus", "device", "cuda"),
        "a GPU is used if there is one; the environment variable CUDA_VISIBLE_DEVICES chooses which",
    ),
    **dict.fromkeys(("netg", "which-model-netg"), "the generator is always a UNet-256"),
    **dict.fromkeys(("netd", "which-model-netd", "n-layers-d"), "the discriminator is always a 70x70 PatchGAN"),
    **dict.fromkeys(("load-size", "loadsize"), "pairs are enlarged by 286/256 and cropped to --size, as published"),
    "gan-mode": "the GAN loss is binary cross-entropy; --objective l1 trains without it",
    "lr-policy": "the learning rate is constant, or falls linearly over the last --decay-epochs",
    "no-dropout": "dropout is always on in training, as published",
    "num-processes": "the launcher has it: torchrun --nproc-per-node N train.py (CPUs), "
    "accelerate launch --num-processes N train.py (GPUs)",
}
"""Flags of other programs → why there is none here."""
NEAR = 0.8
"""Smallest similarity of two flags, 0 to 1, for one to be a misspelling of the other."""


def command_of(script: str) -> str:
    """Return the command that runs a script of this project: its file in a clone, a console script where installed."""
    is_clone = (Path(__file__).parents[1] / "pyproject.toml").is_file()
    return f"python {script}" if is_clone else f"pix2pix-{script.removesuffix('.py')}"


def complain(error: BaseException | str) -> None:
    """Print an error for people."""
    print(in_words(error), file=sys.stderr)


def folder_to_write(text: str) -> Path:
    """Read the name of a folder, which need not exist."""
    if Path(text).exists() and not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a file; name a folder")
    return Path(text)


class Parser(argparse.ArgumentParser):
    """Parses flags; names are never abbreviated, which could become ambiguous when flags are added."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=Formatter, **keywords)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Prepare the program and parse its flags; an unknown one ends it with a sentence that says what to use."""
        prepare_program()
        parsed, unknown = self.parse_known_args(args, namespace)
        chosen = _chosen(self, parsed)
        if unknown and unknown[0].startswith("-"):
            known = {flag for action in chosen._actions for flag in action.option_strings if flag.startswith("--")}
            chosen.error(about_unknown(unknown[0], known, f"{chosen.prog} --help"))
        if unknown:
            chosen.error(f"{unknown[0]!r} is one argument too many; {chosen.prog} --help lists them")
        return parsed

    def error(self, message: str) -> NoReturn:
        """End the program with a sentence for people."""
        super().error(in_words(message))


class Formatter(argparse.HelpFormatter):
    """Wraps help between words only: a flag that is broken at a hyphen is hard to read and to search for."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = textwrap.wrap(" ".join(text.split()), width - len(indent), break_on_hyphens=False)
        return "\n".join(indent + line for line in lines)


def _chosen(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> argparse.ArgumentParser:
    """Return the parser of the command that was given, or the parser itself if it has no commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices[getattr(parsed, action.dest)]
    return parser


def about_unknown(argument: str, known: Collection[str], help_command: str) -> str:
    """Return a sentence about an unknown flag: the one that was meant, why there is none, or where all are listed."""
    given = argument.partition("=")[0]
    name = given.lstrip("-").lower().replace("_", "-")
    hint = f"{help_command} lists them"
    if name in NO_FLAG:
        hint = NO_FLAG[name]
    if meant := _meant(name, known):
        hint = f"did you mean {meant}?"
    return f"{given} is not a flag; {hint}"


def _meant(name: str, known: Collection[str]) -> str | None:
    """Return the known flag of another spelling, another program's name, an unfinished name, or a near name."""
    renamed = [flag for flag in (f"--{name}", *RENAMED.get(name, ())) if flag in known]
    unfinished = [flag for flag in known if len(name) > 2 and flag.startswith(f"--{name}")]
    near = [] if name in NO_FLAG else difflib.get_close_matches(name, [flag[2:] for flag in known], 1, NEAR)
    found = renamed or (unfinished if len(unfinished) == 1 else []) or [f"--{flag}" for flag in near]
    return found[0] if found else None
