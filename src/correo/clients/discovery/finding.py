"""Ask DNS and the web for the servers of an address, and join the answers.

RFC 6186    3.4      one look at DNS for all services
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import quote

import idna

from correo.base.dnstypes import DnsFailure, Resolver
from correo.base.errors import CorreoError
from correo.clients.discovery import srv
from correo.clients.discovery.autoconfig import read_config
from correo.clients.discovery.model import FoundBy, MailSettings, Service
from correo.clients.discovery.web import fetch
from correo.message.address import split_address
from correo.net.dns import DnsResolver

__all__ = ["NoSettings", "discover"]

TIMEOUT_S = 10.0

Fetch = Callable[[str], Awaitable[bytes]]
"""Gets an https URL; b"" if there is nothing."""


class NoSettings(CorreoError):
    """Nothing is published for this address."""


async def discover(
    address: str,
    *,
    resolver: Resolver | None = None,
    web: Fetch | None = None,
    database: str = "",
    timeout_s: float = TIMEOUT_S,
) -> MailSettings:
    """The servers that are published for an address.

    Args:
        resolver: asks DNS; the system's nameservers unless given.
        web: gets files; none at all is asked for if DNS names all kinds of servers.
        database: URL of somebody who knows the servers of many domains (Mozilla's is
            https://autoconfig.thunderbird.net/v1.1/), asked if the domain itself says nothing. It
            learns the domain; so it is asked only if it is named here.
        timeout_s: for each file.

    Raises:
        NoSettings: nothing is published, or the address is none.
        DnsFailure: DNS gives no answer now, and the web has none either.
    """
    domain = domain_of(address)
    web = web or (lambda url: fetch(url, timeout_s=timeout_s))
    failure: DnsFailure | None = None
    found = srv.Published([], frozenset())
    try:
        found = await srv.published(address, domain, resolver or DnsResolver())
    except DnsFailure as error:
        failure = error
    services = found.services
    if not {"imap", "submission"} <= {each.kind.value for each in services}:
        services = joined(services, await from_web(address, domain, web))
    if not services and database:
        octets = await web(f"{database.rstrip('/')}/{quote(domain)}")
        services = read_config(octets, address, FoundBy.DATABASE)
    if not services and failure is not None:
        raise failure
    if not services and not found.not_offered:
        raise NoSettings(f"{domain} does not publish where its mail servers are: name the server")
    return MailSettings(address, tuple(services), found.not_offered)


def domain_of(address: str) -> str:
    """The domain in ASCII. Raises NoSettings."""
    local, domain = split_address(address)
    try:
        if not local or not domain:
            raise ValueError
        return idna.encode(domain, uts46=True).decode()
    except (ValueError, idna.IDNAError):
        raise NoSettings(f"{address} is no mail address: write it as ana@example.org") from None


async def from_web(address: str, domain: str, web: Fetch) -> list[Service]:
    """What the domain's web server has; both places are asked at once, the first one counts."""
    places = (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={quote(address)}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )
    for octets in await asyncio.gather(*map(web, places)):
        services = read_config(octets, address, FoundBy.AUTOCONFIG)
        if services:
            return services
    return []


def joined(first: list[Service], second: Iterable[Service]) -> list[Service]:
    """The first, and of the second what is of other kinds."""
    kinds = {each.kind for each in first}
    return first + [each for each in second if each.kind not in kinds]
