"""LIST and LSUB: show the tree of mailboxes.

RFC 9051    6.3.9    LIST with selection and return options; 7.3.1 attributes
RFC 3501    6.3.9    LSUB
RFC 5258             LIST-EXTENDED: SUBSCRIBED, RECURSIVEMATCH, CHILDINFO
RFC 3348             CHILDREN: always told
RFC 6154    5        special uses: always told, also where nobody asked (section 2 allows it)
RFC 5819             RETURN (STATUS ...); RFC 9590 RETURN (METADATA ...)
RFC 8440             RETURN (MYRIGHTS)
RFC 4314    4        "l" in other users' mailboxes, "r" for STATUS; what is not shown is not there

Departures: the reference is simply put in front of the pattern. There are no remote mailboxes.

Cost: one thread hop, or two with subscriptions; 200 mailboxes 1 ms. Where the pattern reaches
other users' mailboxes, a look into the directory, and two hops for each who shares something.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from operator import attrgetter

from correo.mailbox import names
from correo.mailbox.namespaces import OTHERS
from correo.net.pace import Pace
from correo.servers.imap.acl import rights_line
from correo.servers.imap.metadata import metadata_line
from correo.servers.imap.patterns import literal_start, matcher
from correo.servers.imap.places import Place
from correo.servers.imap.rights import NOTES, READ
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.servers.imap.status import status_line
from correo.store.model import HIERARCHY_DELIMITER, Mailbox
from correo.store.rights import ALL
from correo.wire.imap import responses
from correo.wire.imap.commands import Command, ListMailboxes, ListReturn, ListSelection, StatusItem
from correo.wire.imap.server import Condition

__all__ = ["HANDLERS", "Folder", "attributes", "attributes_of"]

CHILDREN: tuple[str, ...] = ("\\HasChildren",)
NO_CHILDREN: tuple[str, ...] = ("\\HasNoChildren",)
NOT_THERE = ("\\NonExistent", "\\Noselect")


@dataclass(slots=True)
class Folder:
    """A name in the tree: a mailbox, a subscription without one, or a level above others."""

    name: str
    mailbox: Mailbox | None = None
    subscribed: bool = False
    has_children: bool = False
    below: list["Folder"] = field(default_factory=list)  # all levels
    place: Place | None = None  # of somebody else's mailbox

    @property
    def rights(self) -> str:
        return ALL if self.place is None else self.place.rights


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a LIST shows, made once for all names.

    only_subscribed, only_special_use: of which names.
    tells_subscribed: the attribute \\Subscribed. is_recursive: RECURSIVEMATCH.
    """

    only_subscribed: bool
    only_special_use: bool
    tells_subscribed: bool
    is_recursive: bool

    @classmethod
    def by(cls, command: ListMailboxes) -> "Wanted":
        selection = command.selection
        only_subscribed = ListSelection.SUBSCRIBED in selection
        return cls(
            only_subscribed,
            ListSelection.SPECIAL_USE in selection,
            only_subscribed or ListReturn.SUBSCRIBED in command.returns,
            ListSelection.RECURSIVEMATCH in selection,
        )


async def answer_list(session: ImapSession, command: ListMailboxes) -> None:
    if command.patterns == ("",) and not command.is_extended:
        session.engine.send_lines([root_line(session, command)])
        session.engine.finish(command.tag, Condition.OK, "the hierarchy delimiter")
        return
    if StatusItem.HIGHESTMODSEQ in command.status:
        session.enable_condstore()
    tree = await read_tree(session, command)
    matched = await matched_names(command, tree)
    if command.is_lsub:
        lines = lsub_lines(session, tree, matched)
    else:
        lines = list_lines(session, command, tree, matched)
        lines += await metadata_lines(session, command, tree, matched)
    session.engine.send_lines(lines)
    await session.conclude(command, "listed")


def root_line(session: ImapSession, command: ListMailboxes) -> bytes:
    return responses.list_line(
        ("\\Noselect",), "", utf8=session.engine.is_utf8, is_lsub=command.is_lsub
    )


async def read_tree(session: ImapSession, command: ListMailboxes) -> list[Folder]:
    """All names in order, with the levels above that are no mailboxes themselves."""
    folders: dict[str, Folder] = {}
    for mailbox in await session.account.mailboxes():
        folders[mailbox.name] = Folder(mailbox.name, mailbox, mailbox.subscribed)
    others = [] if command.is_lsub else await shared_places(session, command)
    for place in others:
        mailbox = place.mailbox
        folders[mailbox.name] = Folder(mailbox.name, mailbox, place=place)
    is_subscribed_asked = bool(others) and ListReturn.SUBSCRIBED in command.returns
    if command.is_lsub or ListSelection.SUBSCRIBED in command.selection or is_subscribed_asked:
        for name in await session.account.subscriptions():
            folders.setdefault(name, Folder(name)).subscribed = True
    for folder in [each for each in folders.values() if HIERARCHY_DELIMITER in each.name]:
        for level in names.parents(folder.name):
            above = folders.setdefault(level, Folder(level))
            above.has_children |= folder.mailbox is not None
            above.below.append(folder)
    inbox = folders.pop("INBOX", None)
    rest = sorted(folders.values(), key=attrgetter("name"))
    return rest if inbox is None else [inbox, *rest]


async def matched_names(command: ListMailboxes, tree: Iterable[Folder]) -> AbstractSet[str]:
    """The names that one of the patterns matches. Others get their turn: there may be many of
    both."""
    patterns = dict.fromkeys(command.patterns)
    tests = [matcher(command.reference, pattern) for pattern in patterns]
    pace, matched = Pace(), set[str]()
    for folder in tree:
        for test in tests:
            await pace.breathe()
            if test(folder.name):
                matched.add(folder.name)
                break
    return matched


async def shared_places(session: ImapSession, command: ListMailboxes) -> list[Place]:
    """Those of other users that may be seen, of the owners whose level a pattern may match."""
    patterns = [names.canonical(command.reference + pattern) for pattern in command.patterns]
    starts = [literal_start(pattern) for pattern in patterns]
    if not any(OTHERS.startswith(start) or start.startswith(OTHERS) for start in starts):
        return []

    def is_wanted(prefix: str) -> bool:
        return any(prefix.startswith(start) or start.startswith(prefix) for start in starts)

    return [place for place in await session.places.others(is_wanted) if "l" in place.rights]


def list_lines(
    session: ImapSession, command: ListMailboxes, tree: Iterable[Folder], matched: AbstractSet[str]
) -> list[bytes]:
    lines: list[bytes] = []
    wanted, utf8 = Wanted.by(command), session.engine.is_utf8
    tells_status = ListReturn.STATUS in command.returns
    tells_rights = ListReturn.MYRIGHTS in command.returns
    for folder in tree:
        if folder.name not in matched:
            continue
        is_chosen, below = is_selected(wanted, folder), []
        if wanted.is_recursive:
            below = [each for each in folder.below if is_selected(wanted, each)]
        if not is_chosen and not is_needed(below, matched):
            continue
        info = child_info(command) if below else ()
        told = attributes(folder, tells_subscribed=wanted.tells_subscribed)
        lines.append(responses.list_line(told, folder.name, utf8=utf8, child_info=info))
        if not is_chosen or folder.mailbox is None:
            continue
        if tells_status and READ in folder.rights:
            lines.append(status_line(session, folder.mailbox, command.status))
        if tells_rights:
            lines.append(rights_line(session, folder.name, folder.rights))
    return lines


async def metadata_lines(
    session: ImapSession, command: ListMailboxes, tree: Iterable[Folder], matched: AbstractSet[str]
) -> list[bytes]:
    """What was noted of the mailboxes listed, for RETURN (METADATA ...)."""
    if ListReturn.METADATA not in command.returns:
        return []
    wanted = Wanted.by(command)
    return [
        await metadata_line(
            session, folder.place or Place(session.account, folder.mailbox), command.entries
        )
        for folder in tree
        if folder.mailbox is not None
        and NOTES.are_met(folder.rights)
        and is_selected(wanted, folder)
        and folder.name in matched
    ]


def is_selected(wanted: Wanted, folder: Folder) -> bool:
    """Whether a name meets the selection options (RFC 5258 3.1, RFC 6154 5.2)."""
    if wanted.only_subscribed:
        if not folder.subscribed:
            return False
    elif folder.mailbox is None and not folder.has_children:
        return False
    if wanted.only_special_use:
        return folder.mailbox is not None and bool(folder.mailbox.special_use)
    return True


def is_needed(below: list[Folder], matched: AbstractSet[str]) -> bool:
    """Whether a name that is not chosen tells something of children not shown (5258 3.5)."""
    return any(each.name not in matched for each in below)


def attributes(folder: Folder, *, tells_subscribed: bool) -> tuple[str, ...]:
    """What LIST says of a name (RFC 9051 7.3.1)."""
    told = CHILDREN if folder.has_children else NO_CHILDREN
    if folder.subscribed and tells_subscribed:
        told = ("\\Subscribed", *told)
    if folder.mailbox is None:
        return told + NOT_THERE
    return told + folder.mailbox.special_use if folder.mailbox.special_use else told


def attributes_of(mailbox: Mailbox) -> tuple[str, ...]:
    """What SELECT tells of the mailbox it opens."""
    return mailbox.special_use


def child_info(command: ListMailboxes) -> list[str]:
    """The selection options that children meet."""
    return [
        option.value.decode("ascii")
        for option in (ListSelection.SUBSCRIBED, ListSelection.SPECIAL_USE)
        if option in command.selection
    ]


def lsub_lines(
    session: ImapSession, tree: Iterable[Folder], matched: AbstractSet[str]
) -> list[bytes]:
    """Subscribed names; a level above one that "%" hides is told as \\Noselect (3501 6.3.9)."""
    lines: list[bytes] = []
    for folder in tree:
        if folder.name not in matched:
            continue
        hidden = is_needed([each for each in folder.below if each.subscribed], matched)
        if not folder.subscribed and not hidden:
            continue
        lines.append(
            responses.list_line(
                [] if folder.subscribed else ["\\Noselect"],
                folder.name,
                utf8=session.engine.is_utf8,
                is_lsub=True,
            )
        )
    return lines


HANDLERS: dict[type[Command], Handler] = {ListMailboxes: answer_list}
