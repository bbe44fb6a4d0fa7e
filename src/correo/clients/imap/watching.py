"""Watch a mailbox: every arrival, change of flags and disappearance, once, over lost connections.

The server's news only wakes us; what changed is asked for: by CHANGEDSINCE with VANISHED where
the server has QRESYNC, by CHANGEDSINCE and a list of UIDs where it has CONDSTORE, else by the
flags of all messages. So nothing is missed while nobody listened, and nothing is told twice.

RFC 7162    3.1.4 CHANGEDSINCE, 3.2.6 VANISHED; RFC 2177 IDLE
"""

from correo.clients.imap.changes import Change, Known
from correo.clients.imap.client import ImapClient
from correo.wire.imap.response_types import Exists, Expunged, Response, Vanished

__all__ = ["catch_up", "is_due"]


async def catch_up(client: ImapClient, known: Known) -> list[Change]:
    """Compare the open mailbox with what is known of it, which is then current.

    Nothing becomes known before the whole answer is there, so that after a lost connection the
    same comparison can be made again.

    Raises ImapReplyError, ImapConnectionError.
    """
    opened = client.mailbox
    assert opened is not None
    is_same = known.uid_validity == opened.uid_validity
    since = known.modseq if is_same and opened.highest_modseq is not None else 0
    has_vanished = since > 0 and "QRESYNC" in client.connection.engine.enabled
    opened.vanished.clear()
    told = [
        data
        async for data in client.fetch(
            "1:*", "(UID FLAGS)", changed_since=since or None, vanished=has_vanished
        )
        if data.uid is not None and data.flags is not None
    ]
    present = None if since == 0 or has_vanished else await client.search("ALL")
    changes = [] if is_same else known.renumbered(opened.uid_validity)
    for data in told:
        changes += known.told(data.uid or 0, data.flags or (), data.modseq)
    if has_vanished:
        changes += known.vanished(opened.vanished)
    elif present is not None:
        changes += known.only(present)
    else:
        changes += known.only(data.uid or 0 for data in told)
        known.modseq = max(known.modseq, opened.highest_modseq or 0)
    return changes


def is_due(news: list[Response]) -> bool:
    """Whether what came during a comparison asks for another one."""
    return any(
        isinstance(one, Exists | Expunged) or (isinstance(one, Vanished) and not one.earlier)
        for one in news
    )
