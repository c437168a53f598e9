"""What the processes of a test run share is made once, and as a whole."""

from pathlib import Path

import pytest

from tests.helpers.once import made_once


def test_a_folder_is_made_once_and_again_only_after_a_failure(tmp_path_factory: pytest.TempPathFactory) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ValueError

    with pytest.raises(ValueError):
        made_once(tmp_path_factory, "shared", fail)
    folder = made_once(tmp_path_factory, "shared", lambda fresh: (fresh / "whole").touch())
    assert [file.name for file in folder.iterdir()] == ["whole"]
    assert made_once(tmp_path_factory, "shared", fail) == folder
