"""Everything that can be set about an SMTP, submission or LMTP listener.

The wiring fills it from the configuration; limits of connections are the listener's own.

RFC 5321    4.5.3.1 sizes, 4.5.3.2 time-outs
"""

from dataclasses import dataclass, field

from correo.base.errors import UsageError
from correo.intake.api import Role
from correo.net.addresses import Network
from correo.wire.smtp.data import LineEnds
from correo.wire.smtp.server.options import ServerOptions

__all__ = ["SmtpSettings"]


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """One listener's settings.

    hostname: our name in the greeting and the answer to EHLO.
    greeting: the rest of the greeting line; "ESMTP" (or "LMTP") must be in it.

    Limits
    max_size: octets of a message, 0 for no limit; more is 552.
    max_recipients: accepted ones of one message; more is 452 (RFC 5321 4.5.3.1.8: at least 100).
    max_messages: of one connection, 0 for no limit; more is 451 (RFC 9422 MAILMAX).
    max_errors: 5xx replies since the last accepted message, then 421. Postfix cuts at 20; half a
        hundred lets a list with many dead addresses through.
    max_commands: commands since the last accepted message, accepted recipients not counted, then
        421 (Postfix's junk command limit is 100).
    max_failed_logins: then 421.

    Time, in seconds
    command_idle_s: silence between commands (RFC 5321 4.5.3.2.7: at least 5 minutes).
    content_idle_s: silence within content.
    envelope_s: from the greeting or the last message to the next content, however talkative.
    content_s: from 354, or the first BDAT, to the end of the message, however talkative.

    What is offered
    line_ends: what becomes of a bare CR or LF in content; NORMALISE is for submission only.
    offers_login: AUTH; only under TLS,
    lets_loopback_log_in_plainly: except for peers on this machine, if this is set (development).
    xclient_networks: peers that may speak for others (XCLIENT).
    without: EHLO keywords not to be offered.
    """

    role: Role
    hostname: str
    greeting: str = ""
    max_size: int = 50 * 1024 * 1024
    max_recipients: int = 1000
    max_messages: int = 0
    max_errors: int = 50
    max_commands: int = 200
    max_failed_logins: int = 3
    command_idle_s: float = 300.0
    content_idle_s: float = 180.0
    envelope_s: float = 1800.0
    content_s: float = 3600.0
    line_ends: LineEnds = LineEnds.REFUSE
    offers_login: bool = True
    lets_loopback_log_in_plainly: bool = False
    xclient_networks: tuple[Network, ...] = ()
    without: frozenset[str] = field(default_factory=frozenset)

    def engine_options(self, *, has_urls: bool = False) -> ServerOptions:
        """What the engine has to know of this.

        Args:
            has_urls: what IMAP URLs name can be had; then submission offers BURL.

        Raises:
            UsageError: line ends are to be mended on a listener that is not for submission; what
                another server sends must not mean one thing to it and another to us.
        """
        if self.line_ends is not LineEnds.REFUSE and self.role is not Role.SUBMISSION:
            raise UsageError("only a submission listener may mend line ends")
        is_lmtp = self.role is Role.LMTP
        return ServerOptions(
            hostname=self.hostname,
            greeting=self.greeting or ("LMTP correo" if is_lmtp else "ESMTP correo"),
            is_lmtp=is_lmtp,
            max_size=self.max_size,
            max_recipients=self.max_recipients,
            max_messages=self.max_messages,
            max_errors=self.max_errors,
            max_commands=self.max_commands,
            line_ends=self.line_ends,
            offers_burl=has_urls and self.role is Role.SUBMISSION,
            without=self.without,
        )
