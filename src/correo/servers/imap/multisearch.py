"""ESEARCH: search in many mailboxes at once.

RFC 7377    2        the command; a mailbox where nothing is found is not mentioned
            2.1      each answer says which mailbox it is about, and speaks of UIDs
            2.2      sources; SAVE only with the selected mailbox alone. "r" in other users'
                     mailboxes, and "l" where they are not named

Departures: sequence numbers among the keys are those of each mailbox as it is at that moment.

Cost: that of opening and searching each mailbox, one after the other.
"""

from collections.abc import Collection, Sequence

from correo.base.errors import NotFound
from correo.mailbox import names
from correo.mailbox.fuzzy import relevancy
from correo.mailbox.namespaces import OTHERS
from correo.mailbox.search import search
from correo.mailbox.view import View
from correo.servers.imap import updates
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
from correo.store.model import HIERARCHY_DELIMITER, Mailbox
from correo.wire.imap.commands import Command, MultiSearch, SearchReturn
from correo.wire.imap.sources import Source, SourceKind

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
    for place in await chosen(session, command.sources):
        await search_in(session, command, place)
    await updates.begin(session, command, [])
    await session.conclude(command, "searched")


async def chosen(session: ImapSession, sources: Sequence[Source]) -> list[Place]:
    """The mailboxes meant, each once, in the order of LIST; other users' come last."""
    own = session.account
    subscribed: Collection[str] = ()
    if any(source.kind is SourceKind.SUBSCRIBED for source in sources):
        subscribed = frozenset(await own.subscriptions())
    places = [Place(own, mailbox) for mailbox in await own.mailboxes()]
    places += await others(session, sources, subscribed)
    return [
        place
        for place in places
        if any(is_meant(place, source, session.selected, subscribed) for source in sources)
    ]


async def others(
    session: ImapSession, sources: Sequence[Source], subscribed: Collection[str]
) -> list[Place]:
    """Other users' mailboxes that may be read, of the owners some source may mean."""
    named = [*(name for source in sources for name in source.mailboxes), *subscribed]
    tops = [
        name + HIERARCHY_DELIMITER
        for name in named
        if (name + HIERARCHY_DELIMITER).startswith(OTHERS)
    ]
    if session.guest is not None:
        tops.append(session.guest.prefix)
    if not tops:
        return []

    def is_wanted(prefix: str) -> bool:
        return any(prefix.startswith(top) or top.startswith(prefix) for top in tops)

    return [each for each in await session.places.others(is_wanted) if READ in each.rights]


def is_meant(
    place: Place, source: Source, selected: View | None, subscribed: Collection[str]
) -> bool:
    mailbox = place.mailbox
    match source.kind:
        case SourceKind.SELECTED:
            live = selected.live if selected is not None else None
            return live is not None and place.is_same(live.account, live.mailbox)
        case SourceKind.INBOXES:
            return mailbox.name == "INBOX"
        case SourceKind.PERSONAL:
            return place.is_own
        case SourceKind.SUBSCRIBED:
            return "l" in place.rights and mailbox.name in subscribed
    named = [top for top in source.mailboxes if is_named(mailbox.name, top, source.kind)]
    return bool(named) and ("l" in place.rights or mailbox.name in named)


def is_named(name: str, top: str, kind: SourceKind) -> bool:
    top = names.canonical(top)
    if name == top:
        return True
    below = name.removeprefix(top + HIERARCHY_DELIMITER)
    if below == name or kind is SourceKind.MAILBOXES:
        return False
    return kind is SourceKind.SUBTREE or HIERARCHY_DELIMITER not in below


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
