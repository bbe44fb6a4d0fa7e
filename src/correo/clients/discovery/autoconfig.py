"""Read the XML in which a domain's web server describes its mail servers.

The format is Mozilla's clientConfig 1.1, which many providers publish and most mail programs read.
Servers without TLS are passed over, and so is what cannot be understood.

Departures: only incomingServer of type imap and pop3, and outgoingServer of type smtp; no OAuth2
settings.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from correo.clients.discovery.model import FoundBy, Service, ServiceKind
from correo.clients.security import TlsMode

__all__ = ["read_config"]

KINDS = {
    ("incomingServer", "imap"): ServiceKind.IMAP,
    ("incomingServer", "pop3"): ServiceKind.POP3,
    ("outgoingServer", "smtp"): ServiceKind.SUBMISSION,
}
MODES = {"SSL": TlsMode.IMPLICIT, "STARTTLS": TlsMode.STARTTLS}
FIELDS = frozenset({"hostname", "port", "socketType", "username"})
TEXT_LIMIT = 500  # characters of one of these
SERVERS_LIMIT = 50  # of one file
DEPTH_LIMIT = 50  # elements within elements


@dataclass(slots=True)
class Described:
    """A server as the file has it; fields by the names of their elements, the first of each."""

    kind: ServiceKind
    fields: dict[str, str] = field(default_factory=dict)


class _Refused(Exception):
    """The file is not read any further."""


def read_config(octets: bytes, address: str, found_by: FoundBy) -> list[Service]:
    """The servers, in their order; [] if the octets are no such file."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = refuse  # no expansion, no other files
    try:
        parser.Parse(octets, True)
    except (expat.ExpatError, _Refused, ValueError, LookupError):
        return []
    made = (service_of(each, address, found_by) for each in reader.servers)
    return [service for service in made if service is not None]


def refuse(*_: object) -> None:
    raise _Refused


class _Reader:
    """Takes the elements as the parser meets them."""

    def __init__(self) -> None:
        self.servers: list[Described] = []
        self._open: list[str] = []
        self._field: str | None = None
        self._words = ""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        if len(self._open) > DEPTH_LIMIT or len(self.servers) >= SERVERS_LIMIT:
            raise _Refused
        kind = KINDS.get((name, attributes.get("type", "").lower()))
        if kind is not None:
            self.servers.append(Described(kind))
        self._field = name if self._is_in_server and name in FIELDS else None
        self._words = ""

    @property
    def _is_in_server(self) -> bool:
        """Whether this element stands right within a server."""
        return bool(self.servers) and len(self._open) > 1 and self._open[-2].endswith("Server")

    def text(self, words: str) -> None:
        if self._field is not None and len(self._words) < TEXT_LIMIT:
            self._words += words

    def end(self, _name: str) -> None:
        if self._field is not None:
            self.servers[-1].fields.setdefault(self._field, self._words.strip()[:TEXT_LIMIT])
            self._field = None
        self._open.pop()


def service_of(described: Described, address: str, found_by: FoundBy) -> Service | None:
    """None if it cannot be used: no host, no port, no TLS."""
    fields = described.fields
    fill = filler(address)
    host = fill(fields.get("hostname", "")).lower().removesuffix(".")
    port = fields.get("port", "")
    tls = MODES.get(fields.get("socketType", "").upper())
    is_port = port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536
    if not is_host(host) or not is_port or tls is None:
        return None
    username = fill(fields.get("username") or "%EMAILADDRESS%")
    return Service(described.kind, host, int(port), tls, username, found_by)


def filler(address: str) -> Callable[[str], str]:
    """Puts the parts of the address where the file has its placeholders."""
    local, _, domain = address.rpartition("@")
    places = {
        "%EMAILADDRESS%": address,
        "%EMAILLOCALPART%": local,
        "%EMAILDOMAIN%": domain,
    }

    def fill(text: str) -> str:
        for place, value in places.items():
            text = text.replace(place, value)
        return text

    return fill


def is_host(name: str) -> bool:
    """Whether it can be the name of a host: letters, digits, hyphens and dots."""
    return (
        0 < len(name) <= 253
        and name.isascii()
        and all(label and label.replace("-", "").isalnum() for label in name.split("."))
    )
