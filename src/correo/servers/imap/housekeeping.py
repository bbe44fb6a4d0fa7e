"""NOOP, CHECK, ID, ENABLE, NAMESPACE, COMPRESS: what is asked about server and session.

RFC 9051    6.1.2, 6.3.1, 6.3.10   NOOP, ENABLE, NAMESPACE
RFC 3501    6.4.1    CHECK
RFC 2971             ID; 3.3 it changes nothing
RFC 4978             COMPRESS DEFLATE; 3 COMPRESSIONACTIVE
RFC 5161, 7162 3.2.3 ENABLE QRESYNC enables CONDSTORE

Cost: NOOP without a mailbox does not wait; with one it asks the store what is new.
"""

from collections.abc import Coroutine
from typing import Any

from correo.mailbox.namespaces import OTHERS
from correo.servers.imap.capabilities import ENABLEABLE
from correo.servers.imap.refusals import Misused
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.model import HIERARCHY_DELIMITER
from correo.wire.imap import codes, responses
from correo.wire.imap.commands import Check, Command, Compress, Enable, Id, Namespace, Noop
from correo.wire.imap.server import Condition

__all__ = ["HANDLERS"]


def answer_noop(session: ImapSession, command: Noop | Check) -> Coroutine[Any, Any, None] | None:
    if session.selected is None:
        session.engine.finish(command.tag, Condition.OK, "nothing done")
        return None
    session.selected.live.is_stale = True  # what other processes did a moment ago counts
    return session.conclude(command, "nothing done")


def answer_id(session: ImapSession, command: Id) -> None:
    parameters = session.services.settings.id_parameters
    session.engine.send_lines([responses.id_parameters(parameters)])
    session.engine.finish(command.tag, Condition.OK, "pleased to meet you")


def answer_enable(session: ImapSession, command: Enable) -> None:
    engine = session.engine
    asked = dict.fromkeys(command.capabilities)  # in order, each once
    names = [name for name in asked if name in ENABLEABLE and name not in engine.enabled]
    if "CONDSTORE" in names or "QRESYNC" in names:
        session.enable_condstore()
    engine.enable(command.tag, names)
    engine.finish(command.tag, Condition.OK, "enabled")


def answer_namespace(session: ImapSession, command: Namespace) -> None:
    line = responses.namespace(
        [("", HIERARCHY_DELIMITER)],
        [(OTHERS, HIERARCHY_DELIMITER)],
        utf8=session.engine.is_utf8,
    )
    session.engine.send_lines([line])
    session.engine.finish(command.tag, Condition.OK, "yours, and what others share")


async def answer_compress(session: ImapSession, command: Compress) -> None:
    connection = session.connection
    if command.mechanism != "DEFLATE":
        raise Misused("only DEFLATE is known")
    if connection.is_deflated:
        session.engine.finish(
            command.tag, Condition.NO, "that is done already", codes.COMPRESSIONACTIVE
        )
        return
    session.engine.finish(command.tag, Condition.OK, "from here on compressed")
    await connection.drain()
    connection.start_deflate()


HANDLERS: dict[type[Command], Handler] = {
    Noop: answer_noop,
    Check: answer_noop,
    Id: answer_id,
    Enable: answer_enable,
    Compress: answer_compress,
    Namespace: answer_namespace,
}
