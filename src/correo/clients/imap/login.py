"""Prove to an IMAP server who we are, with the strongest mechanism both sides have.

RFC 9051    6.2.2 AUTHENTICATE, 6.2.3 LOGIN; RFC 4959 initial responses; RFC 5802 6 -PLUS
"""

import asyncio
import binascii

from correo.base.errors import PeerError
from correo.clients.imap.connection import ImapConnection
from correo.clients.imap.errors import ImapLoginError
from correo.clients.imap.text import argument
from correo.clients.security import make_exchange, strongest, token_mechanism
from correo.wire.imap.response_types import (
    Continuation,
    StatusLine,
    TaggedStatus,
    Verdict,
)
from correo.wire.sasl import ClientMechanism

__all__ = ["log_in"]


async def log_in(
    connection: ImapConnection,
    username: str,
    password: str,
    *,
    mechanism: str | None,
    token: str | None,
    may_show_password: bool,
) -> None:
    """AUTHENTICATE, or LOGIN where the server has no mechanism for us.

    Raises:
        ImapLoginError: refused; or the password would be shown.
        ImapConnectionError
    """
    capabilities = connection.engine.capabilities
    offered = {name[5:] for name in capabilities if name.startswith("AUTH=")}
    tls_object = connection.connection.tls_object
    if token is not None and mechanism is None:
        mechanism = token_mechanism(offered)
    name = mechanism or strongest(offered, tls_object, may_show_password=may_show_password)
    if name is None:
        if (
            not (connection.connection.is_tls or may_show_password)
            or "LOGINDISABLED" in capabilities
        ):
            raise refusal("the server offers no login that hides the password; TLS is needed")
        await plain_login(connection, username, password)
        return
    try:
        exchange = make_exchange(
            name, username, password, offered=offered, tls_object=tls_object, token=token
        )
    except ValueError as error:
        raise refusal(str(error)) from error
    await authenticate(connection, exchange)


def refusal(text: str) -> ImapLoginError:
    return ImapLoginError("login", StatusLine(Verdict.NO, text))


async def plain_login(connection: ImapConnection, username: str, password: str) -> None:
    tag = await connection.begin("LOGIN", argument(username), argument(password))
    async for response in connection.answers(tag):
        if isinstance(response, TaggedStatus) and response.tag == tag:
            accept(response)


async def authenticate(connection: ImapConnection, exchange: ClientMechanism) -> None:
    engine = connection.engine
    initial = exchange.start()
    arguments = [exchange.name.encode("ascii")]
    if initial is not None and not engine.capabilities.isdisjoint(("SASL-IR", "IMAP4REV2")):
        arguments.append(binascii.b2a_base64(initial, newline=False) or b"=")
        initial = None
    tag = await connection.begin("AUTHENTICATE", *arguments)
    try:
        await answer_challenges(connection, exchange, tag, initial)
    except asyncio.CancelledError:  # the server waits for an answer nobody will give
        connection.connection.abort()
        raise
    if not exchange.is_complete:
        raise refusal("the server let us in without proving that it knows the password")


async def answer_challenges(
    connection: ImapConnection, exchange: ClientMechanism, tag: bytes, initial: bytes | None
) -> None:
    engine = connection.engine
    failure = ""
    async for response in connection.answers(tag):
        if isinstance(response, Continuation):
            try:
                if initial is not None:
                    engine.respond(initial)
                    initial = None
                else:
                    engine.respond(exchange.step(binascii.a2b_base64(response.text)))
            except (PeerError, binascii.Error) as error:
                failure = str(error)
                engine.cancel()
        elif isinstance(response, TaggedStatus) and response.tag == tag:
            if failure:
                raise refusal(failure)
            accept(response)


def accept(status: TaggedStatus) -> None:
    if status.verdict is not Verdict.OK:
        raise ImapLoginError("login", status)
