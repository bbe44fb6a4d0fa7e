"""CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE: the folders themselves.

RFC 9051    6.3.4 to 6.3.8
RFC 6154    3        CREATE with a special use; USEATTR
RFC 8474    4.1      MAILBOXID of what was created
RFC 4314    4        "k" above what is made, "x" for what goes; a new mailbox has the access
                     control list of the level above
RFC 2180    3        a selected mailbox may be renamed, and deleted: see `session`

Departures: deleting a mailbox with children leaves the children; RENAME of one into its own
children, or into another account, is refused. UNSUBSCRIBE of what is not subscribed is OK.
"""

from correo.base.errors import Refusal
from correo.mailbox import names
from correo.servers.imap.refusals import NotPermitted
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.servers.imap.special_use import NoSuchUse, read_uses
from correo.store.model import HIERARCHY_DELIMITER
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Command, Create, Delete, Rename, Subscribe

__all__ = ["HANDLERS"]


async def answer_create(session: ImapSession, command: Create) -> None:
    uses = read_uses(command.special_use)
    room = await session.places.room(command, command.mailbox)
    if uses and not room.is_own:
        raise NoSuchUse("special uses are for your own mailboxes")
    session.attention.changing(names.canonical(command.mailbox))
    mailbox = await room.account.create_mailbox(room.name, special_use=uses)
    await session.conclude(command, "created", codes.mailbox_id(mailbox.object_id))


async def answer_delete(session: ImapSession, command: Delete) -> None:
    place = await session.places.find(command, command.mailbox)
    selected = session.selected
    is_selected = selected is not None and place.is_same(
        selected.live.account, selected.live.mailbox
    )
    session.attention.changing(place.mailbox.name)
    await place.account.delete_mailbox(place.local_name)
    await session.services.sharing.note(place.account)
    if is_selected:
        session.leave_mailbox()
        session.engine.deselect()
        session.engine.send_lines([responses.ok_line(codes.CLOSED, "the mailbox is deleted")])
    await session.conclude(command, "deleted")


async def answer_rename(session: ImapSession, command: Rename) -> None:
    place = await session.places.find(command, command.mailbox)
    room = await session.places.room(command, command.new_name)
    old, new = place.local_name, room.name
    if room.account.account_id != place.account.account_id:
        raise Refusal("5.5.4", "a mailbox stays with its owner: copy its messages")
    if old == "INBOX" and not place.is_own:
        raise NotPermitted("only its owner can rename INBOX")
    if new.startswith(old + HIERARCHY_DELIMITER) and old != "INBOX":
        raise Refusal("5.5.4", "a mailbox cannot be moved below itself")
    session.attention.changing(place.mailbox.name)
    session.attention.changing(names.canonical(command.new_name))
    await place.account.rename_mailbox(old, new)
    await session.conclude(command, "renamed")


async def answer_subscribe(session: ImapSession, command: Subscribe) -> None:
    name = names.valid(command.mailbox) if command.subscribed else names.canonical(command.mailbox)
    session.attention.changing(name)
    await session.account.subscribe(name, subscribed=command.subscribed)
    await session.conclude(command, "subscribed" if command.subscribed else "unsubscribed")


HANDLERS: dict[type[Command], Handler] = {
    Create: answer_create,
    Delete: answer_delete,
    Rename: answer_rename,
    Subscribe: answer_subscribe,
}
