"""The command `python -m pix2pix.static`: the studio as a folder of static files.

The studio is the page, so the command is `demo.static`; this module gives it a name beside the other commands. Nothing
imports it: the library works without the demo.
"""

import sys

from demo.static.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
