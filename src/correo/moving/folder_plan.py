"""Decide which mailbox of another server goes to which mailbox here.

Levels are kept, whatever separates them there; the prefix of the personal namespace ("INBOX.") is
taken off. A mailbox with a use (RFC 6154: Sent, Drafts, Junk, Trash, Archive) goes to ours of
the same use, whatever it is called there, unless names are to be kept. Gmail's "All Mail" goes last
and to the archive, and only what lies nowhere else of it.

RFC 6154    2        special-use attributes;  RFC 2342 namespaces

Departures: mailboxes that only show messages of others again (\\Flagged, \\Important), and those of
other users, are left out, and told of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from correo.clients.imap import MailboxEntry
from correo.moving.names import mailbox_name, under
from correo.store.model import Mailbox
from correo.wire.imap.response_types import Namespaces

__all__ = ["FolderPlan", "LeftOut", "plan_folders"]

USES = ("\\Sent", "\\Drafts", "\\Junk", "\\Trash", "\\Archive")
ONLY_SHOWN = ("\\Flagged", "\\Important")


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """source: its name there. is_all: it shows also what lies in other mailboxes."""

    source: str
    target: str
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """reason completes a sentence."""

    source: str
    reason: str


def plan_folders(
    entries: Iterable[MailboxEntry],
    namespaces: Namespaces,
    ours: Sequence[Mailbox],
    *,
    keep_names: bool = False,
    into: str = "",
) -> tuple[list[FolderPlan], list[LeftOut]]:
    """Where each mailbox goes, INBOX first, and those that stay."""
    chosen: list[MailboxEntry] = []
    left: list[LeftOut] = []
    for entry in entries:
        reason = why_left_out(entry, namespaces)
        if reason:
            left.append(LeftOut(entry.name, reason))
        elif entry.is_selectable:
            chosen.append(entry)
    plain = {entry.name: plain_name(entry, namespaces) for entry in chosen}
    by_use = {} if keep_names or into else uses_here(ours)
    plans = []
    for entry in chosen:
        target = by_use.get(use_of(entry), "")
        others = {name for source, name in plain.items() if source != entry.name}
        if not target or target in others:
            target = plain[entry.name]
        plans.append(FolderPlan(entry.name, under(target, into), entry.has("\\All")))
    plans.sort(key=lambda plan: (plan.is_all, plan.source.upper() != "INBOX", plan.target))
    return plans, left


def why_left_out(entry: MailboxEntry, namespaces: Namespaces) -> str:
    if any(entry.has(use) for use in ONLY_SHOWN):
        return "it only shows messages of other mailboxes"
    for prefix, _ in (*namespaces.others, *namespaces.shared):
        if prefix and entry.name.startswith(prefix):
            return "it belongs to somebody else"
    return ""


def plain_name(entry: MailboxEntry, namespaces: Namespaces) -> str:
    """The name here that has the same levels."""
    name = entry.name
    for prefix, _ in namespaces.personal:
        if prefix and name.startswith(prefix) and name != prefix:
            name = name[len(prefix) :]
            break
    return mailbox_name(name.split(entry.delimiter) if entry.delimiter else [name])


def use_of(entry: MailboxEntry) -> str:
    if entry.has("\\All"):
        return "\\archive"
    return next((use.lower() for use in USES if entry.has(use)), "")


def uses_here(ours: Sequence[Mailbox]) -> dict[str, str]:
    return {use.lower(): each.name for each in reversed(ours) for use in each.special_use}
