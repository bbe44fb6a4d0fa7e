"""Find what a lax mail server would forgive: in messages as they came, and in what was said.

A test with `pedantic=True` fails if there is anything. Each complaint is a sentence that names the
thing and the rule.

RFC 5322    2.1.1 lines of 998 octets at most, ended by CRLF; 2.2 fields in ASCII; 3.6 which fields
            there are, and how often
RFC 2045    4 MIME-Version; RFC 2047 words of other scripts in fields
RFC 5321    3.3 MAIL FROM:<path> without a space; 4.1.1.1 the name in EHLO; 4.1.1.10 QUIT;
            4.2.4 replies to what is no command
RFC 6152    3 octets above 127 need BODY=8BITMIME
"""

import re
from collections import Counter
from collections.abc import Iterable

from correo.message import headers
from correo.message.address import parse_addresses
from correo.message.dates import parse_date
from correo.trace.record import Kind, Record

__all__ = ["in_body", "in_dialogues", "in_header", "in_lines"]

LINE_LIMIT = 998  # octets without CRLF
ONCE = (
    b"date", b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"message-id",
    b"in-reply-to", b"references", b"subject", b"mime-version", b"content-type",
    b"content-transfer-encoding",
)  # fmt: skip
NEEDED = (b"date", b"from", b"message-id")
MESSAGE_ID = re.compile(rb"\s*<[^<>@\s]+@[^<>@\s]+>\s*")
FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
NO_COMMAND = re.compile(
    r"50[0-4] |555 |550 5\.6\.11 "
)  # SMTP: syntax, order, parameters, ends of lines
PATH = re.compile(r"(?:MAIL FROM|RCPT TO):(?P<path>.*)", re.IGNORECASE | re.DOTALL)
HELLO = re.compile(r"(?:EHLO|HELO) +(?P<name>.*\S)\s*", re.IGNORECASE)
NAME = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
    r"|\[[0-9.]+\]|\[[A-Za-z0-9-]*:[\x21-\x5a\x5e-\x7e]+\]"
)  # a domain, or the literal of an address
DECLARED = re.compile(r" BODY=(?:8BITMIME|BINARYMIME)\b", re.IGNORECASE)
BAD = re.compile(r"\S+ BAD ")  # IMAP
UNKNOWN = "-ERR unknown command"  # POP3


def in_header(header: bytes, *, utf8: bool = False) -> list[str]:
    """What is wrong with a header as it came.

    Args:
        utf8: the message came with SMTPUTF8, and may have UTF-8 in its fields.
    """
    names = Counter(name.lower() for name in FIELD.findall(header))
    found = [f"the field {shown(name)} is missing (RFC 5322 3.6)" for name in missing(names)]
    found += [
        f"the field {shown(name)} stands there {names[name]} times (RFC 5322 3.6)"
        for name in ONCE
        if names[name] > 1
    ]
    if not utf8 and not header.isascii():
        found.append("a field has other characters than ASCII, not encoded (RFC 2047)")
    if names[b"content-type"] and not names[b"mime-version"]:
        found.append("there is a Content-Type without MIME-Version (RFC 2045 4)")
    return found + in_values(header)


def missing(names: Counter[bytes]) -> list[bytes]:
    return [name for name in NEEDED if not names[name]]


def in_values(header: bytes) -> list[str]:
    found = []
    date = headers.first(header, b"date")
    if date is not None and parse_date(date) is None:
        found.append(f"{date.decode('latin-1').strip()!r} is no date (RFC 5322 3.3)")
    for name in (b"from", b"to", b"cc", b"reply-to", b"sender"):
        value = headers.first(header, name)
        if value is not None and not is_address(value):
            found.append(f"the field {shown(name)} has no address (RFC 5322 3.4)")
    identifier = headers.first(header, b"message-id")
    if identifier is not None and not MESSAGE_ID.fullmatch(identifier):
        text = identifier.decode("latin-1").strip()
        found.append(f"{text!r} is no Message-ID such as <unique@domain> (RFC 5322 3.6.4)")
    return found


def is_address(value: bytes) -> bool:
    """Whether there is an address in it, or a group, which may be empty."""
    return b":" in value or any(each.domain for each in parse_addresses(value))


def in_lines(octets: bytes) -> list[str]:
    """What is wrong with the lines of a message."""
    found = []
    longest = max(map(len, octets.split(b"\r\n")))
    if longest > LINE_LIMIT:
        found.append(f"a line has {longest} octets, more than {LINE_LIMIT} (RFC 5322 2.1.1)")
    without = octets.replace(b"\r\n", b"")
    if b"\r" in without or b"\n" in without:
        found.append("a line ends in CR or LF alone (RFC 5322 2.3)")
    if b"\x00" in octets:
        found.append("there is a NUL in it (RFC 5322 4)")
    return found


def in_body(octets: bytes, sender: str, records: Iterable[Record]) -> list[str]:
    """What is wrong with a message from this sender as it was announced."""
    if octets.isascii():
        return []
    start = f"MAIL FROM:<{sender}>".upper()
    for record in records:
        if record.side == "C" and record.text.upper().startswith(start):
            if DECLARED.search(record.text):
                return []
    return ["the message has octets above 127, and MAIL did not say BODY=8BITMIME (RFC 6152 3)"]


def in_command(protocol: str, text: str) -> list[str]:
    """What is wrong with a line that our server may have taken all the same."""
    if not protocol.startswith(("smtp", "submission")):
        return []
    path, hello = PATH.match(text), HELLO.fullmatch(text)
    if path is not None and path["path"].startswith((" ", "\t")):
        return [f"{protocol}: {text!r} has a space behind the colon (RFC 5321 3.3)"]
    if path is not None and not path["path"].startswith("<"):
        return [f"{protocol}: {text!r} has no angle brackets around the address (RFC 5321 3.3)"]
    if hello is not None and not NAME.fullmatch(hello["name"]):
        name = hello["name"]
        return [f"{protocol}: {name!r} in EHLO is no host name, nor [address] (RFC 5321 4.1.1.1)"]
    return []


def in_dialogues(records: Iterable[Record]) -> list[str]:
    """What clients said that is no command, and dialogues that were broken off."""
    found = []
    protocols: dict[str, str] = {}
    last: dict[str, str] = {}
    for record in records:
        if record.kind == Kind.OPENED and record.text == "server":
            protocols[record.session] = record.details.get("protocol", "")
        protocol = protocols.get(record.session, "")
        if record.kind == Kind.SAID and record.side == "C":
            last[record.session] = record.text
            found += in_command(protocol, record.text)
        elif record.kind == Kind.SAID and is_complaint(protocol, record.text):
            found.append(
                f"{protocol}: {last.get(record.session, '')!r} was answered {record.text!r}"
            )
        elif record.kind == Kind.ENDED and protocol.startswith(("smtp", "submission", "pop3")):
            said = last.get(record.session, "")
            if said and said.strip().upper() != "QUIT":
                found.append(f"{protocol}: the client left without QUIT, after {said!r}")
    return found


def is_complaint(protocol: str, text: str) -> bool:
    if protocol.startswith("imap"):
        return BAD.match(text) is not None
    if protocol.startswith("pop3"):
        return text.startswith(UNKNOWN)
    return NO_COMMAND.match(text) is not None


def shown(name: bytes) -> str:
    return "-".join(part.capitalize() for part in name.decode("ascii").split("-"))
