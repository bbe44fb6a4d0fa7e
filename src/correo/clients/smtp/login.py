"""Log in: choose a mechanism, carry the exchange, believe the server only if it proves itself.

RFC 4954    4;  RFC 5802 a SCRAM server shows that it knows the password too
"""

from correo.clients.security import make_exchange, strongest, token_mechanism
from correo.clients.smtp.dialogue import SmtpDialogue
from correo.clients.smtp.errors import SmtpConnectionError, SmtpReplyError
from correo.wire.sasl import ClientMechanism, MechanismError
from correo.wire.smtp.client.engine import decoded_challenge
from correo.wire.smtp.replies import Reply

__all__ = ["log_in"]


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
    tls_object = dialogue.connection.tls_object
    if token is not None and mechanism is None:
        mechanism = token_mechanism(offered)
    name = mechanism or strongest(offered, tls_object, may_show_password=may_show_password)
    if name is None:
        raise SmtpConnectionError("AUTH", no_mechanism(dialogue))
    try:
        exchange = make_exchange(
            name, username, password, offered=offered, tls_object=tls_object, token=token
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


def no_mechanism(dialogue: SmtpDialogue) -> str:
    offered = dialogue.engine.extensions.mechanisms
    if not offered:
        return "the server offers no login here"
    if not dialogue.connection.is_tls:
        return "the server wants the password in clear, and the connection is not encrypted"
    return f"none of the server's mechanisms is known: {' '.join(offered)}"
