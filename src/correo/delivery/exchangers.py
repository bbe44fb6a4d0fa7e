"""Find the hosts that take mail for a destination, best first, one address at a time.

`destination` walks the list until a host answers. Addresses are looked up only when their host's
turn comes.

RFC 5321    5.1      MX by preference, equals shuffled; no MX: the domain itself; a list that names
                     us is cut there, and if nothing is left the mail loops
            5.2      AAAA and A alike, in the order DNS gives
RFC 7505    3        the null MX: no mail, 556 5.1.10
RFC 3463    3.5      4.4.3 DNS failed, 5.1.2 no such domain, 5.4.4 unable to route, 5.4.6 loop
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from correo.base.dnstypes import DnsFailure, MailExchanger, NoSuchName, Resolver
from correo.delivery.routing import Destination
from correo.delivery.verdict import DeliveryFailure
from correo.queue.routes import SMTP_PORT, NextHop, Smarthost

__all__ = ["Exchangers", "Host"]

MOST_HOSTS = 20  # exchangers of one domain that are tried
MOST_ADDRESSES = 10  # addresses of one destination that are tried in one attempt


@dataclass(frozen=True, slots=True)
class Host:
    """One address to connect to. name: for TLS and for people, may be the address itself."""

    name: str
    address: str
    port: int = SMTP_PORT

    def __str__(self) -> str:
        return f"{self.name} [{self.address}]:{self.port}"


class Exchangers:
    """Asks DNS.

    Args:
        own_names: what we are called, lower-case; an MX of this name is ourselves.
        own_addresses: addresses our own port 25 listens on.
        shuffle: puts a list in random order, in place.
        port: of the hosts that DNS names, if not 25: for networks of one's own.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        own_names: Sequence[str] = (),
        own_addresses: Sequence[str] = (),
        shuffle: Callable[[list[MailExchanger]], None],
        port: int | None = None,
    ) -> None:
        self._port = port or SMTP_PORT
        self._resolver = resolver
        self._own_names = frozenset(own_names)
        self._own_addresses = frozenset(own_addresses)
        self._shuffle = shuffle

    async def hosts(self, destination: Destination) -> AsyncIterator[Host]:
        """Addresses to try, in order.

        Raises:
            DeliveryFailure: there is none to try, now (4.4.3) or ever (5.1.2, 5.1.10, 5.4.4,
                5.4.6). Never after the first one was given.
        """
        if destination.hop is not None:
            names = [fixed(destination.hop)]
        elif destination.domain.startswith("["):
            names = [(literal(destination.domain), self._port)]
        else:
            exchangers = await self._exchangers(destination.domain)
            names = [(each.exchange, self._port) for each in exchangers]
        given = 0
        failures: list[DeliveryFailure] = []
        for name, port in names[:MOST_HOSTS]:
            try:
                addresses = await self._addresses(name, is_mx=destination.hop is None)
            except DeliveryFailure as failure:
                failures.append(failure)
                continue
            for address in addresses:
                if given == MOST_ADDRESSES:
                    return
                given += 1
                yield Host(name, address, port)
        if not given:
            raise worst(failures)

    async def _exchangers(self, domain: str) -> list[MailExchanger]:
        try:
            found = await self._resolver.mail_exchangers(domain)
        except NoSuchName as error:
            raise DeliveryFailure("5.1.2", f"the domain {domain} does not exist") from error
        except DnsFailure as error:
            raise DeliveryFailure("4.4.3", f"no MX answer for {domain}: {error}") from error
        if not found:
            return [MailExchanger(0, domain)]  # the implicit MX
        usable = [each for each in found if each.exchange]
        if not usable:
            raise DeliveryFailure("5.1.10", f"the domain {domain} takes no mail (null MX)")
        self._shuffle(usable)
        usable.sort(key=lambda each: each.preference)
        return self._before_us(usable, domain)

    def _before_us(self, exchangers: list[MailExchanger], domain: str) -> list[MailExchanger]:
        """Only those that are preferred to ourselves."""
        ours = [each.preference for each in exchangers if each.exchange in self._own_names]
        if not ours:
            return exchangers
        before = [each for each in exchangers if each.preference < min(ours)]
        if not before:
            raise DeliveryFailure(
                "5.4.6", f"mail for {domain} loops back to us, but is not a local domain here"
            )
        return before

    async def _addresses(self, name: str, *, is_mx: bool) -> list[str]:
        if is_address(name):
            return [name]
        try:
            addresses = await self._resolver.addresses(name)
        except NoSuchName as error:
            raise DeliveryFailure("5.4.4", f"the mail host {name} does not exist") from error
        except DnsFailure as error:
            raise DeliveryFailure("4.4.3", f"no address for {name}: {error}") from error
        if not addresses:
            raise DeliveryFailure("5.4.4", f"the mail host {name} has no address")
        if is_mx and self._own_addresses:
            addresses = [each for each in addresses if each not in self._own_addresses]
            if not addresses:
                raise DeliveryFailure("5.4.6", f"mail loops back to us: {name} is this host")
        return addresses


def worst(failures: Sequence[DeliveryFailure]) -> DeliveryFailure:
    """Why there is no host: one that may pass outweighs those that will not."""
    for failure in failures:
        if failure.is_temporary:
            return failure
    return failures[0] if failures else DeliveryFailure("5.4.4", "no mail host at all")


def fixed(hop: NextHop | Smarthost) -> tuple[str, int]:
    found = hop.hop if isinstance(hop, Smarthost) else hop
    return found.host, found.port


def literal(domain: str) -> str:
    """The address inside [192.0.2.1] or [IPv6:2001:db8::1]. Raises DeliveryFailure."""
    inside = domain[1:-1]
    if inside[:5].lower() == "ipv6:":
        inside = inside[5:]
    if not is_address(inside):
        raise DeliveryFailure("5.1.2", f"{domain} is no address literal")
    return inside


def is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
