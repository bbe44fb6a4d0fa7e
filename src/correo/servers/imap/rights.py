"""Say which rights each command needs: one table, asked wherever a mailbox is not one's own.

The owner of a mailbox may do everything and is never asked.

RFC 4314    4        commands and their rights
RFC 6851    4.3      MOVE is COPY, STORE \\Deleted and EXPUNGE; so is RFC 8508 4.1 REPLACE
RFC 9208    6        GETQUOTAROOT; RFC 5464 3.3 METADATA; RFC 7377 2.2 ESEARCH

Departures: what sets only some of the flags that a STORE, COPY or APPEND names is no refusal (4).
So STORE is refused where none can be set, and that is decided in `store`.
"""

from dataclasses import dataclass

from correo.base.errors import NotFound
from correo.mailbox.sharing import NO_SUCH
from correo.servers.imap.refusals import NotPermitted
from correo.store.model import FLAG_RIGHTS
from correo.wire.imap import commands
from correo.wire.imap.commands import AppendComplete, AppendMessage, Command
from correo.wire.imap.notifications import Notify

__all__ = ["NEEDED", "NOTES", "READ", "WRITE", "Needs", "check_named", "check_selected", "needs_of"]

READ = "r"
WRITE = "ie" + FLAG_RIGHTS  # with one of these SELECT is READ-WRITE (RFC 4314 5.2)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a command needs, each a set of rights.

    named: all of these in the mailbox that it names.
    one_of: and one of these, if there are any.
    parent: all of these in the nearest level that is there above a mailbox to be made.
    selected: all of these in the selected mailbox, besides "r".
    """

    named: str = ""
    one_of: str = ""
    parent: str = ""
    selected: str = ""

    def are_met(self, rights: str) -> bool:
        """Whether these rights in the named mailbox are enough."""
        return set(self.named).issubset(rights) and (
            not self.one_of or not set(self.one_of).isdisjoint(rights)
        )


NOTHING = Needs()
NOTES = Needs("l", one_of="rswip")

NEEDED: dict[type[Command], Needs] = {
    **dict.fromkeys(
        (
            commands.Noop, commands.Check, commands.Id, commands.Enable, commands.Namespace,
            commands.Comparator, commands.Compress, commands.StartTls, commands.Login,
            commands.Authenticate, commands.AuthenticateResponse, commands.AuthenticateCancelled,
            commands.Unauthenticate, commands.Idle, commands.IdleDone, commands.Unselect,
        ),
        NOTHING,
    ),
    # what they need, if anything, is asked for each mailbox, and nobody is refused:
    commands.ListMailboxes: NOTHING,  # "l"; "r" for STATUS
    commands.MultiSearch: NOTHING,  # "r"; "l" too where a mailbox is not named
    commands.Subscribe: NOTHING,
    commands.GetQuota: NOTHING,  # "r" in any mailbox
    commands.Close: NOTHING,  # without "e" nothing is expunged
    commands.Fetch: NOTHING,  # without "s" nothing becomes \\Seen
    commands.Store: NOTHING,  # see the header
    commands.Search: NOTHING,
    commands.Sort: NOTHING,
    commands.Thread: NOTHING,
    commands.UidBatches: NOTHING,
    commands.CancelUpdate: NOTHING,
    Notify: NOTHING,  # "l" and "r"; of what may not be read nothing is told
    # of one's own mailboxes only; an URL opens what its owner lets it open:
    **dict.fromkeys((commands.GenUrlAuth, commands.ResetKey, commands.UrlFetch), NOTHING),
    commands.Select: Needs(READ),
    commands.Status: Needs(READ),
    commands.GetQuotaRoot: Needs(READ),
    commands.GetMetadata: NOTES,
    commands.SetMetadata: NOTES,
    commands.Create: Needs(parent="k"),
    commands.Delete: Needs("x"),
    commands.Rename: Needs("x", parent="k"),
    commands.SetAcl: Needs("a"),
    commands.DeleteAcl: Needs("a"),
    commands.GetAcl: Needs("a"),
    commands.ListRights: Needs("a"),
    commands.MyRights: Needs(one_of="lrikxa"),
    commands.AppendMessage: Needs("i"),
    commands.AppendUrl: Needs(READ),
    commands.AppendComplete: Needs("i"),
    commands.AppendAborted: NOTHING,
    commands.Copy: Needs("i"),
    commands.Move: Needs("i", selected="te"),
    commands.Expunge: Needs(selected="e"),
}  # fmt: skip

REPLACE = Needs("i", selected="te")


def needs_of(command: Command) -> Needs:
    if isinstance(command, AppendMessage | AppendComplete) and command.replaced is not None:
        return REPLACE
    return NEEDED[type(command)]


def check_named(command: Command, rights: str) -> None:
    """Raises NotPermitted; NotFound if the user may not even know that there is such a mailbox."""
    if needs_of(command).are_met(rights):
        return
    if "l" in rights:
        raise NotPermitted("its owner does not let you do that with this mailbox")
    raise NotFound(NO_SUCH)


def check_selected(command: Command, rights: str) -> None:
    """Raises NotPermitted."""
    if not set(needs_of(command).selected).issubset(rights):
        raise NotPermitted("its owner does not let you do that with the selected mailbox")
