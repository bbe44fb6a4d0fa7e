"""Say where the servers of an account are, and how to log in there."""

from dataclasses import dataclass, field
from enum import Enum

from correo.clients.imap.account import ImapAccount
from correo.clients.security import TlsMode

__all__ = ["FoundBy", "MailSettings", "Service", "ServiceKind"]


class ServiceKind(Enum):
    """What a server is for."""

    IMAP = "imap"
    POP3 = "pop3"
    SUBMISSION = "submission"


class FoundBy(Enum):
    """Where it is published."""

    SRV = "DNS (SRV)"  # RFC 6186, RFC 8314 5.1
    AUTOCONFIG = "autoconfig"  # on the domain's web server
    DATABASE = "database"  # of somebody else, who was asked because the caller wanted it


@dataclass(frozen=True, slots=True)
class Service:
    """One server.

    tls: IMPLICIT or STARTTLS.
    username: to log in with.
    is_elsewhere: DNS, which anybody between may have answered, names a host outside the address's
        domain: let the user see it first (RFC 6186 6).
    """

    kind: ServiceKind
    host: str
    port: int
    tls: TlsMode
    username: str
    found_by: FoundBy
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class MailSettings:
    """All that was found, the best of each kind first.

    not_offered: kinds of which the domain says that it has none (SRV with the target ".").
    """

    address: str
    services: tuple[Service, ...]
    not_offered: frozenset[ServiceKind] = field(default_factory=frozenset)

    def service(self, kind: ServiceKind) -> Service | None:
        """The best of this kind, None if there is none."""
        return next((each for each in self.services if each.kind is kind), None)

    @property
    def imap(self) -> Service | None:
        return self.service(ServiceKind.IMAP)

    @property
    def pop3(self) -> Service | None:
        return self.service(ServiceKind.POP3)

    @property
    def submission(self) -> Service | None:
        return self.service(ServiceKind.SUBMISSION)

    def imap_account(self, password: str = "") -> ImapAccount:
        """The account on its IMAP server. Raises LookupError if it has none."""
        found = self.imap
        if found is None:
            raise LookupError(f"no IMAP server of {self.address} is published")
        return ImapAccount(found.host, found.username, password, port=found.port, tls=found.tls)
