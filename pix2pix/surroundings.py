"""Prepare a program for the shell it was started in: its terminal, encodings, certificates and proxies.

The parser of all programs calls `prepare_program`; what uses the network calls `check_proxies` first.
"""

import errno
import os
import re
import ssl
import sys
from collections.abc import Iterator
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

OWN_ADDRESSES = ("127.0.0.1", "localhost", "::1")
SOCKS = ("socks5", "socks5h")


class _Terminal(FileIO):
    """A terminal that may be closed at any time: what is written afterwards is lost, and the program continues."""

    def write(self, content: Any, /) -> int:
        try:
            return super().write(content)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return memoryview(content).nbytes


class ProxyError(ValueError):
    """A proxy variable has a value that cannot be used; the message names both."""


def in_words(error: BaseException | str) -> str:
    """Return the words of an error, without what systems put around them, such as [Errno -2]; files stay named."""
    words = re.sub(r"<urlopen error (.*?)>", r"\1", str(error))
    return re.sub(r"\[(Errno|WinError) -?\d+\] |\[SSL: \w+\] | \(_ssl\.c:\d+\)", "", words)


def prepare_program() -> None:
    """Prepare this process: call it before anything is printed.

    Output never ends the program, in any encoding, even if the terminal is closed; Ctrl-C ends it without a traceback.
    Certificates that are missing are ignored, and ALL_PROXY stands for all proxies.
    """
    sys.excepthook = _show_error
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):  # None without a console on Windows, other objects in notebooks
            raw = getattr(stream.buffer, "raw", stream.buffer)  # `python -u` has no buffer between
            if stream.isatty() and type(raw) is FileIO:
                terminal: Any = _Terminal(stream.fileno(), "w", closefd=False)
                buffer = terminal if raw is stream.buffer else BufferedWriter(terminal)
                stream = TextIOWrapper(buffer, stream.encoding, line_buffering=True, write_through=stream.write_through)
                setattr(sys, name, stream)
            stream.reconfigure(errors="backslashreplace")
    for variable, problem in _unusable_certificates():
        value = os.environ.pop(variable)
        print(f"{variable} is {value!r}, {problem}; it is ignored.", file=sys.stderr)
    if proxy := getproxies_environment().get("all"):  # Python's own client, urllib, does not know it
        for kind in {"http", "https"} - getproxies_environment().keys():
            os.environ[f"{kind}_proxy"] = proxy


def _show_error(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, traceback)


def _unusable_certificates() -> Iterator[tuple[str, str]]:
    """Yield variables that make every HTTPS client fail when it is made, and what is wrong with them."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file:
        try:
            ssl.create_default_context(cafile=file)
        except OSError as error:  # SSLError is one
            yield "SSL_CERT_FILE", f"which is no readable file of certificates ({error.strerror or error})"
    if folder and not any(Path(name).is_dir() for name in folder.split(os.pathsep)):
        yield "SSL_CERT_DIR", "which is no folder"


def exempt_from_proxies(*hosts: str) -> None:
    """Let this process connect directly to this machine and `hosts`, besides those that NO_PROXY already names."""
    if not getproxies_environment():
        return  # with the variable alone, Python would no longer look for the proxies of Windows and macOS
    before = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if before.strip() == "*":
        return
    names = [name for name in (*before.split(","), *OWN_ADDRESSES, *hosts) if name.strip()]
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(dict.fromkeys(names))


def check_proxies(socks: bool = True) -> None:
    """Check the variables HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.

    Args:
        socks: Whether SOCKS proxies can be used; Python's own client, urllib, has none.

    Raises:
        ProxyError: If one has a value that cannot be used.
    """
    schemes = ("http", "https", *(SOCKS if socks else ()))
    for kind in ("all", "http", "https"):  # the first may have set the others
        value = getproxies_environment().get(kind)
        if value and (problem := _problem_of(value, schemes)):
            example = "http://host:8080" + (" or socks5://host:1080" if socks else "")
            raise ProxyError(
                f"{_variable(kind)} is {_shown(value)!r}, {problem}: name a proxy such as {example}, or unset it"
            )


def through_proxy(url: str) -> str:
    """Return what to add to "cannot be reached": the proxy that requests take and its variable; "" without a proxy."""
    parts, proxies = urlsplit(url), getproxies_environment()
    proxy = proxies.get(parts.scheme)
    if not proxy or proxy_bypass(parts.hostname or ""):
        return ""
    kind = "all" if proxies.get("all") == proxy else parts.scheme  # `prepare_program` has set the others by it
    return f" through the proxy {_shown(proxy)} of {_variable(kind)}"


def _variable(kind: str) -> str:
    lower, upper = f"{kind}_proxy", f"{kind.upper()}_PROXY"
    return lower if os.environ.get(lower) else upper


def _shown(proxy: str) -> str:
    return re.sub("//.*@", "//…@", proxy)  # without a password


def _problem_of(proxy: str, schemes: tuple[str, ...]) -> str | None:
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        return "which is no address of a proxy"
    return None if parts.scheme in schemes else f"and proxies of the kind {parts.scheme}:// cannot be used here"
