"""STARTTLS, LOGIN, AUTHENTICATE, UNAUTHENTICATE: let a client in, and out again.

RFC 9051    6.2      the commands; 6.2.3 LOGINDISABLED
RFC 4959             SASL-IR
RFC 8437             UNAUTHENTICATE: the next client over the same connection
RFC 4422    3.6      data along with success goes out as one more challenge
RFC 5530             PRIVACYREQUIRED

Departures: none. A login that fails is answered as late as the authenticator finds right.
"""

from correo.accounts.sasl import LoggedIn, SaslLogin
from correo.base.errors import Refusal
from correo.mailbox.home import mail_of
from correo.servers.imap.refusals import Misused
from correo.servers.imap.services import Handler
from correo.servers.imap.session import ImapSession
from correo.store.directory import Account
from correo.wire.imap import codes
from correo.wire.imap.commands import (
    Authenticate,
    AuthenticateCancelled,
    AuthenticateResponse,
    Command,
    Login,
    StartTls,
    Unauthenticate,
)
from correo.wire.imap.server import Condition
from correo.wire.sasl import server_mechanism

__all__ = ["HANDLERS"]


async def answer_starttls(session: ImapSession, command: StartTls) -> None:
    connection = session.connection
    if connection.is_tls:
        raise Misused("TLS is in force already")
    if connection.tls_context is None:
        raise Misused("there is no TLS here")
    session.engine.begin_tls(command.tag, hold=True)
    await connection.start_tls()
    session.offer_login()
    session.engine.tls_started()


def answer_unauthenticate(session: ImapSession, command: Unauthenticate) -> None:
    session.log_out()
    code = codes.capability(session.engine.capabilities)
    session.engine.finish(command.tag, Condition.OK, "who are you?", code)


async def answer_login(session: ImapSession, command: Login) -> None:
    if not session.may_send_password:
        refuse_in_clear(session, command)
        return
    account = await session.services.authenticator.check_password(
        command.username, command.password, session.connection.peer[0]
    )
    await welcome(session, command, account)


async def answer_authenticate(session: ImapSession, command: Authenticate) -> None:
    if not session.may_send_password:
        refuse_in_clear(session, command)
        return
    mechanism = server_mechanism(
        command.mechanism, channel_binding=session.connection.channel_binding
    )
    if mechanism is None:
        raise Refusal("5.5.4", "there is no such mechanism here")
    session.sasl = SaslLogin(session.services.authenticator, mechanism, session.connection.peer[0])
    await step(session, command, command.initial_response)


async def answer_response(session: ImapSession, command: AuthenticateResponse) -> None:
    await step(session, command, command.octets)


def answer_cancelled(session: ImapSession, _command: AuthenticateCancelled) -> None:
    session.sasl = None


async def step(session: ImapSession, command: Command, response: bytes | None) -> None:
    """Go on with the exchange; the last step may only carry the server's proof."""
    sasl, session.sasl = session.sasl, None
    if isinstance(sasl, LoggedIn):  # the client has seen the server's proof
        await welcome(session, command, sasl.account)
        return
    if sasl is None:
        raise Misused("no AUTHENTICATE is under way")
    outcome = await sasl.step(response)
    if isinstance(outcome, LoggedIn) and not outcome.final:
        await welcome(session, command, outcome.account)
        return
    session.sasl = outcome if isinstance(outcome, LoggedIn) else sasl
    session.engine.challenge(outcome.final if isinstance(outcome, LoggedIn) else outcome)


async def welcome(session: ImapSession, command: Command, account: Account) -> None:
    """Open the account's mail and say OK, with what can be done from now on."""
    session.log_in(await mail_of(session.services.store, account.id))
    code = codes.capability(session.engine.capabilities)
    session.engine.finish(command.tag, Condition.OK, "logged in", code)


def refuse_in_clear(session: ImapSession, command: Command) -> None:
    session.engine.finish(command.tag, Condition.NO, "start TLS first", codes.PRIVACYREQUIRED)


HANDLERS: dict[type[Command], Handler] = {
    StartTls: answer_starttls,
    Unauthenticate: answer_unauthenticate,
    Login: answer_login,
    Authenticate: answer_authenticate,
    AuthenticateResponse: answer_response,
    AuthenticateCancelled: answer_cancelled,
}
