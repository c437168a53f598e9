"""Measure how well the bundled segmenters read the classes off the images of the bundled models, and off photos.

They are released folders trained with `--direction AtoB`.

    python -m benchmarks.semantic --data-dir datasets --samples 100
"""

import argparse
from pathlib import Path

from pix2pix import release
from pix2pix.data.source import packaged
from pix2pix.fid.accuracy import NAMES, Accuracy, AccuracyEvaluator
from pix2pix.release import OBJECTIVES
from pix2pix.segmenter import BUNDLED, Segmenter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, default=Path("datasets"))
    parser.add_argument("--samples", type=int, default=100, help="images of val (default: 100)")
    parser.add_argument("--weights", type=Path, default=Path("demo/weights"), help="folder of DATASET-OBJECTIVE")
    flags = parser.parse_args()
    for dataset, folder in BUNDLED.items():
        segmenter = Segmenter(folder, precision="fp32")
        evaluator = AccuracyEvaluator(segmenter, packaged(flags.data_dir, dataset).open(["val"])["val"], flags.samples)
        print(f"{dataset}, val, n = {evaluator.conditions['n']}, {segmenter.name}: {', '.join(NAMES.values())}")
        for objective in OBJECTIVES:
            generator, _ = release.load(flags.weights / f"{dataset}-{objective}")
            report(objective, evaluator.score(generator))
        report("photos", evaluator.photos)


def report(name: str, accuracy: Accuracy) -> None:
    print(f"{name:8}" + "".join(f"{value:8.3f}" for value in accuracy), flush=True)


if __name__ == "__main__":
    main()
