"""The released folder: a generator to be used elsewhere. Training results in this folder; painting starts from it.

model.safetensors              weights of G, in fp16
config.json                    how to use them, see `release_config`
README.md                      the model card
epochs/epoch-NNN.safetensors   optional: weights of earlier epochs of the same training
discriminator.safetensors      optional: weights of D, which only another training needs
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors

from pix2pix.files import replacing
from pix2pix.networks import PatchGAN, UNet
from pix2pix.provenance import facts, licence_note
from pix2pix.release_config import OBJECTIVES, ReleaseConfig, ReleaseError

WEIGHTS = "model.safetensors"
DISCRIMINATOR = "discriminator.safetensors"
LARGEST_WEIGHT = torch.finfo(torch.float16).max
"""Releases are written in float16; larger weights, in a file from elsewhere, could overflow when painting."""
MAX_EPOCHS = 4
"""Maximum number of epochs that are released together, including the released one."""

Network = TypeVar("Network", UNet, PatchGAN)


def save(folder: Path, generator: UNet, config: ReleaseConfig, discriminator: PatchGAN | None = None) -> None:
    """Write or update a released folder. Each file is replaced as a whole, so a reader never sees half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    if discriminator:
        save_weights(folder / DISCRIMINATOR, discriminator)
    else:
        (folder / DISCRIMINATOR).unlink(missing_ok=True)
    save_weights(folder / WEIGHTS, generator)
    for name, text in (("config.json", config.to_json()), ("README.md", model_card(config))):
        with replacing(folder / name) as file:
            file.write(text.encode())


def save_weights(path: Path, network: UNet | PatchGAN) -> None:
    """Write fp16 weights; the rounding, 2^-11 of each value, is far below one level of an 8-bit image."""
    weights = {name: weight.detach().half().contiguous().cpu() for name, weight in network.state_dict().items()}
    with replacing(path) as file:
        file.write(to_safetensors(weights))


def weights_of_epoch(folder: Path, epoch: int) -> Path:
    """Return the file for an epoch's weights in a folder."""
    return folder / f"epoch-{epoch:03d}.safetensors"


def epoch_of(file_name: str) -> int | None:
    """Return 100 for "epoch-100.safetensors"; None for any other name."""
    match = re.fullmatch(r"epoch-(\d{1,9})\.safetensors", file_name)
    return int(match[1]) if match else None


def weights_by_epoch(folder: Path) -> dict[int, Path]:
    """Return the files epoch-NNN.safetensors of a folder by epoch, ascending; none if there is no such folder."""
    found = {epoch: path for path in folder.glob("*") if (epoch := epoch_of(path.name)) is not None}
    return dict(sorted(found.items()))


def is_release(folder: Path) -> bool:
    """Return whether a folder has a generator's weights, as a released folder does and a run folder does not."""
    return (folder / WEIGHTS).is_file()


def spread(epochs: Iterable[int]) -> list[int]:
    """Choose at most `MAX_EPOCHS` epochs at equal ratios, as training changes most at its start, including the ends."""
    left = sorted(set(epochs))
    if len(left) <= MAX_EPOCHS:
        return left
    low, high = max(left[0], 1), left[-1]
    chosen = {left[0], high}
    for step in range(1, MAX_EPOCHS - 1):
        wanted = low * (high / low) ** (step / (MAX_EPOCHS - 1))
        chosen.add(min((epoch for epoch in left if epoch not in chosen), key=lambda epoch: abs(epoch - wanted)))
    return sorted(chosen)


def load_config(folder: Path) -> ReleaseConfig:
    """Read `config.json` of a released folder.

    Raises:
        ReleaseError: If the folder or file is missing or malformed.
    """
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise ReleaseError(f"{folder} is not a released folder: it has no config.json")
    try:
        return ReleaseConfig.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ReleaseError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{path}: {error}") from error


def load(folder: Path) -> tuple[UNet, ReleaseConfig]:
    """Read a released folder: the generator with float32 weights on the CPU, and its configuration.

    Raises:
        ReleaseError: If a file is missing, damaged, or does not fit the configuration.
    """
    config = load_config(folder)
    return load_weights(Path(folder) / WEIGHTS, config.base_channels, config.norm), config


def hash_weights(folder: Path) -> str:
    """Return the SHA-256 of a released folder's weights, 64 hexadecimal digits."""
    with (folder / WEIGHTS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_weights(path: Path, base_channels: int, norm: str) -> UNet:
    """Read a generator written by `save_weights`: float32 weights on the CPU, in the layout of its fast layers.

    Raises:
        ReleaseError: If the file is missing, damaged, or not of such a generator.
    """
    with torch.device("meta"):  # shapes without memory: initial weights would cost time
        return _read_weights(path, UNet(base_channels, norm))


def load_discriminator(folder: Path) -> PatchGAN | None:
    """Read the discriminator of a released folder, like `load_weights`; None if the folder has none.

    Raises:
        ReleaseError: If the file is damaged or does not fit the folder's configuration.
    """
    path = Path(folder) / DISCRIMINATOR
    if not path.is_file():
        return None
    config = load_config(folder)
    with torch.device("meta"):
        return _read_weights(path, PatchGAN(config.base_channels, config.norm))


def _read_weights(path: Path, network: Network) -> Network:
    """Load the weights of a network on the device "meta", which has shapes but no memory, from a file."""
    try:
        with torch.device("cpu"), safe_open(path, "pt") as file:
            # First the header, so that nothing is read from a file that does not fit.
            _check_header(path, network, {name: file.get_slice(name) for name in file.keys()})
            weights = {name: file.get_tensor(name).float() for name in file.keys()}
    except (OSError, SafetensorError) as error:
        raise ReleaseError(f"{path} cannot be read: {error}") from error
    extremes = {name: torch.stack(weight.aminmax()) for name, weight in weights.items()}  # NaN if there is one
    broken = [name for name, pair in extremes.items() if not (pair.abs() <= LARGEST_WEIGHT).all()]
    if broken:
        raise ReleaseError(f"{path} has values beyond the range of float16, or not finite, first in {broken[0]}")
    network.load_state_dict(weights, assign=True)
    # Files have the default layout, and assigned tensors keep it.
    return network.to(memory_format=torch.channels_last)


def _check_header(path: Path, network: torch.nn.Module, slices: dict[str, Any]) -> None:
    expected = {name: tuple(weight.shape) for name, weight in network.state_dict().items()}
    found = {name: tuple(part.get_shape()) for name, part in slices.items()}
    if expected != found:
        name = min(name for name in expected | found if expected.get(name) != found.get(name))
        raise ReleaseError(
            f"{path} does not fit its config.json: {name} is {found.get(name, 'missing')}, "
            f"expected {expected.get(name, 'nothing')}"
        )
    for name, part in slices.items():
        if part.get_dtype() not in ("F16", "BF16", "F32"):
            raise ReleaseError(f"{path}: {name} has type {part.get_dtype()}; weights must be F16, BF16 or F32")


def model_card(config: ReleaseConfig) -> str:
    """Return the README.md of a released folder."""
    trained = f" trained for {config.trained}" if config.epochs else ""
    width, height = config.size
    use = f"image = painter.paint_image(image, seed=0)  # uint8 RGB [{height}, {width}, 3], both"
    if config.input_palette:
        shapes = f"uint8 [{height}, {width}] class indices → uint8 RGB [{height}, {width}, 3]"
        use = f"image = painter.paint(label_map, seed=0)  # {shapes}"
    average = f"; its weights are a moving average of decay {config.ema}" if config.ema else ""
    trained_on = "\n".join(f"- {name}: {value}" for name, value in facts(config).items())
    return f"""---
license: other
pipeline_tag: image-to-image
tags: [pix2pix, {config.dataset}]
---
# pix2pix {config.dataset}, {OBJECTIVES[config.objective].description}

A UNet-256 generator ({config.base_channels} base channels, {config.norm} norm){trained}{average}.
It translates {config.translates}, {width}x{height} pixels; `config.json` has the classes and colours.

```python
from pix2pix.painter import Painter

painter = Painter.load("FOLDER")
{use}
```

{licence_note(config)}

{trained_on}
"""
