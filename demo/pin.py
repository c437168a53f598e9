"""`python -m demo.pin OWNER [NAME ...]` pins the page's models to the newest commits of OWNER's repositories.

Every model is downloaded first, so that a pinned model is known to work. Then `demo/models.json` is written, and the
lines of README.md that make a Space download the models when it is built.
"""

import json
import sys
from pathlib import Path

from huggingface_hub import metadata_load, metadata_save

from demo.models import MODELS, PUBLISHED_MODELS, read_painter
from pix2pix.flags import Parser, complain
from pix2pix.hub import FILES, HubModel, cached, fetch
from pix2pix.release import weights_by_epoch

README = Path(__file__).parents[1] / "README.md"


def pin(owner: str, names: list[str]) -> dict[str, HubModel]:
    """Download the newest commit of each model.

    Raises:
        ReleaseError: If one is unavailable or is another model.
    """
    pinned = {}
    for name in names:
        newest = HubModel.parse(f"{owner}/{name}")
        folder = fetch(newest)
        read_painter(name, folder, str(newest))
        pinned[name] = HubModel(newest.repo, folder.name)
    return pinned


def files_of(model: HubModel) -> list[str]:
    """List the files of a downloaded model that the app reads."""
    folder = cached(model)
    assert folder
    return [*FILES, *(f"epochs/{path.name}" for path in weights_by_epoch(folder / "epochs").values())]


def write(pinned: dict[str, HubModel]) -> None:
    """Write the commits into `demo/models.json` and the front matter of README.md."""
    sources = {name: f"{model.repo}@{model.revision}" for name, model in pinned.items()}
    PUBLISHED_MODELS.write_text(json.dumps(sources, indent=2) + "\n", encoding="utf-8")
    preloaded = [f"{model.repo} {','.join(files_of(model))} {model.revision}" for model in pinned.values()]
    front_matter = metadata_load(README) or {}
    front_matter |= {"models": [model.repo for model in pinned.values()], "preload_from_hub": preloaded}
    metadata_save(README, front_matter)


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(prog="python -m demo.pin", description="Pin the page's models to commits on the Hugging Face Hub.")
    parser.add_argument("owner", metavar="OWNER", help="user or organisation")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(MODELS)} (default: all)")
    flags = parser.parse_args(arguments)
    if unknown := [name for name in flags.names if name not in MODELS]:
        parser.error(f"{unknown[0]!r} is none of {', '.join(MODELS)}")
    try:
        pinned = pin(flags.owner, flags.names or list(MODELS))
        write(pinned)
    except (OSError, ValueError) as error:
        complain(error)
        return 1
    print("\n".join(f"{model.repo}@{model.revision}" for model in pinned.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
