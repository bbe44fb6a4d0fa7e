"""Read the address list of a field, however it is written, into the flat form of ENVELOPE.

It never fails; what cannot be an address still comes out as one with an empty domain, so that
nothing written in a field is hidden from who reads it. `envelope` calls it at each delivery, and
`address` makes of it what people read.

RFC 5322    3.4      address lists, groups; 3.2.2 comments; 3.4.1 addr-spec
            4.4      obsolete addresses: routes, white space around dots
RFC 6532    3.2      UTF-8 in all of it
RFC 9051    7.5.2    the flat form with markers around groups

Departures: a comment after an address without a display name is taken for one, as it was
before RFC 822 ("ana@example.org (Ana)"). Addresses in angle brackets may lack a domain.

Cost: one regex match for each address of the usual forms; linear in all cases.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["FlatAddress", "read_flat"]

ADDRESSES_LIMIT = 10_000  # per field; ours, as Postfix's header_address_token_limit of 10,240
TOKENS_LIMIT = 20_000  # per field, of addresses that are not of the usual forms; ours


class FlatAddress(NamedTuple):
    """An address as ENVELOPE has it: octets, unquoted, encoded words left alone.

    A group begins with domain None and its name as local part, and ends with both None.
    """

    name: bytes | None
    route: bytes | None
    local: bytes | None
    domain: bytes | None


Token = tuple[str, bytes]  # kind, octets without quotes
AT: Token = ("special", b"@")
COLON: Token = ("special", b":")
END_OF_GROUP = FlatAddress(None, None, None, None)

_ATOM = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff.-]"
_WORDS = rb"(?:" + _ATOM + rb"++[ \t]*+)*+"
_USUAL = re.compile(
    rb'[ \t]*+(?:(?:"([^"\\\r\n]*+)"[ \t]*+|(' + _WORDS + rb"))<(" + _ATOM + rb"++)@"
    rb"([A-Za-z0-9.-]++)>|(" + _ATOM + rb"++)@([A-Za-z0-9.-]++))[ \t]*+(?:,|\Z)"
)
_UNQUOTED_TOKEN = (
    rb"(\[[^\[\]\\<>,]*+\])"  # domain literal
    rb"|([ \t\r\n\0]++)"  # white space
    rb'|([^"\[ \t\r\n\0()<>@,;:\\]++|\[)'  # atoms, dots, raw 8-bit octets, stray brackets
    rb"|([()<>@,;:\\])"  # one special
)
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)("?)|' + _UNQUOTED_TOKEN, re.DOTALL)
_TOKEN_AFTER_OPEN_QUOTE = re.compile(rb'()()"|' + _UNQUOTED_TOKEN, re.DOTALL)
_COMMENT_TOKEN = re.compile(rb"[^()\\]++|\\.?|[()]", re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


def read_flat(value: bytes) -> list[FlatAddress]:
    """The addresses of an unfolded field value, in order, groups by their markers."""
    found: list[FlatAddress] = []
    lenient: _Lenient | None = None
    position, length = 0, len(value)
    while position < length and len(found) < ADDRESSES_LIMIT:
        match = _USUAL.match(value, position)
        if match is None:
            lenient = lenient or _Lenient(value)
            position = lenient.read(position, found)
            continue
        quoted, words, local, domain, bare_local, bare_domain = match.groups()
        if bare_local is not None:
            found.append(FlatAddress(None, None, bare_local, bare_domain))
        else:
            name = _one_spaced(words) if quoted is None else quoted
            found.append(FlatAddress(name or None, None, local, domain))
        position = match.end()
    return found


def _one_spaced(words: bytes) -> bytes:
    words = words.rstrip()
    return b" ".join(words.split()) if b"  " in words or b"\t" in words else words


class _Lenient:
    """An address of any shape, or a group, token by token."""

    def __init__(self, value: bytes) -> None:
        self.value = value
        self.token = _TOKEN
        self.has_open_comment = False
        self.tokens_left = TOKENS_LIMIT

    def _begin(self) -> None:
        """Forget the address being read."""
        self.tokens: list[Token] = []
        self.comment: bytes | None = None
        self.angle: list[Token] | None = None  # tokens between < and >
        self.before_angle = 0  # how many of the tokens stand before it
        self.is_in_angle = False

    def read(self, position: int, found: list[FlatAddress]) -> int:
        """Append what stands up to the next comma that parts addresses; where it ended."""
        self.position, self.found = position, found
        self.in_group = self.is_done = False
        self._begin()
        length = len(self.value)
        while self.position < length and not self.is_done and len(found) < ADDRESSES_LIMIT:
            if self.tokens_left == 0:
                return length
            self.tokens_left -= 1
            match = self.token.match(self.value, self.position)
            assert match is not None  # the alternatives cover every octet
            self.position = match.end()
            self._take(match)
        self._end_address()
        if self.in_group:
            found.append(END_OF_GROUP)
        return self.position

    def _take(self, match: re.Match[bytes]) -> None:
        if match[6] is not None:
            self._take_special(match[6])
        elif match[5] is not None:
            self._add("atom", match[5])
        elif match[4] is not None:
            self._add("space", b" ")
        elif match[3] is not None:
            self._add("literal", match[3])
        elif match[2]:
            self._add("quoted", _ESCAPE.sub(rb"\1", match[1]))
        else:  # never closed: passed over, as are all quotes after it
            self.token = _TOKEN_AFTER_OPEN_QUOTE
            self.position = match.start() + 1

    def _take_special(self, special: bytes) -> None:
        if special == b"(":
            if not self.has_open_comment:
                self._read_comment()
        elif special == b"<":
            self._open_angle()
        elif special == b">":
            self.is_in_angle = False
        elif special == b"@" or self.is_in_angle:
            self._add("special", special)
        elif special == b"," and not self.in_group:
            self.is_done = True
        elif special == b",":
            self._end_address()
        elif special == b";":
            self._end_address()
            if self.in_group:
                self.found.append(END_OF_GROUP)
                self.in_group = False
        elif special == b":" and not self.in_group:
            self.found.append(FlatAddress(None, None, _phrase(self.tokens), None))
            self.in_group = True
            self._begin()

    def _open_angle(self) -> None:
        if self.angle is not None and not self.is_in_angle:  # a comma is missing
            after = self.tokens[self.before_angle :]
            del self.tokens[self.before_angle :]
            self._end_address()
            self.tokens = after
        self.before_angle = len(self.tokens)
        self.angle, self.is_in_angle = [], True

    def _add(self, kind: str, octets: bytes) -> None:
        tokens = self.angle if self.is_in_angle and self.angle is not None else self.tokens
        if kind != "space" or (tokens and tokens[-1][0] != "space"):
            tokens.append((kind, octets))

    def _read_comment(self) -> None:
        """Up to its end; one that has none is passed over by its parenthesis alone."""
        depth, pieces = 1, []
        start = self.position
        for match in _COMMENT_TOKEN.finditer(self.value, self.position):
            self.position = match.end()
            piece = match[0]
            if piece == b"(":
                depth += 1
            elif piece == b")":
                depth -= 1
                if depth == 0:
                    break
            pieces.append(piece[1:] if piece.startswith(b"\\") else piece)
        if depth:
            self.has_open_comment, self.position = True, start
        else:
            self.comment = b"".join(pieces).strip()

    def _end_address(self) -> None:
        tokens, angle, comment = self.tokens, self.angle, self.comment
        if angle is not None:
            route, spec = _split_route(angle)
            local, domain = _split_spec(spec)
            name = _phrase(tokens[: self.before_angle]) or comment
            if name or local or domain:
                self.found.append(FlatAddress(name or None, route, local, domain))
        elif any(kind != "space" for kind, _ in tokens):
            self.found.extend(_without_angle(tokens, comment))
        self._begin()


def _phrase(tokens: list[Token]) -> bytes:
    """A display name: words with one space where there was white space."""
    return b"".join([octets for _, octets in tokens]).strip()


def _joined(tokens: list[Token]) -> bytes:
    return b"".join([octets for kind, octets in tokens if kind != "space"])


def _without_angle(tokens: list[Token], comment: bytes | None) -> Iterator[FlatAddress]:
    """addr-specs that stand alone: one, or more where commas are missing; words before the
    first are its name."""
    position = 0
    while (at := _next_at(tokens, position)) is not None:
        start = _start_of_local(tokens, position, at)
        end = _end_of_domain(tokens, at + 1)
        name = _phrase(tokens[position:start]) or comment
        local, domain = _joined(tokens[start:at]), _joined(tokens[at + 1 : end])
        yield FlatAddress(name or None, None, local, domain)
        position, comment = end, None
    if position == 0:
        text = _phrase(tokens)
        if b" " in text:
            yield FlatAddress(text, None, b"", b"")
        else:
            yield FlatAddress(comment or None, None, text, b"")


def _next_at(tokens: list[Token], position: int) -> int | None:
    for number in range(position, len(tokens)):
        if tokens[number] == AT:
            return number
    return None


def _start_of_local(tokens: list[Token], low: int, at: int) -> int:
    """Back from "@" over words that belong together: white space counts only beside a dot."""
    start = at
    if start - 1 > low and tokens[start - 1][0] == "space":
        start -= 1
    while start > low:
        if tokens[start - 1][0] == "space" and not _has_dot_beside(tokens, start - 1):
            break
        start -= 1
    return start


def _end_of_domain(tokens: list[Token], position: int) -> int:
    """On from "@" to the end of the domain, by the same rule."""
    end = position
    if end < len(tokens) and tokens[end][0] == "space":
        end += 1
    while end < len(tokens) and tokens[end] != AT:
        if tokens[end][0] == "space" and not _has_dot_beside(tokens, end):
            break
        end += 1
    return end


def _has_dot_beside(tokens: list[Token], number: int) -> bool:
    before = tokens[number - 1][1] if number > 0 else b""
    after = tokens[number + 1][1] if number + 1 < len(tokens) else b""
    return before.endswith(b".") or after.startswith(b".")


def _split_route(tokens: list[Token]) -> tuple[bytes | None, list[Token]]:
    """The obsolete source route "@a,@b:" before an address (RFC 5322 4.4)."""
    first = next((token for token in tokens if token[0] != "space"), None)
    if first != AT or COLON not in tokens:
        return None, tokens
    colon = tokens.index(COLON)
    return _joined(tokens[:colon]), tokens[colon + 1 :]


def _split_spec(tokens: list[Token]) -> tuple[bytes, bytes]:
    """Local part and domain at the last "@"; without one, all is local part."""
    if AT not in tokens:
        return _phrase(tokens), b""
    at = len(tokens) - 1 - tokens[::-1].index(AT)
    return _joined(tokens[:at]), _joined(tokens[at + 1 :])
