"""Tests marked `both_pages` run on the page of Gradio and on the site of static files; others on the first alone.

A conftest imports `pytest_generate_tests` and `app_url`, and has fixtures `gradio_url` and `site_url`. A module whose
tests run on the first page alone may have an `app_url` of its own.
"""

import pytest

BOTH_PAGES = pytest.mark.both_pages


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "app_url" in metafunc.fixturenames:
        is_both = metafunc.definition.get_closest_marker("both_pages") is not None
        pages = ["gradio", "site"] if is_both else ["gradio"]
        metafunc.parametrize("app_url", pages, indirect=True, scope="module")


@pytest.fixture(scope="module")
def app_url(request: pytest.FixtureRequest) -> str:
    """The address of the page that `pytest_generate_tests` chose."""
    return request.getfixturevalue(f"{request.param}_url")
