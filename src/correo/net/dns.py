"""Ask DNS, through dnspython, and remember answers as long as they say.

`base.dnstypes.Resolver` over the system's nameservers, or the ones given. dnspython is imported
at the first question: workers that deliver nothing never pay for it.

RFC 6761    6.3      localhost is this machine, and never asked for
"""

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from correo.base.dnstypes import DnsFailure, MailExchanger, NoSuchName, ServiceRecord

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver as DnsPythonResolver

__all__ = ["DnsResolver"]

LIFETIME_S = 15.0  # for one question, all nameservers and retries together
CACHED_ANSWERS = 10_000


class DnsResolver:
    """Answers from the nameservers given, each (address, port), or from the system's."""

    def __init__(self, nameservers: Sequence[tuple[str, int]] = ()) -> None:
        self._nameservers = tuple(nameservers)
        self._resolver: DnsPythonResolver | None = None

    async def mail_exchangers(self, domain: str) -> list[MailExchanger]:
        return [
            MailExchanger(record.preference, host_name(record.exchange))
            for record in await self._ask(domain, "MX")
        ]

    async def addresses(self, host: str) -> list[str]:
        if is_address(host):
            return [host]
        if host == "localhost" or host.endswith(".localhost"):
            return ["127.0.0.1", "::1"]
        answers = await asyncio.gather(
            self._ask(host, "AAAA"), self._ask(host, "A"), return_exceptions=True
        )
        found: list[str] = []
        failures: list[BaseException] = []
        for answer in answers:
            if isinstance(answer, BaseException):
                failures.append(answer)
            else:
                found += [record.address for record in answer]
        if failures and not found:
            raise next((each for each in failures if isinstance(each, DnsFailure)), failures[0])
        return found

    async def texts(self, name: str) -> list[bytes]:
        return [b"".join(record.strings) for record in await self._ask(name, "TXT")]

    async def services(self, name: str) -> list[ServiceRecord]:
        return [
            ServiceRecord(record.priority, record.weight, record.port, host_name(record.target))
            for record in await self._ask(name, "SRV")
        ]

    async def names(self, address: str) -> list[str]:
        try:
            name = ipaddress.ip_address(address).reverse_pointer
        except ValueError as error:
            raise NoSuchName(f"{address} is not an address") from error
        return [host_name(record.target) for record in await self._ask(name, "PTR")]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        """The records, [] if the name has none of the kind. Raises NoSuchName, DnsFailure."""
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            answer = await self._dns().resolve(
                name + ".", kind, lifetime=LIFETIME_S, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN as error:
            raise NoSuchName(f"{name} does not exist") from error
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel) as error:
            raise NoSuchName(f"{name} is not a domain name") from error
        except dns.resolver.LifetimeTimeout as error:
            raise DnsFailure(f"no nameserver answered in {LIFETIME_S:g} s") from error
        except dns.resolver.NoNameservers as error:
            said = str(error.kwargs["errors"][-1][3]) if error.kwargs["errors"] else "no answer"
            raise DnsFailure(f"no nameserver could tell ({said})") from error
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise DnsFailure(f"no answer for {name} {kind}: {error}") from error
        return list(answer.rrset or ())

    def _dns(self) -> "DnsPythonResolver":
        """Raises DnsFailure: the system names no nameserver."""
        if self._resolver is None:
            import dns.asyncresolver
            import dns.exception
            import dns.nameserver
            import dns.resolver

            try:
                resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            except dns.exception.DNSException as error:
                raise DnsFailure(f"no nameserver is configured: {error}") from error
            if self._nameservers:
                resolver.nameservers = [
                    dns.nameserver.Do53Nameserver(host, port) for host, port in self._nameservers
                ]
            resolver.cache = dns.resolver.LRUCache(CACHED_ANSWERS)
            self._resolver = resolver
        return self._resolver


def host_name(name: object) -> str:
    """Lower-case, without the final dot; "" for the root."""
    return str(name).lower().removesuffix(".")


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
