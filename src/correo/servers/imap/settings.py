"""What an operator decides about IMAP.

RFC 9051    5.4      the time-out of logged-in clients is at least 30 minutes
RFC 7889             APPENDLIMIT; RFC 9738 MESSAGELIMIT
"""

from dataclasses import dataclass, field

from correo.wire.imap.limits import ServerLimits

__all__ = ["ImapSettings"]


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """One for all IMAP listeners of a process.

    lets_loopback_log_in_plainly: passwords without TLS from peers on this machine (development).
    login_limit_s: how long a stranger may stay.
    idle_limit_s: silence of a client that has logged in, IDLE included.
    limits: what one client may ask of our memory; limits.append is announced as APPENDLIMIT.
    messages_per_command: announced as MESSAGELIMIT (RFC 9738), and kept; 0 for any number.
    id_parameters: what ID tells (RFC 2971); none of it is needed for anything.
    """

    lets_loopback_log_in_plainly: bool = False
    login_limit_s: float = 60.0
    idle_limit_s: float = 31 * 60.0
    limits: ServerLimits = field(default_factory=ServerLimits)
    messages_per_command: int = 0
    id_parameters: dict[str, str] = field(default_factory=lambda: {"name": "correo"})
