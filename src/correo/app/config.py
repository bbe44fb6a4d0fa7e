"""Read correo.toml: every setting with its default, and one sentence for every mistake.

The file is the only configuration; command line options lie over it (`with_options`). What
changes while the server runs (domains, accounts, aliases) is in the data directory instead.

TOML 1.0
"""

import difflib
import ipaddress
import re
import socket
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from correo.base.errors import CorreoError
from correo.net.addresses import read_host_port

__all__ = [
    "LISTENERS",
    "LMTP",
    "Configuration",
    "ConfigurationError",
    "DeliverySettings",
    "LimitSettings",
    "ListenerSettings",
    "Options",
    "SmarthostSettings",
    "SubmissionSettings",
    "TlsSettings",
    "TraceSettings",
    "check_hostname",
    "read",
    "read_nameserver",
    "with_options",
]

Count = Annotated[int, Meta(ge=1)]
CountOrNone = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]
Port = Annotated[int, Meta(ge=0, le=65535)]

MEGABYTE = 1024 * 1024
DNS_PORT = 53

# name -> (standard port, when TLS begins), in the order of endpoints.json
LISTENERS: dict[str, tuple[int, str]] = {
    "smtp": (25, "starttls"),
    "submission": (587, "starttls"),
    "submissions": (465, "implicit"),
    "pop3": (110, "starttls"),
    "pop3s": (995, "implicit"),
    "imap": (143, "starttls"),
    "imaps": (993, "implicit"),
}
LMTP = "lmtp"


class ConfigurationError(CorreoError):
    """A setting is wrong; one sentence that names the file, the key and the way out."""


class TlsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Both files empty: a certificate of our own making, under <data>/tls.

    plain_login_on_loopback: peers on this machine may send passwords without TLS.
    channel_binding: offer SCRAM with -PLUS; false where clients choose it and then cannot do it,
        as Debian's mutt does.
    """

    certificate: str = ""
    key: str = ""
    plain_login_on_loopback: bool = False
    channel_binding: bool = True


class ListenerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One service.

    port: 0 is the standard port (plus the offset). hosts: empty takes the general ones.
    path: for lmtp, a Unix socket instead of a port.
    trusted_proxies: addresses or networks; every connection then begins with a PROXY header.
    trusted_clients: addresses or networks that may speak for others with XCLIENT.
    """

    enabled: bool = True
    hosts: tuple[str, ...] = ()
    port: Port = 0
    path: str = ""
    trusted_proxies: tuple[str, ...] = ()
    trusted_clients: tuple[str, ...] = ()


class LimitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How much one peer, and all together, may ask for. Sizes in octets, rates per hour, 0: any.

    connections_per_address: None is 100, and any number from this machine; a number that is set
        holds for this machine too.
    messages_per_command: of IMAP (RFC 9738). Most mail programs do not know of such a limit, and
        would show only the newest messages of a large mailbox.
    """

    connections: Count = 10_000
    connections_per_address: Count | None = None
    message_size: CountOrNone = 50 * MEGABYTE
    recipients: Annotated[int, Meta(ge=100)] = 1000
    messages_per_hour_per_address: CountOrNone = 0
    recipients_per_hour_per_account: CountOrNone = 0
    messages_per_command: CountOrNone = 0


class SubmissionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """relay_networks: peers that may send to anybody without a login; be careful."""

    normalise_line_ends: bool = False
    relay_networks: tuple[str, ...] = ()


class SmarthostSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A server that relays everything for us."""

    host: str
    port: Port = 587
    username: str = ""
    password: str = ""
    password_file: str = ""
    tls: str = "starttls"

    def secret(self) -> str:
        """The password, wherever it is. Raises ConfigurationError."""
        if not self.password_file:
            return self.password
        try:
            return Path(self.password_file).read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"delivery.smarthost.password_file {self.password_file} cannot be read: "
                "put the password into it, and let the server's user read it"
            ) from error


class DeliverySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How mail leaves. Times in seconds.

    routes: DOMAIN=HOST:PORT, ".domain" for everything below it.
    mx_port: of hosts found by DNS; another than 25 only in a network of your own.
    """

    routes: tuple[str, ...] = ()
    mx_port: Port = 25
    smarthost: SmarthostSettings | None = None
    connections_per_destination: Count = 5
    first_retry_s: Seconds = 60.0
    longest_retry_s: Seconds = 6 * 3600.0
    lifetime_s: Seconds = 5 * 86400.0
    delay_notice_s: Annotated[float, Meta(ge=0)] = 4 * 3600.0


class TraceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Recorded dialogues, secrets masked, in a ring of this size per process."""

    enabled: bool = False
    megabytes: Count = 64


class Configuration(Struct, frozen=True, forbid_unknown_fields=True):
    """What correo.toml says. Relative paths are relative to the file."""

    hostname: str = ""
    data: str = "data"
    user: str = ""
    workers: CountOrNone = 0
    hosts: tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104 - a mail server is there for all
    port_offset: CountOrNone = 0
    nameservers: tuple[str, ...] = ()
    tls: TlsSettings = field(default_factory=TlsSettings)
    listeners: dict[str, ListenerSettings] = field(default_factory=dict)
    limits: LimitSettings = field(default_factory=LimitSettings)
    submission: SubmissionSettings = field(default_factory=SubmissionSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    trace: TraceSettings = field(default_factory=TraceSettings)

    @property
    def folder(self) -> Path:
        """The data directory."""
        return Path(self.data)

    @property
    def name(self) -> str:
        """Our host name: the one set, or what the system calls itself."""
        return self.hostname or socket.getfqdn()

    def listener(self, name: str) -> ListenerSettings:
        return self.listeners.get(name) or ListenerSettings(enabled=name != LMTP)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line lays over the file; None and () leave it as it is."""

    data: str | None = None
    hosts: tuple[str, ...] = ()
    port_offset: int | None = None
    routes: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    workers: int | None = None


def read(path: Path) -> Configuration:
    """The configuration in a file.

    Raises ConfigurationError.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}): make one with `correo init "
            "you@your.domain`, or name it with --config"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}: correct that line") from error
    configuration = convert(path, document)
    check(path, configuration)
    return absolute(configuration, path.parent)


def with_options(configuration: Configuration, options: Options) -> Configuration:
    """The configuration with the command line laid over it. Raises ConfigurationError."""
    changes: dict[str, Any] = {}
    if options.data is not None:
        changes["data"] = str(Path(options.data).absolute())
    if options.hosts:
        changes["hosts"] = options.hosts
        changes["listeners"] = {
            name: msgspec.structs.replace(each, hosts=())
            for name, each in configuration.listeners.items()
        }
    if options.port_offset is not None:
        changes["port_offset"] = options.port_offset
    if options.workers is not None:
        changes["workers"] = options.workers
    if options.nameservers:
        changes["nameservers"] = options.nameservers
    if options.routes:
        routes = (*options.routes, *configuration.delivery.routes)
        changes["delivery"] = msgspec.structs.replace(configuration.delivery, routes=routes)
    changed = msgspec.structs.replace(configuration, **changes)
    check(None, changed)
    return changed


# how a mistake becomes a sentence


def convert(path: Path, document: dict[str, Any]) -> Configuration:
    try:
        return msgspec.convert(document, Configuration)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{path}: {explain(str(error), document)}") from error


def explain(words: str, document: dict[str, Any]) -> str:
    """msgspec's words as a sentence with the key in TOML's spelling and what to do."""
    what, _, where = words.partition(" - at ")
    key = key_of(where.strip("`"), document)
    unknown = re.match(r"Object contains unknown field `(.*)`", what)
    if unknown:
        known = fields_at(key)
        near = difflib.get_close_matches(unknown[1], known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known here are {', '.join(known)}"
        return f"there is no setting {dotted(key, unknown[1])}: {hint}"
    missing = re.match(r"Object missing required field `(.*)`", what)
    if missing:
        return f"{dotted(key, missing[1])} is missing: add it"
    wanted = re.match(r"Expected `([^`]*)`, got `([^`]*)`", what)
    if wanted:
        return f"{key} has to be {kind(wanted[1])}, not {kind(wanted[2])}"
    bound = re.match(r"Expected `\w+` (.*)", what)
    if bound:
        return f"{key} has to be {bound[1]}"
    return f"{key}: {what}"


def key_of(where: str, document: dict[str, Any]) -> str:
    """`$.listeners[...].port` as TOML spells it, with the name that msgspec leaves out."""
    key = re.sub(r"\[\d*\]", "", where.removeprefix("$").removeprefix("."))
    if "[...]" not in key:
        return key
    before, _, after = key.partition("[...]")
    table = document.get(before, {})
    for name, value in table.items() if isinstance(table, dict) else ():
        try:
            msgspec.convert(value, ListenerSettings)
        except msgspec.ValidationError:
            return f"{before}.{name}{after}"
    return f"{before}{after}"


def fields_at(key: str) -> list[str]:
    table: type[Struct] = Configuration
    for part in key.split(".") if key else ():
        table = TABLES.get(part, ListenerSettings if key.startswith("listeners") else table)
    return [each.name for each in msgspec.structs.fields(table)]


TABLES: dict[str, type[Struct]] = {
    "tls": TlsSettings,
    "limits": LimitSettings,
    "submission": SubmissionSettings,
    "delivery": DeliverySettings,
    "smarthost": SmarthostSettings,
    "trace": TraceSettings,
}


def dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def kind(words: str) -> str:
    """A TOML type's name with its article."""
    names = {
        "int": "a whole number",
        "float": "a number",
        "str": "text in quotes",
        "bool": "true or false",
        "array": "a list",
        "object": "a table",
        "object | null": "a table",
    }
    return names.get(words, words)


# what the types cannot say


def check(path: Path | None, configuration: Configuration) -> None:
    """Raises ConfigurationError."""
    try:
        check_listeners(configuration)
        if configuration.port_offset < 0:
            raise ConfigurationError("the port offset is added to every port: 0 or more")
        check_hostname(configuration.hostname)
        check_networks("submission.relay_networks", configuration.submission.relay_networks)
        for nameserver in configuration.nameservers:
            read_nameserver(nameserver)
        for route in configuration.delivery.routes:
            check_route(route)
        if configuration.delivery.smarthost is not None:
            check_smarthost(configuration.delivery.smarthost)
        if bool(configuration.tls.certificate) != bool(configuration.tls.key):
            raise ConfigurationError("tls.certificate and tls.key belong together: set both")
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}" if path else str(error)) from None


def check_listeners(configuration: Configuration) -> None:
    for name, settings in configuration.listeners.items():
        if name not in LISTENERS and name != LMTP:
            raise ConfigurationError(
                f"there is no listener {name}: there are {', '.join([*LISTENERS, LMTP])}"
            )
        if name == LMTP and settings.enabled and not settings.path and not settings.port:
            raise ConfigurationError("listeners.lmtp needs a path (Unix socket) or a port")
        check_networks(f"listeners.{name}.trusted_proxies", settings.trusted_proxies)
        check_networks(f"listeners.{name}.trusted_clients", settings.trusted_clients)
    if not configuration.hosts:
        raise ConfigurationError('hosts is empty: name an address, "0.0.0.0" for all')


def check_hostname(name: str) -> None:
    if name and not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(\.(?!-)[A-Za-z0-9-]{1,63})*", name):
        raise ConfigurationError(
            f"hostname {name!r} is not a host name: letters, digits, hyphens and dots"
        )


def check_networks(key: str, networks: Sequence[str]) -> None:
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigurationError(
                f"{key}: {network!r} is no address or network such as 192.0.2.0/24 ({error})"
            ) from error


def read_nameserver(text: str) -> tuple[str, int]:
    """HOST, HOST:PORT or [HOST]:PORT, HOST being an address. Raises ConfigurationError."""
    try:
        host, port = read_host_port(text, DNS_PORT)
        ipaddress.ip_address(host)
    except ValueError as error:
        raise ConfigurationError(
            f"nameserver {text!r} is not ADDRESS or ADDRESS:PORT, such as 192.0.2.53:53"
        ) from error
    return host, port


def check_route(text: str) -> None:
    from correo.base.errors import UsageError
    from correo.queue.routes import read_route

    try:
        read_route(text)
    except UsageError as error:
        raise ConfigurationError(str(error)) from error


def check_smarthost(settings: SmarthostSettings) -> None:
    if settings.tls not in ("starttls", "implicit", "opportunistic"):
        raise ConfigurationError(
            f"delivery.smarthost.tls is {settings.tls!r}: use starttls, implicit or opportunistic"
        )
    if settings.password and settings.password_file:
        raise ConfigurationError("delivery.smarthost has both password and password_file: keep one")


def absolute(configuration: Configuration, folder: Path) -> Configuration:
    """Paths made absolute."""

    def at(path: str) -> str:
        return str((folder / path).absolute()) if path else ""

    tls = msgspec.structs.replace(
        configuration.tls,
        certificate=at(configuration.tls.certificate),
        key=at(configuration.tls.key),
    )
    delivery = configuration.delivery
    if delivery.smarthost is not None:
        smarthost = msgspec.structs.replace(
            delivery.smarthost, password_file=at(delivery.smarthost.password_file)
        )
        delivery = msgspec.structs.replace(delivery, smarthost=smarthost)
    listeners = {
        name: msgspec.structs.replace(each, path=at(each.path))
        for name, each in configuration.listeners.items()
    }
    return msgspec.structs.replace(
        configuration, data=at(configuration.data), tls=tls, delivery=delivery, listeners=listeners
    )
