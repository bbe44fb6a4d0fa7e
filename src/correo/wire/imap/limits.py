"""How much one client may ask of a server's memory, before and after it has logged in.

RFC 7162    4        command lines up to 8192 octets must be accepted from clients
RFC 7888    4, 5     LITERAL+ and LITERAL-; literals that are too large
RFC 7889    2        APPENDLIMIT
"""

from dataclasses import dataclass

__all__ = ["ServerLimits"]


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """All in octets but `errors`.

    line: one command without its literals. Clients send sets of thousands of UIDs.
    literals: all literals of one command together, APPEND's messages apart.
    login_line, login_literals: the same for strangers.
    append: one message of an APPEND (announced as APPENDLIMIT).
    non_synchronizing: the largest {n+}: None for LITERAL+, 4096 for LITERAL-.
    discard: what is read and thrown away of one bad command before the connection ends.
    login_discard: the same for strangers.
    errors: bad commands in a row before the connection ends (Dovecot: 20).
    login_errors: the same for strangers (Dovecot: 3; ours leaves room for typing by hand).
    """

    line: int = 64 * 1024
    literals: int = 256 * 1024
    login_line: int = 8 * 1024
    login_literals: int = 8 * 1024
    append: int = 50 * 1024 * 1024
    non_synchronizing: int | None = None
    discard: int = 64 * 1024 * 1024
    login_discard: int = 64 * 1024
    errors: int = 20
    login_errors: int = 8
