"""Read IMAP URLs that name a message or a part of one: for CATENATE, URLAUTH and BURL.

An URL is absolute ("imap://ana@host/INBOX/;UID=20"), has a host only ("//host/..."), or neither
("/INBOX/;UID=20", or ";UID=20" for the mailbox that is selected). What names no message (a server,
a mailbox, a search) is a `BadUrl`.

RFC 5092    6, 7, 11 imessagepart, iurlauth, relative URLs; 8 names are UTF-8, percent-encoded
RFC 3986    5.2.4    dot-segments
RFC 3339    5.6      date-time of EXPIRE

Departures: RFC 5092 7.2 has relative-path URLs refused, and 9.1 explains one: ";UID=20" is taken,
since RFC 4469 3 makes the selected mailbox the base; none with a mailbox is.

Cost: one regular expression, in time that grows with the length.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from urllib.parse import unquote_to_bytes

from correo.base.errors import Refusal
from correo.wire.imap.arguments import NUMBER64_LIMIT, NUMBER_LIMIT, Arguments, BadCommand
from correo.wire.imap.fetch_items import BodySection
from correo.wire.imap.names import decode_name
from correo.wire.imap.parsers.fetch import body_section

__all__ = ["Access", "Authorization", "BadUrl", "MessageUrl", "parse_url"]

# uchar, achar and bchar of RFC 5092 11; none of them has ";"
U = rb"(?:[A-Za-z0-9\-._~!$'()*+,]|%[0-9A-Fa-f]{2})"
A = rb"(?:[A-Za-z0-9\-._~!$'()*+,&=]|%[0-9A-Fa-f]{2})"
B = rb"(?:[A-Za-z0-9\-._~!$'()*+,&=:@/]|%[0-9A-Fa-f]{2})"
NZ = rb"[1-9][0-9]{0,9}"
# iserver = [iuserinfo "@"] host [":" port]
SERVER = re.compile(
    rb"(?:(?P<user>%b+)?(?:;AUTH=(?:\*|%b+))?@)?"
    rb"(?P<host>\[[0-9A-F:.]+\]|%b+)(?::(?P<port>[0-9]{0,5}))?" % (A, A, A),
    re.IGNORECASE,
)
# imessagepart [iurlauth], the mailbox left out in a relative URL
MESSAGE = re.compile(
    rb"(?:/(?P<mailbox>%b+?)(?:;UIDVALIDITY=(?P<validity>%b))?/)?;UID=(?P<uid>%b)"
    rb"(?:/;SECTION=(?P<section>%b+?))?"
    rb"(?:/;PARTIAL=(?P<offset>[0-9]{1,19})(?:\.(?P<length>[1-9][0-9]{0,18}))?)?"
    rb"(?P<auth>(?:;EXPIRE=(?P<expire>[0-9T:.Z+\-]+))?"
    rb";URLAUTH=(?P<access>submit\+|user\+|authuser|anonymous)(?P<for>%b+)?"
    rb"(?P<verifier>:(?P<mechanism>[A-Z0-9\-.]+):(?P<token>[0-9A-F]{32,}))?)?" % (B, NZ, NZ, B, A),
    re.IGNORECASE,
)
DATE_TIME = re.compile(
    rb"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))",
    re.IGNORECASE,
)


class BadUrl(Refusal):
    """It names no message, or none that can be had; the text says why."""

    def __init__(self, text: str) -> None:
        super().__init__("5.6.6", text)


class Access(Enum):
    """Who may use an authorized URL (RFC 5092 6.1.2)."""

    SUBMIT = "submit+"
    USER = "user+"
    AUTHUSER = "authuser"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Authorization:
    """The URLAUTH of an URL.

    user: of submit+ and user+, else "".
    expires: seconds since 1970 UTC, the last second it is good in; None for ever.
    rump: the URL up to here, as it was written: what the token is made of.
    mechanism: in capitals; "" (and no token) if the URL is not authorized yet.
    """

    access: Access
    user: str
    expires: int | None
    rump: bytes
    mechanism: str = ""
    token: bytes = b""


@dataclass(frozen=True, slots=True)
class MessageUrl:
    """A message, or a part of one.

    user, host: None where the URL has none; the host in lower case.
    mailbox: Unicode; None for the selected one.
    section: what of the message; its partial without an end has the largest length.
    """

    user: str | None
    host: str | None
    port: int | None
    mailbox: str | None
    uid_validity: int | None
    uid: int
    section: BodySection
    authorization: Authorization | None = None


def parse_url(octets: bytes) -> MessageUrl:
    """Raises: BadUrl."""
    user, host, port, path = split_server(octets)
    if b"/." in path:
        path = without_dots(path)
    match = MESSAGE.fullmatch(path)
    if match is None or (match["mailbox"] is not None and match["mailbox"].startswith(b"/")):
        raise BadUrl("the URL names no message")
    if host is not None and match["mailbox"] is None:
        raise BadUrl("the URL names no mailbox")
    return MessageUrl(
        user,
        host,
        port,
        None if match["mailbox"] is None else mailbox_name(match["mailbox"]),
        None if match["validity"] is None else number(match["validity"], NUMBER_LIMIT),
        number(match["uid"], NUMBER_LIMIT),
        section_of(match),
        authorization_of(match, octets),
    )


def split_server(octets: bytes) -> tuple[str | None, str | None, int | None, bytes]:
    """User, host, port, and the path behind them."""
    if octets[:7].lower() == b"imap://":
        rest = octets[7:]
    elif octets.startswith(b"//"):
        rest = octets[2:]
    else:
        return None, None, None, octets
    server, slash, path = rest.partition(b"/")
    match = SERVER.fullmatch(server)
    if match is None or not slash:
        raise BadUrl("the URL names no server and message")
    user = None if match["user"] is None else decoded(match["user"])
    port = number(match["port"], 65_536) if match["port"] else None
    return user, decoded(match["host"]).lower(), port, slash + path


def without_dots(path: bytes) -> bytes:
    kept: list[bytes] = []
    segments = path.split(b"/")
    for segment in segments:
        if segment == b"..":
            kept = kept[:1] if len(kept) < 2 else kept[:-1]
        elif segment != b".":
            kept.append(segment)
    if segments[-1] in (b".", b".."):
        kept.append(b"")
    return b"/".join(kept)


def number(octets: bytes, limit: int) -> int:
    value = int(octets)
    if value >= limit:
        raise BadUrl("a number in the URL is too large")
    return value


def decoded(octets: bytes) -> str:
    try:
        return unquote_to_bytes(octets).decode("utf-8")
    except UnicodeDecodeError:
        raise BadUrl("the URL is not UTF-8") from None


def mailbox_name(octets: bytes) -> str:
    try:
        return decode_name(unquote_to_bytes(octets), utf8=True)
    except ValueError:
        raise BadUrl("the name of the mailbox is not UTF-8") from None


def section_of(match: re.Match[bytes]) -> BodySection:
    partial = None
    if match["offset"] is not None:
        length = NUMBER64_LIMIT if match["length"] is None else int(match["length"])
        partial = number(match["offset"], NUMBER64_LIMIT), length
    inside = unquote_to_bytes(match["section"] or b"")
    if b"\x00" in inside:
        raise BadUrl("the URL has a malformed section")
    try:
        return body_section(Arguments(b"", []), inside, partial, peek=True)
    except BadCommand:
        raise BadUrl("the URL has a malformed section") from None


def authorization_of(match: re.Match[bytes], octets: bytes) -> Authorization | None:
    if match["auth"] is None:
        return None
    access = Access(match["access"].lower().decode("ascii"))
    if (match["for"] is not None) != (access in (Access.SUBMIT, Access.USER)):
        raise BadUrl("the URL has a malformed access identifier")
    verifier = match["verifier"] or b""
    return Authorization(
        access,
        decoded(match["for"] or b""),
        None if match["expire"] is None else moment(match["expire"]),
        octets.removesuffix(verifier),
        (match["mechanism"] or b"").upper().decode("ascii"),
        (match["token"] or b"").lower(),
    )


def moment(octets: bytes) -> int:
    match = DATE_TIME.fullmatch(octets)
    if match is None:
        raise BadUrl("the URL has a malformed EXPIRE")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    zone = int(match[8] or 0) * 60 + int(match[9] or 0)
    try:
        local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        raise BadUrl("the URL has a malformed EXPIRE") from None
    return int(local.timestamp()) - (-zone if match[7] == b"-" else zone) * 60
