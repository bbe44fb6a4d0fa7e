"""Simulated servers that lie about TLS get what real ones get from the real connector."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.testing.ways import letter, send

from correo.delivery.exchangers import Host
from correo.delivery.job import Link
from correo.delivery.link import SmtpConnector
from correo.delivery.verdict import DeliveryFailure, Verdict
from correo.net.authority import make_authority, make_certificate
from correo.net.tls import client_context, opportunistic_context
from correo.queue.routes import NextHop, Smarthost
from correo.store.memory.blobs import MemoryBlobStore
from correo.store.queue import QueuedMessage, QueuedRecipient, RecipientState
from correo.testing import Mail, PeerTls
from correo.testing.clock import FakeClock
from correo.testing.peers import FakePeers

CHECKED = Smarthost(NextHop("mx.b.test"), tls="starttls")
WAYS = [
    pytest.param(tls, smarthost, id=f"{tls.value}, {way}")
    for tls in PeerTls
    for smarthost, way in ((None, "as far as it goes"), (CHECKED, "demanded"))
]


class Liar:
    """A server on loopback that does this about STARTTLS, and takes whatever it is given."""

    def __init__(self, tls: PeerTls, context: ssl.SSLContext) -> None:
        self.connections = 0
        self.encrypted: list[bool] = []  # of each message
        self._tls = tls
        self._context = context

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(b"220 mx.b.test ESMTP\r\n")
        try:
            while line := await reader.readline():
                if not await self._answer(line[:4].upper(), reader, writer):
                    break
        except (OSError, asyncio.IncompleteReadError):  # ssl.SSLError is one
            pass
        finally:
            writer.close()

    async def _answer(
        self, word: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if word == b"EHLO":
            offer = b"250-STARTTLS\r\n" if self._tls is not PeerTls.NONE else b""
            writer.write(b"250-mx.b.test\r\n" + offer + b"250 PIPELINING\r\n")
        elif word == b"STAR":
            return await self._begin_tls(writer)
        elif word == b"DATA":
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            self.encrypted.append(writer.get_extra_info("ssl_object") is not None)
            writer.write(b"250 2.0.0 accepted\r\n")
        else:
            writer.write(b"250 2.0.0 well\r\n")
        return word != b"QUIT"

    async def _begin_tls(self, writer: asyncio.StreamWriter) -> bool:
        if self._tls is PeerTls.REFUSED:
            writer.write(b"454 4.7.0 not now\r\n")
            return True
        writer.write(b"220 2.0.0 begin\r\n")
        if self._tls is PeerTls.IN_CLEAR:
            writer.write(b"250 2.0.0 in clear, then\r\n")
        if self._tls in (PeerTls.IN_CLEAR, PeerTls.HANDSHAKE):
            await writer.drain()
            return False
        await writer.start_tls(self._context)
        return True


def certified(folder: Path, tls: PeerTls) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's context for this lie, and that of a client which checks."""
    authority, key = make_authority(10)
    (folder / "ca.pem").write_bytes(authority)
    signer = make_authority(10) if tls is PeerTls.UNTRUSTED else (authority, key)
    name = "other.test" if tls is PeerTls.NAME else "mx.b.test"
    days = 0 if tls is PeerTls.EXPIRED else 5
    certificate, private = make_certificate(*signer, [name], days)
    (folder / "cert.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, client_context(folder / "ca.pem")


@asynccontextmanager
async def listening(liar: Liar) -> AsyncIterator[int]:
    server = await asyncio.start_server(liar.serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def message() -> QueuedMessage:
    recipient = QueuedRecipient("zoe@b.test")
    return QueuedMessage("M1", "ana@a.test", [recipient], b"Subject: x\r\n\r\nx\r\n", 0, 1e12, 0)


async def tried(link: Link) -> list[Verdict]:
    try:
        return await link.deliver(message(), [0])
    finally:
        await link.close()


Outcome = tuple[str, int, list[bool]]  # what came of it, connections, whether encrypted


async def really(tls: PeerTls, smarthost: Smarthost | None, folder: Path) -> Outcome:
    server, checking = certified(folder, tls)
    liar = Liar(tls, server)
    connector = SmtpConnector(
        hostname="mail.a.test",
        blobs=MemoryBlobStore(FakeClock()),
        opportunistic=opportunistic_context(),
        verified=checking,
    )
    async with listening(liar) as port:
        try:
            host = Host("mx.b.test", "127.0.0.1", port)
            [verdict] = await tried(await connector.connect(host, smarthost))
        except DeliveryFailure as failure:
            return failure.status[0], liar.connections, liar.encrypted
    return verdict.state.value, liar.connections, liar.encrypted


async def simulated(tls: PeerTls, smarthost: Smarthost | None) -> Outcome:
    peers = FakePeers()
    peer = peers.host("192.0.2.1")
    peer.tls = tls
    try:
        link = await peers.connect(Host("mx.b.test", "192.0.2.1", 25), smarthost)
        [verdict] = await tried(link)
    except DeliveryFailure as failure:
        return failure.status[0], peer.connections, []
    return verdict.state.value, peer.connections, [each.is_encrypted for each in peer.received]


@pytest.mark.parametrize(("tls", "smarthost"), WAYS)
def test_a_simulated_server_gets_what_a_real_one_gets(
    tls: PeerTls, smarthost: Smarthost | None, tmp_path: Path
) -> None:
    async def main() -> None:
        real = await really(tls, smarthost, tmp_path)
        assert await simulated(tls, smarthost) == real
        assert real[0] in (RecipientState.RELAYED.value, "4")

    asyncio.run(main())


@pytest.mark.mail(virtual_time=True)
@pytest.mark.parametrize(
    ("tls", "is_encrypted"),
    [(PeerTls.GOOD, True), (PeerTls.EXPIRED, True), (PeerTls.HANDSHAKE, False)],
)
def test_a_test_sees_how_its_mail_came(mail: Mail, tls: PeerTls, is_encrypted: bool) -> None:
    shop = mail.internet.domain("shop.example")
    shop.tls = tls
    order = letter("kim@shop.example", "Order")
    order.replace_header("From", mail.address("zoe"))
    send(mail, order, listener="submission")
    mail.clock.advance(seconds=1)
    [arrived] = shop.messages
    assert arrived.envelope is not None
    assert arrived.envelope.is_encrypted is is_encrypted
