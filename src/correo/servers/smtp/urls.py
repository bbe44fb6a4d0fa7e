"""BURL: put what an IMAP URL names into a message that is being submitted.

Only our own IMAP server is asked, and within the process: no connection is made, so no URL can
make this server speak to another.

RFC 4468    3.3      URLs with URLAUTH; submit+ only for who has logged in under that name
            6        554 5.6.6, 5.7.0, 5.7.8

Cost: that of URLFETCH; a large part goes from blob to blob piece by piece.
"""

from collections.abc import Collection
from typing import Protocol

from correo.base.blobs import Chunk, pieces
from correo.wire.smtp.server.engine import ServerEngine

__all__ = ["UrlSource", "put_in"]


class UrlSource(Protocol):
    """Finds what URLs name; `servers.imap.url_access` does."""

    async def submitted(self, url: bytes, login: str, own_hosts: Collection[str]) -> Chunk:
        """The octets, for who has logged in under this name.

        Args:
            own_hosts: names of ours, in lower case; an URL of another host is refused as such.

        Raises:
            Refusal: 5.6.6 there is no such message, 5.7.0 it is not authorized for this, 5.7.8 it
                is about a server that is not ours.
        """


async def put_in(
    engine: ServerEngine, source: UrlSource, url: bytes, login: str, hostname: str
) -> None:
    """Answer UrlGiven. Raises Refusal."""
    own_hosts = {hostname.lower(), login.rpartition("@")[2].lower(), "localhost"}
    chunk = await source.submitted(url, login, own_hosts)
    async for piece in pieces(chunk):
        if not engine.write_url(piece):
            break
    engine.accept_url()
