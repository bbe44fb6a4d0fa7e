"""Read the header of a message: fields with their ranges, by name, unfolded, as text.

A field begins at the start of a line with a name and a colon and goes on over lines that begin
with a space or tab. Lines end in LF, with or without CR before it; a bare CR is an ordinary
octet. A line that is no field (no colon, "From " of an mbox) is skipped and does not end the
header: only an empty line does. Nothing here raises, whatever the octets.

RFC 5322    2.2, 2.2.3   fields, folding and unfolding
            4.5          obsolete: white space before the colon
RFC 2047    6.2          encoded words in display
RFC 6532    3.2          UTF-8 in fields
RFC 9051    6.4.5.1      HEADER.FIELDS and HEADER.FIELDS.NOT

Cost: one regex over the header, possessive, so linear. On the hot path.
"""

import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from correo.message.encoding.words import decode_words

__all__ = [
    "HEADER_LIMIT",
    "Field",
    "every",
    "fields",
    "first",
    "grouped",
    "select",
    "selector",
    "text",
    "unfold",
]

HEADER_LIMIT = 256 * 1024  # octets of a header that are read; ours, Postfix has 100 KiB a field

# A name, a colon, the value up to the end of its last line; the last CR still in it.
_FIELD = re.compile(
    rb"^([!-9;-~]++)[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.MULTILINE,
)
_FOLD = re.compile(rb"(?:\r?\n[ \t]*+)++")


class Field(NamedTuple):
    """One field: the name as written, the value as it stands (folded), and where it stands.

    header[start:end] is the whole field with the line end of its last line.
    """

    name: bytes
    value: bytes
    start: int
    end: int


def unfold(value: bytes) -> bytes:
    """The value on one line, without white space at its ends.

    Each fold, however indented, becomes one space (RFC 5322 2.2.3 would keep the indentation,
    which nobody meant; Dovecot does the same).
    """
    if b"\n" in value:
        value = _FOLD.sub(b" ", value)
    return value.strip(b" \t\r")


def fields(header: bytes) -> list[Field]:
    """All fields in order; of a header longer than HEADER_LIMIT those that begin within it."""
    return list(_iterate(header))


def _iterate(header: bytes) -> Iterator[Field]:
    length = len(header)
    for match in _FIELD.finditer(header, 0, min(length, HEADER_LIMIT)):
        yield Field(match[1], match[2], match.start(), min(match.end() + 1, length))


def grouped(header: bytes, wanted: Collection[bytes]) -> dict[bytes, list[bytes]]:
    """Folded values of the wanted fields by lower-case name, in order of appearance."""
    table: dict[bytes, list[bytes]] = {}
    for name, value in _FIELD.findall(header, 0, HEADER_LIMIT):
        key = name.lower()
        if key in wanted:
            if key in table:
                table[key].append(value)
            else:
                table[key] = [value]
    return table


def every(header: bytes, name: bytes) -> list[bytes]:
    """Unfolded values of all fields of this name, in any case."""
    return [unfold(value) for value in _named(name.lower()).findall(b"\n" + header)]


def first(header: bytes, name: bytes) -> bytes | None:
    """Unfolded value of the first field of this name, in any case; None if there is none."""
    match = _named(name.lower()).search(b"\n" + header)
    return unfold(match[1]) if match else None


def text(value: bytes) -> str:
    """A value as a person reads it: unfolded, encoded words and raw UTF-8 decoded."""
    return decode_words(unfold(value))


def select(header: bytes, names: Collection[bytes], *, exclude: bool = False) -> bytes:
    """The fields of these names as they stand, or all others; for HEADER.FIELDS(.NOT).

    Lines that are no fields count as others. The empty line at the end comes along if the
    header has one.
    """
    return selector(names, exclude=exclude)(header)


def selector(names: Collection[bytes], *, exclude: bool = False) -> Callable[[bytes], bytes]:
    """What `select` does with these names, for many headers: 2 microseconds each."""
    pattern = _selection(frozenset(name.lower() for name in names))
    find = pattern.findall

    def selected(header: bytes) -> bytes:
        if not header.endswith(b"\n"):
            return _select_unended(pattern, header, exclude=exclude)
        if exclude:
            return pattern.sub(b"", b"\n" + header)[1:]
        found = find(b"\n" + header)
        if not found:
            return _empty_line(header)
        found.append(b"\n\r\n" if header.endswith(b"\n\r\n") else b"\n" + _empty_line(header))
        return b"".join(found)[1:]

    return selected


def _select_unended(pattern: re.Pattern[bytes], header: bytes, *, exclude: bool) -> bytes:
    """Of a header whose last line has no end; it gets none if it is selected."""
    lines = b"\n" + header + b"\n"
    found = list(pattern.finditer(lines))
    has_last = bool(found) and found[-1].end() == len(lines) - 1
    if exclude:
        selected = pattern.sub(b"", lines)[1:]
    else:
        selected = b"".join([match[0] for match in found])[1:] + b"\n"
    return selected[:-1] if has_last != exclude or not found else selected


def _empty_line(header: bytes) -> bytes:
    if header.endswith(b"\n\r\n") or header == b"\r\n":
        return b"\r\n"
    return b"\n" if header.endswith(b"\n\n") or header == b"\n" else b""


# Patterns begin with the LF before a field, which the regex engine finds at once; "^" it does not.


@lru_cache(maxsize=256)
def _named(name: bytes) -> re.Pattern[bytes]:
    return re.compile(
        rb"\n" + re.escape(name) + rb"[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.IGNORECASE
    )


@lru_cache(maxsize=256)
def _selection(names: frozenset[bytes]) -> re.Pattern[bytes]:
    if not names:
        return re.compile(rb"(?!)")
    usual = b"|".join(re.escape(name.title()) for name in sorted(names))
    any_case = b"|".join(map(_in_any_case, sorted(names)))
    return re.compile(
        rb"\n(?:(?:" + usual + rb"):|(?:" + any_case + rb")[ \t]*+:)"
        rb"[^\n]*+(?:\n[ \t][^\n]*+)*+"
    )


def _in_any_case(name: bytes) -> bytes:
    """A pattern for a lower-case name; quicker than to ignore the case of the whole pattern."""
    octets = [name[at : at + 1] for at in range(len(name))]
    return b"".join(
        b"[%b%b]" % (octet.upper(), octet) if octet.isalpha() else re.escape(octet)
        for octet in octets
    )
