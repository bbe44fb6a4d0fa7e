"""Say where mail for a domain goes before DNS is asked: a fixed host, the smarthost, the catcher.

Both sides of the queue ask it: `intake` whether the catcher takes a recipient at once, `delivery`
which host comes next. The wiring makes it from the configuration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from correo.base.errors import UsageError
from correo.net.addresses import read_host_port

__all__ = ["SMTP_PORT", "NextHop", "Routes", "Smarthost", "read_route"]

SMTP_PORT = 25


@dataclass(frozen=True, slots=True)
class NextHop:
    """A host to hand mail to without looking for MX records."""

    host: str
    port: int = SMTP_PORT


@dataclass(frozen=True, slots=True)
class Smarthost:
    """A host that relays everything for us (RFC 6409 submission, usually).

    tls: "starttls" demands it, "implicit" begins with it, "opportunistic" uses it if offered.
    With a login, TLS is always demanded and the certificate checked.
    """

    hop: NextHop
    username: str = ""
    password: str = field(default="", repr=False)
    tls: str = "opportunistic"


@dataclass(frozen=True, slots=True)
class Routes:
    """Where mail goes.

    static: domain (A-label, lower-case) or ".domain" for all below it -> next hop.
    smarthost: takes what no static route takes.
    catcher: address of a local account that gets all mail for elsewhere instead, so that
        nothing leaves the machine; "" for none. Static routes go out all the same.
    """

    static: Mapping[str, NextHop] = field(default_factory=dict)
    smarthost: Smarthost | None = None
    catcher: str = ""

    def find(self, domain: str) -> NextHop | Smarthost | None:
        """The way out for a domain; None for the MX records."""
        return self._static(domain) or self.smarthost

    def catches(self, domain: str) -> bool:
        """Whether mail for this domain, which is not local, stays with the catcher."""
        return bool(self.catcher) and self._static(domain) is None

    def _static(self, domain: str) -> NextHop | None:
        if not self.static:
            return None
        found = self.static.get(domain)
        parent = domain
        while found is None and parent:
            parent = parent.partition(".")[2]
            found = self.static.get(f".{parent}")
        return found


def read_route(text: str) -> tuple[str, NextHop]:
    """Read "DOMAIN=HOST[:PORT]" as in `--route`; an IPv6 host stands in brackets.

    Raises:
        UsageError: it is not of that form; the text says what is missing.
    """
    domain, equals, target = text.strip().partition("=")
    if not equals or not domain or not target:
        raise UsageError(f"a route is DOMAIN=HOST:PORT, not {text!r}")
    try:
        hop = NextHop(*read_host_port(target, SMTP_PORT))
    except ValueError as error:
        raise UsageError(
            f"the route for {domain} needs a host and a port, not {target!r}"
        ) from error
    return domain.lower().rstrip("."), hop
