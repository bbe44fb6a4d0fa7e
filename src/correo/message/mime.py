"""Find the parts of a message in one pass over its octets: where each begins, ends, what it is.

Bodies are searched for their boundaries with `bytes.find`; nothing loops over lines. Whatever
the octets, a tree comes out: where mail breaks the rules this is how it is read:

- A line ends in LF, with or without CR. The header ends at the first empty line; without one it
  is the whole part.
- A delimiter is a line of "--" and the boundary, on which "--", white space or nothing follows;
  what comes after that on the line is passed over. (RFC 2046 5.1.1 lets the boundary be a mere
  beginning of the line; but boundaries of nested parts that begin alike are common.)
- An outer delimiter ends all that is open within. Missing the closing delimiter, the last part
  ends with what surrounds it.
- A multipart without a boundary, or whose boundary never comes, has one part: its whole body, as
  plain text, so that nothing is out of reach. One that is closed and never opened has one empty
  part, since IMAP knows no multipart without.
- A multipart within one with the same boundary is closed first (RFC 2046 5.1.2 forbids it).
- Of fields that come twice the first counts, of Content-Disposition the last, as in Dovecot.
- A Content-Type that cannot be read means text/plain (RFC 2045 5.2).

RFC 5322    2.1      header and body
RFC 2045    5, 6     Content-Type, Content-Transfer-Encoding and their defaults
RFC 2046    5.1      multipart, delimiters; 5.1.5 digest; 5.2.1 message/rfc822
RFC 9051    7.5.2    message/global is taken apart as message/rfc822 is

Limits (ours; Dovecot has 100 levels and 10,000 parts): DEPTH_LIMIT levels, below which a
multipart or embedded message is application/octet-stream; PARTS_LIMIT parts, after which the
last one takes the rest; DELIMITERS_LIMIT lines that begin with the boundary looked for; once
SEARCHES_LIMIT times the message has been searched, what is nested deeper is not taken apart
either (a small message may be searched SEARCHED_ANYWAY octets in all).

Cost: linear in the octets for each level of nesting, so at most SEARCHES_LIMIT times, at the
speed of `bytes.find`; some ten microseconds for each part. On the hot path, once per message.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from correo.message.encoding.parameters import decode_parameters, parse_parameterized
from correo.message.headers import HEADER_LIMIT, grouped, unfold
from correo.message.octets import Octets, count_newlines, finder
from correo.message.structure import Part

__all__ = ["CACHED_LIMIT", "ContentType", "Node", "is_token", "read_tree"]

DEPTH_LIMIT = 50
PARTS_LIMIT = 10_000
DELIMITERS_LIMIT = 2 * PARTS_LIMIT
SEARCHES_LIMIT = 10
SEARCHED_ANYWAY = 4 * 1024 * 1024  # octets
CACHED_LIMIT = 256  # octets of a field value that may stay in a cache

_ENVELOPE_FIELDS = frozenset({
    b"date", b"subject", b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"in-reply-to",
    b"message-id", b"references",
})  # fmt: skip
_PART_FIELDS = frozenset({
    b"content-type", b"content-transfer-encoding", b"content-disposition", b"content-id",
    b"content-description", b"content-language", b"content-location", b"content-md5",
})  # fmt: skip
_MESSAGE_FIELDS = _ENVELOPE_FIELDS | _PART_FIELDS

# What may follow a boundary on its line: "--" and anything, white space and anything, nothing.
_AFTER_BOUNDARY = re.compile(rb"(?:(--)|[ \t]|(?=\r?\n)|\r?\Z)[^\n]*+\n?")
_MEDIA_TYPE = re.compile(
    rb"([!#$%&'*+.^_`{|}~0-9A-Za-z-]{1,127}+)\s*+/\s*+([!#$%&'*+.^_`{|}~0-9A-Za-z-]{1,127}+)"
)
is_token = re.compile(rb"[!#$%&'*+.^_`{|}~0-9A-Za-z-]{1,127}").fullmatch
_EMBEDDING = ("rfc822", "global")
_NONE: dict[str, str] = {}

Fields = dict[bytes, list[bytes]]


@dataclass(frozen=True, slots=True, eq=False)
class ContentType:
    """A Content-Type field, read; `parameters` as they stand, `decoded` as text.

    Equal only if the same, for caches: those of ordinary fields are made once.
    """

    type: str
    subtype: str
    parameters: list[tuple[bytes, bytes]]
    decoded: dict[str, str]


@dataclass(slots=True)
class Node:
    """A part while the message is being read: with the fields that the index renders."""

    part: Part
    fields: Fields
    content_type: ContentType
    children: list["Node"] = field(default_factory=list)
    message: "Node | None" = None


PLAIN = ContentType("text", "plain", [(b"charset", b"us-ascii")], {"charset": "us-ascii"})
MESSAGE = ContentType("message", "rfc822", [], {})
OPAQUE = ContentType("application", "octet-stream", [], {})


def read_tree(octets: Octets) -> Node:
    """The tree of a whole message. Never raises, whatever the octets."""
    return _Reader(octets).read_message(0, len(octets), (), 0)


class _Range(NamedTuple):
    """Where a part lies. Its header may reach to `header_end`: the line end before a delimiter
    may also be the empty line that ends the header."""

    start: int
    end: int
    header_end: int


class _Reader:
    """One message being read; counts what is limited."""

    __slots__ = ("delimiters", "find", "octets", "parts", "to_search")

    def __init__(self, octets: Octets) -> None:
        self.octets = octets
        self.find: Callable[[bytes, int, int], int] = finder(octets)
        self.parts = 0
        self.delimiters = 0
        self.to_search = SEARCHES_LIMIT * len(octets) + SEARCHED_ANYWAY

    def read_message(self, start: int, end: int, section: tuple[int, ...], depth: int) -> Node:
        """A whole message; if it is no multipart it is its own part 1."""
        node = self._read(_Range(start, end, end), _MESSAGE_FIELDS, PLAIN, depth)
        node.part.section = section if node.part.type == "multipart" else (*section, 1)
        self._read_below(node, depth)
        return node

    def _read_part(
        self, place: _Range, section: tuple[int, ...], default: ContentType, depth: int
    ) -> Node:
        node = self._read(place, _PART_FIELDS, default, depth)
        node.part.section = section
        self._read_below(node, depth)
        return node

    def _read(
        self, place: _Range, wanted: frozenset[bytes], default: ContentType, depth: int
    ) -> Node:
        """The header of a part, and what it says of the body."""
        self.parts += 1
        start = place.start
        body = self._end_of_header(start, place.header_end)
        if body - start > 2:
            header = self.octets[start : min(body, start + HEADER_LIMIT)]
            fields = grouped(header, wanted)
        else:
            fields = {}
        content_type = _content_type(fields, default)
        if depth >= DEPTH_LIMIT or self.parts >= PARTS_LIMIT or self.to_search < 0:
            content_type = OPAQUE if _is_composite(content_type) else content_type
        return _describe(fields, content_type, start, body, max(body, place.end))

    def _end_of_header(self, start: int, end: int) -> int:
        """Where the body begins: after the first empty line, or at the end."""
        begin = self.octets[start : min(start + 2, end)]
        if begin[:1] == b"\n":
            return start + 1
        if begin == b"\r\n":
            return start + 2
        with_cr = self.find(b"\n\r\n", start, end)
        without = self.find(b"\n\n", start, end if with_cr < 0 else with_cr + 1)
        if without >= 0:
            return without + 2
        return with_cr + 3 if with_cr >= 0 else end

    def _read_below(self, node: Node, depth: int) -> None:
        part = node.part
        start, end = part.body_offset, part.body_offset + part.body_size
        if part.type == "text":
            part.lines = count_newlines(self.octets, start, end)
        elif part.type == "multipart":
            self._read_children(node, start, end, depth)
        elif part.type == "message" and part.subtype in _EMBEDDING:
            part.lines = count_newlines(self.octets, start, end)
            node.message = self.read_message(start, end, part.section, depth + 1)
            part.message = node.message.part

    def _read_children(self, node: Node, start: int, end: int, depth: int) -> None:
        part = node.part
        self.to_search -= end - start
        boundary = _boundary(node.content_type)
        default = MESSAGE if part.subtype == "digest" else PLAIN
        places = self._places(boundary, start, end)
        for number, place in enumerate(places, 1):
            section = (*part.section, number)
            node.children.append(self._read_part(place, section, default, depth + 1))
        if not places:
            node.children.append(self._whole_body(start, end, (*part.section, 1)))
        part.children = [child.part for child in node.children]

    def _whole_body(self, start: int, end: int, section: tuple[int, ...]) -> Node:
        """The one part of a multipart that has none."""
        node = _describe({}, PLAIN, start, start, end)
        node.part.lines = count_newlines(self.octets, start, end)
        node.part.section = section
        return node

    def _places(self, boundary: bytes, start: int, end: int) -> list[_Range]:
        """The parts between the delimiters in [start, end)."""
        places: list[_Range] = []
        opened = -1  # where the part between this delimiter and the next begins
        nested = False  # whether that part is a multipart with this very boundary, still open
        closed = False
        for line_end, after, is_last in self._delimiters(boundary, start, end):
            if nested:
                nested = not is_last
                continue
            if opened >= 0:
                if not closed and self._nests_itself(boundary, opened, line_end):
                    nested, closed = not is_last, True
                    continue
                has_cr = self.octets[line_end - 1 : line_end] == b"\r"
                part_end = max(line_end - has_cr, opened)
                places.append(_Range(opened, part_end, max(line_end + 1, opened)))
            if is_last:
                return places or [_Range(after, after, after)]
            opened, closed = after, False
            if self.parts + len(places) >= PARTS_LIMIT:
                break
        if opened >= 0:
            places.append(_Range(opened, end, end))
        return places

    def _nests_itself(self, boundary: bytes, start: int, end: int) -> bool:
        """Whether the part that begins here is a multipart with the boundary of its parent.

        RFC 2046 5.1.2 forbids that, and there is such mail; the inner one is then closed first.
        """
        if self.find(boundary, start, min(end, start + HEADER_LIMIT)) < 0:
            return False
        header = self.octets[start : self._end_of_header(start, min(end, start + HEADER_LIMIT))]
        content_type = _content_type(grouped(header, _PART_FIELDS), PLAIN)
        return content_type.type == "multipart" and _boundary(content_type) == boundary

    def _delimiters(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """(the LF before it, the octet after its line, whether it is the closing one)."""
        if not boundary:
            return
        needle = b"\n--" + boundary
        position = self.find(needle, max(start - 1, 0), end)
        while position >= 0 and self.delimiters < DELIMITERS_LIMIT:
            self.delimiters += 1
            match = _AFTER_BOUNDARY.match(self.octets, position + len(needle), end)
            if match:
                yield position, match.end(), match[1] is not None
                position = self.find(needle, match.end() - 1, end)
            else:
                position = self.find(needle, position + len(needle), end)


def _boundary(content_type: ContentType) -> bytes:
    """The boundary, RFC 2231 undone; b"" if there is none."""
    parameters = content_type.parameters
    given = next((value for name, value in parameters if name == b"boundary"), None)
    if given is None:
        given = content_type.decoded.get("boundary", "").encode("utf-8")
    return given.rstrip(b" \t\r\n")


def _is_composite(content_type: ContentType) -> bool:
    if content_type.type == "message":
        return content_type.subtype in _EMBEDDING
    return content_type.type == "multipart"


def _describe(fields: Fields, content_type: ContentType, start: int, body: int, end: int) -> Node:
    disposition, disposition_parameters = "", _NONE
    if b"content-disposition" in fields:
        disposition, disposition_parameters = _disposition(fields[b"content-disposition"][-1])
    encoding, content_id = "7bit", ""
    if b"content-transfer-encoding" in fields:
        encoding = _encoding(fields[b"content-transfer-encoding"][0])
    if b"content-id" in fields:
        content_id = unfold(fields[b"content-id"][0]).strip(b"<>").decode("utf-8", "replace")
    part = Part(
        content_type.type, content_type.subtype, content_type.decoded, encoding,
        disposition, disposition_parameters, content_id,
        start, body - start, body, end - body, 0, [], None,
    )  # fmt: skip
    return Node(part, fields, content_type)


def _content_type(fields: Fields, default: ContentType) -> ContentType:
    if b"content-type" not in fields:
        return default
    value = fields[b"content-type"][0]
    return (_cached_type if len(value) < CACHED_LIMIT else read_content_type)(value)


def read_content_type(value: bytes) -> ContentType:
    """A Content-Type value; PLAIN if it cannot be read (RFC 2045 5.2)."""
    head, parameters = parse_parameterized(unfold(value))
    match = _MEDIA_TYPE.match(head)
    if match is None:
        return PLAIN
    names = match[1].decode("ascii").lower(), match[2].decode("ascii").lower()
    return ContentType(*names, parameters, decode_parameters(parameters))


def read_disposition(value: bytes) -> tuple[str, dict[str, str]]:
    """A Content-Disposition value: its kind in lower case, "" if it is no token; parameters."""
    head, parameters = parse_parameterized(unfold(value))
    kind = head.decode("ascii").lower() if is_token(head) else ""
    return kind, decode_parameters(parameters)


def _disposition(value: bytes) -> tuple[str, dict[str, str]]:
    return (_cached_disposition if len(value) < CACHED_LIMIT else read_disposition)(value)


def read_encoding(value: bytes) -> str:
    """A Content-Transfer-Encoding value in lower case, without comments or parameters; "7bit"
    if it is no token."""
    match = is_token(parse_parameterized(unfold(value))[0].strip(b"\"'"))
    return match[0].decode("ascii").lower() if match else "7bit"


def _encoding(value: bytes) -> str:
    return (_cached_encoding if len(value) < CACHED_LIMIT else read_encoding)(value)


_cached_type = lru_cache(maxsize=1024)(read_content_type)
_cached_disposition = lru_cache(maxsize=256)(read_disposition)
_cached_encoding = lru_cache(maxsize=64)(read_encoding)
