"""Settings of the server, from environment variables; docs/serving.md lists them. A wrong one ends the program."""

import os

import limits


def whole_number(name: str, default: int) -> int:
    """Read a whole number of at least 1."""
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise SystemExit(f"The environment variable {name} must be a whole number, at least 1, not {text!r}.")
    return int(text)


def rate(name: str, default: str) -> limits.RateLimitItem:
    """Read a rate such as "1000 per 10 seconds"."""
    text = os.environ.get(name, default)
    try:
        return limits.parse(text)
    except ValueError:
        raise SystemExit(
            f"The environment variable {name} must be a rate such as '1000 per 10 seconds', not {text!r}."
        ) from None


def root_path(name: str) -> str:
    """Read the path that the page is served below, or its whole address, without a slash at the end; "" for none."""
    text = os.environ.get(name, "").strip("/")
    return f"/{text}" if text and "://" not in text else text


ROOT_PATH = root_path("GRADIO_ROOT_PATH")
"""Path or address that proxies serve the page below."""
MAX_WAITING = whole_number("PIX2PIX_MAX_WAITING", 256)
"""Maximum number of maps in the queue, over all visitors. A page has at most one; its place in the queue is shown."""
MAX_WAITING_PER_ADDRESS = whole_number("PIX2PIX_MAX_WAITING_PER_ADDRESS", 64)
"""Maximum number of maps in the queue from one address: enough for a class in one network, with room for others."""
MAX_OPEN_PER_ADDRESS = whole_number("PIX2PIX_MAX_OPEN_PER_ADDRESS", 256)
"""Maximum number of open requests from one address; a page that paints keeps at most two open."""
MAX_BODY_BYTES = whole_number("PIX2PIX_MAX_BODY_BYTES", 400_000)
"""Maximum size of a request; the map with the most runs takes 262,144 bytes. Larger canvases raise it."""
MAX_BODY_PARTS = 1000
"""Maximum number of lists, objects and commas in a request; the page's have about twenty. Gradio is slow with many."""
MAX_UPLOAD_BYTES = whole_number("PIX2PIX_MAX_UPLOAD_BYTES", 10_000_000)
"""Maximum size of an upload."""
RATE = rate("PIX2PIX_RATE", "1000 per 10 seconds")
"""Maximum rate of requests from one address, without those for the page's static files; a stroke takes two."""
PAGE_RATE = rate("PIX2PIX_PAGE_RATE", "100 per 10 seconds")
"""Maximum rate of requests from one address for the page, or for work outside the queue, such as "Surprise me"."""
MAX_OPEN_MCP = 8
"""Maximum number of open requests from language models, over all visitors: each blocks one of Gradio's 40 threads."""
STOP_SECONDS = 20
"""A stop waits this long for the maps in the queue; container engines kill after 10 to 30 seconds."""
DELIVERY_SECONDS = 3
"""Once the queue is empty, a stop waits this long for pages to fetch their images; a closed page never does."""
