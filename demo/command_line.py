"""The command line of `app.py`. A wrong one ends the program with a sentence."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.browser_models import VARIABLE, BrowserModels, BrowserModelsError
from demo.models import MODEL_NAME, MODELS, Model, Source, by_dataset, load_models
from demo.server.address import AddressError, check_address
from demo.validation_samples import ValidationSamples, find_own_samples, find_samples
from pix2pix.flags import Parser, command_of
from pix2pix.hub import HubModel, locate
from pix2pix.release import ReleaseConfig, ReleaseError, load_config


@dataclass(frozen=True)
class Options:
    """What the page starts with.

    Attributes:
        models: By "DATASET-OBJECTIVE" or "NAME-OBJECTIVE".
        samples: Pairs by dataset or name; empty without `--data-dir` and `--data`.
        segmenters: Released folders that make label maps of photos, for tabs of people's own.
        is_mcp_server: Whether language models may paint.
        host: The address to listen on.
        port: None takes the first free one from 7860 on.
        is_shared: Whether to make the page public through a tunnel of Gradio's.
        browser_models: What the visitors' browsers may paint with.
    """

    models: Mapping[str, Model]
    samples: Mapping[str, ValidationSamples]
    segmenters: Mapping[str, Path]
    is_mcp_server: bool
    host: str
    port: int | None
    is_shared: bool
    browser_models: BrowserModels | None = None


def parse_weights(argument: str) -> tuple[str, Source]:
    """Split NAME=FOLDER or NAME=owner/name[@revision]. A folder that exists wins."""
    name, _, source = argument.partition("=")
    if not source or not MODEL_NAME.fullmatch(name):
        raise argparse.ArgumentTypeError(
            f"{argument!r} is not NAME=FOLDER, with NAME one of {', '.join(MODELS)}, or a name of your own in "
            "lower-case letters and digits that ends in -gan or -l1"
        )
    if Path(source).is_dir():
        return name, Path(source)
    try:
        return name, HubModel.parse(source)
    except ReleaseError as error:
        raise argparse.ArgumentTypeError(f"there is no folder {source!r}") from error


def add_weights(parser: Parser, names: str) -> None:
    """Add the flag `--weights` to a parser; `names` says in words what NAME can be."""
    parser.add_argument(
        "--weights",
        metavar="NAME=SOURCE",
        type=parse_weights,
        action="append",
        default=[],
        help="released folder, run folder, or owner/name[@revision] on the Hugging Face Hub, to use for NAME: one of "
        f"{names}; repeatable",
    )


def find_data(arguments: Sequence[str], models: Mapping[str, Model]) -> dict[str, ValidationSamples]:
    """Find the pairs of tabs of people's own.

    Args:
        arguments: NAME=DIR, or DIR if there is one such tab.
        models: All models of the page.

    Raises:
        ValueError: If there is no such tab, or its folder cannot be used; one sentence says why.
    """
    own, samples = own_configs(models), {}
    for argument in arguments:
        name, _, folder = argument.rpartition("=") if argument.partition("=")[0] in own else ("", "", argument)
        if not own or not name and len(own) > 1:
            tabs = f"NAME=DIR, with NAME one of {', '.join(own)}" if own else "--weights NAME-gan=FOLDER first"
            raise ValueError(f"{argument} belongs to no tab; give {tabs}")
        name = name or next(iter(own))
        samples[name] = find_own_samples(Path(folder), own[name])
    return samples


def find_segmenters(arguments: Sequence[str], models: Mapping[str, Model]) -> dict[str, Path]:
    """Find the released folders that make label maps of photos for tabs of people's own.

    Args:
        arguments: NAME=SOURCE.
        models: All models of the page.

    Raises:
        ValueError: If there is no such tab, or a source makes no maps of its classes; one sentence says why.
    """
    own, segmenters = own_configs(models), {}
    for argument in arguments:
        name, _, source = argument.partition("=")
        if name not in own or not source:
            tabs = f"one of {', '.join(own)}" if own else "that of --weights NAME-gan=FOLDER"
            raise ValueError(f"{argument} is not NAME=SOURCE, with NAME {tabs}")
        folder = locate(source)
        palette = load_config(folder).output_palette
        if palette is None or palette != own[name].input_palette:
            raise ValueError(
                f"{source} makes no label maps of the classes of {name}; train it on the same pairs with the other "
                "--direction"
            )
        segmenters[name] = folder
    return segmenters


def own_configs(models: Mapping[str, Model]) -> dict[str, ReleaseConfig]:
    """Return what each tab of people's own takes, by its name."""
    own = {name: pair for name, pair in by_dataset(models).items() if f"{name}-gan" not in MODELS}
    return {name: next(model.painter for model in pair.values() if model.painter).config for name, pair in own.items()}


def parse_port(text: str) -> int:
    """Read the number of a port."""
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 65535")
    return int(text)


def parse_host(text: str) -> str:
    """Put an IPv6 address into brackets, as in addresses with a port."""
    return f"[{text}]" if ":" in text and not text.startswith("[") else text


def make_parser(environment: Mapping[str, str]) -> Parser:
    """Make the parser; some defaults are environment variables of Gradio's."""
    parser = Parser(
        prog=command_of("app.py"),
        description="Paint a facade or a street and compare what a GAN and an L1 model make of it.",
    )
    own = "or a name of your own that ends in -gan or -l1, for a tab of its own"
    add_weights(parser, f"{', '.join(MODELS)}, {own}")
    parser.add_argument(
        "--data",
        metavar="[NAME=]DIR",
        action="append",
        default=[],
        help="folder of the pairs that a tab of your own was trained on; offers samples of them; repeatable",
    )
    parser.add_argument(
        "--segmenter",
        metavar="NAME=SOURCE",
        action="append",
        default=[],
        help="released folder, run folder or model on the Hub that was trained from photos to label maps (with the "
        "other --direction), for photos that are opened in a tab of your own; repeatable",
    )
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        help="folder with facades/val or cityscapes/val; offers random validation samples",
    )
    parser.add_argument("--mcp", action="store_true", help="let language models paint, too (Model Context Protocol)")
    parser.add_argument(
        "--browser-models",
        metavar="SITE",
        type=Path,
        default=environment.get(VARIABLE) or None,
        help="folder that python -m pix2pix.static wrote for the same models; the page then offers to compute in the "
        f"visitor's browser (default: ${VARIABLE})",
    )
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        type=parse_host,
        default=environment.get("GRADIO_SERVER_NAME") or "127.0.0.1",
        help="address to listen on, 0.0.0.0 for all of this machine (default: $GRADIO_SERVER_NAME or 127.0.0.1)",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=parse_port,
        default=int(environment.get("GRADIO_SERVER_PORT") or 0) or None,
        help="port to listen on (default: $GRADIO_SERVER_PORT, or the first free one from 7860 on)",
    )
    parser.add_argument(
        "--share",
        action="store_true",
        default=environment.get("GRADIO_SHARE", "").lower() == "true",
        help="make the page public for a week at most, through a program and servers of Gradio's",
    )
    return parser


def read_command_line(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Options:
    """Read the flags and load what they name.

    Args:
        arguments: The command line without the program.
        environment: Gradio's variables are defaults of flags. SPACE_ID in it says that this is a public Space, where
            datasets may not be shown.
    """
    parser = make_parser(environment)
    flags = parser.parse_args(arguments)
    if flags.mcp and importlib.util.find_spec("mcp") is None:
        parser.error("--mcp needs a package that is not installed: pip install 'gradio[mcp]'")
    data_dir, data = flags.data_dir, flags.data
    if (data_dir or data) and "SPACE_ID" in environment:
        sentence = "are ignored on a public Space, because datasets may not be redistributed."
        print(f"--data-dir and --data {sentence}", file=sys.stderr)
        data_dir, data = None, []
    try:
        samples = find_samples(data_dir) if data_dir else {}
    except ValueError as error:
        parser.error(f"--data-dir: {error}")
    try:
        if flags.port is not None:
            check_address(flags.host.strip("[]"), flags.port)
        models = load_models(dict(flags.weights))
    except (AddressError, ReleaseError) as error:
        parser.error(str(error))
    try:
        samples |= find_data(data, models)
    except ValueError as error:
        parser.error(f"--data: {error}")
    try:
        segmenters = find_segmenters(flags.segmenter, models)
    except ValueError as error:
        parser.error(f"--segmenter: {error}")
    try:
        browser_models = BrowserModels.read(flags.browser_models, models) if flags.browser_models else None
    except BrowserModelsError as error:
        parser.error(f"--browser-models: {error}")
    return Options(models, samples, segmenters, flags.mcp, flags.host, flags.port, flags.share, browser_models)
