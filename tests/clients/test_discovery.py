"""Servers are found from an address: what DNS and the domain's web server say of them."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.base.dnstypes import DnsFailure
from correo.clients.discovery import FoundBy, MailSettings, NoSettings, ServiceKind, discover
from correo.clients.discovery.autoconfig import read_config
from correo.clients.discovery.web import SIZE_LIMIT, fetch
from correo.clients.security import TlsMode
from correo.net.authority import make_authority, make_certificate
from correo.net.tls import client_context
from correo.testing.dns import FakeDns

ANA = "ana@example.org"
CONFIG = b"""<?xml version="1.0"?>
<clientConfig version="1.1">
  <emailProvider id="example.org">
    <domain>example.org</domain>
    <incomingServer type="imap">
      <hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType>
      <authentication>password-cleartext</authentication><username>%EMAILLOCALPART%</username>
    </incomingServer>
    <incomingServer type="imap">
      <hostname>clear.example.org</hostname><port>143</port><socketType>plain</socketType>
    </incomingServer>
    <incomingServer type="pop3">
      <hostname>pop.example.org</hostname><port>110</port><socketType>STARTTLS</socketType>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>smtp.example.org</hostname><port>587</port><socketType>STARTTLS</socketType>
      <username>%EMAILADDRESS%</username>
    </outgoingServer>
  </emailProvider>
</clientConfig>"""
WELL_KNOWN = "https://example.org/.well-known/autoconfig/mail/config-v1.1.xml"


class Web:
    """A web with these files; remembers what was asked for."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self._files = files or {}
        self.asked: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return self._files.get(url.partition("?")[0], b"")


def found(address: str, dns: FakeDns, web: Web | None = None, database: str = "") -> MailSettings:
    return asyncio.run(discover(address, resolver=dns, web=web or Web(), database=database))


def told(settings: MailSettings) -> list[tuple[str, str, int, TlsMode]]:
    return [(each.kind.value, each.host, each.port, each.tls) for each in settings.services]


def test_srv_records_are_taken_in_their_order_tls_from_the_start_before_starttls() -> None:
    dns = FakeDns(
        services={
            "_imaps._tcp.example.org": [
                (10, 0, 993, "b.example.org"),
                (5, 1, 993, "c.example.org"),
            ],
            "_imap._tcp.example.org": [(5, 0, 143, "c.example.org")],
            "_submissions._tcp.example.org": [
                (0, 10, 465, "light.example.org"),
                (0, 90, 465, "heavy.example.org"),
            ],
            "_pop3._tcp.example.org": [(0, 0, 0, "")],
            "_pop3s._tcp.example.org": [(0, 0, 0, "")],
        }
    )
    settings = found(ANA, dns)
    assert told(settings) == [
        ("submission", "heavy.example.org", 465, TlsMode.IMPLICIT),
        ("submission", "light.example.org", 465, TlsMode.IMPLICIT),
        ("imap", "c.example.org", 993, TlsMode.IMPLICIT),
        ("imap", "c.example.org", 143, TlsMode.STARTTLS),
        ("imap", "b.example.org", 993, TlsMode.IMPLICIT),
    ]
    assert settings.not_offered == {ServiceKind.POP3}
    assert {each.username for each in settings.services} == {ANA}
    account = settings.imap_account("secret")
    assert (account.host, account.port, account.tls) == ("c.example.org", 993, TlsMode.IMPLICIT)


def test_the_web_is_not_asked_where_dns_names_all_that_is_needed() -> None:
    services = {
        "_imaps._tcp.example.org": [(0, 0, 993, "a.example.org")],
        "_submission._tcp.example.org": [(0, 0, 587, "a.example.org")],
    }
    web = Web()
    found(ANA, FakeDns(services=services), web)
    assert web.asked == []


def test_a_host_elsewhere_that_only_dns_names_is_marked() -> None:
    services = {
        "_imaps._tcp.example.org": [(0, 0, 993, "mail.host.test"), (1, 0, 993, "a.example.org")],
        "_submission._tcp.example.org": [(0, 0, 587, "evilexample.org")],
    }
    settings = found(ANA, FakeDns(services=services))
    marks = {each.host: each.is_elsewhere for each in settings.services}
    assert marks == {"mail.host.test": True, "a.example.org": False, "evilexample.org": True}


@pytest.mark.parametrize(
    ("host", "port"),
    [("mail host.test", 993), ("mail\r\n.test", 993), ("", 993), ("a" * 300, 993), ("m.test", 0)],
)
def test_a_record_that_names_no_host_or_port_is_passed_over(host: str, port: int) -> None:
    dns = FakeDns(services={"_imaps._tcp.a.test": [(0, 0, port, host), (1, 0, 993, "mail.a.test")]})
    assert told(found("ana@a.test", dns)) == [("imap", "mail.a.test", 993, TlsMode.IMPLICIT)]


def test_autoconfig_says_what_dns_does_not() -> None:
    web = Web({WELL_KNOWN: CONFIG})
    settings = found("Ana.B@example.org", FakeDns(), web)
    assert told(settings) == [
        ("imap", "imap.example.org", 993, TlsMode.IMPLICIT),
        ("pop3", "pop.example.org", 110, TlsMode.STARTTLS),
        ("submission", "smtp.example.org", 587, TlsMode.STARTTLS),
    ]
    assert settings.imap is not None
    assert settings.imap.username == "Ana.B"
    assert settings.pop3 is not None
    assert settings.pop3.username == "Ana.B@example.org"
    assert {each.found_by for each in settings.services} == {FoundBy.AUTOCONFIG}
    first = "https://autoconfig.example.org/mail/config-v1.1.xml?emailaddress=Ana.B%40example.org"
    assert web.asked == [first, WELL_KNOWN]


def test_autoconfig_only_fills_in_the_kinds_that_dns_does_not_name() -> None:
    services = {"_imaps._tcp.example.org": [(0, 0, 993, "dns.example.org")]}
    settings = found(ANA, FakeDns(services=services), Web({WELL_KNOWN: CONFIG}))
    assert [host for _, host, *_ in told(settings)] == [
        "dns.example.org",
        "pop.example.org",
        "smtp.example.org",
    ]


def test_somebody_elses_database_is_asked_only_if_it_is_named() -> None:
    files = {"https://db.test/v1.1/example.org": CONFIG}
    with pytest.raises(NoSettings, match="name the server"):
        found(ANA, FakeDns(), Web(files))
    settings = found(ANA, FakeDns(), Web(files), "https://db.test/v1.1/")
    assert settings.imap is not None
    assert settings.imap.found_by is FoundBy.DATABASE


@pytest.mark.parametrize("address", ["ana", "@example.org", "ana@", "ana@a..b", "ana@" + "x" * 70])
def test_what_is_no_address_is_said(address: str) -> None:
    with pytest.raises(NoSettings, match="no mail address"):
        found(address, FakeDns())


def test_a_domain_in_another_script_is_asked_for_in_ascii() -> None:
    services = {"_imaps._tcp.xn--bcher-kva.example": [(0, 0, 993, "xn--bcher-kva.example")]}
    settings = found("ana@Bücher.example", FakeDns(services=services))
    assert settings.imap is not None
    assert not settings.imap.is_elsewhere


def test_a_failing_dns_is_said_unless_the_web_knows() -> None:
    dns = FakeDns()
    dns.fail("_imaps._tcp.example.org")
    with pytest.raises(DnsFailure):
        found(ANA, dns)
    assert found(ANA, dns, Web({WELL_KNOWN: CONFIG})).imap is not None


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<html><body>not here</body></html>",
        CONFIG.replace(b"993", b"99999").replace(b"110", b"0").replace(b"587", b"x"),
        CONFIG.replace(b"SSL", b"none").replace(b"STARTTLS", b""),
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + CONFIG[21:],
        CONFIG.replace(b".example.org<", b" example/org<").replace(b"imap.%EMAILDOMAIN%", b"a_b c"),
        b"<a>" * 1000,
    ],
)
def test_what_cannot_be_used_is_passed_over(octets: bytes) -> None:
    assert read_config(octets, ANA, FoundBy.AUTOCONFIG) == []


PIECES = [b"<incomingServer type='imap'>", b"</incomingServer>", b"<port>1</port>", b"<hostname>",
          b"a</hostname>", b"<socketType>SSL</socketType>", b"<x>", b"</x>"]  # fmt: skip


@given(st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(PIECES)).map(b"".join)))
def test_any_octets_give_servers_or_none(octets: bytes) -> None:
    for service in read_config(octets, ANA, FoundBy.AUTOCONFIG):
        assert service.host
        assert 0 < service.port < 65536
        assert service.tls in (TlsMode.IMPLICIT, TlsMode.STARTTLS)


# the web proper, over loopback


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's context, and that of a client which trusts its authority."""
    authority, key = make_authority(10)
    (tmp_path / "ca.pem").write_bytes(authority)
    certificate, private = make_certificate(authority, key, ["localhost"], 5)
    (tmp_path / "cert.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return server, client_context(tmp_path / "ca.pem")


Answer = Callable[[bytes], bytes]


@asynccontextmanager
async def web_server(answer: Answer, context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Gives what `answer` makes of each request's head."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(await reader.readuntil(b"\r\n\r\n")))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
        len(body),
        body,
    )


def moved(to: str) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % to.encode()


Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ok(b"here"), b"here"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b""),
        (ok(b"x" * (SIZE_LIMIT + 1)), b""),
        (ok(b"x" * SIZE_LIMIT), b"x" * SIZE_LIMIT),
        (b"\x00\xff", b""),
        (moved("http://localhost/clear"), b""),
        (moved("file:///etc/passwd"), b""),
    ],
)
def test_a_file_is_fetched_or_nothing(tls: Contexts, answer: bytes, expected: bytes) -> None:
    async def main() -> bytes:
        async with web_server(lambda _: answer, tls[0]) as port:
            return await fetch(f"https://localhost:{port}/", timeout_s=10, context=tls[1])

    assert asyncio.run(main()) == expected


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Long: "])
@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_web_server_that_dawdles_is_not_waited_for(
    tls: Contexts, start: bytes, is_cancelled: bool
) -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        accepted, _ = listening.accept()
        with contextlib.suppress(OSError), tls[0].wrap_socket(accepted, server_side=True) as peer:
            peer.sendall(start)
            while True:
                peer.sendall(b"x")
                time.sleep(0.05)

    serving = threading.Thread(target=serve)
    serving.start()
    url = f"https://localhost:{listening.getsockname()[1]}/"
    begun = time.monotonic()
    limit = 60 if is_cancelled else 0.3

    async def main() -> bytes:
        async with asyncio.timeout(0.3 if is_cancelled else 60):
            return await fetch(url, timeout_s=limit, context=tls[1])

    if is_cancelled:
        with pytest.raises(TimeoutError):
            asyncio.run(main())
    else:
        assert asyncio.run(main()) == b""
    assert time.monotonic() - begun < 3
    serving.join(10)
    listening.close()


def test_a_redirection_to_https_is_followed_and_a_circle_is_not(tls: Contexts) -> None:
    async def main() -> tuple[bytes, bytes]:
        def answer(head: bytes) -> bytes:
            if b"GET /first " in head:
                return moved("/second")
            return ok(b"second") if b"GET /second " in head else moved("/round")

        async with web_server(answer, tls[0]) as port:
            base = f"https://localhost:{port}"
            return (
                await fetch(f"{base}/first", timeout_s=10, context=tls[1]),
                await fetch(f"{base}/round", timeout_s=10, context=tls[1]),
            )

    assert asyncio.run(main()) == (b"second", b"")


def test_a_stranger_certificate_and_a_server_without_tls_give_nothing(tls: Contexts) -> None:
    async def main() -> list[bytes]:
        async with (
            web_server(lambda _: ok(b"x"), tls[0]) as port,
            web_server(lambda _: ok(b"x"), None) as clear,
        ):
            return [
                await fetch(f"https://localhost:{port}/", timeout_s=10),
                await fetch(f"https://localhost:{clear}/", timeout_s=10, context=tls[1]),
            ]

    assert asyncio.run(main()) == [b"", b""]
