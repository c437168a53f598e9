"""A SOCKS 5 proxy without passwords, for one test; it counts the connections that it makes."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer


@contextmanager
def socks_server() -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Yield the proxy's address and the list of places that it has connected to."""
    connected: list[tuple[str, int]] = []

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            _, count = self.rfile.read(2)
            self.rfile.read(count)
            self.wfile.write(b"\5\0")  # version 5, no password
            _, _, _, kind = self.rfile.read(4)
            if kind == 1:
                host = socket.inet_ntoa(self.rfile.read(4))
            else:  # a name
                host = self.rfile.read(self.rfile.read(1)[0]).decode()
            place = host, int.from_bytes(self.rfile.read(2), "big")
            connected.append(place)
            with socket.create_connection(place) as upstream:
                self.wfile.write(b"\5\0\0\1" + bytes(6))
                threading.Thread(target=pump, args=(upstream, self.connection), daemon=True).start()
                pump(self.connection, upstream)

    server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"socks5://127.0.0.1:{server.server_address[1]}", connected
    server.shutdown()
    server.server_close()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Pass on bytes until one side closes."""
    with suppress(OSError):
        while part := source.recv(1 << 16):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
