"""Find the server of a user agent from the user's mail address, when none is named.

RFC 6186    6        a host outside the address's domain that DNS alone names is shown first
"""

import ssl
import sys

import typer

from correo.base.errors import CorreoError
from correo.cli.mail_server import IMAP, POP, SUBMISSION, MailServer, Protocol
from correo.cli.place import run
from correo.clients.discovery import Service, ServiceKind, discover

__all__ = ["find_server"]

KINDS = {
    IMAP.scheme: ServiceKind.IMAP,
    POP.scheme: ServiceKind.POP3,
    SUBMISSION.scheme: ServiceKind.SUBMISSION,
}


def find_server(
    address: str, protocol: Protocol, context: ssl.SSLContext | None = None
) -> MailServer:
    """The server of this protocol that is published for an address.

    Raises CorreoError: there is none, or the user does not want it.
    """
    settings = run(discover(address))
    kind = KINDS[protocol.scheme]
    service = settings.service(kind)
    if service is None:
        others = sorted({each.kind.value for each in settings.services})
        there = f"; it publishes {' and '.join(others)}" if others else ""
        raise CorreoError(
            f"no {kind.value} server of {address} is published{there}: name the server"
        )
    if service.is_elsewhere:
        ask_about(service, protocol)
    return MailServer(service.host, service.port, service.username, service.tls, context, False)


def ask_about(service: Service, protocol: Protocol) -> None:
    """Let the user see where the password would go. Raises CorreoError."""
    place = f"{service.host}:{service.port}"
    question = f"DNS says that the mail of {service.username} is at {place}. Is that right?"
    if sys.stdin.isatty() and typer.confirm(question, err=True):
        return
    raise CorreoError(
        f"the mail of {service.username} seems to be at {place}, outside its domain: "
        f"if that is right, name it: {protocol.scheme}://{place}"
    )
