"""The agents find the server of a mail address, and show one that is elsewhere first."""

from collections.abc import Sequence

import pytest
import typer

from correo.base.errors import CorreoError
from correo.cli import found_server
from correo.cli.mail_server import AUTO, IMAP, POP, SUBMISSION, read_server
from correo.clients.discovery import FoundBy, MailSettings, Service, ServiceKind
from correo.clients.security import TlsMode

ANA = "ana@example.org"


def service(kind: ServiceKind, host: str, *, is_elsewhere: bool = False) -> Service:
    return Service(kind, host, 1234, TlsMode.IMPLICIT, "ana", FoundBy.SRV, is_elsewhere)


def publish(monkeypatch: pytest.MonkeyPatch, services: Sequence[Service]) -> None:
    async def discover(address: str) -> MailSettings:
        return MailSettings(address, tuple(services))

    monkeypatch.setattr(found_server, "discover", discover)


def test_the_best_server_of_the_protocol_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    publish(
        monkeypatch,
        [
            service(ServiceKind.SUBMISSION, "s.example.org"),
            service(ServiceKind.IMAP, "i.example.org"),
            service(ServiceKind.IMAP, "other.example.org"),
        ],
    )
    server = read_server(AUTO, IMAP, user=ANA)
    assert (server.host, server.port, server.user) == ("i.example.org", 1234, "ana")
    assert server.tls is TlsMode.IMPLICIT
    assert not server.may_show_password
    assert read_server(AUTO, SUBMISSION, user=ANA).host == "s.example.org"
    with pytest.raises(CorreoError, match=r"no pop3 server .* publishes imap and submission"):
        read_server(AUTO, POP, user=ANA)


def test_a_server_elsewhere_is_not_used_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch, [service(ServiceKind.IMAP, "mail.host.test", is_elsewhere=True)])
    with pytest.raises(CorreoError, match=r"name it: imap://mail\.host\.test:1234"):
        read_server(AUTO, IMAP, user=ANA)


@pytest.mark.parametrize("user", [None, "ana"])
def test_without_an_address_nothing_can_be_found(user: str | None) -> None:
    with pytest.raises(typer.BadParameter, match=r"-u you@your\.domain"):
        read_server(AUTO, IMAP, user=user)
