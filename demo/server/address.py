"""Checks the address to listen on before the server starts, so that a wrong one is a sentence at once."""

import errno
import socket
import sys


class AddressError(ValueError):
    """The server cannot listen there; the message says why and what to do."""


def check_address(host: str, port: int) -> None:
    """Bind the address for a moment.

    Args:
        host: A name or an address of this machine; IPv6 addresses without brackets.
        port: 1 to 65535.

    Raises:
        AddressError: If the server could not listen there.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if sys.platform != "win32":  # elsewhere, a port that was just closed counts as in use without it
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, ValueError) as error:  # also of names that cannot be resolved, or are no names
        raise AddressError(_explain(error, host, port)) from error


def _explain(error: Exception, host: str, port: int) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"port {port} is in use: end the program that uses it, or choose another with --port"
    if number == errno.EACCES:
        return f"port {port} is not permitted: choose another with --port, such as one from 1024 on"
    return f"{host} is no address of this machine: choose another with --host, such as 127.0.0.1, or 0.0.0.0 for all"
