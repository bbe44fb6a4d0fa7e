"""Prove to a POP3 server who we are, by the strongest way both sides have.

In order: SASL that does not show the password, APOP where there is no TLS to hide it, SASL that
shows it, USER and PASS.

RFC 1939    7        USER, PASS, APOP
RFC 5034    4        AUTH; an initial response that would make too long a line is sent afterwards
RFC 6856    2.2      names and passwords in UTF-8
"""

import base64

from correo.base.errors import PeerError
from correo.clients.pop3.dialogue import Pop3Dialogue
from correo.clients.pop3.errors import Pop3LoginError
from correo.clients.security import make_exchange, strongest, token_mechanism
from correo.wire.pop3.client import Challenge, Reply
from correo.wire.sasl import ClientMechanism

__all__ = ["log_in"]

LONGEST_LINE = 255  # octets with CRLF (RFC 2449 4)
SHOWING = frozenset({"PLAIN", "LOGIN"})


async def log_in(
    dialogue: Pop3Dialogue,
    username: str,
    password: str,
    *,
    capabilities: dict[str, tuple[str, ...]],
    timestamp: str,
    mechanism: str | None,
    token: str | None,
    may_show_password: bool,
) -> None:
    """Raises Pop3LoginError, Pop3ConnectionError.

    Args:
        mechanism: of SASL, "APOP" or "USER"; None chooses.
        may_show_password: although there is no TLS (loopback).
    """
    hides = dialogue.connection.is_tls or may_show_password
    offered = capabilities.get("SASL", ())
    if token is not None and mechanism is None:
        mechanism = token_mechanism(offered)
    chosen = mechanism or choose(dialogue, offered, timestamp, may_show_password=may_show_password)
    if chosen == "APOP":
        dialogue.engine.apop(username, password)
        accept(await dialogue.reply())
    elif chosen == "USER":
        if not hides:
            raise refusal("the server offers no login that hides the password; TLS is needed")
        dialogue.engine.user(username)
        accept(await dialogue.reply())
        dialogue.engine.password(password)
        accept(await dialogue.reply())
    else:
        try:
            exchange = make_exchange(
                chosen,
                username,
                password,
                offered=offered,
                tls_object=dialogue.connection.tls_object,
                token=token,
            )
        except ValueError as error:
            raise refusal(str(error)) from error
        await authenticate(dialogue, exchange)


def choose(
    dialogue: Pop3Dialogue, offered: tuple[str, ...], timestamp: str, *, may_show_password: bool
) -> str:
    """A SASL mechanism, "APOP" or "USER"."""
    name = strongest(offered, dialogue.connection.tls_object, may_show_password=may_show_password)
    if name is not None and name not in SHOWING:
        return name
    if timestamp and not dialogue.connection.is_tls:
        return "APOP"
    return name or "USER"


async def authenticate(dialogue: Pop3Dialogue, exchange: ClientMechanism) -> None:
    """One AUTH, to its end."""
    engine = dialogue.engine
    initial = exchange.start()
    waiting: bytes | None = None
    if initial is not None and too_long(exchange.name, initial):
        initial, waiting = None, initial
    engine.auth(exchange.name, initial)
    failure = ""
    event = await dialogue.event()
    while isinstance(event, Challenge):
        try:
            if waiting is not None:
                engine.respond(waiting)
                waiting = None
            else:
                engine.respond(exchange.step(event.octets))
        except PeerError as error:
            failure = str(error)
            engine.cancel()
        event = await dialogue.event()
    if failure:
        raise refusal(failure)
    assert isinstance(event, Reply)
    accept(event)
    if not exchange.is_complete:
        raise refusal("the server let us in without proving that it knows the password")


def too_long(name: str, initial: bytes) -> bool:
    return len(f"AUTH {name} ") + len(base64.b64encode(initial)) + 2 > LONGEST_LINE


def accept(reply: Reply) -> None:
    if not reply.ok:
        raise Pop3LoginError(reply)


def refusal(text: str) -> Pop3LoginError:
    return Pop3LoginError(Reply("login", ok=False, code="AUTH", text=text))
