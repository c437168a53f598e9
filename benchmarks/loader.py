"""Time the loading of an image, and its share of a training step.

    python -m benchmarks.loader --data-dir datasets                # steps of a small trainer on this machine
    python -m benchmarks.loader --data-dir datasets --step-ms 10   # steps that leave the CPU idle, such as a GPU's

Three loaders are compared: the plain reference, written out in this file, which decodes every image every time; ours
when it decodes every time because memory is short; and ours with the images kept in memory. All three give
bit-identical batches, which is checked. `wait` is the time that the training process waits for its next batch, `all`
adds the step, and `CPU` is what training process and loader workers spend on loading.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import crop, horizontal_flip, pil_to_tensor, resize

from pix2pix.config import TrainConfig
from pix2pix.data.dataset import training_batches
from pix2pix.data.source import packaged
from pix2pix.precision import resolve_precision
from pix2pix.trainer import Trainer

SEED = 0


class Reference(Dataset[tuple[Tensor, Tensor]]):
    """Decode, resize, crop, flip, scale: as everyone writes it."""

    def __init__(self, files: list[Path], epoch: int) -> None:
        self.files, self.epoch = files, epoch

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([SEED, self.epoch, index])
        photo, label_image = pil_to_tensor(Image.open(self.files[index]).convert("RGB")).chunk(2, dim=2)
        top, left = rng.integers(0, 31, 2).tolist()
        pair = resize(torch.stack([label_image, photo]), [286, 286], InterpolationMode.BICUBIC, antialias=True)
        pair = crop(pair, top, left, 256, 256)
        pair = horizontal_flip(pair) if rng.random() < 0.5 else pair
        label_image, photo = pair.float() / 127.5 - 1
        return label_image, photo


def reference_batches(files: list[Path], epoch: int, workers: int) -> DataLoader:
    order = np.random.default_rng([SEED, epoch]).permutation(len(files)).tolist()
    return DataLoader(Reference(files, epoch), 1, sampler=order, num_workers=workers)


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its finished workers."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def measure(batches: DataLoader, step: Callable[[Tensor, Tensor], object]) -> tuple[float, float, float]:
    """Return means over an epoch, workers' start included, in ms per image: wait; wait + step; CPU without steps."""
    wait = step_cpu = 0.0
    begin = started = time.perf_counter()
    cpu = cpu_seconds()
    for label_image, photo in batches:
        wait += time.perf_counter() - started
        before = time.process_time()
        step(label_image, photo)
        step_cpu += time.process_time() - before
        started = time.perf_counter()
    seconds, cpu = time.perf_counter() - begin, cpu_seconds() - cpu - step_cpu
    return 1000 * wait / len(batches), 1000 * seconds / len(batches), 1000 * cpu / len(batches)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, default=Path("datasets"))
    parser.add_argument("--dataset", default="facades", choices=["facades", "cityscapes"])
    parser.add_argument(
        "--pictures", type=int, default=100, help="images per epoch, the first of the training split (default: 100)"
    )
    parser.add_argument("--step-ms", type=float, help="sleep this long per step instead of training")
    parser.add_argument(
        "--base-channels", type=int, default=32, help="width of the G and D that are trained (default: 32)"
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    flags = parser.parse_args()
    torch.set_num_threads(flags.threads)
    step: Callable[[Tensor, Tensor], object]
    if flags.step_ms is None:
        precision = resolve_precision("auto", torch.device("cpu"))
        step = Trainer(TrainConfig(base_channels=flags.base_channels, precision=precision), torch.device("cpu")).step
        steps = f"trained, base {flags.base_channels}, {precision}"
    else:
        step, steps = lambda *_: time.sleep(flags.step_ms / 1000), f"{flags.step_ms:g} ms, slept"
    decoding, kept = (packaged(flags.data_dir, flags.dataset).open()["train"] for _ in range(2))
    for pairs in (decoding, kept):
        pairs.reader.files = pairs.reader.files[: flags.pictures]
    kept.fingerprint(keep=True)
    loaders: dict[str, Callable[[int, int], DataLoader]] = {
        "plain reference": lambda epoch, workers: reference_batches(decoding.files, epoch, workers),
        "decoding each time": lambda epoch, workers: training_batches(decoding, SEED, epoch, 1, workers),
        "kept in memory": lambda epoch, workers: training_batches(kept, SEED, epoch, 1, workers),
    }
    for batches in zip(*(loader(0, 0) for loader in loaders.values()), strict=True):
        assert all(
            torch.equal(found, expected) for pair in batches for found, expected in zip(pair, batches[0], strict=True)
        )
    print(f"{flags.dataset}, {torch.get_num_threads()} threads, steps {steps}; ms per image, best of 3 epochs")
    print(f"{'loader':20}{'workers':>8}{'wait':>8}{'all':>8}{'CPU':>8}{'share of the time':>20}")
    for workers in flags.workers:
        for name, loader in loaders.items():
            wait, total, cpu = min(measure(loader(epoch, workers), step) for epoch in range(3))
            print(f"{name:20}{workers:8}{wait:8.2f}{total:8.1f}{cpu:8.2f}{wait / total:20.1%}", flush=True)


if __name__ == "__main__":
    main()
