"""SORT, THREAD and their UID forms: what SEARCH finds, in order or in threads.

RFC 5256    3        SORT, THREAD: ORDEREDSUBJECT, REFERENCES; no EXPUNGE while numbers are told
RFC 5957             SORT=DISPLAY
RFC 5267    3.1      ESORT; 4 UPDATE
RFC 6203    6        RELEVANCY
draft-ietf-morg-inthread-01   THREAD=REFS

Cost: see `mailbox.sort` and `mailbox.threads`.
"""

import re
from array import array
from collections.abc import Sequence

from correo.base.errors import Refusal
from correo.mailbox import threads
from correo.mailbox.derived import MOST_REMEMBERED
from correo.mailbox.live import LiveMailbox
from correo.mailbox.sort import sort
from correo.mailbox.threads import Branch
from correo.servers.imap import updates
from correo.servers.imap.search import check_fuzzy, conclude, found_by, scores_of, tell
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.wire.imap import responses
from correo.wire.imap.commands import Command, Sort, Thread

__all__ = ["HANDLERS"]


async def answer_sort(session: ImapSession, command: Sort) -> None:
    check_fuzzy(command)
    updates.check(session, command)
    try:
        found = await found_by(session, command)
        scores = await scores_of(session, command, found)
        uids = await sort(session.view.live, found, updates.orders_of(command), scores)
    except Refusal as refusal:
        await session.conclude_refused(command, refusal, expunges=False)
        return
    await tell(session, command, uids, scores)


async def answer_thread(session: ImapSession, command: Thread) -> None:
    algorithm = threads.ThreadAlgorithm(command.algorithm.value)
    view = session.view
    try:
        uids = await found_by(session, command)
        lists = await remembered_lists(view.live, uids, algorithm)
    except Refusal as refusal:
        await session.conclude_refused(command, refusal, expunges=False)
        return
    if not command.is_uid and view.last_uid != view.exists:  # then UIDs are the numbers
        lists = in_numbers(lists, uids, view.numbers_of(uids))
    session.engine.send_lines([responses.thread(lists)])
    await conclude(session, command)


async def remembered_lists(
    live: LiveMailbox, uids: Sequence[int], algorithm: threads.ThreadAlgorithm
) -> bytes:
    """The threads in UIDs; the last answer is remembered while the mailbox is selected, for mail
    programs ask again and again."""
    known = live.derived.setdefault("threads", {})
    asked = array("I", uids)
    if algorithm in known and known[algorithm][0] == asked:
        lists: bytes = known[algorithm][1]
        return lists
    lists = thread_lists(await threads.thread(live, uids, algorithm))
    if len(uids) <= MOST_REMEMBERED:
        known[algorithm] = asked, lists
    return lists


def in_numbers(lists: bytes, uids: Sequence[int], numbers: Sequence[int]) -> bytes:
    """Sequence numbers in place of the UIDs."""
    told = {b"%d" % uid: b"%d" % number for uid, number in zip(uids, numbers, strict=True)}
    return re.sub(rb"[0-9]+", lambda match: told[match[0]], lists)


def thread_lists(roots: Sequence[Branch]) -> bytes:
    """RFC 5256 5, *thread-list, of UIDs."""
    pieces: list[bytes] = []
    waiting: list[Branch | None] = list(reversed(roots))  # None: a list ends
    while waiting:
        branch = waiting.pop()
        if branch is None:
            pieces.append(b")")
            continue
        pieces.append(b"(")
        while branch.uid is not None and len(branch.children) == 1:
            pieces.append(b"%d " % branch.uid)
            [branch] = branch.children
        if branch.uid is not None:
            pieces.append(b"%d" % branch.uid)
            pieces.append(b" " if branch.children else b"")
        waiting.append(None)
        waiting.extend(reversed(branch.children))
    return b"".join(pieces)


HANDLERS: dict[type[Command], Handler] = {Sort: answer_sort, Thread: answer_thread}
