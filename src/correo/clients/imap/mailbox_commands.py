"""Client commands about mailboxes: list, count, open, make and remove.

RFC 9051    6.3      RFC 5819 LIST-STATUS
"""

from collections.abc import Sequence

from correo.clients.imap.commands import Commands
from correo.clients.imap.errors import ImapReplyError
from correo.clients.imap.model import MailboxEntry, SelectedMailbox
from correo.wire.imap.response_types import MailboxListed, MailboxStatus, Namespaces

__all__ = ["MailboxCommands"]


class MailboxCommands(Commands):
    """Part of `ImapClient`."""

    async def mailboxes(
        self,
        pattern: str = "*",
        *,
        reference: str = "",
        subscribed: bool = False,
        status: Sequence[str] = (),
    ) -> list[MailboxEntry]:
        """Mailboxes whose names match; "*" is anything, "%" anything within a level.

        Args:
            status: STATUS items to have of each, e.g. "MESSAGES", "UNSEEN". One round trip
                where the server has LIST-STATUS, else one per mailbox.
        """
        extended = self.can("LIST-EXTENDED", "IMAP4REV2")
        with_status = bool(status) and self.can("LIST-STATUS", "IMAP4REV2")
        arguments = [self._name(reference), self._name(pattern)]
        if subscribed and extended:
            arguments.insert(0, b"(SUBSCRIBED)")
        if with_status:
            arguments.append(f"RETURN (STATUS ({' '.join(status)}))".encode("ascii"))
        command = "LSUB" if subscribed and not extended else "LIST"
        _, responses = await self.connection.run(command, *arguments)
        entries = [
            MailboxEntry(listed.name, listed.attributes, listed.delimiter)
            for listed in responses
            if isinstance(listed, MailboxListed)
        ]
        told = {one.name: one for one in responses if isinstance(one, MailboxStatus)}
        for entry in entries:
            entry.status = told.get(entry.name)
            if status and not with_status and entry.is_selectable:
                entry.status = await self.status(entry.name, status)
        return entries

    async def status(self, mailbox: str, items: Sequence[str]) -> MailboxStatus:
        """Counts of a mailbox without opening it."""
        asked = f"({' '.join(items)})".encode("ascii")
        _, responses = await self.connection.run("STATUS", self._name(mailbox), asked)
        found = [response for response in responses if isinstance(response, MailboxStatus)]
        return found[-1] if found else MailboxStatus(mailbox, {})

    async def select(
        self,
        mailbox: str,
        *,
        read_only: bool = False,
        known: tuple[int, int] | None = None,
    ) -> SelectedMailbox:
        """Open a mailbox; another that was open is closed without expunging.

        Args:
            known: (UIDVALIDITY, mod-sequence) of an earlier session: with QRESYNC enabled the
                server tells what happened since, and `changed` and `vanished` hold it. If
                uid_validity then differs, what was known is worthless.
        """
        self._picture.begin(mailbox)
        parameters = [b"(CONDSTORE)"] if self.can("CONDSTORE", "QRESYNC") else []
        if known is not None and "QRESYNC" in self.connection.engine.enabled:
            parameters = [b"(QRESYNC (%d %d))" % known]
        command = "EXAMINE" if read_only else "SELECT"
        try:
            status, _ = await self.connection.run(command, self._name(mailbox), *parameters)
        except ImapReplyError:
            self._picture.mailbox = None
            raise
        return self._picture.selected(status)

    async def create(self, mailbox: str, *, special_use: Sequence[str] = ()) -> None:
        """special_use: as in RFC 6154, "\\Sent"; needs CREATE-SPECIAL-USE."""
        uses = [f"(USE ({' '.join(special_use)}))".encode("ascii")] if special_use else []
        await self.connection.run("CREATE", self._name(mailbox), *uses)

    async def delete(self, mailbox: str) -> None:
        """Remove a mailbox and all that is in it."""
        await self.connection.run("DELETE", self._name(mailbox))

    async def rename(self, mailbox: str, new_name: str) -> None:
        """Give a mailbox, and what lies below it, another name."""
        await self.connection.run("RENAME", self._name(mailbox), self._name(new_name))

    async def subscribe(self, mailbox: str, *, subscribed: bool = True) -> None:
        """Have a mailbox among those that mail programs show; or no longer."""
        command = "SUBSCRIBE" if subscribed else "UNSUBSCRIBE"
        await self.connection.run(command, self._name(mailbox))

    async def namespaces(self) -> Namespaces:
        """Where one's own mailboxes are, and those of others."""
        _, responses = await self.connection.run("NAMESPACE")
        found = [response for response in responses if isinstance(response, Namespaces)]
        return found[-1] if found else Namespaces([], [], [])

    async def unselect(self) -> None:
        """Close the mailbox, expunging nothing."""
        if self.can("UNSELECT", "IMAP4REV2"):
            await self.connection.run("UNSELECT")
            self._picture.mailbox = None
