"""Keep what a guest notes of somebody else's mailbox apart from what its owner does.

Entries in `/shared/` lie with the mailbox. What a guest notes for themselves lies in the guest's
own account, among the annotations of the account, under a name that says which mailbox is meant
and that no client can write; so guests cannot fill up what the owner may note.

RFC 5464    3.2      /private: seen by the one who noted it; /shared: by all who may read it
RFC 6154    4        /private/specialuse is the special uses of the mailbox, and changes them

Departures: one SETMETADATA with entries of both kinds, in somebody else's mailbox, is two commits;
so is one with the special uses and other entries.

Cost: a look at each entry of the account and the mailbox.
"""

from collections.abc import Mapping

from correo.servers.imap import special_use
from correo.servers.imap.places import Place
from correo.store.api import AccountStore

__all__ = ["PRIVATE", "SHARED", "annotate", "notes_in"]

PRIVATE, SHARED = "/private/", "/shared/"


async def notes_in(own: AccountStore, place: Place) -> dict[str, bytes]:
    """What a user may read of a mailbox, sorted. Raises NotFound."""
    notes = await place.account.annotations(place.mailbox.id)
    if place.is_own:
        uses = " ".join(place.mailbox.special_use).encode("ascii")
        return dict(sorted({**notes, special_use.ENTRY: uses}.items())) if uses else notes
    start = start_of(place)
    mine = {
        PRIVATE + entry.removeprefix(start): value
        for entry, value in (await own.annotations(None)).items()
        if entry.startswith(start)
    }
    shared = {entry: value for entry, value in notes.items() if entry.startswith(SHARED)}
    return {**mine, **shared}


async def annotate(own: AccountStore, place: Place, notes: Mapping[str, bytes | None]) -> None:
    """Raises NotFound, TooManyAnnotations, NoSuchUse."""
    if special_use.ENTRY in notes:
        await use(place, notes[special_use.ENTRY])
        notes = {entry: value for entry, value in notes.items() if entry != special_use.ENTRY}
    if place.is_own:
        await place.account.annotate(place.mailbox.id, notes)
        return
    start = start_of(place)
    mine = {
        start + entry.removeprefix(PRIVATE): value
        for entry, value in notes.items()
        if entry.startswith(PRIVATE)
    }
    shared = {entry: value for entry, value in notes.items() if entry.startswith(SHARED)}
    if mine:
        await own.annotate(None, mine)
    if shared:
        await place.account.annotate(place.mailbox.id, shared)


async def use(place: Place, value: bytes | None) -> None:
    """Give a mailbox the special uses that a client notes. Raises NotFound, NoSuchUse."""
    uses = special_use.read_uses((value or b"").decode("ascii", "replace").split())
    if not place.is_own:
        raise special_use.NoSuchUse("special uses are for your own mailboxes")
    await place.account.set_special_use(place.mailbox.id, uses)


def start_of(place: Place) -> str:
    return f"/private@{place.account.account_id}/{place.mailbox.id}/"
