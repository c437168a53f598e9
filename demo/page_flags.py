"""What the command line says about the page itself; `demo/models.py` reads what it says about models."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from demo.validation_samples import ValidationSamples, find_samples

PAGE_FLAGS = argparse.ArgumentParser(prog="app.py", add_help=False)
PAGE_FLAGS.add_argument(
    "--data-dir",
    metavar="DIR",
    type=Path,
    help="the folder that holds facades/val or cityscapes/val; offers random validation samples",
)
PAGE_FLAGS.add_argument("--mcp", action="store_true", help="let language models paint, too (Model Context Protocol)")


def read_page_flags(
    arguments: list[str], environment: Mapping[str, str] = os.environ
) -> tuple[dict[str, ValidationSamples], bool]:
    """Reads the flags of the page and passes over the others.

    Args:
        arguments: Of the command line. A wrong one ends the program with a sentence.
        environment: Where SPACE_ID says that this is a public Space.

    Returns:
        The validation samples by dataset, and whether to be an MCP server.
    """
    flags, _ = PAGE_FLAGS.parse_known_args(arguments)
    if flags.mcp and importlib.util.find_spec("mcp") is None:
        PAGE_FLAGS.error("--mcp needs a package that is not installed: pip install 'gradio[mcp]'")
    if flags.data_dir is None:
        return {}, flags.mcp
    if "SPACE_ID" in environment:
        print("--data-dir is passed over on a public Space, since datasets may not be passed on.", file=sys.stderr)
        return {}, flags.mcp
    try:
        return find_samples(flags.data_dir), flags.mcp
    except ValueError as error:
        PAGE_FLAGS.error(f"--data-dir: {error}")
