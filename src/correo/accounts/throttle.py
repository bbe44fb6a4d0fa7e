"""Slow down those who guess passwords: the more failures, the later the answer, then none.

Failures are counted for the address they come from and for the account they try, each process
for itself, and fade with time. An attempt counts as a failure until it has succeeded, so that
many at once gain nothing.

What a guesser does to an account must not lock its owner out: an address from which the account
was used successfully is never refused for the account's failures, only slowed. Addresses of
this machine are not counted: a webmail or proxy there speaks for many people.

Cost: 2 microseconds; at most ENTRIES of each kind are remembered, 4 MiB in all.
"""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass

from correo.base.clock import Clock
from correo.base.errors import Refusal
from correo.net.addresses import read_address

__all__ = ["Attempt", "LoginThrottle"]

# All ours. Dovecot delays failures up to 15 s, fail2ban bans after 5 in 10 minutes.
HALF_LIFE_S = 300.0  # a failure counts half after this
FREE_FAILURES = 3.0  # a person who mistypes is not slowed
FIRST_DELAY_S = 0.5  # doubled by each further failure
LONGEST_DELAY_S = 8.0  # user agents wait at least 10 s
ADDRESS_LIMIT = 40.0  # failures of one address; many people share one
ACCOUNT_LIMIT = 60.0  # failures against one account
ENTRIES = 20_000
IPV6_SITE_BITS = 64  # what one customer owns


@dataclass(slots=True)
class Count:
    failures: float
    at: float


class Counts:
    """Fading counters by name; the one unused for longest is forgotten first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, Count] = OrderedDict()

    def get(self, name: str, now: float) -> float:
        count = self._counts.get(name)
        if count is None:
            return 0.0
        fading: float = 0.5 ** ((now - count.at) / HALF_LIFE_S)
        return count.failures * fading

    def add(self, name: str, amount: float, now: float) -> None:
        failures = max(0.0, self.get(name, now) + amount)
        self._counts[name] = Count(failures, now)
        self._counts.move_to_end(name)
        if len(self._counts) > ENTRIES:
            self._counts.popitem(last=False)


@dataclass(slots=True)
class Attempt:
    """One try, counted as failed; `delay_s` is how long a "no" has to wait."""

    throttle: "LoginThrottle"
    site: str
    account: str
    delay_s: float

    def succeeded(self) -> None:
        """It was none of the failures; the account's owner is at this address."""
        self.throttle.forgive(self)


class LoginThrottle:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sites = Counts()
        self._accounts = Counts()
        self._owners: OrderedDict[tuple[str, str], None] = OrderedDict()

    def begin(self, peer_address: str, account: str) -> Attempt:
        """Count a try.

        Args:
            account: the account's key, or the login name as given if there is none.

        Raises:
            Refusal: too many have failed (4.7.0); nothing is looked at.
        """
        now = self._clock.monotonic()
        site = site_of(peer_address)
        of_site = self._sites.get(site, now) if site else 0.0
        of_account = self._accounts.get(account, now)
        is_owner = (site, account) in self._owners
        if of_site >= ADDRESS_LIMIT or (of_account >= ACCOUNT_LIMIT and not is_owner):
            raise Refusal("4.7.0", "too many failed logins, try again later", reply=454)
        if site:
            self._sites.add(site, 1.0, now)
        self._accounts.add(account, 1.0, now)
        return Attempt(self, site, account, delay_after(max(of_site, of_account)))

    def forgive(self, attempt: Attempt) -> None:
        now = self._clock.monotonic()
        if attempt.site:
            self._sites.add(attempt.site, -1.0, now)
        self._accounts.add(attempt.account, -1.0, now)
        owner = (attempt.site, attempt.account)
        self._owners[owner] = None
        self._owners.move_to_end(owner)
        if len(self._owners) > ENTRIES:
            self._owners.popitem(last=False)


def delay_after(failures: float) -> float:
    if failures < FREE_FAILURES:
        return 0.0
    return float(min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (failures - FREE_FAILURES)))


def site_of(address: str) -> str:
    """What is counted for an address: itself, the /64 of an IPv6 address, "" for this machine."""
    ip = read_address(address)
    if ip is None or ip.is_loopback:  # a Unix socket, or here
        return ""
    if ip.version == 6:
        return str(ipaddress.ip_network((ip, IPV6_SITE_BITS), strict=False))
    return str(ip)
