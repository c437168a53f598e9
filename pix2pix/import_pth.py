"""`python -m pix2pix.release import FILE.pth`: a generator of the common PyTorch pix2pix becomes a released folder.

That project nests its blocks: each holds the next one between its own two convolutions. Without dropout, its UNet-256 and ours paint equal
pictures. Its dropout is on decoder layers 2 to 4, ours, as the paper's, on 1 to 3. Biases in front of a norm are left out, as they have no
effect: the norm subtracts the mean of each channel, bias and all. Batch norm goes on with the statistics of the picture, as in that project
unless it is told `--eval`; its running statistics are left out.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pix2pix import release
from pix2pix.labels import PALETTES
from pix2pix.networks import UNet
from pix2pix.release_config import MAX_BASE_CHANNELS, OBJECTIVES, ReleaseConfig, ReleaseError

DEPTH = 8
"""Blocks of a UNet-256."""


def key_map(norm: str) -> dict[str, str]:
    """Our names of the weights → theirs.

    Block 1 is the outermost, convolution, block inside, ReLU, transposed convolution; the others begin with a LeakyReLU and have norms;
    block 8 has nothing inside.
    """
    names: dict[str, str] = {}
    for depth in range(1, DEPTH + 1):
        block = "model" + ".model.1" + ".model.3" * (depth - 2) if depth > 1 else "model"
        outermost, innermost = depth == 1, depth == DEPTH
        # Places in the block: [down, inside, ReLU, up], [LeakyReLU, down, norm, inside, ReLU, up, norm], or that without norm and inside.
        down, up = (0, 3) if outermost else (1, 3) if innermost else (1, 5)
        ours = f"down{depth}" if outermost else f"down{depth}.conv"
        places = {ours: down, f"up{DEPTH + 1 - depth}.conv": up}
        if norm == "batch":
            places |= {} if outermost or innermost else {f"down{depth}.norm": 2}
            places |= {} if outermost else {f"up{DEPTH + 1 - depth}.norm": up + 1}
        for name, place in places.items():
            names |= {f"{name}.{kind}": f"{block}.model.{place}.{kind}" for kind in ("weight", "bias")}
    expected = UNet(1, norm).state_dict()
    return {name: theirs for name, theirs in names.items() if name in expected}


def to_generator(state: dict[str, Tensor]) -> tuple[UNet, int, str]:
    """The state dict of a `UnetGenerator` with 8 blocks → our generator, its base channels and its norm.

    Raises:
        ReleaseError: If it is the state of another network; the message names the first weight that does not fit.
    """
    state = {name.removeprefix("module."): weight for name, weight in state.items()}  # as DataParallel names them
    norm = "batch" if "model.model.1.model.2.weight" in state else "instance"
    first = state.get("model.model.0.weight")
    if first is None or first.dim() != 4 or not 1 <= first.shape[0] <= MAX_BASE_CHANNELS:
        raise ReleaseError(
            "it is not the state dict of a pix2pix UNet: its first weight, model.model.0.weight, is missing or malformed"
        )
    generator = UNet(first.shape[0], norm)
    names, weights = key_map(norm), generator.state_dict()
    for name, theirs in names.items():
        if theirs not in state and norm == "batch" and name in ("down1.bias", "down8.conv.bias"):
            weights[name] = torch.zeros_like(
                weights[name]
            )  # with batch norm, that project gives the encoder no biases at all
            continue
        found = tuple(state[theirs].shape) if theirs in state else "missing"
        if found != tuple(weights[name].shape):
            raise ReleaseError(
                f"it is not the UNet-256 of three channels to three: {theirs} is {found}, not {tuple(weights[name].shape)}"
            )
        weights[name] = state[theirs].float()
        if name.startswith("up") and name.endswith("conv.weight") and name != "up1.conv.weight":
            skipped, decoded = weights[name].chunk(2)
            weights[name] = torch.cat([decoded, skipped])  # what comes from the encoder is first there, and last here
    left_out = ("bias", "running_mean", "running_var", "num_batches_tracked")
    if unknown := sorted(
        name for name in state.keys() - set(names.values()) if name.rpartition(".")[2] not in left_out
    ):
        raise ReleaseError(f"it is not the UNet-256 of three channels to three: it has {unknown[0]} too")
    generator.load_state_dict(weights)
    return generator, first.shape[0], norm


def read_state(path: Path) -> dict[str, Tensor]:
    """Reads a state dict; nothing in the file is ever run.

    Raises:
        ReleaseError: If it is something else.
    """
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # files that are no weights make the unpickler raise anything
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ReleaseError(f"{path} cannot be read as a file of weights alone: {reason}") from error
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(weight, Tensor) for name, weight in state.items()
    ):
        raise ReleaseError(
            f"{path} holds no state dict; save that of the generator alone: torch.save(G.state_dict(), ...)"
        )
    return state


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pix2pix.release", description="Released folders.")
    importer = parser.add_subparsers(required=True).add_parser(
        "import", help="make one of a generator of the common PyTorch pix2pix"
    )
    importer.add_argument(
        "file", type=Path, metavar="FILE.pth", help="state dict of a UNet-256, such as latest_net_G.pth"
    )
    importer.add_argument("--dataset", choices=PALETTES, required=True, help="whose colours its label images had")
    importer.add_argument(
        "--objective", choices=OBJECTIVES, default="gan", help="what it was trained for (default: gan)"
    )
    importer.add_argument("--epochs", type=int, default=0, help="how long it was trained, if that is known")
    importer.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write")
    flags = parser.parse_args(arguments)
    if flags.epochs < 0:
        parser.error(f"--epochs must be at least 0, not {flags.epochs}")
    try:
        generator, base_channels, norm = to_generator(read_state(flags.file))
        if broken := [
            name for name, weight in generator.state_dict().items() if not torch.isfinite(weight.half()).all()
        ]:
            raise ReleaseError(
                f"it holds values that are not finite in half precision, as weights are released, first in {broken[0]}"
            )
        palette = PALETTES[flags.dataset]
        release.save(
            flags.output,
            generator,
            ReleaseConfig(flags.dataset, flags.objective, palette, base_channels, norm, flags.epochs, seed=0),
        )
    except ReleaseError as error:
        print(f"{flags.file}: {error}" if str(flags.file) not in str(error) else error, file=sys.stderr)
        return 1
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{flags.output}: UNet-256, {base_channels} base channels, {norm} norm")
    return 0
