"""Gather messages into threads: by subject, or by who answers whom.

IMAP THREAD comes here. Each algorithm makes a forest of branches; those that stand for a message
that is not there are only at the top.

RFC 5256    3        ORDEREDSUBJECT and REFERENCES; 2.2 the sent date
draft-ietf-morg-inthread-01   REFS: as REFERENCES, but subjects are not looked at, and the threads
                     stand in the order of their latest messages

Cost: 5 microseconds a message for reading the columns the first time, and 2 to 4 each time.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import groupby

from correo.mailbox.derived import Derivation, derive
from correo.mailbox.live import LiveMailbox
from correo.mailbox.references import Answering, Branch, Forest, walk
from correo.mailbox.sort import sent
from correo.message.collation import collation_key
from correo.message.envelope_reader import subject_of
from correo.message.subject import is_reply_or_forward
from correo.net.pace import Pace
from correo.store.model import Column

__all__ = ["Branch", "ThreadAlgorithm", "thread"]

COLUMNS = (
    Column.SENT_DATE, Column.INTERNAL_DATE, Column.BASE_SUBJECT, Column.MESSAGE_ID,
    Column.REFERENCES, Column.IN_REPLY_TO,
)  # fmt: skip
REFERENCES_USED = 100  # of one message, the first and the last ones; ours


class ThreadAlgorithm(Enum):
    """The value is its name in IMAP."""

    ORDEREDSUBJECT = "ORDEREDSUBJECT"
    REFERENCES = "REFERENCES"
    REFS = "REFS"


async def thread(
    live: LiveMailbox, uids: Sequence[int], algorithm: ThreadAlgorithm
) -> list[Branch]:
    """The threads of these UIDs (ascending), in their order; those gone meanwhile are left out."""
    if algorithm is ThreadAlgorithm.ORDEREDSUBJECT:
        return by_subject(await read(live, uids))
    forest, pace = Forest(), Pace()
    for message in await read(live, uids):
        forest.add(message)
        await pace.breathe()
    roots = forest.roots()
    if algorithm is ThreadAlgorithm.REFS:
        sort_children(roots)
        return sorted(roots, key=latest)
    in_order = sorted(roots, key=first_sent)
    roots = merged(in_order, await replies(live, alike(in_order)))
    sort_children(roots)
    return sorted(roots, key=first_sent)


async def read(live: LiveMailbox, uids: Sequence[int]) -> list[Answering]:
    known = await derive(live, uids, ANSWERING)
    return [Answering(uid, *known[uid]) for uid in uids if uid in known]


def answering(
    sent_date: int | None,
    internal_date: int,
    subject: str,
    message_id: bytes,
    references: bytes,
    in_reply_to: bytes,
) -> tuple[int, str, int | None, tuple[int, ...]]:
    """What an Answering has besides the UID; identifiers as their hashes, which no sender can
    foresee."""
    referred = references.split() or in_reply_to.split()[:1]
    if len(referred) > REFERENCES_USED:
        referred = [*referred[:1], *referred[1 - REFERENCES_USED :]]
    return (
        sent(sent_date, internal_date),
        collation_key(subject),
        hash(unquoted(message_id)) if message_id else None,
        tuple([hash(unquoted(identifier)) for identifier in referred]),
    )


ANSWERING = Derivation("answering", COLUMNS, answering)


def unquoted(identifier: bytes) -> bytes:
    """Identifiers that differ in quoting only are the same."""
    if b'"' not in identifier:
        return identifier
    return identifier.replace(b'"', b"").replace(b"\\", b"")


# by subject


def by_subject(messages: Iterable[Answering]) -> list[Branch]:
    """ORDEREDSUBJECT: the first of each subject, and all others of it right below."""
    roots = []
    ordered = sorted(messages, key=lambda each: (each.subject, each.sent, each.uid))
    for _, alike_ones in groupby(ordered, key=lambda each: each.subject):
        root, *children = [Branch(each.uid, each.sent, each.subject) for each in alike_ones]
        root.children = dict.fromkeys(children)
        roots.append(root)
    return sorted(roots, key=first_sent)


# step (5): threads of the same subject become one


def top(root: Branch) -> Branch:
    """The message a thread is known by: its own, or its first child's."""
    return root if root.uid is not None else min(root.children, key=moment)


def alike(roots: Sequence[Branch]) -> list[int]:
    """The UIDs of roots whose subject another root has."""
    subjects: dict[str, list[Branch]] = {}
    for root in roots:
        subjects.setdefault(top(root).subject, []).append(root)
    return sorted(
        root.uid
        for subject, same in subjects.items()
        if subject and len(same) > 1
        for root in same
        if root.uid is not None
    )


async def replies(live: LiveMailbox, uids: Sequence[int]) -> set[int]:
    """Those whose own subject says that they answer or forward something."""
    found: set[int] = set()
    columns = (Column.UID, Column.ENVELOPE)
    async for rows in live.account.fetch(live.mailbox.id, uids, columns):
        found.update(uid for uid, envelope in rows if is_reply(envelope))  # type: ignore[misc]  # as Column says
    return found


def is_reply(envelope: object) -> bool:
    return isinstance(envelope, bytes) and is_reply_or_forward(subject_of(envelope))


def merged(roots: Sequence[Branch], replying: set[int]) -> list[Branch]:
    """Step (5) (B) and (C); roots in the order of their sent dates."""
    heads: dict[str, Branch] = {}
    for root in roots:
        subject = top(root).subject
        head = heads.get(subject)
        if subject and (head is None or is_better_head(root, head, replying)):
            heads[subject] = root
    left = dict.fromkeys(roots)
    for root in roots:
        subject = top(root).subject
        head = heads.get(subject, root)
        if head is not root:
            heads[subject] = join(left, head, root, replying)
    return list(left)


def is_better_head(root: Branch, head: Branch, replying: set[int]) -> bool:
    if head.uid is None:
        return False
    return root.uid is None or (head.uid in replying and root.uid not in replying)


def join(left: dict[Branch, None], head: Branch, root: Branch, replying: set[int]) -> Branch:
    """Make one thread of two; returns its head."""
    del left[root]
    if head.uid is None:
        added = root.children if root.uid is None else {root: None}
        head.children |= added
        return head
    if root.uid in replying and head.uid not in replying:
        head.children[root] = None
        return head
    del left[head]
    both = Branch(children={head: None, root: None})
    left[both] = None
    return both


# step (6) and the order of threads


def moment(branch: Branch) -> tuple[int, int]:
    """When a message was sent; equals stand as in the mailbox."""
    return branch.sent, branch.uid or 0


def first_sent(root: Branch) -> tuple[int, int]:
    return moment(top(root))


def latest(root: Branch) -> tuple[int, int]:
    return max(moment(branch) for branch in walk([root]))


def sort_children(roots: Iterable[Branch]) -> None:
    for branch in walk(roots):
        if len(branch.children) > 1:
            branch.children = dict.fromkeys(sorted(branch.children, key=moment))
