"""The MIME tree of a message, as the index keeps it: what each part is, and where it lies.

`mime` makes it, the store keeps it as octets, and whoever serves a section (FETCH BODY[1.2],
POP3 TOP, JMAP, search, preview) finds the part and reads its range of the stored message.

RFC 2045, 2046       parts; RFC 2183 disposition
RFC 9051    6.4.5.1  part specifiers
RFC 9051    7.5.2    what a part tells of itself

Cost: decoding is one C call of msgspec, about a microsecond for each part.
"""

from collections.abc import Iterator

import msgspec

__all__ = ["Part", "Structure"]

VERSION = b"\x01"  # first octet of the encoded form; Part may grow at its end without a change


class Part(msgspec.Struct, array_like=True):
    """One node of the tree.

    type, subtype, encoding, disposition: lower case; disposition "" if there is none.
    parameters, disposition_parameters: lower-case names, decoded values (RFC 2231, 2047).
    content_id: without angle brackets.
    header_offset, header_size: the part's own header (for the root the message's) with the
        empty line that ends it; nothing for what has none.
    body_offset, body_size: the content, still encoded; for a multipart all of it, from preamble
        to epilogue; for message/rfc822 the whole embedded message.
    lines: LF in the body of text and embedded messages, 0 for others.
    children: of a multipart, never empty there.
    message: of message/rfc822 and message/global, the root of the embedded message.
    section: the part specifier, (1, 2) for "1.2". A message that is no multipart is its own
        part 1: (1,) for the root, (2, 1) for the root of a message embedded as part 2. One that
        is a multipart has () and (2,).
    """

    type: str
    subtype: str
    parameters: dict[str, str]
    encoding: str
    disposition: str
    disposition_parameters: dict[str, str]
    content_id: str
    header_offset: int
    header_size: int
    body_offset: int
    body_size: int
    lines: int
    children: list["Part"]
    message: "Part | None"
    section: tuple[int, ...] = ()

    @property
    def content_type(self) -> str:
        """ "type/subtype"."""
        return f"{self.type}/{self.subtype}"

    @property
    def charset(self) -> str:
        """The charset parameter in lower case; "us-ascii" if there is none (RFC 2046 4.1.2)."""
        return self.parameters.get("charset", "us-ascii").lower()

    @property
    def filename(self) -> str:
        """The name to save the part under, "" if it has none; to be distrusted."""
        return self.disposition_parameters.get("filename") or self.parameters.get("name", "")

    @property
    def is_multipart(self) -> bool:
        return self.type == "multipart"

    def header(self, octets: bytes) -> bytes:
        """This part's header out of the message's octets."""
        return octets[self.header_offset : self.header_offset + self.header_size]

    def body(self, octets: bytes) -> bytes:
        """This part's content, still encoded, out of the message's octets."""
        return octets[self.body_offset : self.body_offset + self.body_size]


class Structure:
    """The tree of one message, by its root."""

    __slots__ = ("root",)

    def __init__(self, root: Part) -> None:
        self.root = root

    def encode(self) -> bytes:
        """The compact form for `MessageIndex.structure`."""
        return VERSION + _encode(self.root)

    @classmethod
    def decode(cls, encoded: bytes) -> "Structure":
        """The tree back from its compact form.

        Raises:
            ValueError: the octets are no structure of a version known here.
        """
        if encoded[:1] != VERSION:
            raise ValueError("not an encoded message structure of a known version")
        try:
            return cls(_DECODER.decode(memoryview(encoded)[1:]))
        except msgspec.DecodeError as error:
            raise ValueError(f"damaged message structure: {error}") from None

    def find(self, section: tuple[int, ...]) -> Part | None:
        """The part a part specifier names (RFC 9051 6.4.5.1); None if there is none.

        () is the root. 1 of what is no multipart is that part itself. Below an embedded message
        the numbers are those of the embedded message's parts.
        """
        part, is_message = self.root, True
        for number in section:
            if not is_message and part.message is not None:
                part, is_message = part.message, True
            if part.children:
                if not 1 <= number <= len(part.children):
                    return None
                part = part.children[number - 1]
            elif number != 1 or not is_message:
                return None
            is_message = False
        return part

    def walk(self) -> Iterator[Part]:
        """Every part, in order, parents first, embedded messages' parts after what holds them."""
        waiting = [self.root]
        while waiting:
            part = waiting.pop()
            yield part
            if part.message is not None:
                waiting.append(part.message)
            waiting.extend(reversed(part.children))

    def leaves(self) -> Iterator[Part]:
        """The parts with content of their own: neither multiparts nor embedded messages."""
        return (part for part in self.walk() if not part.children and part.message is None)


_encode = msgspec.msgpack.Encoder().encode
_DECODER = msgspec.msgpack.Decoder(Part)
