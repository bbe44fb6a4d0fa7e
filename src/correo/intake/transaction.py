"""One envelope after the other on one connection: MAIL, RCPT, content, in this order.

The order is the engine's affair; here each step gets its meaning: `policy` says what the peer may,
`recipients` where it goes, `accept` makes it ours. `servers/smtp` calls it and turns a `Refusal`
into the reply.

RFC 5321    3.3      mail transactions
            3.5      VRFY and EXPN: 252 says that delivery will be attempted
"""

import copy
from collections.abc import Callable
from functools import partial

from correo.accounts.directory import Alias, Directory, LocalAccount
from correo.base.clock import Clock
from correo.base.errors import Refusal, UsageError
from correo.intake.accept import Acceptance, Envelope
from correo.intake.api import (
    Accepted,
    MailParameters,
    MessageReceiver,
    Outcome,
    PeerInfo,
    RecipientParameters,
    Role,
)
from correo.intake.content import Content
from correo.intake.policy import Policy
from correo.intake.recipients import Recipients
from correo.intake.submission import authors, complete_header
from correo.intake.trace_fields import received
from correo.mailbox.spool import Spool
from correo.message.trace_fields import return_path
from correo.queue.ids import new_message_id

__all__ = ["Transaction"]


class Transaction:
    """An `IntakeSession`: what one connection brings in."""

    def __init__(
        self,
        peer: PeerInfo,
        *,
        policy: Policy,
        recipients: Recipients,
        acceptance: Acceptance,
        directory: Directory,
        clock: Clock,
        make_id: Callable[[float], str] = new_message_id,
    ) -> None:
        self._peer = peer
        self._policy = policy
        self._recipients = recipients
        self._acceptance = acceptance
        self._directory = directory
        self._clock = clock
        self._make_id = make_id
        self._envelope: Envelope | None = None
        self._content: Content | None = None

    async def mail(self, reverse_path: str, parameters: MailParameters) -> None:
        account = await self._policy.sender(self._peer, reverse_path, parameters)
        now = self._clock.now()
        peer = copy.copy(self._peer)  # as it is now: the next MAIL may come before this is accepted
        self._envelope = Envelope(
            self._make_id(now), peer, reverse_path, parameters, [], account, now
        )

    async def recipient(self, forward_path: str, parameters: RecipientParameters) -> None:
        envelope = self._open()
        if len(envelope.destinations) >= self._policy.settings.max_recipients:
            raise Refusal("4.5.3", "too many recipients", reply=452)
        destination = await self._recipients.resolve(
            forward_path, parameters, may_relay=self._policy.may_relay(self._peer)
        )
        self._policy.count_recipient(envelope.account)
        await self._acceptance.check_room(destination, envelope.parameters.size or 0)
        envelope.destinations.append(destination)

    async def receive(self) -> MessageReceiver:
        envelope = self._open()
        settings = self._policy.settings
        prefix = return_path(envelope.reverse_path) if envelope.is_all_direct else b""
        only = envelope.destinations[0].forward_path if len(envelope.destinations) == 1 else ""
        prefix += received(
            self._peer,
            settings.hostname,
            envelope.message_id,
            envelope.arrived,
            recipient=only,
        )
        self._content = Content(
            Spool(self._acceptance.blobs),
            prefix,
            max_size=settings.max_size,
            edit=partial(self._edit, envelope) if self._edits else None,
        )
        return self._content

    async def finish(self, receiver: MessageReceiver) -> Accepted:
        envelope, content = await self._ended(receiver)
        return await self._acceptance.accept(envelope, content)

    async def finish_each(self, receiver: MessageReceiver) -> list[Outcome]:
        envelope, content = await self._ended(receiver)
        return await self._acceptance.accept_each(envelope, content)

    def reset(self) -> None:
        if self._content is not None:
            self._content.abort()
        self._content = None
        self._envelope = None

    async def verify(self, name: str) -> str:
        raise Refusal("2.5.2", "cannot VRFY a user, but will take mail for it", reply=252)

    async def expand(self, name: str) -> list[str]:
        """Members of an alias, for those who are logged in and belong to it."""
        login = self._peer.login
        account = await self._directory.account_for_login(login) if login else None
        found = await self._directory.resolve(name) if account is not None else None
        if isinstance(found, Alias) and any(e.account == account for e in found.accounts):
            return [*(each.account.address for each in found.accounts), *found.remote]
        if isinstance(found, LocalAccount) and found.account == account:
            return [found.account.address]
        raise Refusal("5.7.1", "no list is shown to you", reply=550)

    def closed(self) -> None:
        self.reset()

    def _open(self) -> Envelope:
        if self._envelope is None:
            raise UsageError("there is no envelope before MAIL")
        return self._envelope

    @property
    def _edits(self) -> bool:
        settings = self._policy.settings
        return settings.role is Role.SUBMISSION and settings.completes_header

    def _edit(self, envelope: Envelope, header: bytes) -> bytes:
        return complete_header(
            header,
            sender=envelope.reverse_path,
            now=envelope.arrived,
            new_identifier=lambda: f"{envelope.message_id}@{self._policy.settings.hostname}",
        )

    async def _ended(self, receiver: MessageReceiver) -> tuple[Envelope, Content]:
        """The whole message, checked as far as its own octets go."""
        envelope, content = self._open(), self._content
        if content is None or content is not receiver:
            raise UsageError("this receiver was not opened here")
        self._envelope = self._content = None  # the next transaction may begin
        try:
            content.end()
            await self._check_authors(envelope, content)
        except BaseException:
            content.abort()
            raise
        return envelope, content

    async def _check_authors(self, envelope: Envelope, content: Content) -> None:
        if envelope.account is None or self._policy.settings.role is not Role.SUBMISSION:
            return
        for address in authors(content.header):
            if not await self._policy.may_write_as(envelope.account, address):
                raise Refusal("5.7.1", "the From address is not yours", reply=550)
