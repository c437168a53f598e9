"""Import a generator of the common PyTorch pix2pix: `python -m pix2pix.import_pth FILE --dataset NAME --output DIR`.

That project nests its blocks: each holds the next one between its own two convolutions. Without dropout, its UNet-256
and ours paint equal images. Its dropout is on decoder layers 2 to 4; ours is on layers 1 to 3, as in the paper. Biases
before a norm are dropped, because the norm subtracts them with the mean of each channel. Running statistics are dropped
too: like that project without `--eval`, our batch norm uses the statistics of the image.
"""

import re
import sys
from pathlib import Path

import torch
from torch import Tensor

from pix2pix import release
from pix2pix.flags import Parser, complain, folder_to_write
from pix2pix.labels import PALETTES
from pix2pix.networks import UNet
from pix2pix.pth_files import read_state
from pix2pix.release_config import MAX_BASE_CHANNELS, OBJECTIVES, ReleaseConfig, ReleaseError

DEPTH = 8
"""Number of blocks of a UNet-256."""
FIRST_WEIGHT = "model.model.0.weight"
NORMED = "model.model.1.model.1"
"""The first convolution that a norm follows."""
FIRST_NORM = "model.model.1.model.2"
GENERATOR = "netG."
DROPPED = ("bias", "running_mean", "running_var", "num_batches_tracked")


def key_map(norm: str) -> dict[str, str]:
    """Map our names of the weights to theirs.

    Block 1 is the outermost: convolution, inner block, ReLU, transposed convolution. The others begin with a LeakyReLU
    and have norms. Block 8 has no inner block.
    """
    names: dict[str, str] = {}
    for depth in range(1, DEPTH + 1):
        block = "model" + ".model.1" + ".model.3" * (depth - 2) if depth > 1 else "model"
        outermost, innermost = depth == 1, depth == DEPTH
        # Outermost: down, inner, ReLU, up. Others: LeakyReLU, down, norm, inner, ReLU, up, norm. Innermost: no inner.
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


def without_prefixes(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Remove what DataParallel, torch.compile and modules around the generator put before the names of its weights."""
    names = {name: re.sub(r"(^|\.)_orig_mod\.", r"\1", name).removeprefix("module.") for name in state}
    if any(name.startswith(GENERATOR) for name in names.values()):  # a module that may hold other networks, too
        names = {theirs: name.removeprefix(GENERATOR) for theirs, name in names.items() if name.startswith(GENERATOR)}
    return {name.removeprefix("module."): state[theirs] for theirs, name in names.items()}


def norm_of(state: dict[str, Tensor]) -> str:
    """Return the norm of a state dict.

    Raises:
        ReleaseError: If its instance norms have weights.
    """
    if f"{FIRST_NORM}.weight" not in state:
        return "instance"
    if f"{FIRST_NORM}.running_mean" not in state and f"{NORMED}.bias" in state:  # before a batch norm is no bias
        raise ReleaseError(
            "its instance norms have weights (affine=True), which the UNet here lacks; train it without them"
        )
    return "batch"


def to_generator(state: dict[str, Tensor]) -> tuple[UNet, int, str]:
    """Convert the state dict of a `UnetGenerator` with 8 blocks.

    Returns:
        The generator, its base channels, and its norm.

    Raises:
        ReleaseError: If it is the state dict of another network; the message names the first weight that does not fit.
    """
    state = without_prefixes(state)
    norm = norm_of(state)
    first = state.get(FIRST_WEIGHT)
    if first is None or first.dim() != 4 or not 1 <= first.shape[0] <= MAX_BASE_CHANNELS:
        raise ReleaseError(
            f"not the state dict of a pix2pix UNet: its first weight, {FIRST_WEIGHT}, is missing or malformed"
        )
    generator = UNet(first.shape[0], norm)
    names, weights = key_map(norm), generator.state_dict()
    for name, theirs in names.items():
        if theirs not in state and norm == "batch" and name in ("down1.bias", "down8.conv.bias"):
            weights[name] = torch.zeros_like(weights[name])  # with batch norm, that project's encoder has no biases
            continue
        expected, found = tuple(weights[name].shape), tuple(state[theirs].shape) if theirs in state else "missing"
        if found != expected:
            raise ReleaseError(
                f"not a UNet-256 with 3 input and 3 output channels: {theirs} is {found}, not {expected}"
            )
        weights[name] = state[theirs].float()
        if name.startswith("up") and name.endswith("conv.weight") and name != "up1.conv.weight":
            skipped, decoded = weights[name].chunk(2)
            weights[name] = torch.cat([decoded, skipped])  # channels from the encoder come first there, last here
    if unknown := [name for name in state.keys() - set(names.values()) if name.rpartition(".")[2] not in DROPPED]:
        raise ReleaseError(f"not a UNet-256 with 3 input and 3 output channels: it also has {min(unknown)}")
    generator.load_state_dict(weights)
    return generator, first.shape[0], norm


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(
        prog="python -m pix2pix.import_pth", description="Import a generator of the common PyTorch pix2pix."
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE.pth", help="state dict of a UNet-256, such as latest_net_G.pth"
    )
    parser.add_argument("--dataset", choices=PALETTES, required=True, help="dataset that it was trained on")
    parser.add_argument("--objective", choices=OBJECTIVES, default="gan", help="training objective (default: gan)")
    parser.add_argument("--epochs", metavar="N", type=int, default=0, help="epochs of training (default: unknown)")
    parser.add_argument("--output", type=folder_to_write, required=True, metavar="DIR", help="released folder to write")
    flags = parser.parse_args(arguments)
    if flags.epochs < 0:
        parser.error(f"--epochs must be at least 0, not {flags.epochs}")
    try:
        generator, base_channels, norm = to_generator(read_state(flags.file))
        weights = generator.state_dict().items()
        if broken := [name for name, weight in weights if not torch.isfinite(weight.half()).all()]:
            raise ReleaseError(
                f"{broken[0]} holds values that are not finite in half precision, the format of releases"
            )
        palette = PALETTES[flags.dataset]
        config = ReleaseConfig(flags.dataset, flags.objective, palette, base_channels, norm, flags.epochs, seed=0)
        release.save(flags.output, generator, config)
    except ReleaseError as error:
        complain(f"{flags.file}: {error}" if str(flags.file) not in str(error) else error)
        return 1
    except OSError as error:
        complain(error)
        return 1
    print(f"{flags.output}: UNet-256, {base_channels} base channels, {norm} norm")
    return 0


if __name__ == "__main__":
    sys.exit(main())
