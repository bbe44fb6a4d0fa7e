"""ESEARCH: search in many mailboxes at once.

RFC 7377    2        the command; a mailbox where nothing is found is not mentioned
            2.1      each answer says which mailbox it is about, and speaks of UIDs
            2.2      sources; SAVE only with the selected mailbox alone. "r" in other users'
                     mailboxes, and "l" where they are not named

Departures: sequence numbers among the keys are those of each mailbox as it is at that moment.

Cost: that of opening and searching each mailbox, one after the other.
"""

from correo.base.errors import NotFound
from correo.mailbox.fuzzy import relevancy
from correo.mailbox.search import search
from correo.mailbox.view import View
from correo.servers.imap import updates
from correo.servers.imap.choosing import chosen
from correo.servers.imap.criteria import criterion_of
from correo.servers.imap.filters import without_filters
from correo.servers.imap.places import Place
from correo.servers.imap.refusals import Misused, UnknownCharset
from correo.servers.imap.rights import READ
from correo.servers.imap.search import (
    Found,
    check_fuzzy,
    esearch_lines,
    highest_modseq,
    is_saving,
    returned,
)
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import Mailbox
from correo.wire.imap.commands import Command, MultiSearch, SearchReturn
from correo.wire.imap.sources import SourceKind

__all__ = ["HANDLERS"]


async def answer_multi_search(session: ImapSession, command: MultiSearch) -> None:
    is_selected_meant = any(each.kind is SourceKind.SELECTED for each in command.sources)
    if is_selected_meant and session.selected is None:
        raise Misused("no mailbox is selected")
    if is_saving(command) and (not is_selected_meant or len(command.sources) > 1):
        raise Misused("SAVE is for the selected mailbox alone")
    if not command.is_charset_known:
        raise UnknownCharset
    check_fuzzy(command)
    if command.mentions_modseq:
        session.enable_condstore()
    command.key = await without_filters(session, command.key)
    for place in await chosen(session, command.sources, READ):
        await search_in(session, command, place)
    await updates.begin(session, command, [])
    await session.conclude(command, "searched")


async def search_in(session: ImapSession, command: MultiSearch, place: Place) -> None:
    """Search one mailbox and tell what was found; one that is gone meanwhile is left out."""
    services, selected, mailbox = session.services, session.selected, place.mailbox
    if selected is not None and place.is_same(selected.live.account, selected.live.mailbox):
        await selected.live.refresh_if_stale()
        await tell_found(session, command, mailbox, selected)
        return
    try:
        view = await services.mailboxes.select(place.account, mailbox, nobody_is_told)
    except NotFound:
        return
    try:
        await tell_found(session, command, mailbox, view)
    finally:
        services.mailboxes.release(view)


def nobody_is_told() -> None:
    """A mailbox that is only looked through has no news for the client."""


async def tell_found(
    session: ImapSession, command: MultiSearch, mailbox: Mailbox, view: View
) -> None:
    criterion = criterion_of(command.key, view, session.services.clock.now())
    shown = view.uids[: view.exists].tolist()
    uids = await search(view.live, shown, criterion, wants_index=session.services.indexing.want)
    answered = returned(command, uids)
    if is_saving(command):
        view.saved = answered
    if uids:
        modseq = highest_modseq(view, answered) if command.mentions_modseq else None
        scores = None
        if SearchReturn.RELEVANCY in (command.returns or ()):
            by_uid = await relevancy(view.live, uids, criterion)
            scores = [by_uid[uid] for uid in uids]
        returns = command.returns or frozenset({SearchReturn.ALL})
        lines = esearch_lines(session, command, returns, Found(uids, modseq, scores), about=mailbox)
        session.engine.send_lines(lines)


HANDLERS: dict[type[Command], Handler] = {MultiSearch: answer_multi_search}
