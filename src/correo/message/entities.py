"""Make MIME parts and put them together: the bricks of `builder` and `reports`.

An entity is header fields and a body, both as they go on the wire. Each maker chooses the
transfer encoding that the content needs and no more: 7bit where it is, quoted-printable for
text that is mostly readable, base64 for the rest. Lines end in CRLF.

RFC 2045    4-6      MIME-Version, Content-Type, Content-Transfer-Encoding
RFC 2046    5.1      multiparts and their boundaries; 5.2.1 message/rfc822 is never encoded
RFC 2183    2        Content-Disposition
RFC 6532    3.7      message/global
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from correo.message.encoding.parameters import encode_parameter
from correo.message.encoding.transfer import encode_base64, encode_quoted_printable

__all__ = [
    "Entity",
    "encode_text",
    "file_entity",
    "fold_items",
    "has_long_line",
    "is_7bit",
    "is_utf8",
    "message_entity",
    "multipart_entity",
    "parameterized",
    "text_entity",
]

LINE_LIMIT = 998  # octets without CRLF, RFC 5322 2.1.1
FOLD_LENGTH = 78  # RFC 5322 2.1.1, preferred

_NO_FOLD = re.compile(rb"\r\n(?![ \t])|(?<!\r)\n|\r(?!\n)")
_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Entity:
    """Header fields (name, folded value) and a body as it goes on the wire."""

    fields: Sequence[tuple[bytes, bytes]]
    body: bytes

    def render(self) -> bytes:
        """Header, empty line, body. A line end in a value that is no fold becomes a space, so
        that nothing handed in can begin a field of its own."""
        lines = [name + b": " + _NO_FOLD.sub(b" ", value) + b"\r\n" for name, value in self.fields]
        return b"".join(lines) + b"\r\n" + self.body


def has_long_line(octets: bytes) -> bool:
    """Whether a line is longer than SMTP carries (RFC 5321 4.5.3.1.6).

    One look for each thousand octets: the last line end that a line beginning here may have.
    """
    position, length = 0, len(octets)
    while length - position > LINE_LIMIT:
        position = octets.rfind(b"\n", position, position + LINE_LIMIT + 2) + 1
        if position == 0:
            return True
    return False


def is_7bit(octets: bytes) -> bool:
    """Whether the octets may travel as 7bit: ASCII, no NUL, CRLF only, no long line."""
    return (
        octets.isascii()
        and b"\0" not in octets
        and octets.count(b"\r\n") == octets.count(b"\n") == octets.count(b"\r")
        and not has_long_line(octets)
    )


def is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def encode_text(octets: bytes) -> tuple[str, bytes]:
    """(transfer encoding, encoded) of text in CRLF lines, whichever of 7bit, quoted-printable
    and base64 reads best."""
    if is_7bit(octets):
        return "7bit", octets
    foreign = sum(map(octets.count, _FOREIGN_OCTETS)) if len(octets) < 4096 else _foreign(octets)
    if foreign * 5 > len(octets):
        return "base64", encode_base64(octets)
    return "quoted-printable", encode_quoted_printable(octets)


_FOREIGN_OCTETS = [
    bytes([octet]) for octet in (*range(9), 11, 12, *range(14, 32), 61, *range(127, 256))
]
_READABLE = bytes(set(range(256)) - {octet[0] for octet in _FOREIGN_OCTETS})


def _foreign(octets: bytes) -> int:
    return len(octets.translate(None, _READABLE))


def fold_items(items: Sequence[bytes], *, first_column: int) -> bytes:
    """Items with a space between, or a fold where the line would grow over 78 octets."""
    folded, column = [items[0]], first_column + len(items[0])
    for item in items[1:]:
        if column + 1 + len(item) > FOLD_LENGTH:
            folded.append(b"\r\n " + item)
            column = 1 + len(item)
        else:
            folded.append(b" " + item)
            column += 1 + len(item)
    return b"".join(folded)


def parameterized(name: bytes, value: str, parameters: Mapping[str, str]) -> tuple[bytes, bytes]:
    """A field of the form "value; name=value", folded."""
    items = [value.encode("ascii")]
    for key, content in parameters.items():
        for item in encode_parameter(key, content):
            items[-1] += b";"
            items.append(item)
    return name, fold_items(items, first_column=len(name) + 2)


def text_entity(text: str, *, subtype: str = "plain") -> Entity:
    """A text part in UTF-8, or US-ASCII if that is enough; any line ends become CRLF."""
    octets = _BARE_LINE_END.sub(b"\r\n", text.encode("utf-8", "replace"))
    encoding, body = encode_text(octets)
    charset = "us-ascii" if octets.isascii() else "utf-8"
    fields = [parameterized(b"Content-Type", f"text/{subtype}", {"charset": charset})]
    if encoding != "7bit":
        fields.append((b"Content-Transfer-Encoding", encoding.encode("ascii")))
    return Entity(fields, body)


def file_entity(
    content: bytes,
    media_type: str,
    *,
    filename: str = "",
    disposition: str = "attachment",
    content_id: str = "",
    parameters: Mapping[str, str] | None = None,
) -> Entity:
    """A file as a part, in base64 (but a message/* as it is, see `message_entity`)."""
    if media_type.lower() in ("message/rfc822", "message/global"):
        return message_entity(content, filename=filename, disposition=disposition)
    fields = [
        parameterized(b"Content-Type", media_type, parameters or {}),
        (b"Content-Transfer-Encoding", b"base64"),
        *_naming_fields(filename, disposition),
    ]
    if content_id:
        fields.append((b"Content-ID", f"<{content_id}>".encode()))
    return Entity(fields, encode_base64(content).removesuffix(b"\r\n"))


def message_entity(content: bytes, *, filename: str = "", disposition: str = "") -> Entity:
    """A message within a message: unencoded, as RFC 2046 5.2.1 demands; 8bit or binary if it
    is, and message/global if its header is in UTF-8."""
    header = content[: _header_length(content)]
    is_global = not header.isascii() and is_utf8(header)
    kind = "message/global" if is_global else "message/rfc822"
    fields = [parameterized(b"Content-Type", kind, {})]
    if not is_7bit(content):
        is_binary = (
            b"\0" in content or bool(_BARE_LINE_END.search(content)) or has_long_line(content)
        )
        fields.append((b"Content-Transfer-Encoding", b"binary" if is_binary else b"8bit"))
    fields.extend(_naming_fields(filename, disposition))
    return Entity(fields, content)


def _header_length(content: bytes) -> int:
    end = re.search(rb"(?:\A|\n)\r?\n", content)
    return end.end() if end else len(content)


def _naming_fields(filename: str, disposition: str) -> list[tuple[bytes, bytes]]:
    if not disposition:
        return []
    names = {"filename": filename} if filename else {}
    return [parameterized(b"Content-Disposition", disposition, names)]


def multipart_entity(
    subtype: str, children: Sequence[Entity], parameters: Mapping[str, str] | None = None
) -> Entity:
    """Parts in one; its transfer encoding is the widest among theirs (RFC 2045 6.4)."""
    rendered = [child.render() for child in children]
    boundary = make_boundary(rendered)
    named = {**(parameters or {}), "boundary": boundary.decode("ascii")}
    fields = [parameterized(b"Content-Type", f"multipart/{subtype}", named)]
    widest = _widest(children)
    if widest != b"7bit":
        fields.append((b"Content-Transfer-Encoding", widest))
    pieces = [b"--" + boundary + b"\r\n" + part + b"\r\n" for part in rendered]
    return Entity(fields, b"".join(pieces) + b"--" + boundary + b"--")


def _widest(children: Sequence[Entity]) -> bytes:
    domains = {dict(child.fields).get(b"Content-Transfer-Encoding", b"7bit") for child in children}
    return next((domain for domain in (b"binary", b"8bit") if domain in domains), b"7bit")


def make_boundary(parts: Sequence[bytes]) -> bytes:
    """A boundary that stands in none of the parts; the same parts give the same one."""
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()
    number = 0
    while True:
        boundary = f"=_{digest[:20]}_{number}".encode("ascii")
        if not any(boundary in part for part in parts):
            return boundary
        number += 1
