"""Find out where a waiting recipient goes: a mailbox here, an alias, or a destination elsewhere.

The runner asks at each attempt, so that what was changed meanwhile counts.

RFC 5321    3.9.1    aliases
            5.1      the domain decides
RFC 6531    3.2      domains in UTF-8 become A-labels for DNS
"""

from dataclasses import dataclass

from correo.accounts.directory import Alias, Directory, Disabled, LocalAccount, NotLocal, Unknown
from correo.base.clock import Clock
from correo.base.errors import Refusal
from correo.delivery.verdict import DeliveryFailure
from correo.queue.routes import NextHop, Routes, Smarthost
from correo.store.directory import Account

__all__ = ["Destination", "Expanded", "Home", "Router", "Way"]


@dataclass(frozen=True, slots=True)
class Home:
    """A mailbox on this node."""

    account: Account


@dataclass(frozen=True, slots=True)
class Expanded:
    """Several addresses in place of one."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one connection can take many messages: a domain's MX hosts, or a fixed host.

    domain: A-labels, lower-case, or an address literal; "" with a fixed next hop.
    """

    domain: str = ""
    hop: NextHop | Smarthost | None = None

    @property
    def name(self) -> str:
        """For people: in diagnostics and the trace."""
        hop = self.hop.hop if isinstance(self.hop, Smarthost) else self.hop
        return self.domain if hop is None else f"{hop.host}:{hop.port}"


Way = Home | Expanded | Destination
NOT_KNOWN: tuple[float, Way | None] = (0.0, None)
BELIEVED_S = 1.0
DOMAINS_LIMIT = 10_000


class Router:
    """Asks the directory, then the routes; the MX records are `exchangers`' affair.

    That a domain is not ours is believed for BELIEVED_S seconds, for the sake of many messages to
    one place.
    """

    def __init__(self, directory: Directory, routes: Routes, clock: Clock) -> None:
        self._directory = directory
        self._routes = routes
        self._clock = clock
        self._elsewhere_until: dict[str, tuple[float, Way]] = {}

    async def way(self, address: str) -> Way:
        """Raises DeliveryFailure if there is none (nobody has the address, it is no address)."""
        domain_as_written = address.rpartition("@")[2]
        until, way = self._elsewhere_until.get(domain_as_written, NOT_KNOWN)
        if way is not None and self._clock.monotonic() < until:
            return way
        try:
            found = await self._directory.resolve(address)
        except Refusal as error:
            raise DeliveryFailure(error.status, error.text) from error
        if isinstance(found, LocalAccount):
            return Home(found.account)
        if isinstance(found, Alias):
            addresses = (*(each.account.address for each in found.accounts), *found.remote)
            if not addresses:
                raise DeliveryFailure("5.1.1", "nobody is left behind this address")
            return Expanded(addresses)
        if isinstance(found, NotLocal):
            way = await self._elsewhere(found.domain)
            if len(self._elsewhere_until) >= DOMAINS_LIMIT:
                self._elsewhere_until.clear()
            self._elsewhere_until[domain_as_written] = self._clock.monotonic() + BELIEVED_S, way
            return way
        raise nobody(found)

    async def _elsewhere(self, domain: str) -> Way:
        if self._routes.catches(domain):
            found = await self._directory.resolve(self._routes.catcher)
            if isinstance(found, LocalAccount):
                return Home(found.account)
            raise DeliveryFailure("4.3.5", f"the catcher {self._routes.catcher} is no account here")
        hop = self._routes.find(domain)
        return Destination(domain) if hop is None else Destination(hop=hop)


def nobody(found: Unknown) -> DeliveryFailure:
    if isinstance(found, Disabled):
        return DeliveryFailure("5.2.1", "this mailbox is disabled")
    return DeliveryFailure("5.1.1", "no such user here")
