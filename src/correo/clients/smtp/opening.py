"""Begin a dialogue: connect, hear the greeting, say EHLO, encrypt as asked, say EHLO again.

RFC 5321    3.1, 3.2; 4.1.4 HELO for a server that does not know EHLO
RFC 3207    4, 6 a peer that turns STARTTLS down gets no mail where TLS is asked
"""

import ssl
from dataclasses import dataclass, replace

from correo.clients.reasons import reason_of
from correo.clients.security import TlsMode, context_for
from correo.clients.smtp.dialogue import SmtpDialogue
from correo.clients.smtp.errors import SmtpConnectionError, SmtpReplyError
from correo.clients.smtp.settings import SmtpTimeouts
from correo.net.client import open_connection
from correo.net.output import Recorder
from correo.wire.smtp.client.engine import ClientEngine
from correo.wire.smtp.replies import Reply

__all__ = ["Address", "open_dialogue"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where to, and how; see `SmtpClient.connect`."""

    host: str
    port: int
    tls: TlsMode
    context: ssl.SSLContext | None
    server_name: str
    helo: str
    timeouts: SmtpTimeouts
    is_lmtp: bool
    local_address: str | None
    recorder: Recorder | None


async def open_dialogue(address: Address) -> SmtpDialogue:
    """Raises SmtpConnectionError, SmtpReplyError."""
    try:
        return await begin(address)
    except SmtpConnectionError as error:
        if not error.is_tls_failure or address.tls is not TlsMode.OPPORTUNISTIC:
            raise
    # RFC 7435: in clear is better than not at all, where nobody asked for more
    return await begin(replace(address, tls=TlsMode.NONE))


async def begin(address: Address) -> SmtpDialogue:
    dialogue = await connected(address)
    try:
        dialogue.greeting = await dialogue.expect("GREETING", address.timeouts.greeting)
        dialogue.hello = await say_hello(dialogue, address)
        if address.tls in (TlsMode.STARTTLS, TlsMode.OPPORTUNISTIC):
            await encrypt(dialogue, address)
    except BaseException:
        dialogue.connection.abort()
        raise
    return dialogue


async def connected(address: Address) -> SmtpDialogue:
    engine = ClientEngine(is_lmtp=address.is_lmtp)
    is_implicit = address.tls is TlsMode.IMPLICIT
    try:
        connection = await open_connection(
            address.host,
            address.port,
            engine=engine,
            tls=context_for(address.tls, address.context) if is_implicit else None,
            server_name=address.server_name,
            timeout=address.timeouts.connect,
            local_address=address.local_address,
            recorder=address.recorder,
        )
    except ssl.SSLError as error:
        raise SmtpConnectionError("TLS", reason_of(error), is_tls_failure=True) from error
    except OSError as error:
        raise SmtpConnectionError("connecting", reason_of(error)) from error
    return SmtpDialogue(connection, engine, address.timeouts)


async def say_hello(dialogue: SmtpDialogue, address: Address) -> Reply:
    dialogue.engine.hello(address.helo)
    stage = "LHLO" if address.is_lmtp else "EHLO"
    reply = await dialogue.answer(stage)
    if reply.is_positive:
        return reply
    if address.is_lmtp or reply.is_temporary or not dialogue.is_open:
        raise SmtpReplyError(stage, reply)
    dialogue.engine.old_hello(address.helo)
    return await dialogue.expect("HELO")


async def encrypt(dialogue: SmtpDialogue, address: Address) -> None:
    is_required = address.tls is TlsMode.STARTTLS
    if "STARTTLS" not in dialogue.engine.extensions:
        if is_required:
            raise SmtpConnectionError("STARTTLS", "the server does not offer TLS")
        return
    dialogue.engine.start_tls()
    try:
        reply = await dialogue.answer("STARTTLS")
    except SmtpConnectionError as error:  # it left, or spoke on in clear behind its go-ahead
        raise SmtpConnectionError("STARTTLS", error.reason, is_tls_failure=True) from error
    if not reply.is_positive:
        if is_required or not dialogue.is_open:
            raise SmtpReplyError("STARTTLS", reply)
        return
    context = context_for(address.tls, address.context)
    await dialogue.start_tls(context, address.server_name)
    dialogue.hello = await say_hello(dialogue, address)
