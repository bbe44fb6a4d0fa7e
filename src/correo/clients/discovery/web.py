"""Fetch a small file over HTTPS, and from nowhere else.

The standard library does it, in a thread; certificates are verified, a redirection may lead to
https only, and no more is read than a limit.
"""

import asyncio
import http.client
import ssl
import urllib.error
import urllib.request
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
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


async def fetch(url: str, *, timeout_s: float, context: ssl.SSLContext | None = None) -> bytes:
    """The file's octets; b"" if there is none, or no server, or it is too large."""
    return await asyncio.to_thread(_fetch, url, timeout_s, context or client_context())


def _fetch(url: str, timeout_s: float, context: ssl.SSLContext) -> bytes:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPSHandler(context=context),
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
