"""Isolates the tests from the shell, before any test file and `tests/conftest.py` import what reads the environment."""

import atexit
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

from tests.helpers.environment import isolated

folder = Path(tempfile.mkdtemp(prefix="pix2pix-tests-"))
atexit.register(shutil.rmtree, folder, ignore_errors=True)
environment = isolated(os.environ, folder)
os.environ.clear()
os.environ.update(environment)
if sys.warnoptions:  # set by PYTHONWARNINGS
    sys.warnoptions.clear()
    warnings.resetwarnings()
