"""What a server engine is told once: its name, what it offers, and its limits."""

from dataclasses import dataclass, field

from correo.wire.smtp.data import LineEnds

__all__ = ["ServerOptions"]


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Shared by all connections of a listener.

    hostname: what the greeting and the answer to EHLO begin with.
    greeting: the rest of the greeting line; "ESMTP" must be in it.
    is_lmtp: LHLO instead of EHLO, one final reply per recipient (RFC 2033).
    max_size: octets of a message; 0 for no limit (RFC 1870).
    max_recipients: accepted ones of one message (RFC 5321 4.5.3.1.8: at least 100).
    max_messages: of one connection, 0 for no limit (RFC 9422 MAILMAX).
    max_errors: 5xx replies since the last accepted message, then 421. Messages that wait for their
        answer may add as many again.
    max_commands: commands since the last accepted message, accepted recipients not counted.
    max_command_line: octets with CRLF. RFC 5321 4.5.3.1.4 says 512, each extension adds its own
        (RFC 3461 alone 500), so 512 would be too few.
    max_sasl_line: octets with CRLF (RFC 4954 4: at least 12288).
    line_ends: what becomes of a bare CR or LF in content; NORMALISE also lets commands end in LF.
    offers_burl: BURL, for who has logged in; only where the session can find what URLs name.
    without: EHLO keywords not to be offered ("CHUNKING", "SMTPUTF8", ...), for listeners and
        tests that need a plainer server. What is not offered is not taken.
    """

    hostname: str
    greeting: str = "ESMTP correo"
    is_lmtp: bool = False
    max_size: int = 50 * 1024 * 1024
    max_recipients: int = 1000
    max_messages: int = 0
    max_errors: int = 50
    max_commands: int = 200
    max_command_line: int = 2048
    max_sasl_line: int = 12290
    line_ends: LineEnds = LineEnds.REFUSE
    offers_burl: bool = False
    without: frozenset[str] = field(default_factory=frozenset)
