"""Decide what a peer may do: send at all, as whom, to whom, how much.

`transaction` asks at MAIL and RCPT, `submission` about the From field. No open relay: who has no
login sends to local recipients only, except a trusted network and, where a development server says
so, this machine itself.

RFC 5321    3.6.2, 7.9   relaying may be declined
RFC 6409    4.3          submission requires authentication; 6.1 MAIL FROM is checked
RFC 1870    6.1          a declared size over the limit: 552 at MAIL
"""

from correo.accounts.directory import Directory
from correo.base.clock import Clock
from correo.base.errors import Refusal
from correo.intake.api import MailParameters, PeerInfo, Role
from correo.intake.rates import Rates
from correo.intake.settings import DoorSettings
from correo.net.addresses import is_in, is_loopback
from correo.store.directory import Account

__all__ = ["Policy"]


class Policy:
    """The rules of one door."""

    def __init__(self, settings: DoorSettings, directory: Directory, clock: Clock) -> None:
        self.settings = settings
        self._directory = directory
        self._messages = Rates(settings.messages_per_peer, clock.monotonic)
        self._recipients = Rates(settings.recipients_per_account, clock.monotonic)

    def may_relay(self, peer: PeerInfo) -> bool:
        """Whether this peer may send to anybody."""
        if self.settings.role is Role.LMTP:
            return False
        return peer.login is not None or self._is_trusted(peer.address)

    async def sender(
        self, peer: PeerInfo, reverse_path: str, parameters: MailParameters
    ) -> Account | None:
        """Check MAIL; the account that sends, None for a stranger.

        Raises:
            Refusal: no login (530 5.7.0), not the account's address (5.7.1), too large (5.3.4),
                too much (4.7.1).
        """
        if parameters.size and 0 < self.settings.max_size < parameters.size:
            raise Refusal("5.3.4", "the message is larger than this server takes", reply=552)
        if peer.login is None:
            self._check_stranger(peer)
            return None
        account = await self._directory.account_for_login(peer.login)
        if account is None or not account.enabled:
            raise Refusal("5.7.1", "this account may not send", reply=550)
        if reverse_path and not await self._directory.may_send_as(account, reverse_path):
            raise Refusal("5.7.1", "the sender address is not yours", reply=553)
        return account

    def count_recipient(self, account: Account | None) -> None:
        """Raises Refusal when the account has named too many (4.7.1)."""
        if account is not None and not self._recipients.take(account.id):
            raise Refusal("4.7.1", "too many recipients for now, try again later", reply=450)

    async def may_write_as(self, account: Account, address: str) -> bool:
        """Whether an address may stand in From for this account."""
        return await self._directory.may_send_as(account, address)

    def _check_stranger(self, peer: PeerInfo) -> None:
        if self.settings.role is Role.SUBMISSION and not self._is_trusted(peer.address):
            raise Refusal("5.7.0", "authentication required", reply=530)
        if not self._messages.take(peer.address):
            raise Refusal("4.7.1", "too many messages from you for now, try again later", reply=450)

    def _is_trusted(self, address: str) -> bool:
        settings = self.settings
        lets_loopback = settings.lets_loopback_submit and settings.role is Role.SUBMISSION
        return (lets_loopback and is_loopback(address)) or is_in(address, settings.relay_networks)
