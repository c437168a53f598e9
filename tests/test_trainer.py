"""The configuration, and single steps of training against a plain reference."""

import copy
import io
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pix2pix.config import TrainConfig
from pix2pix.trainer import LOSS_NAMES, NonFiniteLossError, Trainer

CPU = torch.device("cpu")


def masks_of(trainer: Trainer, x: torch.Tensor) -> list[torch.Tensor]:
    """The dropout masks of the trainer's next step on a batch."""
    return trainer.dropout_masks(trainer.step_count, len(x), *x.shape[-2:])


def batch(seed: int, n: int = 1) -> tuple[Tensor, Tensor]:
    """A label image and a photo that have something to do with each other."""
    generator = torch.Generator().manual_seed(seed)
    blocks = torch.rand(n, 3, 16, 16, generator=generator) * 2 - 1
    label_image = blocks.repeat_interleave(16, 2).repeat_interleave(16, 3)
    return label_image, (0.5 * label_image.flip(1) + 0.1 * torch.randn(n, 3, 256, 256, generator=generator)).clamp(
        -1, 1
    )


def weights(network: torch.nn.Module) -> dict[str, Tensor]:
    return copy.deepcopy(network.state_dict())


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name in expected:
        assert torch.equal(found[name], expected[name]), name


def differ(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return all(not torch.equal(a[name], b[name]) for name in a)


def test_the_defaults_are_the_published_run():
    config = TrainConfig()
    assert (config.dataset, config.objective, config.epochs, config.batch_size, config.base_channels) == (
        "facades",
        "gan",
        200,
        1,
        64,
    )
    assert (config.learning_rate, config.beta1, config.beta2, config.lambda_l1, config.norm) == (
        2e-4,
        0.5,
        0.999,
        100.0,
        "instance",
    )


@pytest.mark.parametrize(
    "name, value",
    [
        ("dataset", "maps"),
        ("objective", "wgan"),
        ("norm", "none"),
        ("precision", "fp16"),
        ("epochs", 0),
        ("batch_size", 0),
        ("base_channels", 0),
        ("base_channels", 257),  # released folders are limited to 256
        ("learning_rate", -1e-4),
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("beta1", 1.0),
        ("beta2", -0.1),
        ("ema", 1.0),
        ("num_processes", 0),
        ("tracker", "mlflow"),
        ("lambda_l1", -1.0),
        ("seed", -1),
        ("seed", 2**63),
        ("workers", -1),
        ("sample_every", -1),
        ("keep_every", -1),
        ("fid_every", -1),
        ("fid_samples", 1),
        ("checkpoint_minutes", -1.0),
    ],
)
def test_a_value_out_of_range_is_an_error_that_names_the_flag(name, value):
    with pytest.raises(ValueError, match="--" + name.replace("_", "-")):
        TrainConfig(**{name: value})


def test_values_at_the_limits_are_taken(tiny_config):
    tiny_config(beta1=0.0, lambda_l1=0.0, workers=0, sample_every=0, keep_every=0, checkpoint_minutes=0.0)
    Trainer(tiny_config(seed=2**63 - 1), CPU).step(*batch(0))


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_three_steps_equal_a_plain_reference(tiny_config, norm):
    trainer = Trainer(tiny_config(norm=norm, batch_size=2), CPU)
    G, D = copy.deepcopy(trainer.G), copy.deepcopy(trainer.D)
    optimizer_G = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_D = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    for seed in range(3):
        x, y = batch(seed, 2)
        fake = G(x, masks_of(trainer, x))
        losses = trainer.step(x, y)

        # log D(x, y) + log(1 - D(x, G(x))), by hand; then -log D(x, G(x)) + 100 L1 with the new D
        d_real, d_fake = -F.logsigmoid(D(x, y)).mean(), -F.logsigmoid(-D(x, fake.detach())).mean()
        optimizer_D.zero_grad()
        (d_real + d_fake).backward()
        optimizer_D.step()
        g_gan, g_l1 = -F.logsigmoid(D(x, fake)).mean(), (fake - y).abs().mean()
        optimizer_G.zero_grad()
        (g_gan + 100 * g_l1).backward()
        optimizer_G.step()

        assert list(losses.values()) == pytest.approx([loss.item() for loss in (d_real, d_fake, g_gan, g_l1)], rel=1e-4)
    assert_nearly_all_equal(trainer.G, G)
    assert_nearly_all_equal(trainer.D, D)


def flat(network: torch.nn.Module) -> Tensor:
    return torch.cat([weight.flatten() for weight in network.parameters()])


def assert_nearly_all_equal(found: torch.nn.Module, expected: torch.nn.Module) -> None:
    """Adam moves a weight by up to 2e-4 per step for any gradient, so rounding can reverse a few."""
    difference = flat(found) - flat(expected)
    assert (difference.abs() > 2e-6).float().mean() < 0.01


def test_three_steps_on_l1_alone_equal_a_plain_reference(tiny_config):
    trainer = Trainer(tiny_config(objective="l1"), CPU)
    G = copy.deepcopy(trainer.G)
    optimizer = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    for seed in range(3):
        x, y = batch(seed)
        loss = (G(x, masks_of(trainer, x)) - y).abs().mean()
        assert trainer.step(x, y) == {"G/l1": pytest.approx(loss.item(), rel=1e-4)}
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert_nearly_all_equal(trainer.G, G)


def test_the_l1_objective_has_no_discriminator(tiny_config):
    trainer = Trainer(tiny_config(objective="l1"), CPU)
    assert trainer.D is None and trainer.optimizer_D is None
    assert tuple(trainer.step(*batch(0))) == LOSS_NAMES["l1"] == ("G/l1",)
    assert not {"D", "optimizer_D"} & trainer.state_dict().keys()


def test_both_objectives_start_from_the_same_generator_and_another_seed_from_another(tiny_config):
    assert_same(weights(Trainer(tiny_config(objective="l1"), CPU).G), weights(Trainer(tiny_config(), CPU).G))
    assert not torch.equal(Trainer(tiny_config(seed=1), CPU).G.down1.weight, Trainer(tiny_config(), CPU).G.down1.weight)


def test_the_update_of_D_leaves_G_untouched(tiny_config):
    trainer = Trainer(tiny_config(), CPU)
    x, y = batch(0)
    fake = trainer.G(x)
    G, D = weights(trainer.G), weights(trainer.D)
    trainer._update_D(x, y, fake)  # not even detached
    trainer.optimizer_G.zero_grad()
    assert_same(weights(trainer.G), G)
    assert differ(weights(trainer.D), D)


def test_the_update_of_G_leaves_D_untouched(tiny_config):
    trainer = Trainer(tiny_config(), CPU)
    x, y = batch(0)
    G, D = weights(trainer.G), weights(trainer.D)
    trainer._update_G(x, y, trainer.G(x))
    assert_same(weights(trainer.D), D)
    assert all(parameter.grad is None for parameter in trainer.D.parameters())
    assert differ(weights(trainer.G), G)


def test_a_step_sends_no_gradient_of_D_into_G(tiny_config):
    """With nothing to learn for G, only D moves."""
    trainer = Trainer(tiny_config(), CPU)
    G, D = weights(trainer.G), weights(trainer.D)
    trainer._update_G = lambda x, y, fake: (fake.detach().mean(), fake.detach().mean())
    trainer.step(*batch(0))
    assert all(parameter.grad is None for parameter in trainer.G.parameters())
    assert_same(weights(trainer.G), G)
    assert differ(weights(trainer.D), D)


def test_D_learns_to_tell_photos_from_fakes(tiny_config):
    trainer = Trainer(tiny_config(learning_rate=2e-3), CPU)
    losses = [trainer.step(*batch(0)) for _ in range(25)]
    assert losses[-1]["D/real"] + losses[-1]["D/fake"] < 0.8 * (losses[0]["D/real"] + losses[0]["D/fake"])


def test_G_learns_from_l1(tiny_config):
    trainer = Trainer(tiny_config(objective="l1", learning_rate=2e-3), CPU)
    losses = [trainer.step(*batch(0))["G/l1"] for _ in range(25)]
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("objective, name", [("gan", "D/real"), ("l1", "G/l1")])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_with_the_names_of_step_and_loss(tiny_config, objective, name, value):
    trainer = Trainer(tiny_config(objective=objective), CPU)
    trainer.step(*batch(0))
    x, y = batch(1)
    y[0, 0, 100, 100] = value
    with pytest.raises(NonFiniteLossError, match=rf"loss {name} is (nan|inf) at step 2"):
        trainer.step(x, y)


def test_the_first_loss_that_is_not_finite_is_named(tiny_config):
    trainer = Trainer(tiny_config(), CPU)
    trainer._update_G = lambda *_: (torch.tensor(1.0), torch.tensor(-math.inf))
    with pytest.raises(NonFiniteLossError, match="loss G/l1 is -inf at step 1"):
        trainer.step(*batch(0))


@pytest.mark.parametrize("objective", ["gan", "l1"])
def test_a_restored_trainer_resumes_bit_for_bit(tiny_config, objective):
    trainer = Trainer(tiny_config(objective=objective), CPU)
    trainer.step(*batch(0))
    trainer.step(*batch(1))
    file = io.BytesIO()
    torch.save(trainer.state_dict(), file)
    file.seek(0)
    restored = Trainer(tiny_config(objective=objective, seed=0), CPU)
    with torch.no_grad():
        for parameter in restored.G.parameters():
            parameter.zero_()
    restored.load_state_dict(torch.load(file, weights_only=True))  # plain tensors and numbers only
    for seed in (2, 3):
        assert restored.step(*batch(seed)) == trainer.step(*batch(seed))
    found, expected = restored.state_dict(), trainer.state_dict()
    assert found.keys() == expected.keys()
    for name in ("epoch", "batch", "step_count", "pictures"):
        assert found[name] == expected[name]
    assert (found["batch"], found["step_count"], found["pictures"]) == (4, 4, 4)
    assert torch.equal(found["loss_sums"], expected["loss_sums"])
    for network in ("G", "D") if objective == "gan" else ("G",):
        assert_same(found[network], expected[network])
        for index, state in expected[f"optimizer_{network}"]["state"].items():
            assert_same(found[f"optimizer_{network}"]["state"][index], state)


def test_a_step_neither_reads_nor_moves_the_global_randomness(tiny_config):
    results = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        state = torch.get_rng_state()
        trainer = Trainer(tiny_config(), CPU)
        trainer.step(*batch(0))
        assert torch.equal(torch.get_rng_state(), state)
        results.append(weights(trainer.G))
    assert_same(*results)


def test_dropout_depends_on_seed_step_and_place_in_the_batch(tiny_config):
    x = torch.zeros(2, 3, 256, 256)
    trainer = Trainer(tiny_config(), CPU)
    masks = masks_of(trainer, x)
    assert [tuple(mask.shape) for mask in masks] == [(2, 16, 2, 2), (2, 16, 4, 4), (2, 16, 8, 8)]
    assert all(torch.equal(*pair) for pair in zip(masks, masks_of(trainer, x), strict=True))
    assert torch.equal(masks[2][:1], masks_of(trainer, x[:1])[2])  # whatever else is in the batch
    assert not torch.equal(masks[2][0], masks[2][1])
    assert not torch.equal(masks[2], masks_of(Trainer(tiny_config(seed=1), CPU), x)[2])
    trainer.step_count = 1
    assert not torch.equal(masks[2], masks_of(trainer, x)[2])


def test_dropout_is_to_the_bit_what_it_always_was(tiny_config):
    """Written out in plain steps: a run that was started long ago must resume with the same masks."""
    trainer = Trainer(tiny_config(seed=3), CPU)
    trainer.step_count = 5
    masks = masks_of(trainer, torch.zeros(2, 3, 256, 256))
    for place in range(2):
        (seed,) = np.random.SeedSequence([3, 5, place]).generate_state(1, np.uint64)
        alone = trainer.G.dropout_masks(256, 256, torch.Generator().manual_seed(int(seed)))
        assert all(torch.equal(batch[place : place + 1], mask) for batch, mask in zip(masks, alone, strict=True))


def test_processes_draw_dropout_by_place_in_the_batch_of_all(tiny_config):
    x = torch.zeros(4, 3, 256, 256)
    whole = masks_of(Trainer(tiny_config(batch_size=4), CPU), x)
    config = tiny_config(batch_size=2, num_processes=2)
    shares = [masks_of(Trainer(config, CPU, rank), x[:2]) for rank in (0, 1)]
    for index, mask in enumerate(whole):
        assert torch.equal(mask, torch.cat([share[index] for share in shares]))


def test_the_moving_average_is_that_of_the_weights_after_each_step(tiny_config):
    trainer, plain = Trainer(tiny_config(ema=0.6), CPU), Trainer(tiny_config(), CPU)
    average = {name: weight.double() for name, weight in weights(trainer.G).items()}
    for step in range(8):
        trainer.step(*batch(step))
        decay = min(0.6, (1 + step) / (10 + step))  # 0.1 at first; 0.6 from step 13 on
        for name, weight in trainer.G.state_dict().items():
            average[name] = decay * average[name] + (1 - decay) * weight.double()
        plain.step(*batch(step))
    assert trainer.released_G is trainer.G_ema and plain.released_G is plain.G
    for name, weight in trainer.G_ema.state_dict().items():
        torch.testing.assert_close(weight, average[name].float(), rtol=1e-5, atol=1e-7)
    assert_same(weights(trainer.G), weights(plain.G))  # it does not touch training
    assert "G_ema" in trainer.state_dict() and "G_ema" not in plain.state_dict()


def test_the_moving_average_is_restored_and_resumes_bit_for_bit(tiny_config):
    trainer, restored = Trainer(tiny_config(ema=0.9), CPU), Trainer(tiny_config(ema=0.9), CPU)
    trainer.step(*batch(0))
    restored.load_state_dict(copy.deepcopy(trainer.state_dict()))
    for one in (trainer, restored):
        one.step(*batch(1))
    assert_same(weights(restored.G_ema), weights(trainer.G_ema))


@pytest.mark.parametrize(
    "sample_every, keep_every, sampled, kept", [(0, 0, [], [1, 3, 7]), (2, 3, [1, 2, 3, 4, 6, 7], [1, 3, 6, 7])]
)
def test_images_and_weights_are_kept_of_the_first_middle_and_last_epoch_and_in_between(
    sample_every, keep_every, sampled, kept
):
    config = TrainConfig(epochs=7, sample_every=sample_every, keep_every=keep_every, fid_every=0)
    assert [epoch for epoch in range(1, 8) if config.samples_after(epoch)] == sampled
    assert [epoch for epoch in range(1, 8) if config.keeps_after(epoch)] == kept


@pytest.mark.parametrize("objective", ["gan", "l1"])
def test_compiled_networks_are_one_graph_each_and_take_the_same_steps(tiny_config, objective):
    compiled, eager = Trainer(tiny_config(objective=objective), CPU), Trainer(tiny_config(objective=objective), CPU)
    names, graphs = list(compiled.state_dict()["G"]), []

    def count(graph, inputs):
        graphs.append(graph)
        return graph

    torch._dynamo.reset()
    compiled.compile(backend=count)
    for seed in range(3):
        assert compiled.step(*batch(seed)) == pytest.approx(eager.step(*batch(seed)), rel=1e-5)
    assert (
        len(graphs) == {"gan": 4, "l1": 1}[objective]
    )  # D of photos, of fakes in their other layout, and with its weights held fixed
    assert list(compiled.state_dict()["G"]) == names
    for found, expected in zip(compiled.G.parameters(), eager.G.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_takes_the_steps_of_the_cpu_when_compiled_too(tiny_config):
    on_gpu, on_cpu = Trainer(tiny_config(), torch.device("cuda")), Trainer(tiny_config(), CPU)
    on_gpu.compile()
    for seed in range(3):
        assert on_gpu.step(*batch(seed)) == pytest.approx(on_cpu.step(*batch(seed)), rel=1e-3)


@pytest.mark.parametrize("fid_every, scored", [(0, []), (1, [1, 2, 3, 4, 5, 6, 7]), (2, [2, 4, 6, 7]), (10, [7])])
def test_every_scored_epoch_is_kept_and_the_last_is_scored(fid_every, scored):
    config = TrainConfig(epochs=7, keep_every=0, fid_every=fid_every)
    assert [epoch for epoch in range(8) if config.scores_after(epoch)] == scored
    assert {epoch for epoch in range(1, 8) if config.keeps_after(epoch)} == {1, 3, 7, *scored}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_takes_the_steps_of_the_cpu(tiny_config):
    on_gpu, on_cpu = Trainer(tiny_config(), torch.device("cuda")), Trainer(tiny_config(), CPU)
    for seed in range(3):
        x, y = batch(seed)
        assert on_gpu.step(x.pin_memory(), y.pin_memory()) == pytest.approx(on_cpu.step(x, y), rel=1e-3)


def test_an_epoch_ends_with_means_over_its_images_and_counters_at_zero(tiny_config):
    trainer = Trainer(tiny_config(), CPU)
    big, small = trainer.step(*batch(0, 3)), trainer.step(*batch(1, 1))
    trainer.seconds = 2.0
    log = trainer.finish_epoch()
    for name in LOSS_NAMES["gan"]:
        assert log.pop(name) == pytest.approx((3 * big[name] + small[name]) / 4)
    assert log == {"epoch": 1, "step": 2, "pictures_per_second": 2.0, "seconds": 2.0}
    assert (trainer.epoch, trainer.batch, trainer.pictures, trainer.seconds, trainer.step_count) == (1, 0, 0, 0.0, 2)
    after = trainer.step(*batch(2))
    trainer.seconds = 1.0
    assert trainer.finish_epoch()["G/l1"] == pytest.approx(after["G/l1"])


def test_bf16_keeps_weights_and_losses_in_fp32_and_stays_near_fp32(tiny_config):
    x, y = batch(0)
    trainer = Trainer(tiny_config(precision="bf16"), CPU)
    found, expected = trainer.step(x, y), Trainer(tiny_config(), CPU).step(x, y)
    assert found == pytest.approx(expected, rel=0.02)
    assert found != expected  # it did compute in bf16
    for network, optimizer in ((trainer.G, trainer.optimizer_G), (trainer.D, trainer.optimizer_D)):
        assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
        assert {state["exp_avg"].dtype for state in optimizer.state.values()} == {torch.float32}
