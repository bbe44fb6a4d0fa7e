"""Re-encode 8-bit and binary content, so that a message passes where only 7 bits do.

`delivery.remote` and `cli send` call it for a peer without 8BITMIME, or without BINARYMIME for
binary content. The structure stays: the same parts, types, names and order; only bodies,
Content-Transfer-Encoding fields and 8-bit header fields change. Text becomes quoted-printable
or base64, whichever is shorter to read, everything else base64. What is 7-bit stays octet for
octet as it was.

RFC 6152    3        convert or return, never send 8 bits to who does not take them
RFC 3030    3        no loss, no encoding within an encoding
RFC 2045    6.4      which encodings multiparts and messages may have
RFC 2046    5.2      message/partial and message/external-body are 7-bit or nothing
RFC 1847    2.1      signed parts must not be altered
RFC 6532    3.7      message/global may be encoded as a whole

What cannot be done is refused, with `CannotDowngrade`, and the sender is told; nothing is ever
sent altered beyond that. Refused are: content within multipart/signed that would have to change
(the signature would break, and a broken one says less than a bounce), message/partial and
message/external-body, unknown transfer encodings, boundaries beyond US-ASCII, fields that cannot
be told in US-ASCII (5.6.9). Octets over 127 in preambles and epilogues become "?", for no reader
shows them. A DKIM signature over the body does not outlive re-encoding (RFC 6376 5.3); relays that
sign do it after this.
"""

import re

from correo.base.errors import Refusal
from correo.message.downgrade.fields import NotSevenBit, encode_header
from correo.message.encoding.transfer import (
    decode_body,
    encode_base64,
    encode_quoted_printable,
    is_known_encoding,
)
from correo.message.entities import encode_text, is_7bit, is_utf8
from correo.message.headers import fields
from correo.message.mime import Node, read_tree
from correo.message.structure import Part

__all__ = ["CannotDowngrade", "to_7bit"]

_EMPTY_LINE = re.compile(rb"(?:\A|(?<=\n))\r?\n\Z")

Edit = tuple[int, int, bytes]  # replace [start, end) by these octets


class CannotDowngrade(Refusal):
    """The message cannot be made 7-bit without loss; it goes back to its sender.

    Status 5.6.3 (RFC 3463 3.7) for content, 5.6.9 (RFC 6531 3.9) for a header that needs
    SMTPUTF8.
    """


def to_7bit(octets: bytes) -> bytes:
    """The message as 7bit throughout; itself if it is that already.

    Raises:
        CannotDowngrade: it cannot be done without loss; the text says what stands against it.
    """
    if is_7bit(octets):
        return octets
    edits: list[Edit] = []
    _Downgrade(octets, edits).message(read_tree(octets))
    return _apply(octets, sorted(edits))


def _apply(octets: bytes, edits: list[Edit]) -> bytes:
    pieces: list[bytes] = []
    position = 0
    for start, end, replacement in edits:
        pieces += (octets[position:start], replacement)
        position = end
    return b"".join([*pieces, octets[position:]])


class _Downgrade:
    """One message being re-encoded; collects edits, none of which overlap."""

    def __init__(self, octets: bytes, edits: list[Edit]) -> None:
        self.octets = octets
        self.edits = edits

    def message(self, node: Node) -> None:
        """A whole message, the outermost or an embedded one."""
        part = node.part
        added = (
            []
            if b"mime-version:" in part.header(self.octets).lower()
            else [b"MIME-Version: 1.0\r\n"]
        )
        self._entity(node, added)

    def _entity(self, node: Node, added: list[bytes]) -> None:
        part = node.part
        if (
            is_7bit(part.header(self.octets))
            and is_7bit(part.body(self.octets))
            and not _is_wide(part)
        ):
            return
        if node.children:
            self._multipart(node, added)
        elif node.message is not None and part.subtype == "rfc822":
            self._header(part, added, "7bit")
            self.message(node.message)
        else:
            self._leaf(node, added)

    def _multipart(self, node: Node, added: list[bytes]) -> None:
        part = node.part
        if not part.parameters.get("boundary", "").isascii():
            raise CannotDowngrade("5.6.3", "a boundary between parts is not in US-ASCII")
        position = part.body_offset
        for child in node.children:
            if part.subtype == "signed":
                self._check_signed(child.part)
            else:
                self._entity(child, [])
            self._filler(position, child.part.header_offset)
            position = max(child.part.body_offset + child.part.body_size, position)
        self._filler(position, part.body_offset + part.body_size)
        self._header(part, added, "7bit")

    def _check_signed(self, part: Part) -> None:
        """Within multipart/signed nothing is touched, a wide label on 7-bit content neither."""
        if not is_7bit(self.octets[part.header_offset : part.body_offset + part.body_size]):
            raise CannotDowngrade(
                "5.6.3", "re-encoding would break the signature of signed content"
            )

    def _filler(self, start: int, end: int) -> None:
        """Preamble, delimiters, epilogue."""
        if end > start and not self.octets[start:end].isascii():
            filler = bytes(octet if octet < 128 else 0x3F for octet in self.octets[start:end])
            self.edits.append((start, end, filler))

    def _leaf(self, node: Node, added: list[bytes]) -> None:
        part = node.part
        body = part.body(self.octets)
        encoding = part.encoding
        if is_7bit(body):
            self._header(part, added, "7bit" if _is_wide(part) else None)
            return
        if part.content_type in ("message/partial", "message/external-body"):
            raise CannotDowngrade("5.6.3", f"{part.content_type} holds 8-bit content")
        if not is_known_encoding(encoding):
            raise CannotDowngrade(
                "5.6.3", f"unknown transfer encoding {encoding} holds 8-bit content"
            )
        content = decode_body(body, encoding)
        encoding, encoded = _encode(part, content)
        if node.fields.get(b"content-type") is None and not content.isascii():
            charset = b"utf-8" if is_utf8(content) else b"unknown-8bit"
            added = [*added, b"Content-Type: text/plain; charset=" + charset + b"\r\n"]
        self._header(part, added, encoding)
        self.edits.append((part.body_offset, part.body_offset + part.body_size, encoded))

    def _header(self, part: Part, added: list[bytes], encoding: str | None) -> None:
        """Make the header 7-bit, with this transfer encoding (None: as it is)."""
        header = part.header(self.octets)
        try:
            changed = encode_header(header)
        except NotSevenBit as error:
            raise CannotDowngrade("5.6.9", f"needs SMTPUTF8: {error}") from None
        if encoding is not None and encoding != part.encoding:
            added = [*added, b"Content-Transfer-Encoding: " + encoding.encode("ascii") + b"\r\n"]
        if encoding is not None and added:
            changed = _with_fields(changed, added)
        if changed != header:
            self.edits.append((part.header_offset, part.header_offset + part.header_size, changed))


def _is_wide(part: Part) -> bool:
    return part.encoding in ("8bit", "binary")


def _encode(part: Part, content: bytes) -> tuple[str, bytes]:
    """(transfer encoding, encoded) for a leaf's content."""
    has_lines = content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r")
    if part.encoding == "quoted-printable" and has_lines:
        return "quoted-printable", encode_quoted_printable(content)
    if part.type in ("text", "message") and has_lines and b"\0" not in content:
        return encode_text(content)
    encoded = encode_base64(content)
    return "base64", encoded.removesuffix(b"\r\n") if part.section != (1,) else encoded


def _with_fields(header: bytes, new: list[bytes]) -> bytes:
    """The header with these fields at its end, instead of any it has of the same names."""
    names = {field.partition(b":")[0].lower() for field in new}
    kept, position = [], 0
    for name, _, start, end in fields(header):
        if name.lower() in names:
            kept.append(header[position:start])
            position = end
    kept.append(header[position:])
    rest = b"".join(kept)
    match = _EMPTY_LINE.search(rest)
    head = rest[: match.start()] if match else rest
    return head + b"".join(new) + rest[len(head) :]
