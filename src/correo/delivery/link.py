"""Open SMTP connections to other servers and carry messages over them.

`remote` decides which host and when; here a connection of `clients.smtp` becomes a link, and a
peer's replies become verdicts, in its exact words.

RFC 3207, 7435       STARTTLS where it is offered, in clear where it fails: a smarthost with a login
                     is the exception, there TLS is demanded and the certificate checked
RFC 5321    4.2.1    the first digit decides
RFC 3461    5.2      a peer with DSN takes over the reports

Departures: a smarthost that refuses our login is tried again later, for it is our configuration
that is wrong, not the message.
"""

import ssl
from collections.abc import Sequence

from correo.base.errors import CorreoError, Refusal
from correo.clients.smtp import (
    Reply,
    SmtpClient,
    SmtpConnectionError,
    SmtpReplyError,
    SmtpTimeouts,
    TlsMode,
)
from correo.delivery.exchangers import Host
from correo.delivery.job import Link, LinkLost
from correo.delivery.packing import Packed, pack
from correo.delivery.verdict import DeliveryFailure, Verdict
from correo.queue.routes import Smarthost
from correo.store.api import BlobStore
from correo.store.queue import QueuedMessage, RecipientState
from correo.trace.recorder import DialogueRecorder, Tracer

__all__ = ["SmtpConnector", "SmtpLink"]

MODES = {
    "opportunistic": TlsMode.OPPORTUNISTIC,
    "starttls": TlsMode.STARTTLS,
    "implicit": TlsMode.IMPLICIT,
    "none": TlsMode.NONE,
}

TIMEOUTS = SmtpTimeouts()


class SmtpConnector:
    """Opens links; a `remote.Connector`.

    Args:
        hostname: our name in EHLO.
        opportunistic: TLS that checks no certificate, for hosts found by MX.
        verified: TLS that does, for a smarthost.
        local_address: to connect from.
    """

    def __init__(
        self,
        *,
        hostname: str,
        blobs: BlobStore,
        opportunistic: ssl.SSLContext | None = None,
        verified: ssl.SSLContext | None = None,
        timeouts: SmtpTimeouts = TIMEOUTS,
        local_address: str | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._hostname = hostname
        self._blobs = blobs
        self._opportunistic = opportunistic
        self._verified = verified
        self._timeouts = timeouts
        self._local_address = local_address
        self._tracer = tracer

    async def connect(self, host: Host, smarthost: Smarthost | None) -> Link:
        mode, context = TlsMode.OPPORTUNISTIC, self._opportunistic
        if smarthost is not None:
            mode = mode_of(smarthost)
            if mode is not TlsMode.OPPORTUNISTIC:
                context = self._verified
        recorder = self._recorder(host)
        try:
            client = await SmtpClient.connect(
                host.address,
                host.port,
                tls=mode,
                context=context,
                server_name=host.name,
                helo=self._hostname,
                timeouts=self._timeouts,
                local_address=self._local_address,
                recorder=recorder,
            )
        except SmtpReplyError as error:
            raise failure_of(error.reply, host) from error
        except SmtpConnectionError as error:
            if recorder is not None:  # if it never was connected, nobody else says so
                recorder.ended()
            raise DeliveryFailure("4.4.1", f"{host}: {error}") from error
        if smarthost is not None and smarthost.username:
            await self._login(client, smarthost, host)
        return SmtpLink(client, host, self._blobs)

    async def _login(self, client: SmtpClient, smarthost: Smarthost, host: Host) -> None:
        try:
            await client.login(smarthost.username, smarthost.password)
        except SmtpReplyError as error:
            await client.quit()
            raise DeliveryFailure(
                "4.7.8", f"login refused: {error.reply}", host=host.name
            ) from error
        except CorreoError as error:
            client.abort()
            raise DeliveryFailure("4.7.8", f"{host}: no login: {error}") from error

    def _recorder(self, host: Host) -> DialogueRecorder | None:
        if self._tracer is None:
            return None
        return self._tracer.recorder(
            "smtp", is_server=False, peer=(host.address, host.port), local=("", 0)
        )


class SmtpLink:
    """One connection; a `remote.Link`."""

    def __init__(self, client: SmtpClient, host: Host, blobs: BlobStore) -> None:
        self._client = client
        self._host = host
        self._blobs = blobs

    @property
    def host(self) -> Host:
        return self._host

    @property
    def is_usable(self) -> bool:
        return self._client.is_usable

    async def deliver(self, message: QueuedMessage, positions: Sequence[int]) -> list[Verdict]:
        try:
            packed = await pack(message, positions, self._client.extensions, self._blobs)
        except Refusal as error:
            return [refused(error)] * len(positions)
        verdicts = packed.failed
        if packed.positions:
            verdicts |= await self._send(packed)
        return [verdicts[each] for each in positions]

    async def close(self) -> None:
        await self._client.quit()

    def abort(self) -> None:
        self._client.abort()

    async def _send(self, packed: Packed) -> dict[int, Verdict]:
        try:
            outcome = await self._client.send(packed.envelope, packed.octets)
        except SmtpConnectionError as error:
            raise LinkLost(DeliveryFailure("4.4.2", f"{self._host}: {error}")) from error
        except Refusal as error:  # our blob cannot be read: the peer waits for octets in vain
            self._client.abort()
            return dict.fromkeys(packed.positions, refused(error))
        except ValueError as error:
            self._client.abort()
            broken = Verdict(RecipientState.FAILED, "5.1.3", f"an address cannot be sent: {error}")
            return dict.fromkeys(packed.positions, broken)
        reports = "DSN" in self._client.extensions
        return {
            position: self._verdict(each.reply, reports=reports)
            for position, each in zip(packed.positions, outcome.recipients, strict=True)
        }

    def _verdict(self, reply: Reply, *, reports: bool) -> Verdict:
        if 200 <= reply.code < 300:
            state = RecipientState.PASSED_ON if reports else RecipientState.RELAYED
        elif 500 <= reply.code < 600:
            state = RecipientState.FAILED
        else:
            state = RecipientState.WAITING
        return Verdict(state, status_of(reply, state), str(reply), self._host.name)


def mode_of(smarthost: Smarthost) -> TlsMode:
    """A login never goes over a line in clear."""
    mode = MODES[smarthost.tls]
    if smarthost.username and mode in (TlsMode.OPPORTUNISTIC, TlsMode.NONE):
        return TlsMode.STARTTLS
    return mode


def status_of(reply: Reply, state: RecipientState) -> str:
    """The peer's status code, if it is of the class of its reply code."""
    classes = {RecipientState.FAILED: "5", RecipientState.WAITING: "4"}
    first = classes.get(state, "2")
    return reply.status if reply.status.startswith(first) else f"{first}.0.0"


def failure_of(reply: Reply, host: Host) -> DeliveryFailure:
    """A host that does not want us (RFC 5321 3.1: 554; RFC 7504: 521, 556)."""
    state = RecipientState.FAILED if 500 <= reply.code < 600 else RecipientState.WAITING
    return DeliveryFailure(status_of(reply, state), str(reply), host=host.name)


def refused(error: Refusal) -> Verdict:
    state = RecipientState.WAITING if error.is_temporary else RecipientState.FAILED
    return Verdict(state, error.status, error.text)
