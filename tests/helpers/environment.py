"""The environment that all tests run in, whatever the shell has set: nothing but what is listed here."""

from collections.abc import Mapping
from pathlib import Path

KEPT = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "CPATH", "PYTHONPATH"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
    *("CUDA_VISIBLE_DEVICES", "PLAYWRIGHT_BROWSERS_PATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV"),
    *("REQUIRE_BROWSER", "HOSTILE_EXAMPLES", "TORCH_HOME"),
}
"""The machine's own variables, and the tests' settings; TORCH_HOME may hold the weights for one test."""
KEPT_BEGINNINGS = ("PYTEST_", "COV_", "COVERAGE_")

PATIENCE = 600
"""Seconds for a program that imports PyTorch, beside others and on a slow machine: only one that hangs takes longer."""


def isolated(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return an environment for tests.

    Args:
        environment: That of the shell.
        folder: An empty folder, for the caches of programs that look in the home folder otherwise.
    """
    kept = {name: value for name, value in environment.items() if name in KEPT or name.startswith(KEPT_BEGINNINGS)}
    cache = environment.get("XDG_CACHE_HOME") or str(Path(environment.get("HOME") or Path.home()) / ".cache")
    return (
        {"TORCH_HOME": str(Path(cache) / "torch")}
        | kept
        | {
            "PYTHONUTF8": "1",  # as if all shells had a locale with UTF-8
            "COLUMNS": "80",
            "OMP_NUM_THREADS": "1",  # several tests run at once, and at their sizes threads cost more than they bring
            "HF_HOME": str(folder / "huggingface"),  # holds no token, no models and no settings of Accelerate
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "GRADIO_TEMP_DIR": str(folder / "gradio"),  # files are named by their contents, and deleted with the app
        }
    )
