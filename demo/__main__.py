"""`pix2pix-app` and `python -m demo`: run `app.py`, which is a script because a Space starts one."""

import runpy
from pathlib import Path


def main() -> None:
    runpy.run_path(str(Path(__file__).parents[1] / "app.py"), run_name="__main__")


if __name__ == "__main__":
    main()
