"""SORT, THREAD and their UID forms: what SEARCH finds, in order or in threads.

RFC 5256    3        SORT, THREAD: ORDEREDSUBJECT, REFERENCES; no EXPUNGE while numbers are told
RFC 5957             SORT=DISPLAY
RFC 5267    3.1      ESORT; 4 UPDATE
RFC 6203    6        RELEVANCY
draft-ietf-morg-inthread-01   THREAD=REFS

Cost: see `mailbox.sort` and `mailbox.threads`.
"""

from collections.abc import Sequence

from correo.base.errors import Refusal
from correo.mailbox import threads
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
        roots = await threads.thread(view.live, uids, algorithm)
    except Refusal as refusal:
        await session.conclude_refused(command, refusal, expunges=False)
        return
    numbers = dict(zip(uids, uids if command.is_uid else view.numbers_of(uids), strict=True))
    session.engine.send_lines([responses.thread(thread_lists(roots, numbers))])
    await conclude(session, command)


def thread_lists(roots: Sequence[Branch], numbers: dict[int, int]) -> bytes:
    """RFC 5256 5, *thread-list; numbers by UID."""
    pieces: list[bytes] = []
    waiting: list[Branch | None] = list(reversed(roots))  # None: a list ends
    while waiting:
        branch = waiting.pop()
        if branch is None:
            pieces.append(b")")
            continue
        pieces.append(b"(")
        while branch.uid is not None and len(branch.children) == 1:
            pieces.append(b"%d " % numbers[branch.uid])
            [branch] = branch.children
        if branch.uid is not None:
            pieces.append(b"%d" % numbers[branch.uid])
            pieces.append(b" " if branch.children else b"")
        waiting.append(None)
        waiting.extend(reversed(branch.children))
    return b"".join(pieces)


HANDLERS: dict[type[Command], Handler] = {Sort: answer_sort, Thread: answer_thread}
