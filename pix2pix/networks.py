"""Generator and discriminator of pix2pix (Isola et al. 2017, appendix 6.1), with instance or batch norm.

Ck is Convolution-Norm-ReLU with k filters, CDk the same with dropout 0.5; all convolutions are 4x4 with stride 2 unless
noted. As in the authors' code, and unlike the appendix's text, no norm follows the first block, where it would erase
the colour of the label image, or the 1x1 bottleneck, where a single value minus its mean is zero.
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pix2pix import noise
from pix2pix.channels_last import Conv2d, ConvTranspose2d

NORMS = ("instance", "batch")


class InstanceNorm(nn.Module):
    """Instance norm without affine terms, with statistics in float32 at any precision.

    It is batch norm of one image at a time. PyTorch's own instance norm leaves the channels-last layout, and its
    gradient is wrong for incoming gradients in that layout at batch 1 (2.14.1, on CPUs).
    """

    def forward(self, x: Tensor) -> Tensor:
        if len(x) == 1:
            return _batch_norm(x, None, None)
        return torch.cat([_batch_norm(image, None, None) for image in x.split(1)])


class BatchNorm(nn.BatchNorm2d):
    """Batch norm with the statistics of the batch at prediction too, as in the paper; in float32 at any precision."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, track_running_stats=False)

    def forward(self, x: Tensor) -> Tensor:
        return _batch_norm(x, self.weight.float(), self.bias.float())


def _batch_norm(x: Tensor, scale: Tensor | None, shift: Tensor | None) -> Tensor:
    return F.batch_norm(x.float(), None, None, scale, shift, training=True, eps=1e-5).to(x.dtype)


def _norm(norm: str, channels: int) -> nn.Module:
    return InstanceNorm() if norm == "instance" else BatchNorm(channels)


class Down(nn.Module):
    """LeakyReLU - Convolution - Norm; halves height and width. Only a convolution without a norm has a bias."""

    def __init__(self, in_channels: int, out_channels: int, norm: str | None) -> None:
        super().__init__()
        self.conv = Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=norm is None)
        self.norm = _norm(norm, out_channels) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(F.leaky_relu(x, 0.2)))


class Up(nn.Module):
    """Concat - ReLU - Transposed convolution - Norm; doubles height and width. Biases as in `Down`."""

    def __init__(self, in_channels: int, out_channels: int, norm: str | None) -> None:
        super().__init__()
        self.conv = ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1, bias=norm is None)
        self.norm = _norm(norm, out_channels) if norm else nn.Identity()

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.norm(self.conv(torch.cat([F.relu(x) for x in inputs], 1)))


class UNet(nn.Module):
    """UNet-256: label image → image, with a skip from every encoder layer i to decoder layer n - i.

    encoder: C64-C128-C256-C512-C512-C512-C512-C512
    decoder: CD512-CD512-CD512-C512-C256-C128-C64, then a transposed convolution to RGB and tanh

    Args:
        base_channels: Number of filters of the first layer (64 in the paper; `ngf` elsewhere). All widths scale with
            it.
        norm: "instance" or "batch".
    """

    def __init__(self, base_channels: int = 64, norm: str = "instance") -> None:
        super().__init__()
        c = base_channels
        # Shapes after each layer, for 256x256 pixels and base_channels 64.
        self.down1 = Conv2d(3, c, 4, stride=2, padding=1)  # [N, 64, 128, 128]
        self.down2 = Down(c, 2 * c, norm)  # [N, 128, 64, 64]
        self.down3 = Down(2 * c, 4 * c, norm)  # [N, 256, 32, 32]
        self.down4 = Down(4 * c, 8 * c, norm)  # [N, 512, 16, 16]
        self.down5 = Down(8 * c, 8 * c, norm)  # [N, 512, 8, 8]
        self.down6 = Down(8 * c, 8 * c, norm)  # [N, 512, 4, 4]
        self.down7 = Down(8 * c, 8 * c, norm)  # [N, 512, 2, 2]
        self.down8 = Down(8 * c, 8 * c, None)  # [N, 512, 1, 1]
        self.up1 = Up(8 * c, 8 * c, norm)  # [N, 512, 2, 2]
        self.up2 = Up(16 * c, 8 * c, norm)  # [N, 512, 4, 4]
        self.up3 = Up(16 * c, 8 * c, norm)  # [N, 512, 8, 8]
        self.up4 = Up(16 * c, 8 * c, norm)  # [N, 512, 16, 16]
        self.up5 = Up(16 * c, 4 * c, norm)  # [N, 256, 32, 32]
        self.up6 = Up(8 * c, 2 * c, norm)  # [N, 128, 64, 64]
        self.up7 = Up(4 * c, c, norm)  # [N, 64, 128, 128]
        self.up8 = Up(2 * c, 3, None)  # [N, 3, 256, 256]
        self.dropout_channels = 8 * c
        self.apply(_init_weights)
        self.to(memory_format=torch.channels_last)

    def dropout_masks(self, height: int, width: int, seed: int) -> list[Tensor]:
        """Draw the dropout noise of one image; it is the z of G(x, z) in the paper.

        Masks are an input of `forward` and not drawn from the global generator, so that an image depends only on its
        label image and its seed, not on the rest of the batch or on other threads.

        Args:
            height: Height of the image in pixels; a multiple of 256, as is `width`.
            width: Width of the image in pixels.
            seed: 0 to 2^64 - 1; `pix2pix.noise` draws the same masks from it on every machine.

        Returns:
            Three masks [1, 512, h, w] of zeros and twos (kept values are doubled), at 1/128, 1/64 and 1/32 of the
            image's size.
        """
        masks = noise.masks(seed, self.dropout_channels, height, width)
        return [torch.from_numpy(mask)[None] for mask in masks]

    def batch_masks(self, seeds: Iterable[int], height: int, width: int) -> list[Tensor]:
        """Draw the dropout masks of a batch from one seed per image.

        Args:
            seeds: One per image, each 0 to 2^64 - 1.
            height: Height of the images in pixels; a multiple of 256, as is `width`.
            width: Width of the images in pixels.

        Returns:
            Three masks [N, 512, h, w] as in `dropout_masks`, with the device and the precision of the weights.
        """
        images = [self.dropout_masks(height, width, int(seed)) for seed in seeds]
        return [torch.cat(masks).to(self.down1.weight) for masks in zip(*images, strict=True)]

    def forward(self, x: Tensor, masks: list[Tensor] | None = None) -> Tensor:
        """Translate label images.

        Args:
            x: Label images [N, 3, H, W] in [-1, 1], H and W multiples of 256.
            masks: Dropout masks of the batch, as from `batch_masks`; None for no dropout.

        Returns:
            Generated images [N, 3, H, W] in [-1, 1].
        """
        d1 = self.down1(x.contiguous(memory_format=torch.channels_last))
        d2 = self.down2(d1)
        d3 = self.down3(d2)
        d4 = self.down4(d3)
        d5 = self.down5(d4)
        d6 = self.down6(d5)
        d7 = self.down7(d6)
        d8 = self.down8(d7)
        m1, m2, m3 = masks or (1.0, 1.0, 1.0)
        u1 = self.up1(d8) * m1
        u2 = self.up2(u1, d7) * m2
        u3 = self.up3(u2, d6) * m3
        u4 = self.up4(u3, d5)
        u5 = self.up5(u4, d4)
        u6 = self.up6(u5, d3)
        u7 = self.up7(u6, d2)
        u8 = self.up8(u7, d1)
        return torch.tanh(u8)


class PatchGAN(nn.Module):
    """70x70 PatchGAN: is a patch of (label image, image) real? C64-C128-C256-C512, then a convolution to one logit.

    Args:
        base_channels: Number of filters of the first layer (64 in the paper; `ndf` elsewhere).
        norm: "instance" or "batch".
    """

    def __init__(self, base_channels: int = 64, norm: str = "instance") -> None:
        super().__init__()
        c = base_channels
        self.layers = nn.Sequential(  # receptive field of one output
            Conv2d(6, c, 4, stride=2, padding=1),  # [N, 64, 128, 128], 4x4
            nn.LeakyReLU(0.2),
            Conv2d(c, 2 * c, 4, stride=2, padding=1, bias=False),  # [N, 128, 64, 64], 10x10
            _norm(norm, 2 * c),
            nn.LeakyReLU(0.2),
            Conv2d(2 * c, 4 * c, 4, stride=2, padding=1, bias=False),  # [N, 256, 32, 32], 22x22
            _norm(norm, 4 * c),
            nn.LeakyReLU(0.2),
            Conv2d(4 * c, 8 * c, 4, stride=1, padding=1, bias=False),  # [N, 512, 31, 31], 46x46
            _norm(norm, 8 * c),
            nn.LeakyReLU(0.2),
            Conv2d(8 * c, 1, 4, stride=1, padding=1),  # [N, 1, 30, 30], 70x70
        )
        self.apply(_init_weights)
        self.to(memory_format=torch.channels_last)

    def forward(self, label_image: Tensor, image: Tensor) -> Tensor:
        """Compute logits [N, 1, 30, 30] (for 256x256 pixels) of every patch being a photo of its label image."""
        return self.layers(torch.cat([label_image, image], 1).contiguous(memory_format=torch.channels_last))


def _init_weights(module: nn.Module) -> None:
    """Draw weights from N(0, 0.02) and batch norm's scales from N(1, 0.02), as the authors' code; biases are 0."""
    if any(weight.is_meta for weight in module.parameters(recurse=False)):
        return  # there is no memory to draw into, and PyTorch would import its compiler first, which takes seconds
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
