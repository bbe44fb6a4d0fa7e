"""Show a message that came to a test as what a person sees: subject, text, links, codes, files.

`Mail.wait_for` and `Mail.inbox` give these. Nothing is parsed before it is asked for. What cannot
be read is shown as well as it can be: a test about broken mail wants to see it, too.

RFC 5322, 2045-2047, 2183  read by `correo.message`
RFC 5321    4.4      the id in our Received field leads back to the envelope
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from correo.message import headers
from correo.message.address import Address, parse_addresses
from correo.message.encoding.charsets import decode_charset
from correo.message.encoding.transfer import decode_body
from correo.message.html import text_of_html
from correo.message.index import MessageIndex
from correo.message.scan import scan
from correo.message.structure import Part, Structure
from correo.testing.links import Link, links_of_html, links_of_text, without_links

__all__ = ["MailAssertionError", "MessageEnvelope", "ReceivedMessage", "ReceivedPart"]

CODE = re.compile(
    r"(?<![\w.,/:@+-])"
    r"(?:\d{4,8}|\d{3}[ -]\d{3}|(?=\d*[A-Z])(?=[A-Z]*\d)[A-Z\d]{5,10})"
    r"(?![\w/:@-]|[.,]\d)"
)
CODE_WORD = re.compile(r"code|código|pin\b|otp|passcode|token", re.IGNORECASE)


class MailAssertionError(AssertionError):
    """What a test expected of its mail is not so; the text says what is there instead."""


@dataclass(frozen=True, slots=True)
class MessageEnvelope:
    """What the client said around the message, which need not be what its header says.

    login: the account that sent it, "" without a login.
    is_encrypted: whether it came over TLS; told of what a simulated server has taken.
    """

    sender: str
    recipients: tuple[str, ...]
    login: str = ""
    is_encrypted: bool = False


class ReceivedPart:
    """One part that is no multipart: a text, a picture, a file."""

    def __init__(self, raw: bytes, part: Part) -> None:
        self._raw = raw
        self._part = part

    @property
    def content_type(self) -> str:
        """Such as "text/plain", in lower case."""
        return self._part.content_type

    @property
    def filename(self) -> str:
        """The name it was given, "" for none."""
        return self._part.filename

    @property
    def content_id(self) -> str:
        """Under which HTML refers to it, without angle brackets; "" for none."""
        return self._part.content_id

    @property
    def is_attachment(self) -> bool:
        """Whether it is meant to be saved rather than shown."""
        return self._part.disposition == "attachment" or (
            bool(self.filename) and self._part.disposition != "inline"
        )

    @cached_property
    def content(self) -> bytes:
        """The octets, with the transfer encoding undone."""
        return decode_body(self._part.body(self._raw), self._part.encoding)

    @property
    def text(self) -> str:
        """The content as text, by its charset, lines ending in "\\n"."""
        return decode_charset(self.content, self._part.charset).replace("\r\n", "\n")

    def __repr__(self) -> str:
        name = f" {self.filename!r}" if self.filename else ""
        return f"<{self.content_type}{name} {len(self.content):,} octets>"


class ReceivedMessage:
    """A message in a mailbox.

    Attributes:
        raw: the octets as stored, trace fields in front.
        account: the address of the account it lies in.
        envelope: None for what did not come by SMTP.
        uid: in its mailbox.
    """

    def __init__(
        self, raw: bytes, *, account: str, uid: int, envelope: MessageEnvelope | None = None
    ) -> None:
        self.raw = raw
        self.account = account
        self.uid = uid
        self.envelope = envelope

    # the header

    def header(self, name: str) -> str:
        """The first field of this name, decoded; "" if there is none."""
        value = headers.first(self._header, name.encode())
        return "" if value is None else headers.text(value)

    def headers(self, name: str) -> list[str]:
        """All fields of this name, decoded."""
        return [headers.text(value) for value in headers.every(self._header, name.encode())]

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def sender(self) -> str:
        """The address in From; of several the first."""
        return next((each.addr_spec for each in self.addresses("From")), "")

    @property
    def sender_name(self) -> str:
        """The name beside it, "" for none."""
        return next((each.display_name for each in self.addresses("From")), "")

    @property
    def to(self) -> list[str]:
        """The addresses in To."""
        return [each.addr_spec for each in self.addresses("To")]

    @property
    def cc(self) -> list[str]:
        """The addresses in Cc."""
        return [each.addr_spec for each in self.addresses("Cc")]

    @property
    def reply_to(self) -> list[str]:
        """The addresses in Reply-To."""
        return [each.addr_spec for each in self.addresses("Reply-To")]

    @property
    def recipients(self) -> list[str]:
        """Who gets it: those of the envelope, blind copies too; without one, To and Cc."""
        return list(self.envelope.recipients) if self.envelope else [*self.to, *self.cc]

    @property
    def message_id(self) -> str:
        """Without angle brackets, "" if there is none."""
        return self._index.message_id.decode("utf-8", "replace")

    def addresses(self, name: str) -> list[Address]:
        """The mailboxes of all fields of this name, with names."""
        values = headers.every(self._header, name.encode())
        return [each for value in values for each in parse_addresses(value)]

    # the body

    @cached_property
    def parts(self) -> list[ReceivedPart]:
        """All parts that are no multiparts, in order; an attached message is one part."""
        return [ReceivedPart(self.raw, part) for part in leaves(self._structure.root)]

    @property
    def attachments(self) -> list[ReceivedPart]:
        """The parts that are meant to be saved."""
        return [part for part in self.parts if part.is_attachment]

    def attachment(self, filename: str) -> ReceivedPart:
        """The attachment of this name. Raises MailAssertionError if there is none."""
        for part in self.attachments:
            if part.filename == filename:
                return part
        names = ", ".join(repr(part.filename) for part in self.attachments) or "none"
        raise MailAssertionError(f"no attachment {filename!r} in {self!r}; it has {names}")

    @property
    def text(self) -> str:
        """The plain text; without any, what a reader sees of the HTML."""
        plain = self._shown("text/plain")
        return plain if plain is not None else text_of_html(self.html)

    @property
    def html(self) -> str:
        """The HTML, "" if there is none."""
        return self._shown("text/html") or ""

    def _shown(self, content_type: str) -> str | None:
        for part in self.parts:
            if part.content_type == content_type and not part.is_attachment:
                return part.text
        return None

    # what tests look for

    @cached_property
    def links(self) -> list[Link]:
        """The links of the HTML, then those that only the plain text has."""
        found = links_of_html(self.html)
        known = {link.url for link in found}
        plain = self._shown("text/plain") or ""
        return found + [link for link in links_of_text(plain) if link.url not in known]

    def link(self, text: str = "") -> str:
        """The URL of the one link that has this in its words, or else in its URL.

        Raises MailAssertionError if there is no such link, or several that lead to different
        places.
        """
        wanted = text.casefold()
        fitting = [link.url for link in self.links if wanted in link.text.casefold()]
        fitting = fitting or [link.url for link in self.links if wanted in link.url.casefold()]
        found = list(dict.fromkeys(fitting))
        if len(found) == 1:
            return found[0]
        what = f"no link {text!r}" if not found else f"{len(found)} links {text!r}"
        raise MailAssertionError(f"{what} in {self!r}; its links: {listed(self.links)}")

    @cached_property
    def codes(self) -> list[str]:
        """What looks like a code to be typed: 4 to 8 digits, "123 456", or "A1B2C3"; in order."""
        found = (re.sub(r"[ -]", "", match[0]) for match in CODE.finditer(self._plain_words))
        return list(dict.fromkeys(found))

    @property
    def code(self) -> str:
        """The one code; of several, the one in the only line that speaks of a code.

        Raises MailAssertionError if it is not clear which.
        """
        if len(self.codes) == 1:
            return self.codes[0]
        lines = self._plain_words.splitlines()
        near = [
            re.sub(r"[ -]", "", match[0])
            for line in lines
            if CODE_WORD.search(line)
            for match in CODE.finditer(line)
        ]
        if len(set(near)) == 1:
            return near[0]
        what = "no code" if not self.codes else f"several codes ({', '.join(self.codes)})"
        raise MailAssertionError(f"{what} in {self!r}; its text: {self.text.strip()[:300]!r}")

    @cached_property
    def _plain_words(self) -> str:
        return without_links(self.text)

    # inside

    def __repr__(self) -> str:
        return f"<message {self.subject!r} from {self.sender} to {', '.join(self.recipients)}>"

    @cached_property
    def _index(self) -> MessageIndex:
        return scan(self.raw)

    @cached_property
    def _structure(self) -> Structure:
        return Structure.decode(self._index.structure)

    @property
    def _header(self) -> bytes:
        return self.raw[: self._index.header_size]


def leaves(part: Part) -> Iterator[Part]:
    if part.is_multipart:
        for child in part.children:
            yield from leaves(child)
    else:
        yield part


def listed(links: Sequence[Link]) -> str:
    return ", ".join(f"{link.text!r} ({link.url})" for link in links) or "none"
