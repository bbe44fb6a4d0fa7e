"""How long to wait.

RFC 5321    4.5.3.2 the least time-outs of a client
"""

from dataclasses import dataclass

__all__ = ["SmtpTimeouts"]


@dataclass(frozen=True, slots=True)
class SmtpTimeouts:
    """Seconds to wait for each thing; the defaults are RFC 5321 4.5.3.2's least.

    content: for the peer to take the next 256 KiB of content.
    final: for the reply to the whole message.
    """

    connect: float = 30.0
    greeting: float = 300.0
    command: float = 300.0
    data: float = 120.0
    content: float = 180.0
    final: float = 600.0
    quit: float = 5.0
