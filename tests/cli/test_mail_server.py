"""The user agents mean the same by the same options."""

import asyncio
import io
import ssl
from pathlib import Path
from typing import Any

import pytest
import typer

from correo.base.errors import CorreoError
from correo.cli.mail_server import (
    IMAP,
    POP,
    SUBMISSION,
    Protocol,
    ask_password,
    read_server,
    settled,
)
from correo.clients.security import TlsMode
from correo.net.tls import ServerTls, development_certificate

NONE, STARTTLS, IMPLICIT = TlsMode.NONE, TlsMode.STARTTLS, TlsMode.IMPLICIT
OPPORTUNISTIC = TlsMode.OPPORTUNISTIC

SERVERS: list[tuple[str, Protocol, TlsMode | None, tuple[str, int, str, TlsMode]]] = [
    # text                    protocol    --tls     host, port, user, mode
    ("h.test", IMAP, None, ("h.test", 993, "", IMPLICIT)),
    ("h.test", POP, None, ("h.test", 110, "", STARTTLS)),
    ("h.test", SUBMISSION, None, ("h.test", 587, "", STARTTLS)),
    ("h.test:143", IMAP, None, ("h.test", 143, "", STARTTLS)),
    ("h.test:2995", POP, None, ("h.test", 2995, "", IMPLICIT)),
    ("h.test:465", SUBMISSION, None, ("h.test", 465, "", IMPLICIT)),
    ("h.test:993", SUBMISSION, None, ("h.test", 993, "", STARTTLS)),
    ("imap://h.test", IMAP, None, ("h.test", 143, "", STARTTLS)),
    ("imaps://h.test/", IMAP, None, ("h.test", 993, "", IMPLICIT)),
    ("POPS://ana@h.test:99", POP, None, ("h.test", 99, "ana", IMPLICIT)),
    ("smtps://ana%40a.test@h.test", SUBMISSION, None, ("h.test", 465, "ana@a.test", IMPLICIT)),
    ("ana@a.test@h.test", POP, None, ("h.test", 110, "ana@a.test", STARTTLS)),
    ("h.test", POP, IMPLICIT, ("h.test", 995, "", IMPLICIT)),
    ("h.test", IMAP, STARTTLS, ("h.test", 143, "", STARTTLS)),
    ("h.test:993", IMAP, NONE, ("h.test", 993, "", NONE)),
    ("localhost:2587", SUBMISSION, None, ("localhost", 2587, "", OPPORTUNISTIC)),
    ("127.0.0.1:2465", SUBMISSION, None, ("127.0.0.1", 2465, "", IMPLICIT)),
    ("[::1]:2110", POP, None, ("::1", 2110, "", OPPORTUNISTIC)),
    ("2001:db8::1", IMAP, None, ("2001:db8::1", 993, "", IMPLICIT)),
]


@pytest.mark.parametrize(("text", "protocol", "tls", "read"), SERVERS)
def test_a_server_is_named_by_a_url_or_by_host_and_port(
    text: str, protocol: Protocol, tls: TlsMode | None, read: tuple[Any, ...]
) -> None:
    server = read_server(text, protocol, tls=tls)
    assert (server.host, server.port, server.user, server.tls) == read


@pytest.mark.parametrize(
    "text", ["", ":25", "h:0", "h:x", "a@", "pop://h", "imapss://h", "imap://"]
)
def test_what_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="imaps://user@host"):
        read_server(text, IMAP)


def test_the_option_names_the_user_before_the_url_does() -> None:
    assert read_server("imaps://ana@h.test", IMAP, user="bob").user == "bob"


@pytest.mark.parametrize(
    ("text", "tls", "shows"),
    [
        ("localhost", None, True), ("127.0.0.1:143", None, True), ("h.test", NONE, True),
        ("h.test", None, False), ("h.test", OPPORTUNISTIC, False),
    ],
)  # fmt: skip
def test_a_password_is_shown_only_here_or_if_asked_for(
    text: str, tls: TlsMode | None, shows: bool
) -> None:
    assert read_server(text, IMAP, tls=tls).may_show_password is shows


class Stream(io.StringIO):
    """Standard input that is, or is not, a terminal."""

    def __init__(self, text: str, *, is_terminal: bool = False) -> None:
        super().__init__(text)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def test_a_password_is_given_typed_or_read(monkeypatch: pytest.MonkeyPatch) -> None:
    server = read_server("pops://ana@h.test", POP)
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"typed for {prompt}")
    monkeypatch.setattr("sys.stderr", Stream(""))
    monkeypatch.setattr("sys.stdin", Stream("read\n"))
    assert ask_password("given", server) == "given"
    assert ask_password("", server) == ""
    assert ask_password(None, server, reads_pipe=True) == "read"
    with pytest.raises(CorreoError, match="CORREO_PASSWORD"):
        ask_password(None, server)
    with pytest.raises(CorreoError, match="CORREO_PASSWORD"):
        ask_password(None, server, reads_pipe=True)  # nothing is left
    monkeypatch.setattr("sys.stdin", Stream("", is_terminal=True))
    assert ask_password(None, server) == "typed for Password of ana at h.test: "


class Silent(asyncio.Protocol):
    """A server that says nothing first; over TLS that is all it has to do."""


class Greeting(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"+OK ready\r\n")


def mode_found(
    monkeypatch: pytest.MonkeyPatch,
    server: type[asyncio.Protocol],
    tls: ssl.SSLContext | None,
    option: TlsMode | None = None,
) -> TlsMode:
    """How a client would speak to such a server on a port that nobody knows."""
    monkeypatch.setattr("correo.cli.mail_server.GREETING_LIMIT_S", 0.2)
    monkeypatch.setattr("correo.cli.mail_server.HANDSHAKE_LIMIT_S", 0.3)

    async def work() -> TlsMode:
        listening = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0, ssl=tls)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            return (await settled(read_server(f"127.0.0.1:{port}", POP, tls=option))).tls

    return asyncio.run(work())


def test_tls_from_the_start_is_found_on_an_unusual_port(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tls = ServerTls(development_certificate(tmp_path, ["localhost"])).context
    assert mode_found(monkeypatch, Greeting, tls) is IMPLICIT
    assert mode_found(monkeypatch, Greeting, tls, STARTTLS) is STARTTLS  # as it was asked for


@pytest.mark.parametrize("server", [Greeting, Silent])
def test_a_server_in_clear_on_an_unusual_port_is_taken_as_it_is(
    monkeypatch: pytest.MonkeyPatch, server: type[asyncio.Protocol]
) -> None:
    assert mode_found(monkeypatch, server, None) is OPPORTUNISTIC


@pytest.mark.parametrize("text", ["h.test", "h.test:2110", "h.test:995", "pop://h.test:7000"])
def test_a_usual_port_and_a_scheme_leave_nothing_to_guess(text: str) -> None:
    assert not read_server(text, POP).is_guess


def test_nobody_has_no_password() -> None:
    with pytest.raises(typer.BadParameter, match="--user"):
        ask_password("secret", read_server("h.test", IMAP))
