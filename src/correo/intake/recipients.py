"""Turn what RCPT names into where it goes: mailboxes here, addresses elsewhere.

`transaction` collects one `Destination` per accepted RCPT; `accept` delivers and queues from them.

RFC 5321    3.3, 3.6.2   550 for unknown users and for relaying
            3.9.1        aliases keep the reverse-path
RFC 3461    5.2.7        what becomes of NOTIFY and ORCPT behind an alias
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from correo.accounts.directory import Alias, Directory, LocalAccount, NotLocal, Unknown
from correo.base.errors import Refusal
from correo.intake.api import RecipientParameters
from correo.queue.routes import Routes
from correo.store.directory import Account
from correo.store.queue import QueuedRecipient, RecipientState

__all__ = ["Destination", "Recipients"]

SUCCESS = "SUCCESS"
NEVER = frozenset({"NEVER"})


@dataclass(frozen=True, slots=True)
class Destination:
    """What one RCPT stands for.

    accounts: mailboxes here. remote: addresses elsewhere. is_alias: not its own mailbox.
    """

    forward_path: str
    parameters: RecipientParameters
    accounts: tuple[Account, ...] = ()
    remote: tuple[str, ...] = ()
    is_alias: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether it can be delivered at once; a report of success is the queue's affair."""
        return not self.remote and SUCCESS not in self.parameters.notify

    def queued(self) -> list[QueuedRecipient]:
        """Its recipients in the queue, the report on an expanded alias among them."""
        addresses = [*(account.address for account in self.accounts), *self.remote]
        if len(addresses) == 1:
            return [self._recipient(addresses[0], self.parameters.notify)]
        recipients = [
            self._recipient(address, self.parameters.notify - {SUCCESS} or self._silence())
            for address in addresses
        ]
        if SUCCESS in self.parameters.notify:
            expanded = self._recipient(self.forward_path, self.parameters.notify)
            recipients.append(replace(expanded, state=RecipientState.EXPANDED, status="2.0.0"))
        return recipients

    def waiting(self, account: Account) -> QueuedRecipient:
        """The recipient for a mailbox that could not be served at once."""
        return self._recipient(account.address, self.parameters.notify)

    def _silence(self) -> frozenset[str]:
        """NOTIFY=SUCCESS alone asked for nothing but success: the members report nothing."""
        return NEVER if self.parameters.notify else frozenset()

    def _recipient(self, address: str, notify: frozenset[str]) -> QueuedRecipient:
        orcpt = self.parameters.orcpt
        if orcpt is None and self.is_alias:
            kind = "rfc822" if self.forward_path.isascii() else "utf-8"
            orcpt = f"{kind};{self.forward_path}"
        return QueuedRecipient(address, notify, orcpt)


class Recipients:
    """Answers RCPT.

    Args:
        routes: says what the catcher takes.
    """

    def __init__(self, directory: Directory, routes: Routes) -> None:
        self._directory = directory
        self._routes = routes

    async def resolve(
        self, forward_path: str, parameters: RecipientParameters, *, may_relay: bool
    ) -> Destination:
        """Where a recipient is.

        Raises:
            Refusal: nobody here (5.1.1), switched off (5.2.1), elsewhere and this peer may
                not send there (5.7.1), no address (5.1.3).
        """
        found = await self._directory.resolve(forward_path)
        if isinstance(found, LocalAccount):
            return Destination(forward_path, parameters, (found.account,))
        if isinstance(found, Alias):
            return self._alias(found, forward_path, parameters)
        if isinstance(found, NotLocal):
            return await self._elsewhere(found, forward_path, parameters, may_relay=may_relay)
        raise nobody(found)

    def _alias(
        self, found: Alias, forward_path: str, parameters: RecipientParameters
    ) -> Destination:
        accounts = distinct(each.account for each in found.accounts)
        if not accounts and not found.remote:
            raise Refusal("5.1.1", "nobody is left behind this address")
        return Destination(forward_path, parameters, accounts, found.remote, is_alias=True)

    async def _elsewhere(
        self,
        found: NotLocal,
        forward_path: str,
        parameters: RecipientParameters,
        *,
        may_relay: bool,
    ) -> Destination:
        if not may_relay:
            raise Refusal("5.7.1", "relaying denied: not a recipient of this server")
        if self._routes.catches(found.domain):
            catcher = await self._directory.resolve(self._routes.catcher)
            if isinstance(catcher, LocalAccount):
                return Destination(forward_path, parameters, (catcher.account,))
            raise Refusal("4.3.5", f"the catcher {self._routes.catcher} is no account here")
        return Destination(forward_path, parameters, remote=(forward_path,))


def nobody(found: Unknown) -> Refusal:
    if type(found) is not Unknown:  # Disabled
        return Refusal("5.2.1", "this mailbox is disabled", reply=550)
    return Refusal("5.1.1", "no such user here", reply=550)


def distinct(accounts: Iterable[Account]) -> tuple[Account, ...]:
    return tuple({account.id: account for account in accounts}.values())
