"""GENURLAUTH and RESETKEY: let others read a message, or a part of one, by its URL.

RFC 4467    7        the commands; BAD for an URL that cannot be authorized
            8        URLMECH, told over TLS only (10)

Departures: only mailboxes of the user's own account have keys; one that somebody else shares is BAD
in GENURLAUTH, as if it were not there, and NO in RESETKEY. RESETKEY is told to the session that gives it, not to others that have the mailbox
selected: with INTERNAL, nothing that a client knows changes.

Cost: a look-up of the mailbox, and a commit for its first URL.
"""

import secrets

from correo.base.errors import Refusal
from correo.mailbox import names
from correo.servers.imap.refusals import Misused
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.servers.imap.url_access import INTERNAL, KEY_SIZE
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Command, GenUrlAuth, ResetKey
from correo.wire.imap.url import BadUrl

__all__ = ["HANDLERS"]


async def answer_gen_url_auth(session: ImapSession, command: GenUrlAuth) -> None:
    check_mechanisms([mechanism for _, mechanism in command.urls])
    access = session.services.urls
    try:
        urls = [await access.authorize(session.account, url) for url, _ in command.urls]
    except BadUrl as bad:
        raise Misused(bad.text) from None
    session.engine.send_lines([responses.gen_url_auth(urls)])
    await session.conclude(command, "authorized")


async def answer_reset_key(session: ImapSession, command: ResetKey) -> None:
    check_mechanisms(command.mechanisms)
    if command.mailbox is None:
        await session.account.forget_access_keys()
        await session.conclude(command, "all keys are forgotten")
        return
    mailbox = await session.account.mailbox(names.canonical(command.mailbox))
    key = secrets.token_bytes(KEY_SIZE)
    await session.account.set_access_key(mailbox.id, key, replace=True)
    code = codes.URLMECH_INTERNAL if session.connection.is_tls else b""
    await session.conclude(command, "there is a new key", code)


def check_mechanisms(mechanisms: list[str] | tuple[str, ...]) -> None:
    if any(mechanism != INTERNAL for mechanism in mechanisms):
        raise Refusal("5.5.4", "INTERNAL is the only mechanism here")


HANDLERS: dict[type[Command], Handler] = {
    GenUrlAuth: answer_gen_url_auth,
    ResetKey: answer_reset_key,
}
