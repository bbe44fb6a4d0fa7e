"""Tell senders what became of their messages: failed, late, and, when asked, arrived.

`flight` asks at the end of each attempt what is to be told; the runner stores the reports in the
same transaction as the outcome, so that each is sent once, whatever crashes.

RFC 3461    5.2      who is told what: NOTIFY, and what a relay that reports itself takes over
            6        reports go to the reverse-path, with the null path; RET, ENVID
            5.2.7    aliases
RFC 3464             the report (built by `message.reports`)
RFC 5321    6.1      never a report about a message with the null reverse-path

Departures: RET=FULL is honoured up to FULL_LIMIT, and without RET a failure brings the whole message
back up to DEFAULT_LIMIT, as Postfix does (50,000 octets); otherwise the header.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from correo.delivery.explanation import Explanation, explain
from correo.message.reports import (
    Action,
    DeliveryReport,
    RecipientReport,
    Returned,
    build_report,
)
from correo.queue.ids import new_message_id
from correo.queue.schedule import Schedule
from correo.store.api import BlobStore
from correo.store.model import StoredBlob
from correo.store.queue import QueuedMessage, QueuedRecipient, RecipientState

__all__ = ["Bounces", "Due"]

FULL_LIMIT = 10 * 1024 * 1024
DEFAULT_LIMIT = 50_000
HEADER_LIMIT = 256 * 1024  # octets of a large message that are read to find its header

Due = dict[Explanation, list[int]]

SUCCESSES = {
    RecipientState.DELIVERED: Action.DELIVERED,
    RecipientState.RELAYED: Action.RELAYED,
    RecipientState.EXPANDED: Action.EXPANDED,
}


class Bounces:
    """Writes the reports of one node.

    Args:
        hostname: our name in the report, and the domain of its sender.
        make_id: names a message made at this moment.
    """

    def __init__(
        self,
        hostname: str,
        schedule: Schedule,
        blobs: BlobStore,
        *,
        make_id: Callable[[float], str] = new_message_id,
    ) -> None:
        self._hostname = hostname
        self._schedule = schedule
        self._blobs = blobs
        self._make_id = make_id

    def due(self, message: QueuedMessage, *, with_delays: bool) -> Due:
        """Positions of the recipients whose sender is to be told something now, by what."""
        due: Due = {}
        if not message.reverse_path:
            return due
        for position, recipient in enumerate(message.recipients):
            what = wanted(recipient, with_delays=with_delays)
            if what is not None:
                due.setdefault(what, []).append(position)
        return due

    async def reports(self, message: QueuedMessage, due: Due, now: float) -> list[QueuedMessage]:
        """One report for each kind of news; the recipients are marked as told."""
        reports = [
            await self._report(message, what, positions, now) for what, positions in due.items()
        ]
        for what, positions in due.items():
            for position in positions:
                message.recipients[position].is_told = what is not Explanation.DELAYED
        return reports

    def forwarded(
        self, message: QueuedMessage, position: int, addresses: Sequence[str], now: float
    ) -> QueuedMessage:
        """The message for the addresses behind an alias, with the sender it had (RFC 5321 3.9.1)."""
        alias = message.recipients[position]
        original = alias.orcpt or f"{kind_of(alias.address)};{alias.address}"
        notify = alias.notify - {"SUCCESS"}
        if alias.notify and not notify:
            notify = frozenset({"NEVER"})
        return replace(
            message,
            id=self._make_id(now),
            recipients=[QueuedRecipient(each, notify, original) for each in addresses],
            due=now,
            attempts=0,
            owner="",
        )

    async def _report(
        self, message: QueuedMessage, what: Explanation, positions: Sequence[int], now: float
    ) -> QueuedMessage:
        recipients = [message.recipients[each] for each in positions]
        returned, original = await self._original(message, what)
        report = DeliveryReport(
            self._hostname,
            [report_on(each, what, message, now) for each in recipients],
            arrived=int(message.arrived),
            envelope_id=message.envid,
            extra=[("X-Correo-Queue-Id", message.id)],
        )
        message_id = self._make_id(now)
        content = build_report(
            report,
            sender=b"Mail Delivery System <postmaster@%s>" % self._hostname.encode(),
            recipient=message.reverse_path,
            subject=what.subject,
            text=explain(what, recipients, message, self._hostname),
            original=original,
            returned=returned,
            date=int(now),
            message_id=f"{message_id}@{self._hostname}",
        )
        return QueuedMessage(
            id=message_id,
            reverse_path="",
            recipients=[QueuedRecipient(message.reverse_path)],
            content=content,
            arrived=now,
            expires=self._schedule.expires(now),
            due=now,
            smtputf8=not message.reverse_path.isascii(),
            body="7BIT" if content.isascii() else "8BITMIME",
        )

    async def _original(self, message: QueuedMessage, what: Explanation) -> tuple[Returned, bytes]:
        """What comes back of the message: all of it with failures only (RFC 3461 4.3)."""
        limit = {None: DEFAULT_LIMIT, "FULL": FULL_LIMIT}.get(message.ret, 0)
        content = message.content
        if what is Explanation.FAILED and message.size <= limit:
            if isinstance(content, StoredBlob):
                content = await self._blobs.read_all(content)
            return Returned.FULL, content
        if isinstance(content, StoredBlob):
            content = await self._blobs.open(content).read(0, HEADER_LIMIT)
        return Returned.HEADERS, content


def wanted(recipient: QueuedRecipient, *, with_delays: bool) -> Explanation | None:
    """What a recipient's state gives cause to tell, if its NOTIFY allows (RFC 3461 5.2)."""
    state, notify = recipient.state, recipient.notify
    if recipient.is_told:
        return None
    if state is RecipientState.WAITING:
        return Explanation.DELAYED if with_delays and (not notify or "DELAY" in notify) else None
    if state is RecipientState.FAILED:
        return Explanation.FAILED if not notify or "FAILURE" in notify else None
    return Explanation.SUCCEEDED if "SUCCESS" in notify and state in SUCCESSES else None


def report_on(
    recipient: QueuedRecipient, what: Explanation, message: QueuedMessage, now: float
) -> RecipientReport:
    action = SUCCESSES.get(recipient.state, Action.FAILED)
    if what is Explanation.DELAYED:
        action = Action.DELAYED
    return RecipientReport(
        recipient.address,
        action,
        recipient.status or "5.0.0",
        original=recipient.orcpt,
        remote_host=recipient.host or None,
        diagnostic=recipient.diagnostic if recipient.host else None,
        last_attempt=int(recipient.tried_at or now),
        retry_until=int(message.expires),
    )


def kind_of(address: str) -> str:
    return "rfc822" if address.isascii() else "utf-8"
