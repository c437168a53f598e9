"""Released generators as ONNX models: `python -m pix2pix.export RELEASE --output DIR`.

The graph is the UNet in 55 plain operations, written node by node: traced from `UNet`, it would hold the matrix
products and copies of `channels_last` in hundreds of nodes. Filters are float16 as in the release; 16 casts, which
runtimes carry out when they load the model, make them float32.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pix2pix import noise, release
from pix2pix.files import replacing
from pix2pix.flags import Parser, complain, folder_to_write
from pix2pix.hub import locate
from pix2pix.networks import Down, UNet, Up
from pix2pix.provenance import licence_note
from pix2pix.release_config import ReleaseConfig, ReleaseError

try:
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    raise SystemExit("Exporting needs two more packages: pip install onnx onnxruntime") from error

OPSET, IR_VERSION = 17, 8
"""Those of 2022, which runtimes since onnxruntime 1.12 read."""
LARGEST_DIFFERENCE = 1e-3
"""An exported model may differ from PyTorch by this much, in values of [-1, 1]: an eighth of a level of 255."""
CHECKED = ((1, 256, 256), (2, 256, 512))
"""Number, height and width of the images of the check."""
DESCRIPTION = """Label image to photo, by a pix2pix generator.
label_image: float32 [N, 3, H, W] in [-1, 1], the RGB form of a label map; H and W are multiples of 256.
mask1, mask2, mask3: dropout noise, float32 [N, C, H/128, W/128], [N, C, H/64, W/64], [N, C, H/32, W/32]; zeros and
twos, each with probability 1/2, as in training; or ones for no dropout.
photo: float32 [N, 3, H, W] in [-1, 1]. Each image depends on its own inputs alone, whatever else is in the batch."""


class ExportError(ValueError):
    """The exported model does not compute what PyTorch does."""


class Graph:
    """An ONNX graph that grows node by node; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def store(self, name: str, values: Tensor, dtype: torch.dtype = torch.float32) -> str:
        array = values.detach().cpu().to(dtype).contiguous(memory_format=torch.contiguous_format).numpy()
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def add(self, operation: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{operation}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [output], output, **attributes))
        return output

    def convolution(self, operation: str, name: str, layer: torch.nn.Conv2d | torch.nn.ConvTranspose2d, x: str) -> str:
        half = self.store(f"{name}.weight_fp16", layer.weight, torch.float16)
        inputs = [x, self.add("Cast", half, output=f"{name}.weight", to=TensorProto.FLOAT)]
        if layer.bias is not None:
            inputs.append(self.store(f"{name}.bias", layer.bias))
        return self.add(operation, *inputs, kernel_shape=[4, 4], strides=[2, 2], pads=[1, 1, 1, 1])

    def norm(self, name: str, norm: torch.nn.Module, channels: int, x: str) -> str:
        """Add an instance norm, or a batch norm of one image at a time, which is the same with affine terms."""
        if isinstance(norm, torch.nn.Identity):
            return x
        weight, bias = torch.ones(channels), torch.zeros(channels)
        if isinstance(norm, torch.nn.BatchNorm2d):
            weight, bias = norm.weight, norm.bias
        scale, shift = self.store(f"{name}.weight", weight), self.store(f"{name}.bias", bias)
        return self.add("InstanceNormalization", x, scale, shift, epsilon=1e-5)

    def down(self, name: str, block: Down, x: str) -> str:
        y = self.convolution("Conv", f"{name}.conv", block.conv, self.add("LeakyRelu", x, alpha=0.2))
        return self.norm(f"{name}.norm", block.norm, block.conv.out_channels, y)

    def up(self, name: str, block: Up, *inputs: str) -> str:
        x = self.add("Concat", *inputs, axis=1) if len(inputs) > 1 else inputs[0]
        y = self.convolution("ConvTranspose", f"{name}.conv", block.conv, self.add("Relu", x))
        return self.norm(f"{name}.norm", block.norm, block.conv.out_channels, y)


def to_onnx(generator: UNet, config: ReleaseConfig, weights_sha256: str) -> onnx.ModelProto:
    """Build the ONNX model of a generator.

    Args:
        generator: With float32 weights.
        config: Of its released folder; it becomes part of the metadata, palette and lineage included.
        weights_sha256: Hash of the release's `model.safetensors`, for the metadata.
    """
    graph = Graph()
    skips = [graph.convolution("Conv", "down1", generator.down1, "label_image")]
    for name, block in generator.named_children():
        if isinstance(block, Down):
            skips.append(graph.down(name, block, skips[-1]))
    ups = [(name, block) for name, block in generator.named_children() if isinstance(block, Up)]
    above: list[str] = []  # nothing is above the first
    for number, (name, block) in enumerate(ups, 1):
        above = [graph.up(name, block, *above, skips.pop())]
        if number <= len(noise.SCALES):
            above = [graph.add("Mul", *above, f"mask{number}")]
    graph.add("Tanh", *above, output="photo")
    masks = [
        _tensor(f"mask{number}", generator.dropout_channels, f"height/{scale}", f"width/{scale}")
        for number, scale in enumerate(noise.SCALES, 1)
    ]
    inputs, outputs = [_tensor("label_image", 3, "height", "width"), *masks], [_tensor("photo", 3, "height", "width")]
    model = helper.make_model(
        helper.make_graph(graph.nodes, f"pix2pix-{config.dataset}-{config.objective}", inputs, outputs, graph.weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="pix2pix-studio",
        doc_string=DESCRIPTION,
    )
    metadata = {"config": config.to_json(), "weights_sha256": weights_sha256}
    helper.set_model_props(model, metadata | {"licence": licence_note(config)})
    onnx.checker.check_model(model, full_check=True)
    return model


def _tensor(name: str, channels: int, height: str, width: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, height, width])


@torch.inference_mode()
def difference(model: bytes, generator: UNet) -> float:
    """Run an exported model in onnxruntime and return its largest difference from PyTorch, in values of [-1, 1].

    PyTorch generates one image at a time, so that a batch whose images depend on each other is found out.
    """
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    largest = 0.0
    for inputs in _batches(generator.dropout_channels):
        (found,) = session.run(None, inputs)
        tensors = [torch.from_numpy(array) for array in inputs.values()]
        expected = [generator(x, masks) for x, *masks in zip(*(tensor.split(1) for tensor in tensors), strict=True)]
        apart = np.abs(found - torch.cat(expected).numpy()).max().item()
        largest = apart if not apart <= largest else largest  # a NaN stays
    return largest


def _batches(channels: int) -> Iterator[dict[str, np.ndarray]]:
    """Yield label images of coloured squares with dropout masks: inputs of a model for each size of `CHECKED`."""
    rng = np.random.default_rng(0)
    for number, height, width in CHECKED:
        colors = rng.uniform(-1, 1, (number, 3, height // 32, width // 32)).astype(np.float32)
        drawn = zip(*(noise.masks(seed, channels, height, width) for seed in range(number)), strict=True)
        masks = {f"mask{layer}": np.stack(of_images) for layer, of_images in enumerate(drawn, 1)}
        yield {"label_image": colors.repeat(32, 2).repeat(32, 3)} | masks


def export(folder: Path, output: Path) -> tuple[Path, float]:
    """Write `model.onnx` of a released folder, and its licence beside it, once the model has passed its check.

    Returns:
        The file, and its largest difference from PyTorch in values of [-1, 1].

    Raises:
        ExportError: If the model differs from PyTorch by more than `LARGEST_DIFFERENCE`; nothing is written.
        OSError: If a file cannot be written.
        ReleaseError: If the release cannot be used.
    """
    generator, config = release.load(folder)
    model = to_onnx(generator, config, release.hash_weights(folder)).SerializeToString()
    apart = difference(model, generator)
    if not apart <= LARGEST_DIFFERENCE:
        raise ExportError(
            f"The model was not written: it differs from PyTorch by {apart:.2g}, more than {LARGEST_DIFFERENCE:g}."
        )
    output.mkdir(parents=True, exist_ok=True)
    path = output / "model.onnx"
    with replacing(path) as file:
        file.write(model)
    if (folder / "LICENSE.md").is_file():
        shutil.copy(folder / "LICENSE.md", output)
    return path, apart


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(prog="python -m pix2pix.export", description="Export a released generator.")
    parser.add_argument(
        "release",
        metavar="SOURCE",
        help="released folder, run folder, or owner/name[@revision] on the Hugging Face Hub",
    )
    parser.add_argument(
        "--output", metavar="DIR", type=folder_to_write, required=True, help="folder for model.onnx and its licence"
    )
    flags = parser.parse_args(arguments)
    try:
        path, apart = export(locate(flags.release), flags.output)
    except (ExportError, OSError, ReleaseError) as error:
        complain(error)
        return 1
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, at most {apart:.1e} from PyTorch in values of [-1, 1]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
