"""The AUTHORIZATION state: who is it, and is the connection fit to say so?

It checks what can be checked without knowing any account, and turns the rest into events.

RFC 1939    4, 7     USER, PASS, APOP
RFC 2595    4        STLS
RFC 3206    6        [AUTH]: the credentials are the trouble, or the way they were to be shown
RFC 5034    4        AUTH; "=" is an empty initial response, "*" cancels
RFC 6856    2        UTF8; no STLS after it

Departure: USER may follow USER; the last one counts.
"""

import base64
from dataclasses import dataclass

from correo.wire.pop3.events import (
    DigestGiven,
    Event,
    MechanismChosen,
    PasswordGiven,
    ResponseGiven,
    TlsWanted,
)
from correo.wire.pop3.grammar import BadCommand, decode_base64
from correo.wire.pop3.phrases import Phrase
from correo.wire.pop3.replies import Replies

__all__ = ["Authorization", "Offer"]


@dataclass(slots=True)
class Offer:
    """What may be used on this connection now; changes with TLS.

    may_show_password: USER and PASS are allowed.
    mechanisms: of AUTH, strongest first; none means no AUTH.
    may_start_tls: STLS is allowed.
    """

    may_show_password: bool
    mechanisms: tuple[str, ...] = ()
    may_start_tls: bool = False


class Authorization:
    """is_authenticating: an AUTH exchange is under way: lines are responses, not commands.
    is_utf8: UTF8 was given.
    """

    __slots__ = (
        "_replies",
        "_username",
        "failed_logins",
        "is_authenticating",
        "is_tls",
        "is_utf8",
        "offer",
        "timestamp",
    )

    def __init__(self, replies: Replies, offer: Offer) -> None:
        self._replies = replies
        self._username: str | None = None
        self.offer = offer
        self.timestamp = ""
        self.failed_logins = 0
        self.is_authenticating = False
        self.is_tls = False
        self.is_utf8 = False

    def user(self, name: bytes) -> Event | None:
        if not self.offer.may_show_password:
            self._replies.fail(Phrase.ENCRYPT_FIRST, code="AUTH")
            return None
        self._username = text_of(name)
        self._replies.ok(Phrase.NAME_TAKEN)
        return None

    def password(self, password: bytes) -> Event | None:
        if self._username is None:
            raise BadCommand(Phrase.WRONG_STATE, "PASS")
        return PasswordGiven(self._username, text_of(password))

    def apop(self, name: bytes, digest: bytes) -> Event | None:
        if not self.timestamp:
            raise BadCommand(Phrase.NO_APOP)
        return DigestGiven(text_of(name), digest.decode())

    def auth(self, mechanism: bytes, initial: bytes | None) -> Event | None:
        name = mechanism.decode().upper()
        if name not in self.offer.mechanisms:
            has_any = bool(self.offer.mechanisms)
            phrase = Phrase.UNKNOWN_MECHANISM if has_any else Phrase.ENCRYPT_FIRST
            self._replies.fail(phrase, code="AUTH")
            return None
        if initial is None:
            return MechanismChosen(name, None)
        return MechanismChosen(name, response_of(b"" if initial == b"=" else initial))

    def response(self, line: bytes) -> Event | None:
        """A line amid an AUTH exchange."""
        self.is_authenticating = False
        if line == b"*":
            self._replies.fail(Phrase.CANCELLED)
            return None
        return ResponseGiven(response_of(line))

    def challenge(self, octets: bytes) -> None:
        self.is_authenticating = True
        self._replies.send(b"+ %b\r\n" % base64.b64encode(octets))

    def stls(self) -> Event | None:
        if self.is_tls:
            raise BadCommand(Phrase.ALREADY_TLS)
        if not self.offer.may_start_tls:
            raise BadCommand(Phrase.NO_TLS)
        if self.is_utf8:
            raise BadCommand(Phrase.TLS_BEFORE_UTF8)
        return TlsWanted()

    def utf8(self) -> Event | None:
        self.is_utf8 = True
        self._replies.ok(Phrase.UTF8_ON)
        return None

    def encrypted(self, offer: Offer) -> None:
        """TLS is in force: what was said in clear is forgotten (RFC 2595 4)."""
        self.is_tls = True
        self.offer = offer
        self._username = None

    def refuse(self, phrase: Phrase, code: str) -> None:
        """The login failed."""
        self._username = None
        self.failed_logins += 1
        self._replies.fail(phrase, code=code)

    def capabilities(self) -> list[str]:
        """What CAPA says of logging in; the same in both states (RFC 2449 5)."""
        lines = ["USER"] if self.offer.may_show_password else []
        if self.offer.mechanisms:
            lines.append("SASL " + " ".join(self.offer.mechanisms))
        if self.offer.may_start_tls and not self.is_tls:
            lines.append("STLS")
        return lines


def text_of(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        raise BadCommand(Phrase.NOT_UTF8) from error


def response_of(line: bytes) -> bytes:
    response = decode_base64(line)
    if response is None:
        raise BadCommand(Phrase.NOT_BASE64)
    return response
