"""Carry the messages of `correo send`: to one server, or to each recipient's own.

RFC 6409             submission
RFC 5321    5        direct: MX hosts in order, the next one when one fails for now
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import typer

from correo.accounts.address import domain_of
from correo.app.config import read_nameserver
from correo.base.blobs import Blob
from correo.base.errors import CorreoError, Refusal
from correo.cli.mail_server import SUBMISSION, MailServer, read_server, settled
from correo.cli.place import data_folder
from correo.cli.progress import progress
from correo.clients.smtp import (
    SmtpClient,
    SmtpConnectionError,
    SmtpReplyError,
    SmtpTimeouts,
    TlsMode,
)
from correo.delivery.carrier import SESSIONS_PER_JOB
from correo.delivery.exchangers import Exchangers, Host
from correo.delivery.packing import pack
from correo.delivery.routing import Destination
from correo.delivery.verdict import DeliveryFailure
from correo.net.dns import DnsResolver
from correo.store.queue import QueuedMessage

__all__ = ["Carrier", "Report", "Way", "submission_server"]

LARGE = 256 * 1024  # octets from which a message shows its own progress

Answers = dict[int, tuple[int, str]]  # by position of the recipient: reply code and words


@dataclass(slots=True)
class Way:
    """How to get there. server: None for each recipient's own, found by DNS."""

    server: MailServer | None
    password: str
    direct_tls: TlsMode
    nameservers: Sequence[str]
    helo: str
    timeout_s: float


class Carrier:
    """Delivers letters one after the other, over one connection as long as it lasts."""

    def __init__(self, way: Way, report: "Report") -> None:
        self._way = way
        self._report = report
        self._client: SmtpClient | None = None

    async def carry(self, letters: Sequence[QueuedMessage]) -> None:
        """Raises CorreoError when nothing could be tried."""
        with self._report.progress(letters):
            try:
                for letter in letters:
                    if self._way.server is None:
                        await self._direct(letter)
                    else:
                        await self._submit(letter, self._way.server)
            finally:
                if self._client is not None:
                    await self._client.quit()

    # by one server

    async def _submit(self, letter: QueuedMessage, server: MailServer) -> None:
        if self._client is None or not self._client.is_usable:
            self._client = await self._connect(await settled(server))
        everybody = list(range(len(letter.recipients)))
        try:
            said = await self._give(self._client, letter, everybody)
        except SmtpConnectionError as error:
            self._client = None
            said = dict.fromkeys(everybody, (0, str(error)))
        for each in everybody:
            self._report.outcome(letter, [each], *said[each])

    async def _connect(self, server: MailServer) -> SmtpClient:
        """Raises Refusal."""
        way = self._way
        try:
            client = await SmtpClient.connect(
                server.host,
                server.port,
                tls=server.tls,
                context=server.context,
                helo=way.helo,
                timeouts=patience(way),
            )
            if server.user:
                await client.login(
                    server.user, way.password, may_show_password=server.may_show_password
                )
        except (SmtpConnectionError, SmtpReplyError) as error:
            status = "4.4.1" if error.is_temporary else "5.4.1"
            raise Refusal(status, f"{server.host}:{server.port}: {error}") from error
        return client

    # to each recipient's own

    async def _direct(self, letter: QueuedMessage) -> None:
        domains: dict[str, list[int]] = {}
        for position, recipient in enumerate(letter.recipients):
            domains.setdefault(domain_of(recipient.address), []).append(position)
        for domain, positions in domains.items():
            await self._to_domain(letter, domain, positions)

    async def _to_domain(
        self, letter: QueuedMessage, domain: str, positions: Sequence[int]
    ) -> None:
        """Try one host after the other until all are answered for; two may say "later"."""
        said: Answers = {}
        waiting, sessions = list(positions), 0
        words, is_temporary = f"no host takes mail for {domain}", False
        try:
            async for host in self._exchangers().hosts(Destination(domain)):
                try:
                    async with await self._connect_direct(host) as client:
                        said.update(await self._give(client, letter, waiting))
                except (SmtpConnectionError, SmtpReplyError) as error:
                    if error.is_temporary or not is_temporary:
                        words, is_temporary = f"{host}: {error}", error.is_temporary
                    continue
                sessions += 1
                waiting = [each for each in positions if is_later(said[each])]
                if not waiting or sessions == SESSIONS_PER_JOB:
                    break
        except DeliveryFailure as failure:
            words, is_temporary = failure.text, failure.is_temporary
        for each in positions:
            code, reply = said.get(each, (450 if is_temporary else 550, words))
            self._report.outcome(letter, [each], code, reply)

    def _exchangers(self) -> Exchangers:
        resolver = DnsResolver([read_nameserver(each) for each in self._way.nameservers])
        return Exchangers(resolver, shuffle=random.shuffle)

    async def _connect_direct(self, host: Host) -> SmtpClient:
        """Raises SmtpConnectionError, SmtpReplyError."""
        return await SmtpClient.connect(
            host.address,
            host.port,
            tls=self._way.direct_tls,
            server_name=host.name,
            helo=self._way.helo,
            timeouts=patience(self._way),
        )

    async def _give(
        self, client: SmtpClient, letter: QueuedMessage, positions: Sequence[int]
    ) -> Answers:
        """Send over an open connection, in the form the server can take."""
        try:
            packed = await pack(letter, positions, client.extensions)
        except Refusal as refusal:
            return dict.fromkeys(positions, (550, refusal.text))
        said = {each: (550, verdict.diagnostic) for each, verdict in packed.failed.items()}
        if not packed.positions:
            return said
        octets = packed.octets
        watched: bytes | Blob = octets
        if isinstance(octets, bytes) and len(octets) > LARGE:
            watched = WatchedOctets(octets, self._report.advance)
        outcome = await client.send(packed.envelope, watched)
        if watched is octets:
            self._report.advance(letter.size)
        for position, each in zip(packed.positions, outcome.recipients, strict=True):
            said[position] = (each.reply.code, str(each.reply))
        return said


def is_later(answer: tuple[int, str]) -> bool:
    return 400 <= answer[0] < 500


class WatchedOctets:
    """A message in memory that says how much of it has been read; a `base.blobs.Blob`."""

    def __init__(self, octets: bytes, advance: Callable[[int], None]) -> None:
        self._octets = octets
        self._advance = advance
        self.size = len(octets)

    async def read(self, offset: int, length: int) -> bytes:
        part = self._octets[offset : offset + length]
        self._advance(len(part))
        await asyncio.sleep(0)
        return part


class Report:
    """What the person, or the script, sees; and what the exit code is made of."""

    def __init__(self, *, is_json: bool, is_quiet: bool) -> None:
        self.failed = 0
        self.deferred = 0
        self._accepted = 0
        self._is_json = is_json
        self._is_quiet = is_quiet
        self.advance: Callable[[int], None] = lambda _: None

    @contextmanager
    def progress(self, letters: Sequence[QueuedMessage]) -> Iterator[None]:
        """A bar on a terminal for what takes a while; nothing elsewhere."""
        total = sum(letter.size for letter in letters)
        is_large = total > LARGE or len(letters) > 20
        shows = is_large and not self._is_quiet and not self._is_json
        with progress("sending", total, octets=True, is_wanted=shows) as self.advance:
            yield

    def outcome(
        self, letter: QueuedMessage, positions: Sequence[int], code: int, words: str
    ) -> None:
        """What a server said about recipients; code 0 if it said nothing."""
        for position in positions:
            address = letter.recipients[position].address
            is_accepted, is_final = 200 <= code < 300, 500 <= code < 600
            self._accepted += is_accepted
            self.failed += is_final
            self.deferred += not is_accepted and not is_final
            if self._is_json:
                self._print(
                    message=letter.id, recipient=address, accepted=is_accepted, code=code,
                    reply=words,
                )  # fmt: skip
            elif not is_accepted:
                sys.stderr.write(f"correo: {address}: {words}\n")
            elif not self._is_quiet:
                typer.echo(f"{address}: {words}")

    def _print(self, **values: Any) -> None:
        typer.echo(json.dumps(values, ensure_ascii=False))


def submission_server(
    text: str | None,
    data: str | None,
    *,
    user: str | None,
    tls: TlsMode | None,
    authority: Path | None,
    insecure: bool,
) -> MailServer:
    """The server named, or the correo that runs here, whose authority is known.

    Raises CorreoError, typer.BadParameter.
    """
    read = partial(read_server, user=user, tls=tls, insecure=insecure)
    if text is not None:
        return read(text, SUBMISSION, authority=authority)
    try:
        endpoints = json.loads((data_folder(data, None) / "run/endpoints.json").read_text())
        listener = endpoints["listeners"]["submission"]
        text = f"[{listener['host']}]:{listener['port']}"
        own = Path(endpoints["ca_certificate"]) if endpoints.get("ca_certificate") else None
    except (OSError, ValueError, KeyError, CorreoError) as error:
        raise CorreoError(
            "no correo runs here: name a server with --server, or send with --direct"
        ) from error
    server = read(text, SUBMISSION, authority=authority)
    if authority is None and server.tls in (TlsMode.STARTTLS, TlsMode.IMPLICIT):
        server = read(text, SUBMISSION, authority=own)
    return server


def patience(way: Way) -> SmtpTimeouts:
    limit = way.timeout_s
    return SmtpTimeouts(
        connect=limit, greeting=limit, command=limit, data=limit, content=limit, final=10 * limit
    )
