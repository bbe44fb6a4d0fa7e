"""Find out which messages a command names, by sequence number or UID.

RFC 9051    2.3.1.2, 9   sequence sets; a UID that is not there is no error
RFC 5182    2.1      "$" is the result of the last SEARCH RETURN (SAVE)

Departures: a sequence number beyond the last message is BAD, but in a range with "*" it means the
last one: clients ask for `n+1:*` to see what is new.
"""

from correo.mailbox.view import View
from correo.servers.imap.refusals import Misused
from correo.wire.imap.sequence import STAR, SequenceSet

__all__ = ["uids_of"]


def uids_of(view: View, messages: SequenceSet, *, is_uid: bool) -> list[int]:
    """The UIDs named, ascending, each once, as far as the client can know of them.

    Raises:
        Misused: a sequence number that no message has.
    """
    if is_uid:
        found = view.within(messages.spans(view.last_uid))
    else:
        check_numbers(view, messages)
        found = view.numbered(messages.spans(view.exists))
    if messages.saved:
        saved = [uid for uid in view.saved if view.position(uid) >= 0]
        found = sorted({*found, *saved}) if found else saved
    return found


def check_numbers(view: View, messages: SequenceSet) -> None:
    for first, last in messages.ranges:
        if STAR not in (first, last) and max(first, last) > view.exists:
            raise Misused(f"there are {view.exists} messages")
