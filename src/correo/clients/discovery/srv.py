"""Read what a domain's SRV records say of its mail servers.

RFC 2782             priority, weight, and "." for a service that is not offered
RFC 6186    3        _submission, _imap, _imaps, _pop3, _pop3s; 4 the user name is the address;
                     6 hosts outside the domain
RFC 8314    5.1      _submissions; implicit TLS before STARTTLS where both are as good

Departures: among records of one priority the heaviest comes first, not one drawn by lot: a mail
program that always asks the same server finds its connections and its user's trust again.
"""

import asyncio
from dataclasses import dataclass

from correo.base.dnstypes import NoSuchName, Resolver, ServiceRecord
from correo.clients.discovery.autoconfig import is_host
from correo.clients.discovery.model import FoundBy, Service, ServiceKind
from correo.clients.security import TlsMode

__all__ = ["Published", "published"]

NAMES = [
    # (name, kind, TLS), the better of equals first
    ("_imaps._tcp", ServiceKind.IMAP, TlsMode.IMPLICIT),
    ("_imap._tcp", ServiceKind.IMAP, TlsMode.STARTTLS),
    ("_pop3s._tcp", ServiceKind.POP3, TlsMode.IMPLICIT),
    ("_pop3._tcp", ServiceKind.POP3, TlsMode.STARTTLS),
    ("_submissions._tcp", ServiceKind.SUBMISSION, TlsMode.IMPLICIT),
    ("_submission._tcp", ServiceKind.SUBMISSION, TlsMode.STARTTLS),
]
RECORDS_LIMIT = 20  # of one name; ours


@dataclass(frozen=True, slots=True)
class Published:
    """services: the best of each kind first. not_offered: kinds that every name denies."""

    services: list[Service]
    not_offered: frozenset[ServiceKind]


async def published(address: str, domain: str, resolver: Resolver) -> Published:
    """What DNS says of an address's domain (ASCII). Raises DnsFailure if it says nothing now."""
    answers = await asyncio.gather(
        *(records_of(f"{name}.{domain}", resolver) for name, _, _ in NAMES)
    )
    found: list[tuple[int, int, Service]] = []
    denied: dict[ServiceKind, bool] = {}
    for order, ((_, kind, tls), records) in enumerate(zip(NAMES, answers, strict=True)):
        offered = [record for record in records if record.target]
        if records:
            denied[kind] = denied.get(kind, True) and not offered
        usable = [record for record in offered if is_host(record.target) and record.port]
        for record in usable[:RECORDS_LIMIT]:
            is_elsewhere = not is_within(record.target, domain)
            host, port = record.target, record.port
            service = Service(kind, host, port, tls, address, FoundBy.SRV, is_elsewhere)
            found.append((record.priority, order, service))
    found.sort(key=lambda each: each[:2])
    not_offered = frozenset(kind for kind, is_denied in denied.items() if is_denied)
    return Published([service for *_, service in found], not_offered)


async def records_of(name: str, resolver: Resolver) -> list[ServiceRecord]:
    """In the order in which to use them; [] if the name does not exist. Raises DnsFailure."""
    try:
        records = await resolver.services(name)
    except NoSuchName:
        return []
    return sorted(records, key=lambda record: (record.priority, -record.weight))


def is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)
