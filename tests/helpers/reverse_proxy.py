"""A reverse proxy that serves another server below a path, and strips the path or keeps it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "host"}


@contextmanager
def reverse_proxy(port: int, prefix: str, strips: bool) -> Iterator[str]:
    """Serve what listens on a port of this machine below `prefix`; yield the address with it, without a slash."""
    strays: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            if not f"{self.path}/".startswith((f"{prefix}/", f"{prefix}?")):
                strays.append(self.path)
                self.send_response(204)
                return self.end_headers()
            path = (self.path.removeprefix(prefix) if strips else self.path) or "/"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            upstream = HTTPConnection("127.0.0.1", port, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            own = f"127.0.0.1:{server.server_port}"
            upstream.request(self.command, path, body, headers | {"Host": own, "X-Forwarded-Host": own})
            answer = upstream.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            while part := answer.read1(1 << 16):
                self.wfile.write(part)
                self.wfile.flush()
            upstream.close()

        do_GET = do_POST = do_HEAD = forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # pages close their streams
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{prefix}"
    server.shutdown()
    assert [path for path in strays if path != "/favicon.ico"] == [], "requests that left the path"
