"""Fetch a small file over HTTPS, and from nowhere else.

The standard library does it, in a thread; certificates are verified, a redirection may lead to
https only, no more is read than a limit, and a server that dawdles is cut off.
"""

import asyncio
import contextlib
import http.client
import socket
import ssl
import urllib.error
import urllib.request
import weakref
from collections.abc import Callable
from email.message import Message
from typing import IO

from correo.net.tls import client_context

__all__ = ["SIZE_LIMIT", "fetch"]

SIZE_LIMIT = 256 * 1024  # octets


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    max_redirections = 5

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not newurl.lower().startswith("https://"):
            raise urllib.error.URLError("the server sends us on to a place without TLS")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # typeshed: HTTPMessage


class _Connection(http.client.HTTPSConnection):
    """Tells of its socket, which it hands over to the answer."""

    tell: Callable[[socket.socket], None]

    def connect(self) -> None:
        super().connect()
        self.tell(self.sock)


class _Https(urllib.request.HTTPSHandler):
    """Knows its socket as long as it is in use, so that it can be cut from another thread."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._trust = context
        self._opened: weakref.ref[socket.socket] | None = None

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connect, req)  # type: ignore[arg-type]  # gets no more than these

    def _connect(self, host: str, *, timeout: float) -> _Connection:
        connection = _Connection(host, timeout=timeout, context=self._trust)
        connection.tell = self._note
        return connection

    def _note(self, opened: socket.socket) -> None:
        self._opened = weakref.ref(opened)

    def cut(self) -> None:
        """Whoever reads finds the end."""
        opened = self._opened() if self._opened is not None else None
        if opened is not None:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


async def fetch(url: str, *, timeout_s: float, context: ssl.SSLContext | None = None) -> bytes:
    """The file's octets; b"" if there is none, no server, or it is too large or not here in time."""
    https = _Https(context or client_context())
    work = asyncio.create_task(asyncio.to_thread(_fetch, url, timeout_s, https))
    try:
        done, _ = await asyncio.wait([work], timeout=timeout_s)
        if done:
            return work.result()
    finally:
        https.cut()  # also when we are cancelled: the thread would go on reading
    await work
    return b""


def _fetch(url: str, timeout_s: float, https: _Https) -> bytes:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        https,
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _OnlyHttps(),
    ):
        opener.add_handler(handler)
    try:
        with opener.open(url, timeout=timeout_s) as answer:
            octets: bytes = answer.read(SIZE_LIMIT + 1)
    except (OSError, http.client.HTTPException, ValueError):  # URLError is an OSError
        return b""
    return octets if len(octets) <= SIZE_LIMIT else b""
