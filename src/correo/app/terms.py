"""Say what the configuration means in the terms of the rooms that need it."""

import ipaddress
import socket

from correo.app.config import Configuration
from correo.net.addresses import Network
from correo.queue.routes import NextHop, Routes, Smarthost, read_route
from correo.queue.schedule import Schedule

__all__ = ["networks", "own_addresses", "routes_of", "schedule_of"]


def schedule_of(configuration: Configuration) -> Schedule:
    delivery = configuration.delivery
    return Schedule(
        first_s=delivery.first_retry_s,
        longest_s=delivery.longest_retry_s,
        lifetime_s=delivery.lifetime_s,
        delay_notice_s=delivery.delay_notice_s,
    )


def routes_of(configuration: Configuration, *, catcher: str) -> Routes:
    delivery, smarthost = configuration.delivery, None
    if delivery.smarthost is not None:
        given = delivery.smarthost
        smarthost = Smarthost(
            NextHop(given.host, given.port), given.username, given.secret(), given.tls
        )
    static = dict(read_route(route) for route in reversed(delivery.routes))
    return Routes(static, smarthost, catcher)


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


def own_addresses(configuration: Configuration) -> list[str]:
    """Where our own port 25 can be reached, as far as we know: mail must not loop there."""
    settings = configuration.listener("smtp")
    if not settings.enabled or (settings.port or 25 + configuration.port_offset) != 25:
        return []
    hosts = [*(settings.hosts or configuration.hosts)]
    found = {host for host in hosts if not ipaddress.ip_address(host).is_unspecified}
    if len(found) < len(hosts):
        try:
            found |= {str(info[4][0]) for info in socket.getaddrinfo(configuration.name, 25)}
        except OSError:
            pass  # no such name: then nobody can send us there by it
        found |= {"127.0.0.1", "::1"}
    return sorted(found)
