"""SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS: who else may do what with a mailbox.

RFC 4314    3        the commands; 2.1.1 "c" and "d" are told to older clients
            4        "a" to see or change a list; 6 and nobody else learns that there is one

Departures: what the owner may do cannot be changed, so it is no use to name the owner. SETACL for
somebody who has no account here is refused, so that a slip of the pen shares nothing with whoever
gets that address later.

Cost: microseconds to read; a commit, and one more for the directory, to change.
"""

from contextlib import suppress

from correo.base.errors import NotFound, Refusal
from correo.servers.imap.places import Place
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import RightsMode
from correo.store.rights import ALL
from correo.wire.imap import responses
from correo.wire.imap.commands import Command, DeleteAcl, GetAcl, ListRights, MyRights, SetAcl
from correo.wire.imap.rights import VIRTUAL, shown

__all__ = ["HANDLERS", "rights_line"]


async def answer_set_acl(session: ImapSession, command: SetAcl) -> None:
    place = await session.places.find(command, command.mailbox)
    identifier = await identifier_for(session, place, command.identifier)
    mode = RightsMode(command.mode.value)
    sharing = session.services.sharing
    await sharing.change(place.account, place.mailbox.id, identifier, mode, command.rights)
    await session.conclude(command, "that is what they may do now")


async def answer_delete_acl(session: ImapSession, command: DeleteAcl) -> None:
    place = await session.places.find(command, command.mailbox)
    sharing = session.services.sharing
    with suppress(NotFound):  # who has no account is in no list
        identifier = await identifier_for(session, place, command.identifier)
        await sharing.change(place.account, place.mailbox.id, identifier, RightsMode.REPLACE)
    await session.conclude(command, "not in the list")


async def identifier_for(session: ImapSession, place: Place, text: str) -> str:
    """Whom a list is to name. Raises NotFound; Refusal for the owner."""
    identifier = await session.services.sharing.identifier(text)
    if is_owner(place, identifier):
        raise Refusal("5.5.4", "the owner of a mailbox has all rights in it")
    return identifier


def is_owner(place: Place, identifier: str) -> bool:
    return identifier.removeprefix("-") == place.account.account_id


async def answer_get_acl(session: ImapSession, command: GetAcl) -> None:
    place = await session.places.find(command, command.mailbox)
    sharing = session.services.sharing
    owner = await sharing.address_of(place.account.account_id)
    others = await sharing.named(await place.account.acl(place.mailbox.id))
    told = {owner: shown(ALL), **{name: shown(rights) for name, rights in others.items()}}
    session.engine.send_lines(
        [responses.acl(place.mailbox.name, told, utf8=session.engine.is_utf8)]
    )
    await session.conclude(command, "that is who may do what")


async def answer_list_rights(session: ImapSession, command: ListRights) -> None:
    place = await session.places.find(command, command.mailbox)
    always, others = "", [*ALL, *VIRTUAL]
    try:
        if is_owner(place, await session.services.sharing.identifier(command.identifier)):
            always, others = shown(ALL), []
    except NotFound:
        pass  # as for anybody: who has an account here is not told
    line = responses.list_rights(
        place.mailbox.name, command.identifier, always, others, utf8=session.engine.is_utf8
    )
    session.engine.send_lines([line])
    await session.conclude(command, "that is what they may be let do")


async def answer_my_rights(session: ImapSession, command: MyRights) -> None:
    place = await session.places.find(command, command.mailbox)
    session.engine.send_lines([rights_line(session, place.mailbox.name, place.rights)])
    await session.conclude(command, "that is what you may do")


def rights_line(session: ImapSession, name: str, rights: str) -> bytes:
    """The MYRIGHTS response."""
    return responses.my_rights(name, shown(rights), utf8=session.engine.is_utf8)


HANDLERS: dict[type[Command], Handler] = {
    SetAcl: answer_set_acl,
    DeleteAcl: answer_delete_acl,
    GetAcl: answer_get_acl,
    ListRights: answer_list_rights,
    MyRights: answer_my_rights,
}
