"""Training steps on one GPU, each replayed as one CUDA graph: window and flip, both updates, losses.

At batch 1, a GPU finishes the hundreds of small kernels of a step faster than Python can launch them. A graph launches
all of them at once. The training images are on the GPU, and nothing waits for the GPU within a chunk of steps.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from pix2pix.data.dataset import PairedDataset, epoch_order, jitter_rng
from pix2pix.trainer import LOSS_NAMES, Trainer

CHUNK = 50
"""Steps between two looks at the losses; a loss that is not finite stops the run at most this many steps late."""
WARM_UP = 11
"""Steps before the capture; PyTorch's documentation recommends 11 with autocast and several streams."""
Capture = Callable[[Trainer, Callable[[], None]], Callable[[], None]]


def fits(trainer: Trainer, pairs: PairedDataset) -> bool:
    """Return whether a run can use CUDA graphs: one process, no moving average, and half of the memory is enough."""
    config = trainer.config
    if trainer.device.type != "cuda" or config.num_processes > 1 or config.ema:
        return False
    free, _ = torch.cuda.mem_get_info(trainer.device)
    return len(pairs) * pairs.jitter.large_bytes < free / 2


def capture_graph(trainer: Trainer, step: Callable[[], None]) -> Callable[[], None]:
    """Capture a step and return its replay. The steps of the warm-up are undone."""
    optimizers = [optimizer for optimizer in (trainer.optimizer_G, trainer.optimizer_D) if optimizer]
    weights = [weight for optimizer in optimizers for group in optimizer.param_groups for weight in group["params"]]
    before = [weight.detach().clone() for weight in weights]
    states = [{name: value.clone() for name, value in o.state[w].items()} for o in optimizers for w in o.state]
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    with torch.no_grad():
        for weight, kept in zip(weights, before, strict=True):
            weight.copy_(kept)
        # The state must keep its memory, which the graph will use; it starts at zero in a fresh optimiser.
        for number, state in enumerate(o.state[w] for o in optimizers for w in o.state):
            for name, value in state.items():
                value.copy_(states[number][name]) if states else value.zero_()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


class GraphedSteps:
    """The steps of a trainer on the images of one split, with the same order, jitter and dropout as without a graph.

    Args:
        trainer: Its counters and loss sums are exact between two chunks.
        pairs: The training split.
        capture: Turns one step into what is run for every step.
    """

    def __init__(self, trainer: Trainer, pairs: PairedDataset, capture: Capture = capture_graph) -> None:
        self.trainer, self.count, self.jitter = trainer, len(pairs), pairs.jitter
        self.width, self.height = pairs.jitter.size
        device, size = trainer.device, trainer.config.batch_size
        large = [pairs.enlarged(index).permute(0, 2, 3, 1) for index in range(len(pairs))]
        self.images = torch.stack(large).to(device)  # uint8 [images, 2, height, width, 3]
        self.windows = torch.zeros(CHUNK, size, 4, dtype=torch.int64, device=device)  # index, top, left, flip
        shapes = [mask.shape for mask in trainer.dropout_masks(0, size, self.height, self.width)]
        self.masks = [torch.zeros(CHUNK, *shape, device=device) for shape in shapes]
        self.losses = torch.zeros(CHUNK, len(LOSS_NAMES[trainer.config.objective]), dtype=torch.float64, device=device)
        self.place = torch.zeros(1, dtype=torch.int64, device=device)
        """Number of the next step in its chunk."""
        trainer.set_learning_rate()
        self.replay = capture(trainer, self._step)

    def run_epoch(self) -> Iterator[dict[str, float]]:
        """Train the rest of the running epoch; yield the losses of the last step after every chunk.

        Raises:
            NonFiniteLossError: If a loss is not finite.
        """
        trainer, size = self.trainer, self.trainer.config.batch_size
        order = epoch_order(self.count, trainer.config.seed, trainer.epoch)
        trainer.set_learning_rate()
        whole = self.count // size
        while trainer.batch < whole:
            steps = min(CHUNK, whole - trainer.batch)
            self._upload(order[trainer.batch * size : (trainer.batch + steps) * size].reshape(steps, size))
            for _ in range(steps):
                self.replay()
            for values in self.losses[:steps].cpu():  # waits for the GPU
                named = trainer.count(values, size)
            yield named
        if self.count % size:  # the last batch is smaller than the graph's
            [rest] = self._images(self._draw(order[whole * size :][None]).to(trainer.device))
            yield trainer.step(*rest.unbind(1))

    def _draw(self, indices: np.ndarray) -> Tensor:
        """Draw the jitter of images [steps, N]: int64 [steps, N, 4]."""
        seed, epoch = self.trainer.config.seed, self.trainer.epoch
        draw = self.jitter.draw_window
        drawn = [[(index, *draw(jitter_rng(seed, epoch, index))) for index in row] for row in indices.tolist()]
        return torch.tensor(drawn, dtype=torch.int64)

    def _upload(self, indices: np.ndarray) -> None:
        steps, size = indices.shape
        self.windows[:steps] = self._draw(indices).to(self.windows.device)
        first, draw = self.trainer.step_count, self.trainer.dropout_masks
        per_step = [draw(first + step, size, self.height, self.width) for step in range(steps)]
        for masks, layer in zip(self.masks, zip(*per_step, strict=True), strict=True):
            masks[:steps] = torch.stack(layer)
        self.place.zero_()

    def _images(self, windows: Tensor) -> Tensor:
        """Cut windows [steps, N, 4] out of the images: float32 [steps, N, 2, 3, H, W] in [-1, 1]."""
        index, top, left, flip = windows[..., None].unbind(2)  # [steps, N, 1] each
        down, across = (torch.arange(side, device=windows.device) for side in (self.height, self.width))
        rows = (top + down)[:, :, None, :, None]
        columns = (left + torch.where(flip > 0, self.width - 1 - across, across))[:, :, None, None, :]
        halves = torch.arange(2, device=windows.device)[:, None, None]
        cut = self.images[index[..., None, None], halves, rows, columns]  # [steps, N, 2, H, W, 3]
        return (cut.float() / 127.5 - 1).movedim(-1, -3)

    def _step(self) -> None:
        """Make one step on the device, without any value on the CPU."""
        [pair] = self._images(self.windows.index_select(0, self.place))
        masks = [mask.index_select(0, self.place)[0] for mask in self.masks]
        losses = self.trainer.update(pair[:, 0], pair[:, 1], masks)
        self.losses.index_copy_(0, self.place, losses[None])
        self.place += 1
