"""Tell a client what has happened to its mailbox, when it may be told.

RFC 9051    5.2, 7.4, 7.5   EXISTS, EXPUNGE, FETCH without being asked
RFC 7162    3.2.4    UID and MODSEQ in every such FETCH once CONDSTORE is enabled
            3.2.10   VANISHED instead of EXPUNGE once QRESYNC is enabled
            6        HIGHESTMODSEQ while expunges are held back
RFC 9586    3.3      UIDFETCH and VANISHED once UIDONLY is enabled
RFC 4314    5.1.1    PERMANENTFLAGS as far as the user's rights go

Departures: FETCH without being asked always has UID; the RFC lets servers add what they like.

Cost: a format for each message told; 10,000 changed flags about 10 ms.
"""

from correo.mailbox.view import FlagUpdate, View
from correo.servers.imap import uidonly
from correo.store.model import SYSTEM_FLAGS
from correo.store.rights import permitted
from correo.wire.imap import codes, responses
from correo.wire.imap.server import ImapServerEngine

__all__ = ["flag_names", "flags_allowed", "flags_lines", "modseq_code", "tell"]


def tell(engine: ImapServerEngine, view: View, *, expunges: bool, flags: bool = True) -> bytes:
    """Put what the client has yet to hear into the engine.

    Args:
        expunges: whether it may be told of expunged messages now (never within FETCH, STORE and
            SEARCH by sequence number).
        flags: whether it wants to be told of flags.

    Returns:
        The response code the tagged answer should carry, b"" for none.
    """
    if not view.has_news:
        return b""
    told = view.updates(expunges=expunges)
    lines: list[bytes] = []
    if told.new_keywords:
        lines.append(responses.flags(flag_names(view)))
    is_by_uid = uidonly.is_enabled(engine)
    if told.vanished and ("QRESYNC" in engine.enabled or is_by_uid):
        lines.append(responses.vanished(told.vanished))
    else:
        lines.extend(responses.expunge(number) for number in told.expunged)
    if told.exists is not None:
        lines.append(responses.exists(told.exists))
    if flags:
        lines.extend(flags_lines(engine, told.changed))
    engine.send_lines(lines)
    return modseq_code(engine, view, vanished=bool(told.vanished))


def modseq_code(engine: ImapServerEngine, view: View, *, vanished: bool) -> bytes:
    """HIGHESTMODSEQ where the client could not know it from what it has been told."""
    needed = view.holds_back or (vanished and "QRESYNC" in engine.enabled)
    if needed and "CONDSTORE" in engine.enabled:
        return codes.highest_modseq(view.told_modseq)
    return b""


def flag_names(view: View) -> str:
    """All flags of a mailbox, for FLAGS and PERMANENTFLAGS."""
    return " ".join([*SYSTEM_FLAGS, *view.live.keywords()])


def flags_allowed(view: View, rights: str) -> list[bytes]:
    """FLAGS, and PERMANENTFLAGS for a client with these rights over flags."""
    names = flag_names(view)
    allowed = codes.permanent_flags(permitted(names, rights), keywords="w" in rights)
    return [responses.flags(names), responses.ok_line(allowed, "permanent flags")]


def flags_lines(engine: ImapServerEngine, changed: list[FlagUpdate]) -> list[bytes]:
    """FETCH lines with the flags of these messages, or UIDFETCH (RFC 9586 3.3)."""
    with_modseq = "CONDSTORE" in engine.enabled
    if uidonly.is_enabled(engine):
        return [
            b"* %d UIDFETCH (FLAGS (%b)%b)\r\n"
            % (uid, flags.encode(), b" MODSEQ (%d)" % modseq if with_modseq else b"")
            for _, uid, flags, modseq in changed
        ]
    if with_modseq:
        return [
            b"* %d FETCH (UID %d FLAGS (%b) MODSEQ (%d))\r\n"
            % (number, uid, flags.encode(), modseq)
            for number, uid, flags, modseq in changed
        ]
    return [
        b"* %d FETCH (UID %d FLAGS (%b))\r\n" % (number, uid, flags.encode())
        for number, uid, flags, _ in changed
    ]
