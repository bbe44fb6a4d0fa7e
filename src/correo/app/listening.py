"""Open every port of the configuration, and say in `<data>/run/endpoints.json` where they are.

The supervisor (or `correo dev`) calls it before privileges are dropped and workers are forked.
"""

import errno
import json
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from correo.app.config import LISTENERS, LMTP, Configuration
from correo.net.listener import ListenError, bind, bind_unix

__all__ = ["Bound", "bind_all", "close_all", "remove_endpoints", "write_endpoints"]

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Bound:
    """A listening socket and the service it is for; several hosts make several of them."""

    name: str
    tls: str
    place: Place
    listening: socket.socket

    @property
    def endpoint(self) -> dict[str, str | int]:
        name = self.listening.getsockname()
        host, port = (name, 0) if isinstance(name, str) else name[:2]
        return {"host": host, "port": port, "tls": self.tls}


def bind_all(configuration: Configuration, kept: Iterable[Bound] = ()) -> list[Bound]:
    """A socket for every host of every listener.

    Args:
        kept: sockets that are open already; used again where the place is the same.

    Raises:
        ListenError: one cannot be had; those opened by this call are closed again.
    """
    known = {each.place: each for each in kept}
    bound: list[Bound] = []
    try:
        for name, tls, place in wanted(configuration):
            former = known.get(place)
            listening = former.listening if former is not None else open_place(place)
            if listening is not None:
                bound.append(Bound(name, tls, place, listening))
    except ListenError:
        close_all(each for each in bound if each.place not in known)
        raise
    if not bound:
        raise ListenError("every listener is switched off: enable one under [listeners]")
    return bound


def close_all(bound: Iterable[Bound]) -> None:
    for each in bound:
        each.listening.close()
        if each.place[1] == 0:
            Path(each.place[0]).unlink(missing_ok=True)


def wanted(configuration: Configuration) -> Iterable[tuple[str, str, Place]]:
    for name in (*LISTENERS, LMTP):
        settings = configuration.listener(name)
        standard, tls = LISTENERS.get(name, (0, "none"))
        if not settings.enabled:
            continue
        if settings.path:
            yield name, tls, (settings.path, 0)
            continue
        port = (settings.port or standard) + configuration.port_offset
        for host in settings.hosts or configuration.hosts:
            yield name, tls, (host, port)


def open_place(place: Place) -> socket.socket | None:
    """None for "::" on a machine without IPv6, which is no mistake. Raises ListenError."""
    host, port = place
    if port == 0 and host.startswith("/"):
        return bind_unix(Path(host))
    try:
        return bind(host, port)
    except ListenError as error:
        cause = error.__cause__
        no_ipv6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
        if host == "::" and isinstance(cause, OSError) and cause.errno in no_ipv6:
            return None
        raise


def endpoints_path(folder: Path) -> Path:
    return folder / "run" / "endpoints.json"


def write_endpoints(folder: Path, bound: Iterable[Bound], authority: Path | None) -> None:
    """Tell tests and tools that every listener is up, and where; whole or not at all."""
    listeners: dict[str, Mapping[str, str | int]] = {}
    for each in bound:
        listeners.setdefault(each.name, each.endpoint)
    document = {
        "pid": os.getpid(),
        "ca_certificate": str(authority) if authority is not None else "",
        "listeners": listeners,
    }
    path = endpoints_path(folder)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(document, indent=2) + "\n")
    draft.rename(path)


def remove_endpoints(folder: Path) -> None:
    endpoints_path(folder).unlink(missing_ok=True)
