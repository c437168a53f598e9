"""Tests marked `both_pages` run on the page of Gradio and on the site of static files; others on the first alone.

A conftest imports `pytest_generate_tests`, and its fixture `app_url` serves what `request.param` names.
"""

import pytest

BOTH_PAGES = pytest.mark.both_pages


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "app_url" in metafunc.fixturenames:
        is_both = metafunc.definition.get_closest_marker("both_pages") is not None
        pages = ["gradio", "site"] if is_both else ["gradio"]
        metafunc.parametrize("app_url", pages, indirect=True, scope="module")
