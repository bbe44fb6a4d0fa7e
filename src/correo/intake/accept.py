"""Make a message ours: filters, then mailboxes and queue. The commit point.

`transaction` calls it at the end of the content. What is local and wants no report goes straight to
the mailboxes (`handoff`), the rest into the queue, and so does what cannot be delivered now. On
return all of it is durable, and only then the client hears 250 (RFC 5321 6.1).

RFC 5321    4.4      Return-Path in front at final delivery; partial success is success
            6.1      after 250 the message is our responsibility
RFC 2033    4.2      LMTP: one answer per recipient

Departures: if some mailboxes have the message and the queue then refuses the rest (disk full), the
client is told to send again, and those mailboxes get it twice. Twice is better than not at all.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from correo.base.errors import CorreoError, Refusal
from correo.filters.pipeline import Arriving, Pipeline
from correo.intake.api import Accepted, MailParameters, Outcome, PeerInfo
from correo.intake.content import Content
from correo.intake.handoff import Handoff
from correo.intake.recipients import Destination
from correo.mailbox.append import Prepared, prepare
from correo.message.trace_fields import return_path
from correo.queue.schedule import Schedule
from correo.queue.waiting_room import WaitingRoom
from correo.store.api import BlobStore
from correo.store.directory import Account
from correo.store.model import StoredBlob
from correo.store.queue import QueuedMessage, QueuedRecipient
from correo.trace.journey import Journal
from correo.trace.trouble import log_own_trouble

__all__ = ["Acceptance", "Envelope"]

log = logging.getLogger("correo.intake")


@dataclass(slots=True)
class Envelope:
    """What is known of a message besides its content."""

    message_id: str
    peer: PeerInfo
    reverse_path: str
    parameters: MailParameters
    destinations: list[Destination]
    account: Account | None
    arrived: float

    @property
    def is_all_direct(self) -> bool:
        """Whether everything goes straight to mailboxes; then Return-Path is in front."""
        return all(each.is_direct for each in self.destinations)


class Acceptance:
    """The way from the door into the house; one per process."""

    def __init__(
        self,
        *,
        blobs: BlobStore,
        handoff: Handoff,
        room: WaitingRoom,
        schedule: Schedule,
        pipeline: Pipeline,
        journal: Journal | None = None,
    ) -> None:
        self.blobs = blobs
        self._handoff = handoff
        self._room = room
        self._schedule = schedule
        self._pipeline = pipeline
        self._journal = journal

    async def check_room(self, destination: Destination, octets: int) -> None:
        """Raises OverQuota when a mailbox has no room; only limited accounts are asked."""
        for account in destination.accounts:
            if account.quota:
                await self._handoff.check_room(account, octets)

    async def accept(self, envelope: Envelope, content: Content) -> Accepted:
        """Take the message whole. Raises Refusal; then nothing of it is ours."""
        failures = await self._deliver(envelope, content)
        reasons = [reason for reason in failures.values() if reason is not None]
        queued = self._queued(envelope, failures)
        if reasons and len(reasons) == len(failures) and envelope.is_all_direct:
            raise reasons[0]  # nobody has it: the client keeps it
        if queued:
            await self._enqueue(envelope, content, queued)
        self._note(envelope, content, failures)
        return Accepted(envelope.message_id)

    async def accept_each(self, envelope: Envelope, content: Content) -> list[Outcome]:
        """Take it for each recipient by itself, in their order (LMTP)."""
        try:
            failures = await self._deliver(envelope, content)
            queued = [
                recipient
                for destination in envelope.destinations
                if not destination.is_direct
                for recipient in destination.queued()
            ]
            if queued:
                await self._enqueue(envelope, content, queued)
        except Refusal as error:
            return [outcome(each, error, "") for each in envelope.destinations]
        self._note(envelope, content, failures)
        return [
            outcome(each, first_failure(each, failures), envelope.message_id)
            for each in envelope.destinations
        ]

    async def _deliver(self, envelope: Envelope, content: Content) -> dict[str, Refusal | None]:
        """Filters, then the mailboxes that can have it at once; by account, why not."""
        await self._filter(envelope, content)
        direct = {
            account.id: account
            for destination in envelope.destinations
            if destination.is_direct
            for account in destination.accounts
        }
        if not direct:
            content.octets = await content.spool.finish()
            return {}
        prepared = await self._prepare(envelope, content)
        outcomes = await self._handoff.deliver(prepared, list(direct.values()))
        return dict(zip(direct, outcomes, strict=True))

    async def _prepare(self, envelope: Envelope, content: Content) -> Prepared:
        if envelope.is_all_direct:  # Return-Path is in the spool already
            prepared = await prepare(content.spool, self.blobs)
            content.octets = prepared.octets
            return prepared
        content.octets = await content.spool.finish()
        whole = await self._whole(content.octets)
        return await prepare(whole, self.blobs, prefix=return_path(envelope.reverse_path))

    async def _whole(self, octets: bytes | StoredBlob) -> bytes:
        return octets if isinstance(octets, bytes) else await self.blobs.read_all(octets)

    async def _filter(self, envelope: Envelope, content: Content) -> None:
        verdicts = await self._pipeline.check(
            Arriving(
                envelope.message_id,
                envelope.reverse_path,
                [each.forward_path for each in envelope.destinations],
                envelope.peer.address,
                envelope.peer.login,
                content.header,
                content.size,
            )
        )
        for verdict in verdicts:
            if self._journal is not None:
                self._journal.note(
                    envelope.message_id, "checked", filter=verdict.filter, reason=verdict.reason
                )
            if verdict.refusal is not None:
                content.abort()
                raise verdict.refusal

    def _queued(
        self, envelope: Envelope, failures: dict[str, Refusal | None]
    ) -> list[QueuedRecipient]:
        """Recipients for the queue: those elsewhere, and mailboxes that could not be served."""
        queued: list[QueuedRecipient] = []
        pending = {account for account, reason in failures.items() if reason is not None}
        for destination in envelope.destinations:
            if not destination.is_direct:
                queued += destination.queued()
                continue
            for account in destination.accounts:
                if account.id in pending:
                    pending.discard(account.id)
                    queued.append(destination.waiting(account))
        return queued

    async def _enqueue(
        self, envelope: Envelope, content: Content, recipients: list[QueuedRecipient]
    ) -> None:
        octets = content.octets
        if envelope.is_all_direct:  # the queue adds Return-Path itself, when it delivers
            prefix = len(return_path(envelope.reverse_path))
            octets = (await self._whole(octets))[prefix:]
            if isinstance(content.octets, StoredBlob):
                octets = await self.blobs.put(octets)
        parameters = envelope.parameters
        await self._room.enqueue(
            QueuedMessage(
                id=envelope.message_id,
                reverse_path=envelope.reverse_path,
                recipients=recipients,
                content=octets,
                arrived=envelope.arrived,
                expires=self._schedule.expires(envelope.arrived),
                due=envelope.arrived,
                smtputf8=parameters.smtputf8,
                body=parameters.body,
                ret=parameters.ret,
                envid=parameters.envid,
            )
        )

    def _note(
        self, envelope: Envelope, content: Content, failures: dict[str, Refusal | None]
    ) -> None:
        journal = self._journal
        if journal is None:
            return
        peer = envelope.peer
        journal.note(
            envelope.message_id,
            "accepted",
            sender=envelope.reverse_path or "<>",
            recipients=" ".join(each.forward_path for each in envelope.destinations[:20]),
            peer=f"{peer.helo} [{peer.address}]",
            protocol=peer.protocol,
            login=peer.login or "",
            size=str(content.size),
        )
        for destination in envelope.destinations:
            if destination.is_direct:
                for account in destination.accounts:
                    reason = failures.get(account.id)
                    journal.note(
                        envelope.message_id,
                        "deferred" if reason else "delivered",
                        recipient=account.address,
                        reason=str(reason or ""),
                    )


def first_failure(destination: Destination, failures: dict[str, Refusal | None]) -> Refusal | None:
    """Why a recipient did not get it; for an alias, the first of its mailboxes that failed."""
    if not destination.is_direct:
        return None
    found: Sequence[CorreoError | None] = [failures.get(each.id) for each in destination.accounts]
    return next((each for each in found if isinstance(each, Refusal)), None)


def outcome(destination: Destination, error: Refusal | None, message_id: str) -> Outcome:
    if error is None:
        return Outcome(destination.forward_path, "2.1.5", f"delivered as {message_id}", 250)
    log_own_trouble(log, error)
    reply = error.reply or (451 if error.is_temporary else 550)
    return Outcome(destination.forward_path, error.status, error.told, reply)
