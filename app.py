"""Starts the web app: `python app.py`, then open http://127.0.0.1:7860. Also the entry of a Hugging Face Space.

`python app.py --weights facades-gan=FOLDER` takes any released folder instead of a bundled one, or owner/name@revision from the Hugging
Face Hub; `--data-dir DIR` offers samples of datasets that lie there; `--mcp` lets language models paint too.
"""

import atexit
import os
import shutil
import sys
import tempfile

# Read when Gradio and huggingface_hub are imported: without these, both report every start to a server.
for variable, value in {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ[variable] = value

if "SPACE_ID" in os.environ:  # a Space: visitors come through proxies inside, which say whose request it is
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "10.0.0.0/8")

if "GRADIO_TEMP_DIR" not in os.environ:  # a folder of its own, where old files can be deleted whosever they are
    os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="pix2pix-")
    atexit.register(shutil.rmtree, os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)

port = os.environ.get("GRADIO_SERVER_PORT", "")
if port and not (port.isdecimal() and 1 <= int(port) <= 65535):  # before Gradio reads it
    raise SystemExit(
        f"The environment variable GRADIO_SERVER_PORT must be a whole number from 1 to 65535, not {port!r}."
    )

from demo import serving  # noqa: E402
from demo.app import build_demo, launch  # noqa: E402
from demo.models import fetch_wanted, load_models  # noqa: E402
from demo.page_flags import read_page_flags  # noqa: E402

is_program = __name__ == "__main__"
arguments = sys.argv[1:] if is_program else []
models = load_models(arguments)
samples, is_mcp_server = read_page_flags(arguments)
demo = build_demo(models, samples=samples)
fetch_wanted(models)

if is_program:
    serving.log_requests()
    try:  # on the port that was named, where Gradio would take the next free one
        _, url, _ = launch(
            demo,
            prevent_thread_lock=True,
            quiet=True,
            mcp_server=is_mcp_server,
            server_port=int(port) if port else None,
        )
    except OSError as error:
        why = str(error).partition(".")[0]
        raise SystemExit(
            f"The app cannot listen ({why}); GRADIO_SERVER_NAME and GRADIO_SERVER_PORT name another place."
        ) from None
    print(f"Paint at {url}", flush=True)
    serving.block_until_stopped(demo)
