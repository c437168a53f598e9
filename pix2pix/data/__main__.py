"""Get a dataset.

`python -m pix2pix.data facades` downloads facades; `python -m pix2pix.data cityscapes` makes or divides Cityscapes.
"""

import argparse
import sys
from pathlib import Path

from pix2pix.data.cityscapes import CityscapesError, divide_validation, prepare
from pix2pix.data.facades import DownloadError, download_facades


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m pix2pix.data",
        description="Download facades, or make Cityscapes from its official packages. Without --photos and --labels, "
        "divide the 500 validation images of its pix2pix packaging into val and test.",
    )
    parser.add_argument("dataset", choices=["facades", "cityscapes"])
    parser.add_argument("--data-dir", type=Path, default=Path("datasets"), help="parent folder (default: datasets)")
    parser.add_argument("--photos", metavar="ZIP", type=Path, help="leftImg8bit_trainvaltest.zip of Cityscapes")
    parser.add_argument("--labels", metavar="ZIP", type=Path, help="gtFine_trainvaltest.zip of Cityscapes")
    flags = parser.parse_args(arguments)
    if (flags.photos is None) != (flags.labels is None) or (flags.photos and flags.dataset == "facades"):
        parser.error("--photos and --labels are used together, and only with cityscapes")
    try:
        if flags.dataset == "facades":
            download_facades(flags.data_dir)
        elif flags.photos:
            prepare(flags.data_dir, flags.photos, flags.labels)
        else:
            divide_validation(flags.data_dir)
    except (DownloadError, CityscapesError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to continue.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
