"""Start the web app: `python app.py`, then open http://127.0.0.1:7860. A Hugging Face Space starts it too.

python app.py --weights facades-gan=FOLDER   # a released folder, or owner/name[@revision] on the Hugging Face Hub
python app.py --data-dir DIR                 # also offers random validation samples of the datasets in DIR
python app.py --mcp                          # also lets language models paint
python app.py --browser-models SITE          # also offers to compute in the visitor's browser
python app.py --host 0.0.0.0 --port 8000     # another address; --share makes the page public
"""

import atexit
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from pix2pix import surroundings

# Gradio and huggingface_hub read these when they are imported; without them, both report every start to a server.
for variable, value in {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ[variable] = value

if "SPACE_ID" in os.environ:  # in a Space, internal proxies forward the visitors' addresses
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "10.0.0.0/8")

if "GRADIO_TEMP_DIR" not in os.environ:  # a private folder, in which all old files can be deleted
    os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="pix2pix-")
    atexit.register(shutil.rmtree, os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)

for variable in [name for name, value in os.environ.items() if name.startswith("GRADIO_") and not value]:
    del os.environ[variable]  # Gradio would read them as numbers
port = os.environ.get("GRADIO_SERVER_PORT", "")
if port and not (port.isdecimal() and 1 <= int(port) <= 65535):  # before Gradio reads it
    raise SystemExit(
        f"The environment variable GRADIO_SERVER_PORT must be a whole number from 1 to 65535, not {port!r}."
    )

surroundings.prepare_program()
try:
    surroundings.check_proxies()  # importing Gradio fails otherwise
except surroundings.ProxyError as error:
    raise SystemExit(f"The app cannot start: {error}.") from None

from demo.command_line import read_command_line
from demo.server.gradio_import import without_stub_files

is_program = __name__ == "__main__"
# Gradio takes seconds to import; the models are read meanwhile.
with ThreadPoolExecutor(1) as reader, without_stub_files():
    reading = reader.submit(read_command_line, sys.argv[1:] if is_program else [])

    from demo.app import build_demo, launch
    from demo.models import fetch_wanted
    from demo.server.stop import block_until_stopped, log_requests, noting_stop_signals

options = reading.result()
demo = build_demo(
    options.models,
    samples=options.samples,
    browser_models=options.browser_models,
    segmenters=options.segmenters,
)
fetch_wanted(options.models)

if is_program:
    log_requests()
    surroundings.exempt_from_proxies(options.host.strip("[]"))
    with noting_stop_signals():  # the server has visitors before `launch` returns
        try:
            _, url, public_url = launch(
                demo,
                options.browser_models,
                prevent_thread_lock=True,
                quiet=True,
                mcp_server=options.is_mcp_server,
                server_name=options.host,
                server_port=options.port,  # exactly this port; without one, Gradio takes the first free one
                share=options.is_shared,
            )
        except OSError as error:
            reason = str(error).partition(".")[0]
            raise SystemExit(
                f"The app cannot listen ({reason}). Choose another address with --host and --port."
            ) from None
        print(f"Paint at {url}", flush=True)
        block_until_stopped(demo)
