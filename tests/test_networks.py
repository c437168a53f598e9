"""Generator and discriminator: sizes, wiring, initial weights, dropout."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix import networks
from pix2pix.losses import fake_loss, l1_loss, real_loss
from pix2pix.networks import NORMS, InstanceNorm, PatchGAN, UNet
from tests.helpers.tiny import tiny_generator

UPS = [f"up{number}" for number in range(1, 9)]
DOWNS = [f"down{number}" for number in range(1, 9)]


def noise(seed: int, n: int = 1, height: int = 256, width: int = 256) -> Tensor:
    return torch.rand(n, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def inputs_and_outputs(
    generator: UNet, x: Tensor, masks: list[Tensor] | None = None
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The input and the output of each block of G."""
    inputs, outputs = {}, {}
    for name, block in generator.named_children():

        def record(_: nn.Module, arguments: tuple[Tensor, ...], output: Tensor, name: str = name) -> None:
            inputs[name], outputs[name] = torch.cat(arguments, 1).detach(), output.detach()

        block.register_forward_hook(record)
    generator(x, masks)
    return inputs, outputs


@pytest.mark.parametrize("base_channels, of_G, of_D", [(64, 54_404_675, 2_766_913), (32, 13_603_619, 695_329)])
def test_parameter_counts_are_those_of_the_published_networks(base_channels, of_G, of_D):
    with torch.device("meta"):
        G, D = UNet(base_channels), PatchGAN(base_channels)
    assert sum(parameter.numel() for parameter in G.parameters()) == of_G
    assert sum(parameter.numel() for parameter in D.parameters()) == of_D


def test_a_logit_sees_70x70_pixels_of_both_images():
    D = PatchGAN(2)
    for index, layer in enumerate(D.layers):
        if isinstance(layer, InstanceNorm):
            D.layers[index] = nn.Identity()  # its mean over the whole image would let every pixel through
        elif isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 0.1)  # no chance zeros
    label_image, photo = noise(0).requires_grad_(), noise(1).requires_grad_()
    logits = D(label_image, photo)
    assert logits.shape == (1, 1, 30, 30)
    for seen in torch.autograd.grad(logits[0, 0, 15, 14], [label_image, photo]):
        rows, columns = (seen[0].abs().sum(0) > 0).nonzero(as_tuple=True)
        assert rows.max() - rows.min() + 1 == 70
        assert columns.max() - columns.min() + 1 == 70
        assert len(rows) == 70 * 70
        assert (rows.max() + rows.min()) // 2 == 131  # logit 15 of 30, 8 pixels apart, looks at the middle
        assert (columns.max() + columns.min()) // 2 == 123


@pytest.mark.parametrize("norm", NORMS)
def test_every_parameter_has_a_gradient(norm):
    G, D = UNet(2, norm), PatchGAN(2, norm)
    label_image, photo = noise(0), noise(1)
    fake = G(label_image, G.dropout_masks(256, 256, torch.Generator()))
    gradients = torch.autograd.grad(
        real_loss(D(label_image, photo)) + fake_loss(D(label_image, fake.detach())), list(D.parameters())
    )
    for (name, _), gradient in zip(D.named_parameters(), gradients, strict=True):
        assert gradient.isfinite().all() and gradient.abs().max() > 0, f"D: {name}"
    gradients = torch.autograd.grad(real_loss(D(label_image, fake)) + 100 * l1_loss(fake, photo), list(G.parameters()))
    for (name, _), gradient in zip(G.named_parameters(), gradients, strict=True):
        assert gradient.isfinite().all() and gradient.abs().max() > 0, f"G: {name}"


@pytest.mark.parametrize("norm", NORMS)
@torch.no_grad()
def test_a_label_image_of_one_colour_gives_a_finite_image(norm):
    fake = tiny_generator(norm=norm)(torch.full((1, 3, 256, 256), -0.5))
    assert fake.shape == (1, 3, 256, 256)
    assert fake.isfinite().all() and fake.abs().max() <= 1


@torch.no_grad()
def test_images_of_any_multiple_of_256_run():
    G = tiny_generator()
    for height, width in ((256, 512), (512, 256)):
        fake = G(noise(0, 1, height, width), G.dropout_masks(height, width, torch.Generator()))
        assert fake.shape == (1, 3, height, width) and fake.isfinite().all()


def test_biases_are_only_where_no_norm_follows():
    with torch.device("meta"):
        G, D = UNet(2), PatchGAN(2)
    assert {name for name, _ in G.named_parameters() if "bias" in name} == {
        "down1.bias",
        "down8.conv.bias",
        "up8.conv.bias",
    }
    assert {name for name, _ in D.named_parameters() if "bias" in name} == {"layers.0.bias", "layers.11.bias"}


@pytest.mark.parametrize("norm, kind", [("instance", InstanceNorm), ("batch", nn.BatchNorm2d)])
def test_the_first_block_the_bottleneck_and_the_output_have_no_norm(norm, kind):
    with torch.device("meta"):
        G, D = UNet(2, norm), PatchGAN(2, norm)
    with_norm = [name for name in DOWNS + UPS if name not in ("down1", "down8", "up8")]
    assert [name for name, module in G.named_modules() if isinstance(module, kind)] == [
        f"{name}.norm" for name in with_norm
    ]
    assert [name for name, module in D.named_modules() if isinstance(module, kind)] == [
        "layers.3",
        "layers.6",
        "layers.9",
    ]
    has_weight = norm == "batch"
    assert ("down2.norm.weight" in G.state_dict()) == has_weight  # instance norm is without affine terms


def test_no_norm_keeps_the_colour_of_a_plain_label_image():
    """A norm in the first block would erase it; only the bias-free path through down1 and up8 can carry it."""
    with torch.no_grad():
        G = tiny_generator()
        dark, light = (G(torch.full((1, 3, 256, 256), value)) for value in (-0.8, 0.8))
    assert (dark - light).abs().mean() > 1e-4


def test_weights_start_from_a_normal_distribution_of_width_0_02():
    torch.manual_seed(0)
    for network in (UNet(8), PatchGAN(8)):
        weights = {
            name: parameter.detach() for name, parameter in network.named_parameters() if name.endswith("weight")
        }
        for name, weight in weights.items():
            assert abs(weight.mean()) < 5 * 0.02 / math.sqrt(weight.numel()), name
            assert abs(weight.std() - 0.02) < 5 * 0.02 / math.sqrt(2 * weight.numel()), name
        every = torch.cat([weight.flatten() for weight in weights.values()])
        for width, share in ((1, 0.6827), (2, 0.9545), (3, 0.9973)):
            assert (every.abs() < width * 0.02).float().mean().item() == pytest.approx(share, abs=0.004)
        assert all((parameter == 0).all() for name, parameter in network.named_parameters() if name.endswith("bias"))


def test_the_scale_of_batch_norm_starts_near_one():
    torch.manual_seed(0)
    scales = torch.cat(
        [module.weight.detach() for module in UNet(8, "batch").modules() if isinstance(module, nn.BatchNorm2d)]
    )
    assert scales.mean().item() == pytest.approx(1, abs=0.005)
    assert scales.std().item() == pytest.approx(0.02, rel=0.2)


@pytest.mark.parametrize("norm", NORMS)
@torch.no_grad()
def test_training_and_evaluation_mode_are_the_same(norm):
    G, x = tiny_generator(norm=norm), noise(0)
    assert torch.equal(G.train()(x), G.eval()(x))
    assert list(G.buffers()) == []


@torch.no_grad()
def test_instance_norm_keeps_images_of_a_batch_apart_and_batch_norm_uses_the_batch():
    x = noise(0, 2)
    x[1] *= 0.2
    for norm, apart in (("instance", True), ("batch", False)):
        G = tiny_generator(norm=norm).eval()
        assert torch.allclose(G(x)[:1], G(x[:1]), atol=1e-5) == apart


@torch.no_grad()
def test_every_encoder_layer_reaches_its_decoder_layer_and_the_next_layer():
    inputs, outputs = inputs_and_outputs(tiny_generator(), noise(0))
    for this, following in zip(DOWNS, [*DOWNS[1:], "up1"], strict=True):
        assert torch.equal(inputs[following], outputs[this])
    for number in range(2, 9):
        assert torch.equal(
            inputs[f"up{number}"], torch.cat([outputs[f"up{number - 1}"], outputs[f"down{9 - number}"]], 1)
        )


@torch.no_grad()
def test_shapes_halve_to_one_pixel_and_double_back():
    _, outputs = inputs_and_outputs(tiny_generator(), noise(0))
    assert [tuple(outputs[name].shape[1:]) for name in DOWNS] == [
        (2, 128, 128), (4, 64, 64), (8, 32, 32), (16, 16, 16), (16, 8, 8), (16, 4, 4), (16, 2, 2), (16, 1, 1),
    ]  # fmt: skip
    assert [tuple(outputs[name].shape[1:]) for name in UPS] == [
        (16, 2, 2), (16, 4, 4), (16, 8, 8), (16, 16, 16), (8, 32, 32), (4, 64, 64), (2, 128, 128), (3, 256, 256),
    ]  # fmt: skip


@torch.no_grad()
def test_activations_are_leaky_down_and_plain_up():
    """With an identity in place of the convolution, the output is the activation of the input."""
    G, x = tiny_generator(), torch.tensor([-1.0, 2.0]).reshape(1, 2, 1, 1)
    for block, expected in ((G.down2, [-0.2, 2.0]), (G.up5, [0.0, 2.0])):
        block.conv = block.norm = nn.Identity()
        assert block(x).flatten().tolist() == pytest.approx(expected)


def test_dropout_masks_drop_half_and_double_the_rest():
    with torch.device("meta"):
        G = UNet(64)
    masks = G.dropout_masks(256, 512, torch.Generator().manual_seed(0))
    assert [tuple(mask.shape) for mask in masks] == [(1, 512, 2, 4), (1, 512, 4, 8), (1, 512, 8, 16)]
    for mask in masks:
        assert set(mask.unique().tolist()) == {0.0, 2.0}
        assert abs(mask.mean().item() - 1) < 5 / math.sqrt(mask.numel())


def test_dropout_masks_come_from_their_generator_alone():
    G = tiny_generator()
    state = torch.get_rng_state()
    first, again, other = (G.dropout_masks(256, 256, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_the_masks_of_a_batch_are_those_of_its_images():
    G = tiny_generator()
    batch = G.batch_masks([3, 2**64 - 1], 256, 512)
    for place, seed in enumerate([3, 2**64 - 1]):
        alone = G.dropout_masks(256, 512, torch.Generator().manual_seed(seed))
        assert all(torch.equal(layer[place : place + 1], mask) for layer, mask in zip(batch, alone, strict=True))
    assert G.bfloat16().batch_masks([0], 256, 256)[0].dtype == torch.bfloat16


@torch.no_grad()
def test_dropout_acts_on_the_first_three_decoder_layers_only():
    masks = [0 * mask for mask in tiny_generator().dropout_masks(256, 256, torch.Generator())]
    inputs, outputs = inputs_and_outputs(tiny_generator(), noise(0), masks)
    for number in range(2, 9):
        came_from_above = inputs[f"up{number}"][:, : outputs[f"up{number - 1}"].shape[1]]
        assert (came_from_above == 0).all() == (number <= 4), f"up{number}"


@torch.no_grad()
def test_no_masks_is_no_dropout():
    G, x = tiny_generator(), noise(0)
    masks = G.dropout_masks(256, 256, torch.Generator())
    assert torch.equal(G(x), G(x))
    assert torch.equal(G(x), G(x, [torch.ones_like(mask) for mask in masks]))
    assert not torch.equal(G(x), G(x, masks))


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_the_statistics_of_a_bf16_picture_are_taken_in_float32(norm):
    torch.manual_seed(0)
    x = (3 + 0.1 * torch.randn(1, 4, 32, 32)).bfloat16()
    found = networks._norm(norm, 4).bfloat16()(x)
    assert found.dtype == torch.bfloat16
    assert found.float().mean((2, 3)).abs().max() < 1e-3
    torch.testing.assert_close(found.float(), F.instance_norm(x.float()), rtol=2**-8, atol=1e-4)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
@pytest.mark.parametrize("n", [1, 3])
def test_instance_norm_equals_its_formula_in_values_and_gradients(n, layout):
    x = torch.randn(n, 5, 6, 8, dtype=torch.float64).contiguous(memory_format=torch.channels_last).requires_grad_()
    direction = torch.randn(n, 5, 6, 8, dtype=torch.float64).contiguous(memory_format=layout)
    variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    found, expected = InstanceNorm()(x.float()), (x - mean) / torch.sqrt(variance + 1e-5)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
    gradients = [torch.autograd.grad((y * direction).sum(), x)[0] for y in (found, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [1, 2])
def test_pictures_weights_and_gradients_stay_channels_last(n, norm):
    """One operation that falls back to the other layout makes every one after it copy."""
    G, D = UNet(8, norm), PatchGAN(8, norm)
    kept = []
    for module in [*G.modules(), *D.modules()]:
        if not list(module.children()):
            module.register_forward_hook(
                lambda module, _, y: kept.append((module, y.is_contiguous(memory_format=torch.channels_last)))
            )
    D(noise(0, n), G(noise(0, n))).sum().backward()
    assert len(kept) > 40 and [module for module, good in kept if not good] == []
    for name, weight in [*G.named_parameters(), *D.named_parameters()]:
        if weight.dim() == 4:
            assert weight.is_contiguous(memory_format=torch.channels_last), name
            assert weight.grad.is_contiguous(memory_format=torch.channels_last), name
