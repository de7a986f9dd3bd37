"""A web server of a test's own, for tests of the real download path, offline."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nmflab.contracts import DataFile


class Publisher:
    """Serves bytes by name, counts requests, and breaks off where it is told to.

    Parameters
    ----------
    root : str
        Its address.

    Attributes
    ----------
    content : dict of str to bytes
        What is served, by name; anything else is answered with 404.
    requests : list of str
        The names asked for, in order.
    breaks_after : int, optional
        How many bytes are sent of each answer, whose length is announced in full.
    headers : dict
        What is sent beside the length.
    may_send : threading.Event
        An answer waits for it before its first byte; set at the start.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.content: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.breaks_after: int | None = None
        self.headers: dict[str, str] = {}
        self.may_send = threading.Event()
        self.may_send.set()

    def file(self, name: str, content: bytes, **more: Any) -> DataFile:
        """Serve a file; return what a plugin's author says of it.

        Parameters
        ----------
        name : str
        content : bytes
        **more
            Fields of the `DataFile` that are to be others: values of any type.
        """
        self.content[name] = content
        usual = {
            "mirror": f"tried/{name}",
            "size": len(content),
            "url": f"{self.root}/{name}",
            "sha256": sha256(content).hexdigest(),
        }
        return DataFile(name=name, **{**usual, **more})


class _Handler(BaseHTTPRequestHandler):
    publisher: Publisher

    def do_GET(self) -> None:
        """Answer with the content, with part of it, or with 404."""
        publisher, name = self.publisher, self.path.removeprefix("/")
        publisher.requests.append(name)
        content = publisher.content.get(name)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        for header, value in publisher.headers.items():
            self.send_header(header, value)
        self.end_headers()
        publisher.may_send.wait(20)
        self.wfile.write(content[: publisher.breaks_after])

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Publisher]:
    """Serve on a free port of this machine while the block lasts."""

    class Handler(_Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.publisher = Publisher(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Handler.publisher
        finally:
            server.shutdown()
            thread.join()
