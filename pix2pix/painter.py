"""Paint with a released generator: `Painter.load(folder).paint(label_map, seed)`.

`python -m pix2pix.painter --weights FOLDER --input FILE_OR_DIR --output DIR` paints label images from files.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from operator import index
from pathlib import Path
from types import MappingProxyType
from typing import SupportsIndex

import numpy as np
import torch
from PIL import Image

from pix2pix import release
from pix2pix.data.label_images import LabelImageFile, read_label_image
from pix2pix.data.palette import background_class
from pix2pix.flags import Parser, complain, folder_to_write
from pix2pix.hub import locate
from pix2pix.image_files import list_images, printable
from pix2pix.int8 import quantize
from pix2pix.labels import Palette
from pix2pix.networks import UNet
from pix2pix.pixel_values import smooth, through_jpeg, to_float, to_uint8
from pix2pix.precision import PAINTING_PRECISIONS, painting_precision, warn_of_slow_bf16
from pix2pix.release import ReleaseConfig
from pix2pix.run_folder import earlier_epochs

MAX_SEED = 2**32 - 1
EDGE_SIGMA = 0.6
"""Blur, in pixels, that gives painted maps the soft edges of the datasets' resized label images."""


class Painter:
    """Paints with one generator. As in the paper, dropout stays on at prediction, as the only source of noise.

    Args:
        generator: A generator with float32 weights. The painter changes it: in int8, only its first and last blocks
            and its norms keep parameters.
        config: The configuration of its released folder.
        device: Device to paint on; by default a GPU if there is one.
        earlier: Files with the weights of earlier epochs, by epoch.
        precision: One of `PAINTING_PRECISIONS`; see `pix2pix.precision`. int8 changes images by about one level of 255.
        folder: The released folder that it was loaded from, if there is one.

    Raises:
        ValueError: If the precision does not exist or is unavailable on this device.
    """

    def __init__(
        self,
        generator: UNet,
        config: ReleaseConfig,
        device: torch.device | None = None,
        earlier: Mapping[int, Path] = MappingProxyType({}),
        precision: str = "auto",
        folder: Path | None = None,
    ) -> None:
        self.config = config
        self.folder = folder
        self.earlier = earlier
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.precision = painting_precision(precision, self.device)
        self.dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        self.generator = generator.to(self.device, self.dtype).requires_grad_(False)
        if self.precision == "int8":
            quantize(self.generator)
        self._masks = lru_cache(maxsize=8)(generator.batch_masks)  # all strokes on a map use the same seed

    @classmethod
    def load(cls, source: Path | str, device: torch.device | None = None, precision: str = "auto") -> "Painter":
        """Load a released folder.

        Args:
            source: A released folder or a run folder; if there is no such folder, a model on the Hugging Face Hub,
                "owner/name" or "owner/name@revision".
            device: See `Painter`.
            precision: See `Painter`.

        Raises:
            ReleaseError: If the model is missing or cannot be used; the message says why.
            ValueError: If the precision does not exist or is unavailable on this device.
        """
        folder = locate(source)
        generator, config = release.load(folder)
        return cls(generator, config, device, earlier_epochs(folder, config.epochs), precision, folder)

    @cached_property
    def weights_sha256(self) -> str:
        """Hash of the weights' file, which is read at the first access; empty for a painter without a folder."""
        return release.hash_weights(self.folder) if self.folder else ""

    @cached_property
    def over_epochs(self) -> list["Painter"]:
        """Painters of a few epochs of the same training, loaded at the first access; the last one is this painter.

        Raises:
            ReleaseError: If the weights of an epoch cannot be read.
        """
        painters = []
        for epoch in release.spread([*self.earlier, self.config.epochs])[:-1]:
            generator = release.load_weights(self.earlier[epoch], self.config.base_channels, self.config.norm)
            config = replace(self.config, epochs=epoch, metrics={})
            painters.append(Painter(generator, config, self.device, precision=self.precision))
        return [*painters, self]

    def paint(self, label_map: np.ndarray, seed: int, dropout: bool = True) -> np.ndarray:
        """Paint a label map, integers [H, W] with H and W multiples of 256; see `paint_image` for the rest.

        Raises:
            ValueError: If an index is no class of the palette, the size does not fit, or there is no palette.
        """
        return self.paint_image(self.label_image(label_map), seed, dropout)

    @property
    def palette(self) -> Palette:
        """Classes that people paint for the generator; raises ValueError if it takes other images."""
        if (palette := self.config.painted_palette) is None:
            raise ValueError("this model takes images without classes, not label maps; open an image instead")
        return palette

    def label_image(self, label_map: np.ndarray) -> np.ndarray:
        """Turn a painted label map into a label image: integers [H, W] → uint8 RGB [H, W, 3].

        The models were trained on resized JPEGs, so the image gets soft edges and JPEG noise. `benchmarks/label_gap.py`
        compares such treatments. Line drawings stay as they are.
        """
        if self.config.drawing:
            return self.palette.to_image(label_map)
        return through_jpeg(smooth(self.palette.to_image(label_map), EDGE_SIGMA))

    @torch.inference_mode()
    def paint_image(self, label_image: np.ndarray, seed: int, dropout: bool = True) -> np.ndarray:
        """Paint a label image.

        Args:
            label_image: uint8 RGB [H, W, 3], H and W multiples of 256.
            seed: 0 to 2³² - 1. The result depends on the label image and the seed only.
            dropout: False paints without noise; the seed then has no effect.

        Returns:
            The generated image, uint8 RGB [H, W, 3].

        Raises:
            ValueError: If the type, the size or the seed does not fit, or if values overflow, which released weights
                cannot cause.
        """
        if label_image.dtype != np.uint8 or label_image.ndim != 3 or label_image.shape[2] != 3:
            raise ValueError(
                f"a label image must be uint8 RGB [H, W, 3], not {label_image.dtype} {list(label_image.shape)}"
            )
        height, width = label_image.shape[:2]
        if height % 256 or width % 256 or not height or not width:
            raise ValueError(f"a label image must have sides that are multiples of 256, not {width}x{height}")
        if not isinstance(seed, SupportsIndex) or not 0 <= index(seed) <= MAX_SEED:
            raise ValueError(f"a seed must be a whole number from 0 to {MAX_SEED}, not {seed}")
        masks = self._masks((seed,), height, width) if dropout else None
        x = to_float(torch.tensor(label_image).permute(2, 0, 1)[None]).to(self.device, self.dtype)
        return to_uint8(self.generator(x, masks))[0].permute(1, 2, 0).cpu().numpy()


def read_input(config: ReleaseConfig, path: Path, force: bool = False) -> LabelImageFile:
    """Read a label image, class numbers, or the input of a pair; what is transparent is background, paper, or white."""
    painted = config.painted_palette
    background = painted.colors[background_class(painted)] if painted else "#ffffff"
    return read_label_image(path, config.input_palette, background, config.size, force, side=config.input_side)


def paint_file(painter: Painter, path: Path, seed: int, dropout: bool, force: bool = False) -> np.ndarray:
    """Paint a label image from a file; one in exact colours of the palette is treated like a map painted in the app.

    Raises:
        ValueError: If the file cannot be read, holds no label image (unless `force`), or its size does not fit; the
            message names the file.
    """
    palette = painter.config.input_palette
    read = read_input(painter.config, path, force)
    if read.kind:
        print(f"{printable(path)} is read as {read.kind}.", file=sys.stderr)
    if read.problem:
        print(read.problem, file=sys.stderr)
    label_image = read.pixels
    if palette is not None:
        label_map, _ = palette.from_image(label_image)
        if np.array_equal(palette.rgb[label_map], label_image):
            label_image = painter.label_image(label_map)
    try:
        return painter.paint_image(label_image, seed, dropout)
    except ValueError as error:
        raise ValueError(f"{printable(path)}: {error}") from error


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m pix2pix.painter", description="Paint label images from files.")
    parser.add_argument(
        "--weights",
        metavar="SOURCE",
        required=True,
        help="released folder, run folder, or owner/name[@revision] on the Hugging Face Hub",
    )
    parser.add_argument(
        "--input",
        metavar="PATH",
        type=Path,
        required=True,
        help="label image, pair side by side, of which the input is used, or a folder of them",
    )
    parser.add_argument(
        "--output", metavar="DIR", type=folder_to_write, required=True, help="folder for PNG files of the same names"
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="seed of the dropout noise of every image (default: 0)"
    )
    parser.add_argument("--no-dropout", action="store_true", help="paint without noise")
    parser.add_argument(
        "--precision",
        choices=PAINTING_PRECISIONS,
        default="auto",
        help="number format; scores use fp32 (default: auto, the fastest)",
    )
    parser.add_argument("--force", action="store_true", help="paint images that look like no label image, too")
    flags = parser.parse_args(arguments)
    if not 0 <= flags.seed <= MAX_SEED:
        parser.error(f"--seed must be from 0 to {MAX_SEED}, not {flags.seed}")
    return flags


def find_files(source: Path, output: Path) -> list[Path]:
    """List the label images to paint.

    Raises:
        ValueError: If there are none, or their results would overwrite them or each other.
    """
    files = list_images(source) if source.is_dir() else [source]
    if not files:
        raise ValueError(f"{source} holds no PNG, JPEG or WebP images")
    if output.resolve() == files[0].parent.resolve():
        raise ValueError(f"--output {output} is the folder of the label images; name another to keep them")
    return files


def main(arguments: list[str] | None = None) -> int:
    flags = parse(arguments)
    try:
        files = find_files(flags.input, flags.output)
        painter = Painter.load(flags.weights, precision=flags.precision)
        warn_of_slow_bf16(painter.precision, painter.device)
        flags.output.mkdir(parents=True, exist_ok=True)
        painted = [_paint_to(flags.output, painter, path, flags) for path in files]
    except (OSError, ValueError) as error:  # ReleaseError too
        complain(error)
        return 1
    except KeyboardInterrupt:
        print(f"Stopped. Images that are finished are in {flags.output}", file=sys.stderr)
        return 130
    print(f"painted {sum(painted)} of {len(files)} images into {flags.output}")
    return 0 if all(painted) else 1


def _paint_to(output: Path, painter: Painter, path: Path, flags: argparse.Namespace) -> bool:
    """Paint one file; if that fails, report why and return False."""
    try:
        image = paint_file(painter, path, flags.seed, not flags.no_dropout, flags.force)
    except ValueError as error:
        complain(error)
        return False
    Image.fromarray(image).save(output / f"{path.stem}.png")
    return True


if __name__ == "__main__":
    sys.exit(main())
