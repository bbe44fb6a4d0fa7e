"""Log in over SMTP: the engine's SASL events to `accounts.sasl`, and what comes of it back.

RFC 4954    4 and 6. A login is offered under TLS only, or on loopback where the settings say so.
"""

from correo.accounts.authenticator import Authenticator
from correo.accounts.sasl import LoggedIn, SaslLogin
from correo.base.errors import Refusal
from correo.wire.sasl import ChannelBinding, offered_mechanisms, server_mechanism
from correo.wire.smtp.server.engine import ServerEngine
from correo.wire.smtp.server.events import AuthenticationAnswered, AuthenticationBegun

__all__ = ["Login", "mechanisms_offered"]


def mechanisms_offered(
    *, is_allowed: bool, channel_binding: ChannelBinding | None
) -> tuple[str, ...]:
    return offered_mechanisms(channel_binding=channel_binding) if is_allowed else ()


class Login:
    """The logins of one connection.

    account_address: whom the last complete exchange named; it counts once the engine says so.
    """

    def __init__(self, authenticator: Authenticator, *, max_failures: int) -> None:
        self._authenticator = authenticator
        self._max_failures = max_failures
        self._failures = 0
        self._exchange: SaslLogin | None = None
        self.account_address: str | None = None

    async def begin(
        self,
        engine: ServerEngine,
        event: AuthenticationBegun,
        *,
        peer_address: str,
        channel_binding: ChannelBinding | None,
    ) -> None:
        mechanism = server_mechanism(event.mechanism, channel_binding=channel_binding)
        assert mechanism is not None  # the engine lets only offered ones through
        self._exchange = SaslLogin(self._authenticator, mechanism, peer_address)
        await self._step(engine, event.initial_response)

    async def go_on(self, engine: ServerEngine, event: AuthenticationAnswered) -> None:
        await self._step(engine, event.response)

    async def _step(self, engine: ServerEngine, response: bytes | None) -> None:
        assert self._exchange is not None
        try:
            outcome = await self._exchange.step(response)
        except Refusal as refusal:
            self._fail(engine, refusal)
            return
        if isinstance(outcome, LoggedIn):
            self._exchange = None
            self.account_address = outcome.account.address
            engine.authenticated(outcome.final)
        else:
            engine.challenge(outcome)

    def _fail(self, engine: ServerEngine, refusal: Refusal) -> None:
        self._exchange = None
        self._failures += 1
        code = refusal.reply or (454 if refusal.is_temporary else 535)
        engine.refuse(Refusal(refusal.status, refusal.told, reply=code))
        if self._failures >= self._max_failures:
            engine.say_goodbye("4.7.0", "too many failed logins, closing")
