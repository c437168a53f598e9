"""Write the studio as static files: `python -m pix2pix.static --output site`."""

import sys
from pathlib import Path

from demo.command_line import add_weights
from demo.models import BUNDLED, BUNDLED_WEIGHTS, MODELS, Source, find_sources
from demo.static import SiteError, check_names, write_site
from pix2pix.export import ExportError
from pix2pix.flags import Parser, complain, folder_to_write
from pix2pix.hub import locate, pull
from pix2pix.release import ReleaseError


def folder_of(source: Source) -> Path:
    """Find or download a released folder; raise ReleaseError if that fails."""
    return locate(source) if isinstance(source, Path) else pull(source)


def words_for(source: Source) -> str:
    """Name a source for visitors: no path of this machine, only the folder's name."""
    if not isinstance(source, Path):
        return str(source)
    return BUNDLED if source.parent == BUNDLED_WEIGHTS else source.resolve().name


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(
        prog="python -m pix2pix.static",
        description="Write the studio as a folder of static files: the page paints in the visitor's browser.",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=folder_to_write,
        required=True,
        help="folder of the site; one that was written before is replaced",
    )
    add_weights(parser, ", ".join(MODELS))
    flags = parser.parse_args(arguments)
    try:
        sources = find_sources(dict(flags.weights))
        check_names(sources)
        folders = {name: folder_of(source) for name, source in sources.items()}
        write_site(folders, flags.output, {name: words_for(source) for name, source in sources.items()})
    except (ExportError, OSError, ReleaseError, SiteError) as error:
        complain(error)
        return 1
    size = sum(path.stat().st_size for path in flags.output.rglob("*") if path.is_file())
    print(f"{flags.output}: {size / 1e6:.0f} MB. To try it: python -m http.server --bind 127.0.0.1 -d {flags.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
