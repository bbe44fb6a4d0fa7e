"""SEARCH and UID SEARCH: say which messages meet the criteria.

RFC 9051    6.4.4    SEARCH and its RETURN options; 7.3.4 ESEARCH
RFC 3501    7.2.5    the SEARCH response, for clients that enabled no IMAP4rev2 and gave no RETURN
RFC 4731             ESEARCH; RFC 5182 SEARCHRES; RFC 5032 WITHIN
RFC 9394    3.1, 3.2 PARTIAL; RFC 5466 FILTER; RFC 6203 FUZZY, RELEVANCY
RFC 7162    3.1.5, 3.1.6   MODSEQ
RFC 9738             MESSAGELIMIT: of messages looked at; SORT and THREAD are refused
RFC 5267    4        CONTEXT, a hint that is not needed; UPDATE: see `updates`

Departures: no message is \\Recent. Days are days in UTC, but for SENTBEFORE, SENTON and
SENTSINCE, which look at the Date field as it stands.

Cost: see `mailbox.search`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from correo.base.errors import Refusal
from correo.mailbox.fuzzy import relevancy
from correo.mailbox.search import search
from correo.mailbox.view import View
from correo.servers.imap import messagelimit, updates
from correo.servers.imap.criteria import criterion_of, is_fuzzy, mentions_numbers
from correo.servers.imap.filters import without_filters
from correo.servers.imap.refusals import Misused, UnknownCharset
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import Mailbox
from correo.wire.imap import responses
from correo.wire.imap.commands import Command, Search, SearchReturn, Sort, SortKey, Thread

__all__ = [
    "HANDLERS",
    "Found",
    "check_fuzzy",
    "conclude",
    "esearch_lines",
    "found_by",
    "highest_modseq",
    "is_saving",
    "returned",
    "scores_of",
    "tell",
]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    numbers: sequence numbers or UIDs, as the command wants them, in the order of the answer.
    modseq: the highest mod-sequence among those returned; None if it was not asked for.
    scores: how well each fits (RFC 6203 4); None if that was not asked for.
    """

    numbers: Sequence[int]
    modseq: int | None
    scores: Sequence[int] | None = None


async def answer_search(session: ImapSession, command: Search) -> None:
    check_fuzzy(command)
    updates.check(session, command)
    try:
        uids = await found_by(session, command)
        scores = await scores_of(session, command, uids)
    except Refusal as refusal:
        await session.conclude_refused(command, refusal, expunges=False)
        return
    limit_code = messagelimit.code_of(session, messagelimit.looked_at(session, command.key))
    await tell(session, command, uids, scores, limit_code)


def check_fuzzy(command: Search) -> None:
    """Raises Misused: RELEVANCY is asked for without FUZZY (RFC 6203 4, 6)."""
    if is_relevancy_asked(command) and command.is_charset_known and not is_fuzzy(command.key):
        raise Misused("RELEVANCY needs FUZZY")


def is_relevancy_asked(command: Search) -> bool:
    is_order = isinstance(command, Sort) and any(
        key is SortKey.RELEVANCY for key, _ in command.orders
    )
    return is_order or SearchReturn.RELEVANCY in (command.returns or ())


async def scores_of(session: ImapSession, command: Search, uids: list[int]) -> dict[int, int]:
    """How well each fits, if somebody wants to know."""
    if not is_relevancy_asked(command):
        return {}
    view = session.view
    key = await without_filters(session, command.key)
    criterion = criterion_of(key, view, session.services.clock.now())
    return await relevancy(view.live, uids, criterion)


async def found_by(session: ImapSession, command: Search) -> list[int]:
    """The UIDs that meet the criteria, ascending. Raises Refusal; nothing is saved then."""
    view = session.view
    if command.mentions_modseq:
        session.enable_condstore()
    await view.live.refresh_if_stale()
    try:
        if not command.is_charset_known:
            raise UnknownCharset
        key = await without_filters(session, command.key)
        criterion = criterion_of(key, view, session.services.clock.now())
        shown = messagelimit.looked_at(session, key)
        if isinstance(command, Sort | Thread):
            messagelimit.check(session, len(shown))
        shown = messagelimit.within(session, shown)
        wants_index = session.services.indexing.want
        return await search(view.live, shown, criterion, wants_index=wants_index)
    except Refusal:
        if is_saving(command):
            view.saved = []  # RFC 5182 2.1
        raise


async def tell(
    session: ImapSession,
    command: Search,
    uids: list[int],
    scores: Mapping[int, int],
    code: bytes = b"",
) -> None:
    """Save and tell what was found, in the order given, and conclude the command."""
    view = session.view
    answered = returned(command, uids)
    if is_saving(command):
        view.saved = sorted(answered)
    numbers = uids if command.is_uid else view.numbers_of(uids)
    modseq = highest_modseq(view, answered) if command.mentions_modseq else None
    told = [scores[uid] for uid in uids] if scores else None
    session.engine.send_lines(result_lines(session, command, Found(numbers, modseq, told)))
    await updates.begin(session, command, uids)
    await conclude(session, command, code)


async def conclude(session: ImapSession, command: Search, code: bytes = b"") -> None:
    may_expunge = command.is_uid and not mentions_numbers(command.key)
    await session.conclude(command, "searched", code, expunges=may_expunge)


def is_saving(command: Search) -> bool:
    return command.returns is not None and SearchReturn.SAVE in command.returns


def returned(command: Search, uids: list[int]) -> list[int]:
    """The messages that the answer speaks of, and that "$" stands for (RFC 4731 3.2, 5182 2.4).

    MIN and MAX are the first and the last, also of a SORT (RFC 5267 3.1); RFC 9394 3.2 PARTIAL."""
    returns = command.returns or frozenset()
    windows = returns & {SearchReturn.MIN, SearchReturn.MAX, SearchReturn.PARTIAL}
    if not windows or SearchReturn.ALL in returns or SearchReturn.COUNT in returns:
        return uids
    found = set(command.partial.window(uids)) if command.partial is not None else set()
    if SearchReturn.MIN in returns:
        found.update(uids[:1])
    if SearchReturn.MAX in returns:
        found.update(uids[-1:])
    return [uid for uid in uids if uid in found]


def highest_modseq(view: View, uids: list[int]) -> int | None:
    live = view.live
    found = [live.modseqs[at] for uid in uids if (at := live.position(uid)) >= 0]
    return max(found, default=None)


def result_lines(session: ImapSession, command: Search, found: Found) -> list[bytes]:
    """The answer in the form the client can read."""
    returns = command.returns
    if returns is None:
        is_sort = isinstance(command, Sort)
        if is_sort or "IMAP4REV2" not in session.engine.enabled:
            return [responses.search(found.numbers, modseq=found.modseq, is_sort=is_sort)]
        returns = frozenset({SearchReturn.ALL})
    return esearch_lines(session, command, returns, found)


def esearch_lines(
    session: ImapSession,
    command: Search,
    returns: frozenset[SearchReturn],
    found: Found,
    *,
    about: Mailbox | None = None,
) -> list[bytes]:
    """An ESEARCH response.

    Args:
        about: the mailbox, if that has to be said (RFC 7377 2.1).
    """
    if returns == {SearchReturn.SAVE}:
        return []
    numbers, partial, scores = found.numbers, command.partial, found.scores
    if partial is not None and scores is not None:
        scores = partial.window(scores)  # one for each message told
    line = responses.esearch(
        command.tag,
        is_uid=command.is_uid,
        about=(about.name, about.uid_validity) if about is not None else None,
        utf8=session.engine.is_utf8,
        minimum=numbers[0] if SearchReturn.MIN in returns and numbers else None,
        maximum=numbers[-1] if SearchReturn.MAX in returns and numbers else None,
        count=len(numbers) if SearchReturn.COUNT in returns else None,
        every=numbers if SearchReturn.ALL in returns else None,
        partial=(partial, partial.window(numbers)) if partial is not None else None,
        scores=scores if SearchReturn.RELEVANCY in returns and scores else None,
        modseq=found.modseq if numbers else None,
    )
    return [line]


HANDLERS: dict[type[Command], Handler] = {Search: answer_search}
