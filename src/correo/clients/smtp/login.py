"""Log in: choose a mechanism, carry the exchange, believe the server only if it proves itself.

RFC 4954    4;  RFC 5802 a SCRAM server shows that it knows the password too
RFC 5929    4 the channel binding is the hash of the server's certificate
"""

import secrets

from correo.clients.smtp.dialogue import SmtpDialogue
from correo.clients.smtp.errors import SmtpConnectionError, SmtpReplyError
from correo.net.tls import end_point
from correo.wire.sasl import (
    ChannelBinding,
    ClientMechanism,
    MechanismError,
    client_mechanism,
    preferred,
)
from correo.wire.smtp.client.engine import decoded_challenge
from correo.wire.smtp.replies import Reply

__all__ = ["log_in"]

NONCE_SIZE = 18  # octets


async def log_in(
    dialogue: SmtpDialogue,
    username: str,
    password: str,
    *,
    mechanism: str | None = None,
    token: str | None = None,
    may_show_password: bool = False,
) -> None:
    """Raises SmtpReplyError, SmtpConnectionError."""
    offered = dialogue.engine.extensions.mechanisms
    binding = channel_binding(dialogue)
    name = mechanism or preferred(
        offered,
        is_tls=dialogue.connection.is_tls or may_show_password,
        has_channel_binding=binding is not None,
    )
    if name is None:
        raise SmtpConnectionError("AUTH", no_mechanism(dialogue))
    try:
        exchange = client_mechanism(
            name,
            username=username,
            password=password,
            channel_binding=binding,
            plus_was_offered=any(each.endswith("-PLUS") for each in offered),
            token=token,
            nonce=secrets.token_urlsafe(NONCE_SIZE),
        )
    except ValueError as error:
        raise SmtpConnectionError("AUTH", str(error)) from error
    await carry(dialogue, exchange)


async def carry(dialogue: SmtpDialogue, exchange: ClientMechanism) -> None:
    dialogue.engine.authenticate(exchange.name, exchange.start())
    reply = await dialogue.answer("AUTH")
    while reply.code == 334:
        try:
            response = exchange.step(decoded_challenge(reply))
        except MechanismError as error:
            dialogue.engine.cancel_authentication()
            await dialogue.answer("AUTH")
            raise SmtpConnectionError("AUTH", str(error)) from error
        dialogue.engine.answer_challenge(response)
        reply = await dialogue.answer("AUTH")
    check(reply, exchange)


def check(reply: Reply, exchange: ClientMechanism) -> None:
    if reply.code // 100 != 2:
        raise SmtpReplyError("AUTH", reply)
    if not exchange.is_complete:
        raise SmtpConnectionError("AUTH", "the server did not prove that it knows the password")


def channel_binding(dialogue: SmtpDialogue) -> ChannelBinding | None:
    tls = dialogue.connection.tls_object
    certificate = tls.getpeercert(binary_form=True) if tls is not None else None
    return ("tls-server-end-point", end_point(certificate)) if certificate else None


def no_mechanism(dialogue: SmtpDialogue) -> str:
    offered = dialogue.engine.extensions.mechanisms
    if not offered:
        return "the server offers no login here"
    if not dialogue.connection.is_tls:
        return "the server wants the password in clear, and the connection is not encrypted"
    return f"none of the server's mechanisms is known: {' '.join(offered)}"
