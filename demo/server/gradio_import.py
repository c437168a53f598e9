"""Imports Gradio in less time. This module must be imported before Gradio, and so imports nothing of it."""

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without_stub_files() -> Iterator[None]:
    """Keep Gradio from writing stub files; import it, and define components, inside this context.

    At every import, Gradio parses the source of all its components and writes stub files (.pyi) for editors, which is a
    third of its time to import. Here it finds no source files, so it skips them.
    This can go when Gradio writes stub files only where somebody develops a component.
    """
    find_file = inspect.getfile

    def find_no_component(of: Any) -> str:
        if sys._getframe(1).f_globals["__name__"] == "gradio.component_meta":
            raise OSError
        return find_file(of)

    inspect.getfile = find_no_component  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = find_file
