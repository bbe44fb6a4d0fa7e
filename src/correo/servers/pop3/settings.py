"""What an operator decides about POP3.

RFC 1939    3        the inactivity timer is at least ten minutes
"""

from dataclasses import dataclass

__all__ = ["Pop3Settings"]


@dataclass(frozen=True, slots=True)
class Pop3Settings:
    """One for all POP3 listeners of a process.

    hostname: our name in greeting and farewell.
    implementation: what CAPA tells; without spaces.
    lets_loopback_log_in_plainly: passwords without TLS from peers on this machine (development).
    idle_limit_s: silence of a client; then the session ends, and deletes nothing.
    login_limit_s: from the connection to the login, however busy.
    """

    hostname: str
    implementation: str = "correo"
    lets_loopback_log_in_plainly: bool = False
    idle_limit_s: float = 600.0
    login_limit_s: float = 600.0
