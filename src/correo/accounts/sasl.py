"""Carry a SASL exchange to its end: the mechanism says what it needs, the authenticator has it.

The SMTP, POP3 and IMAP servers each make one `SaslLogin` per AUTH, hand it decoded responses and
send what it gives. Base64, cancelling and time limits are theirs.

RFC 4422    3.6: where a protocol cannot send data along with success (SMTP, POP3, IMAP), `final`
            goes out as one more challenge, answered by an empty response
RFC 4616    2: authorization identity; only one's own is allowed here
"""

import secrets
from dataclasses import dataclass
from typing import NoReturn

from correo.accounts.authenticator import Authenticator, ScramLogin
from correo.base.errors import AuthenticationFailed, Refusal
from correo.store.directory import Account
from correo.wire.sasl import (
    Challenge,
    CheckPassword,
    Failure,
    KeysWanted,
    Outcome,
    ServerMechanism,
    Success,
)

__all__ = ["LoggedIn", "SaslLogin"]

NONCE_SIZE = 18  # octets, 24 characters in base64


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The exchange succeeded. `final` has to reach the client before it is told so."""

    account: Account
    final: bytes = b""


class SaslLogin:
    """One exchange, used once."""

    def __init__(
        self, authenticator: Authenticator, mechanism: ServerMechanism, peer_address: str
    ) -> None:
        self._authenticator = authenticator
        self._mechanism = mechanism
        self._peer_address = peer_address
        self._scram: ScramLogin | None = None
        self._account: Account | None = None

    async def step(self, response: bytes | None) -> bytes | LoggedIn:
        """A challenge to send, or the end.

        Args:
            response: what the client sent, decoded; None if it sent no initial response.

        Raises:
            AuthenticationFailed, Refusal: it is over; what to tell the client.
        """
        return await self._follow(self._mechanism.step(response))

    async def _follow(self, outcome: Outcome) -> bytes | LoggedIn:
        while True:
            if isinstance(outcome, Challenge):
                return outcome.octets
            if isinstance(outcome, Success):
                return await self._succeed(outcome)
            if isinstance(outcome, Failure):
                await self._fail()
            elif isinstance(outcome, CheckPassword):
                outcome = await self._check(outcome)
            else:
                outcome = await self._keys(outcome)

    async def _check(self, asked: CheckPassword) -> Outcome:
        self._account = await self._authenticator.check_password(
            asked.authcid, asked.password, self._peer_address
        )
        return self._mechanism.password_result(ok=True)

    async def _keys(self, asked: KeysWanted) -> Outcome:
        self._scram = await self._authenticator.begin_scram(
            asked.username, asked.hash_name, self._peer_address
        )
        nonce = secrets.token_urlsafe(NONCE_SIZE)
        return self._mechanism.provide_keys(self._scram.keys, nonce)

    async def _succeed(self, success: Success) -> LoggedIn:
        if self._scram is not None:
            self._account = await self._authenticator.end_scram(self._scram, ok=True)
        if self._account is None:
            raise AuthenticationFailed
        if success.authzid:
            other = await self._authenticator.account_for_login(success.authzid)
            if other is None or other.id != self._account.id:
                raise Refusal("5.7.8", "this account may act only as itself", reply=535)
        return LoggedIn(self._account, success.final)

    async def _fail(self) -> NoReturn:
        if self._scram is not None:
            await self._authenticator.end_scram(self._scram, ok=False)
        raise AuthenticationFailed
