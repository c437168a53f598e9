"""Measure how far painted maps are from the label images that the models saw, under several treatments.

People paint clean colours; the models were trained on label images that went through JPEG. The benchmark reads every
label image of a split as classes, paints it clean again, treats it in several ways and compares it with the archive's
own image, in mean absolute 8-bit levels: of the inputs, and of the images that G makes of them with the same seed.

    python -m benchmarks.label_gap --data-dir datasets --weights demo/weights/facades-gan
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pix2pix.data.source import packaged
from pix2pix.painter import Painter
from pix2pix.pixel_values import smooth, through_jpeg

TREATMENTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "clean colours": lambda image: image,
    "JPEG": through_jpeg,
    "smoothed 0.5": lambda image: smooth(image, 0.5),
    "smoothed 0.5, JPEG": lambda image: through_jpeg(smooth(image, 0.5)),
    "smoothed 0.6, JPEG": lambda image: through_jpeg(smooth(image, 0.6)),
    "smoothed 0.7, JPEG": lambda image: through_jpeg(smooth(image, 0.7)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, default=Path("datasets"))
    parser.add_argument("--split", default="val")
    parser.add_argument("--weights", type=Path, default=Path("demo/weights/facades-gan"), help="released folder")
    flags = parser.parse_args()
    painter = Painter.load(flags.weights, precision="fp32")
    config = painter.config
    pairs = packaged(flags.data_dir, config.dataset).open([flags.split])[flags.split]
    distances = np.zeros((len(TREATMENTS), len(pairs), 2))
    another_seed = np.zeros(len(pairs))
    for number in tqdm(range(len(pairs)), disable=None):
        archived = pairs.pair(number)[0].permute(1, 2, 0).contiguous().numpy()
        label_map, _ = painter.palette.from_image(archived)
        picture = painter.paint_image(archived, number).astype(float)
        another_seed[number] = np.abs(painter.paint_image(archived, number + len(pairs)) - picture).mean()
        for row, treat in enumerate(TREATMENTS.values()):
            treated = treat(painter.palette.to_image(label_map))
            distances[row, number] = (
                np.abs(treated.astype(float) - archived).mean(),
                np.abs(painter.paint_image(treated, number) - picture).mean(),
            )
    print(f"{config.dataset} {flags.split}, n = {len(pairs)}, {config.objective}, {config.trained}; mean levels of 255")
    print(f"{'treatment':24}{'input':>8}{'image':>10}")
    for name, row in zip(TREATMENTS, distances.mean(1), strict=True):
        print(f"{name:24}{row[0]:8.2f}{row[1]:10.2f}")
    print(f"{'(same input, other seed)':24}{0:8.2f}{another_seed.mean():10.2f}")


if __name__ == "__main__":
    main()
