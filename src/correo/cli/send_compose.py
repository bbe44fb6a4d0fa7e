"""Make messages out of what `correo send` was told: options, files, a pipe, ready-made messages.

RFC 5322    3.6      the fields
RFC 5321    3.3, 4.1.2 the envelope is apart from the header
"""

import mimetypes
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from correo.base.errors import UsageError
from correo.message.address import Address, parse_addresses
from correo.message.builder import Attachment, Draft, build
from correo.message.headers import every, first, select
from correo.store.queue import QueuedMessage, QueuedRecipient

__all__ = ["Options", "letters"]

NOTIFY = frozenset({"SUCCESS", "FAILURE", "DELAY"})
BARE_LINE_END = re.compile(rb"\r\n|\r|\n")
FIELD = re.compile(r"([!-9;-~]+):[ \t]*(.*)", re.DOTALL)


@dataclass(slots=True)
class Options:
    """What the command line said; see `send`."""

    hostname: str
    to: Sequence[str] = ()
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    sender: str = ""
    subject: str = ""
    text: str | None = None
    html: Path | None = None
    attach: Sequence[Path] = field(default_factory=list)
    header: Sequence[str] = ()
    message: Sequence[str] = ()
    envelope_from: str | None = None
    notify: str = ""


def letters(options: Options, pipe: BinaryIO | None) -> list[QueuedMessage]:
    """The messages with their envelopes.

    Args:
        pipe: standard input, None if it is a terminal.

    Raises:
        UsageError: something is missing or contradicts itself. OSError: a file cannot be read.
    """
    if options.message:
        if any((options.subject, options.text, options.html, options.attach, options.header)):
            raise UsageError("a ready-made message (--message) takes no subject, text or files")
        return [ready_made(options, name, pipe) for name in options.message]
    return [built(options, pipe)]


def built(options: Options, pipe: BinaryIO | None) -> QueuedMessage:
    """A message from options."""
    if not options.sender:
        raise UsageError("say who sends: --from ADDRESS")
    to, cc, bcc = (mailboxes(given) for given in (options.to, options.cc, options.bcc))
    text = options.text
    if text is None and pipe is not None:
        text = pipe.read().decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()
    if text is None and options.html is None and not options.attach:
        raise UsageError("say something: --text, --html, --attach, or a text from a pipe")
    draft = Draft(
        sender=mailboxes([options.sender]),
        to=to,
        cc=cc,
        subject=options.subject,
        text=text or "",
        html=options.html.read_text("utf-8") if options.html is not None else "",
        attachments=[attachment(path) for path in options.attach],
        extra=[further_field(each) for each in options.header],
    )
    now = time.time()
    content = build(
        draft,
        date=int(now),
        message_id=f"{secrets.token_hex(12)}@{options.hostname}",
        offset_s=time.localtime(now).tm_gmtoff // 60 * 60,
    )
    sender = draft.sender[0].addr_spec
    return letter(options, "message", sender, [*to, *cc, *bcc], content)


def ready_made(options: Options, name: str, pipe: BinaryIO | None) -> QueuedMessage:
    """A message as it lies in a file or comes by a pipe; line ends become CRLF."""
    if name == "-":
        if pipe is None:
            raise UsageError("--message - reads from a pipe, and there is none")
        octets = pipe.read()
    else:
        octets = Path(name).read_bytes()
    if octets.startswith(b"From ") and b"\n" in octets:  # the first line of an mbox
        octets = octets.partition(b"\n")[2]
    if octets.count(b"\r\n") != octets.count(b"\n") or octets.count(b"\r") != octets.count(b"\n"):
        octets = BARE_LINE_END.sub(b"\r\n", octets)
    header, empty, body = octets.partition(b"\r\n\r\n")
    header += b"\r\n" if empty else b""
    given = [*options.to, *options.cc, *options.bcc]
    recipients = mailboxes(given) if given else addressed(header)
    content = select(header, [b"bcc"], exclude=True) + (b"\r\n" + body if empty else b"")
    sender = options.sender or author(header)
    return letter(options, name, sender, recipients, content)


def letter(
    options: Options, name: str, sender: str, recipients: Sequence[Address], content: bytes
) -> QueuedMessage:
    """Put a message in its envelope."""
    if not recipients:
        raise UsageError(f"{name} has no recipient: name one, or write it in its To field")
    reverse_path = options.envelope_from if options.envelope_from is not None else sender
    if reverse_path == "<>":
        reverse_path = ""
    elif reverse_path:
        reverse_path = mailboxes([reverse_path])[0].addr_spec
    else:
        raise UsageError(f"{name} has no sender: say --from ADDRESS")
    addresses = dict.fromkeys(each.addr_spec for each in recipients)
    notify = wanted_reports(options.notify)
    header = content.partition(b"\r\n\r\n")[0]
    smtputf8 = not (header.isascii() and reverse_path.isascii() and "".join(addresses).isascii())
    return QueuedMessage(
        id=name,
        reverse_path=reverse_path,
        recipients=[QueuedRecipient(each, notify) for each in addresses],
        content=content,
        arrived=0.0,
        expires=0.0,
        due=0.0,
        smtputf8=smtputf8,
        body="7BIT" if content.isascii() else "8BITMIME",
    )


def mailboxes(given: Sequence[str]) -> list[Address]:
    """Addresses as people write them, several with commas between. Raises UsageError."""
    found: list[Address] = []
    for text in given:
        addresses = parse_addresses(text)
        if not addresses or not all(each.local and each.domain for each in addresses):
            raise UsageError(f"{text!r} is not an address")
        found += addresses
    return found


def addressed(header: bytes) -> list[Address]:
    """Those named in To, Cc and Bcc."""
    values = [value for name in (b"to", b"cc", b"bcc") for value in every(header, name)]
    return [each for value in values for each in parse_addresses(value) if each.domain]


def author(header: bytes) -> str:
    """The address in Sender or From, "" if there is none."""
    for name in (b"sender", b"from"):
        addresses = parse_addresses(first(header, name) or b"")
        if addresses and addresses[0].domain:
            return addresses[0].addr_spec
    return ""


def attachment(path: Path) -> Attachment:
    kind, encoding = mimetypes.guess_type(path.name)
    if kind is None or encoding is not None:  # a packed file is not of the kind that is in it
        kind = "application/octet-stream"
    return Attachment(path.name, path.read_bytes(), kind)


def further_field(text: str) -> tuple[str, str]:
    match = FIELD.fullmatch(text)
    if match is None or "\n" in text or "\r" in text:
        raise UsageError(f"--header takes 'NAME: TEXT', not {text!r}")
    return match[1], match[2]


def wanted_reports(text: str) -> frozenset[str]:
    words = frozenset(word.strip().upper() for word in text.split(",") if word.strip())
    if words - NOTIFY and words != {"NEVER"}:
        raise UsageError("--notify takes never, or some of success,failure,delay")
    return words
