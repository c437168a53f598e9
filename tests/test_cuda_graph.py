"""Steps replayed as a CUDA graph are those of the trainer; without a GPU, all but the capture is tested."""

import pytest
import torch

from pix2pix import cuda_graph
from pix2pix.cuda_graph import GraphedSteps, fits
from pix2pix.data.dataset import PairedDataset, training_batches
from pix2pix.trainer import NonFiniteLossError, Trainer
from tests.helpers.tiny import published_pairs
from tests.helpers.training import assert_identical

CPU = torch.device("cpu")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def plainly(trainer: Trainer, step):
    """Instead of a capture: every replay makes the step."""
    return step


def train_plainly(trainer: Trainer, pairs: PairedDataset, epochs: int) -> None:
    config = trainer.config
    for _ in range(epochs):
        for batch in training_batches(pairs, config.seed, trainer.epoch, config.batch_size, 0, trainer.batch):
            trainer.step(*batch)
        trainer.seconds = 1.0
        trainer.finish_epoch()


def train_graphed(trainer: Trainer, pairs: PairedDataset, epochs: int, capture=plainly) -> None:
    steps = GraphedSteps(trainer, pairs, capture)
    for _ in range(epochs):
        for _ in steps.run_epoch():
            pass
        trainer.seconds = 1.0
        trainer.finish_epoch()


@pytest.mark.parametrize("objective", ["gan", "l1"])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_the_steps_are_those_of_the_trainer_bit_for_bit(tiny_config, data_dir, objective, batch_size, monkeypatch):
    """With 4 images, batches of 3 leave a smaller one at the end; chunks of 3 end within an epoch."""
    monkeypatch.setattr(cuda_graph, "CHUNK", 3)
    config = tiny_config(objective=objective, batch_size=batch_size, decay_epochs=1)
    pairs = published_pairs(data_dir, "facades", "train")
    expected, found = Trainer(config, CPU), Trainer(config, CPU)
    train_plainly(expected, pairs, 2)
    train_graphed(found, pairs, 2)
    assert_identical(found.state_dict(), expected.state_dict())


def test_a_resumed_epoch_starts_where_it_stopped(tiny_config, data_dir):
    pairs = published_pairs(data_dir, "facades", "train")
    expected, found = Trainer(tiny_config(), CPU), Trainer(tiny_config(), CPU)
    train_plainly(expected, pairs, 1)
    first, second, *_ = training_batches(pairs, 0, 0, 1, 0)
    found.step(*first)
    found.step(*second)
    train_graphed(found, pairs, 1)
    assert_identical(found.state_dict(), expected.state_dict())


def test_a_loss_that_is_not_finite_stops_the_run_with_its_step(tiny_config, data_dir):
    trainer = Trainer(tiny_config(), CPU)
    steps = GraphedSteps(trainer, published_pairs(data_dir, "facades", "train"), plainly)
    calls = []

    def break_third_step() -> None:
        steps._step()
        calls.append(1)
        if len(calls) == 3:
            steps.losses[2] = float("nan")

    steps.replay = break_third_step
    with pytest.raises(NonFiniteLossError, match="at step 3"):
        list(steps.run_epoch())


def test_graphs_are_for_one_gpu_without_a_moving_average(tiny_config, data_dir):
    pairs = published_pairs(data_dir, "facades", "train")
    assert not fits(Trainer(tiny_config(), CPU), pairs)


@needs_gpu
@pytest.mark.parametrize("objective", ["gan", "l1"])
def test_a_captured_graph_learns_what_eager_steps_learn(tiny_config, data_dir, objective):
    pairs, cuda = published_pairs(data_dir, "facades", "train"), torch.device("cuda")
    eager, graphed = (Trainer(tiny_config(objective=objective), cuda) for _ in range(2))
    train_plainly(eager, pairs, 2)
    train_graphed(graphed, pairs, 2, cuda_graph.capture_graph)
    for found, expected in zip(graphed.G.parameters(), eager.G.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


@needs_gpu
def test_the_warm_up_of_a_capture_is_undone(tiny_config, data_dir):
    pairs, trainer = published_pairs(data_dir, "facades", "train"), Trainer(tiny_config(), torch.device("cuda"))
    before = [weight.clone() for weight in trainer.G.parameters()]
    GraphedSteps(trainer, pairs)
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.G.parameters(), strict=True))
