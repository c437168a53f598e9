"""A released generator ready to paint: `Painter.load(folder).paint(label_map, seed)`.

`python -m pix2pix.painter --weights FOLDER --input FILE_OR_DIR --output DIR` paints label pictures from files.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from PIL import Image

from pix2pix import release
from pix2pix.hub import locate
from pix2pix.int8 import quantize
from pix2pix.networks import UNet
from pix2pix.pictures import read_rgb, smooth, through_jpeg, to_float, to_uint8
from pix2pix.precision import PAINTING_PRECISIONS, painting_precision
from pix2pix.release import ReleaseConfig, ReleaseError
from pix2pix.run_folder import earlier_epochs

MAX_SEED = 2**32 - 1
EDGE_SIGMA = 0.6
"""Blur in pixels that gives painted maps the soft edges of the archives' resized label images."""


class Painter:
    """Paints with one generator. As published, dropout stays on at prediction: it is the generator's only source of noise.

    Args:
        generator: With float32 weights. It is taken over and changed: in int8, only its first layer and its norms keep parameters.
        config: Of its released folder.
        device: Where to paint; the fastest there is by default.
        earlier: Files of the weights of earlier epochs, by epoch.
        precision: One of `PAINTING_PRECISIONS`; see `pix2pix.precision`. int8 changes a picture by about a level of 255.

    Raises:
        ValueError: If there is no such precision, or not here.
    """

    def __init__(
        self,
        generator: UNet,
        config: ReleaseConfig,
        device: torch.device | None = None,
        earlier: Mapping[int, Path] = MappingProxyType({}),
        precision: str = "auto",
    ) -> None:
        self.config = config
        self.earlier = earlier
        self.device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.precision = painting_precision(precision, self.device)
        self.dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        self.generator = generator.to(self.device, self.dtype).requires_grad_(False)
        if self.precision == "int8":
            quantize(self.generator)
        self._masks = lru_cache(maxsize=8)(self._draw_masks)  # strokes keep their seed

    @classmethod
    def load(cls, source: Path | str, device: torch.device | None = None, precision: str = "auto") -> "Painter":
        """Reads a released folder.

        Args:
            source: The folder, or a model on the Hugging Face Hub: "owner/name" or "owner/name@revision". A folder that exists wins.
            device: Where to paint.
            precision: See `Painter`.

        Raises:
            ReleaseError: If it cannot be had or used; the message says why.
            ValueError: If there is no such precision, or not here.
        """
        folder = locate(source)
        generator, config = release.load(folder)
        return cls(generator, config, device, earlier_epochs(folder, config.epochs), precision)

    @cached_property
    def over_epochs(self) -> list["Painter"]:
        """How it came to paint as it does: painters of a few epochs of its training, itself the last. Read when first asked for.

        Raises:
            ReleaseError: If the weights of an epoch cannot be read.
        """
        painters = []
        for epoch in release.spread([*self.earlier, self.config.epochs])[:-1]:
            generator = release.load_weights(self.earlier[epoch], self.config.base_channels, self.config.norm)
            painters.append(
                Painter(
                    generator, replace(self.config, epochs=epoch, metrics={}), self.device, precision=self.precision
                )
            )
        return [*painters, self]

    def paint(self, label_map: np.ndarray, seed: int, dropout: bool = True) -> np.ndarray:
        """Paints class indices, integers [H, W], both multiples of 256; see `paint_image` for the rest.

        Raises:
            ValueError: If an index is not a class of the palette, or the size does not fit.
        """
        return self.paint_image(self.label_image(label_map), seed, dropout)

    def label_image(self, label_map: np.ndarray) -> np.ndarray:
        """The label image that stands for painted classes: integers [H, W] → uint8 RGB [H, W, 3].

        The models were trained on resized JPEGs, so painted colours get such edges and such noise too. `benchmarks/label_gap.py`
        compares the treatments.
        """
        return through_jpeg(smooth(self.config.palette.to_image(label_map), EDGE_SIGMA))

    @torch.inference_mode()
    def paint_image(self, label_image: np.ndarray, seed: int, dropout: bool = True) -> np.ndarray:
        """Paints a label image.

        Args:
            label_image: uint8 RGB [H, W, 3], H and W multiples of 256.
            seed: 0 to 2³² - 1. The picture depends on the label image and the seed alone.
            dropout: False paints without noise; the seed has no effect then.

        Returns:
            The picture, uint8 RGB [H, W, 3].

        Raises:
            ValueError: If the type, the size or the seed does not fit, or if the weights, of another source than a released folder,
                overflow.
        """
        if label_image.dtype != np.uint8 or label_image.ndim != 3 or label_image.shape[2] != 3:
            raise ValueError(
                f"a label picture must be uint8 RGB [H, W, 3], not {label_image.dtype} {list(label_image.shape)}"
            )
        height, width = label_image.shape[:2]
        if height % 256 or width % 256 or not height or not width:
            raise ValueError(f"a label picture must have sides that are multiples of 256, not {width}x{height}")
        if not 0 <= seed <= MAX_SEED:
            raise ValueError(f"a seed must be from 0 to {MAX_SEED}, not {seed}")
        masks = self._masks(seed, height, width) if dropout else None
        x = to_float(torch.tensor(label_image).permute(2, 0, 1)[None]).to(self.device, self.dtype)
        return to_uint8(self.generator(x, masks))[0].permute(1, 2, 0).cpu().numpy()

    def _draw_masks(self, seed: int, height: int, width: int) -> list[torch.Tensor]:
        return self.generator.batch_masks([seed], height, width)


def read_label_image(path: Path) -> np.ndarray:
    """Reads a label picture as uint8 RGB [H, W, 3]; of a 512x256 pair, the right half.

    Raises:
        ValueError: If it cannot be read.
    """
    pixels = read_rgb(path)
    return pixels[:, 256:] if pixels.shape[:2] == (256, 512) else pixels


def paint_file(painter: Painter, path: Path, seed: int, dropout: bool) -> np.ndarray:
    """Paints a label picture. One in the palette's exact colours is a painted map, as in the app; any other is an archive's label image.

    Raises:
        ValueError: If it cannot be read or its size does not fit; the message names the file.
    """
    label_image = read_label_image(path)
    label_map, _ = painter.config.palette.from_image(label_image)
    if np.array_equal(painter.config.palette.rgb[label_map], label_image):
        label_image = painter.label_image(label_map)
    try:
        return painter.paint_image(label_image, seed, dropout)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pix2pix.painter", description="Paint label pictures from files.")
    parser.add_argument(
        "--weights", required=True, help="released folder, or owner/name[@revision] on the Hugging Face Hub"
    )
    parser.add_argument(
        "--input", type=Path, required=True, help="label picture, or a folder of them; of 512x256 pairs the right half"
    )
    parser.add_argument(
        "--output", type=Path, required=True, help="folder for the pictures, PNG files of the same names"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the dropout noise, the same for every picture (default: 0)"
    )
    parser.add_argument("--no-dropout", action="store_true", help="paint without noise")
    parser.add_argument(
        "--precision",
        choices=PAINTING_PRECISIONS,
        default="auto",
        help="fp32 is that of the scores (default: auto, the fastest)",
    )
    flags = parser.parse_args(arguments)
    if not 0 <= flags.seed <= MAX_SEED:
        parser.error(f"--seed must be from 0 to {MAX_SEED}, not {flags.seed}")
    if flags.input.is_dir():
        files = sorted(path for path in flags.input.iterdir() if path.suffix.lower() in (".png", ".jpg", ".jpeg"))
    else:
        files = [flags.input]
    if not files:
        print(f"{flags.input} holds no PNG or JPEG pictures", file=sys.stderr)
        return 1
    if flags.output.resolve() == files[0].parent.resolve():
        print(
            f"--output is the folder of the label pictures, {flags.output}; name another, so that none is overwritten",
            file=sys.stderr,
        )
        return 1
    stems = [path.stem for path in files]
    if repeated := sorted({stem for stem in stems if stems.count(stem) > 1}):
        print(f"{flags.input} holds several pictures of the same name: {', '.join(repeated)}", file=sys.stderr)
        return 1
    try:
        painter = Painter.load(flags.weights, precision=flags.precision)
        flags.output.mkdir(parents=True, exist_ok=True)
        painted = [_paint_to(flags.output, painter, path, flags.seed, not flags.no_dropout) for path in files]
    except (OSError, ReleaseError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"Stopped; the pictures until then are in {flags.output}", file=sys.stderr)
        return 130
    print(f"painted {sum(painted)} of {len(files)} pictures into {flags.output}")
    return 0 if all(painted) else 1


def _paint_to(output: Path, painter: Painter, path: Path, seed: int, dropout: bool) -> bool:
    """Paints one file of many; tells what is wrong with one that cannot be painted, and returns False."""
    try:
        picture = paint_file(painter, path, seed, dropout)
    except ValueError as error:
        print(error, file=sys.stderr)
        return False
    Image.fromarray(picture).save(output / f"{path.stem}.png")
    return True


if __name__ == "__main__":
    sys.exit(main())
