"""Ask DNS through a protocol handed in; the pure rooms and the tests never open a socket.

RFC 5321    5.1      MX and address look-up
RFC 2782             SRV
RFC 7505             null MX: one MX of preference 0 and exchange "."
"""

from dataclasses import dataclass
from typing import Protocol

from correo.base.errors import CorreoError

__all__ = ["DnsFailure", "MailExchanger", "NoSuchName", "Resolver", "ServiceRecord"]


class DnsFailure(CorreoError):
    """The answer is not to be had now (time-out, SERVFAIL); try again later."""


class NoSuchName(CorreoError):
    """The name does not exist (NXDOMAIN); asking again gives the same."""


@dataclass(frozen=True, slots=True)
class MailExchanger:
    """One MX record; exchange is lower-case, without the final dot, "" for the null MX."""

    preference: int
    exchange: str


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One SRV record (RFC 2782); target as the exchange above, "" for a service not offered."""

    priority: int
    weight: int
    port: int
    target: str


class Resolver(Protocol):
    """Names are ASCII (A-labels), lower-case, with no final dot. An existing name without
    records of the type gives an empty list."""

    async def mail_exchangers(self, domain: str) -> list[MailExchanger]:
        """MX records in no particular order. Raises NoSuchName, DnsFailure."""

    async def addresses(self, host: str) -> list[str]:
        """AAAA and A addresses as text, CNAMEs followed. Raises NoSuchName, DnsFailure."""

    async def texts(self, name: str) -> list[bytes]:
        """TXT records, the strings of each joined. Raises NoSuchName, DnsFailure."""

    async def services(self, name: str) -> list[ServiceRecord]:
        """SRV records in no particular order. Raises NoSuchName, DnsFailure."""

    async def names(self, address: str) -> list[str]:
        """PTR names of an address. Raises NoSuchName, DnsFailure."""
