"""CATENATE: read the parts of which an APPEND puts a message together.

RFC 4469    3, 5     cat-part, text-literal, url
RFC 6855    4        UTF8 (~{n}) as a part; RFC 3516 4.4 literal8
RFC 8508    4.2      REPLACE has it too

`catenating` is the dialogue around it.
"""

import re
from enum import Enum, auto
from typing import NamedTuple

from correo.wire.imap.arguments import Arguments, BadCommand
from correo.wire.imap.framing import LiteralMark

__all__ = ["BEGINNING", "Kind", "Part", "next_part"]

BEGINNING = re.compile(rb"CATENATE \(", re.IGNORECASE)


class Kind(Enum):
    """What comes next in the list."""

    URL = auto()
    URL_LITERAL = auto()  # the URL itself is the literal at the line's end
    TEXT = auto()  # the literal at the line's end is text
    UTF8_TEXT = auto()  # the same, and a parenthesis comes behind it
    END = auto()


class Part(NamedTuple):
    kind: Kind
    url: bytes = b""


def next_part(arguments: Arguments, mark: LiteralMark | None, *, is_first: bool) -> Part:
    """Read one part of the list, or its end.

    Args:
        mark: of the literal that the line ends with announcing.

    Raises:
        BadCommand
    """
    if not is_first:
        if arguments.skip(b")"):
            return Part(Kind.END)
        arguments.space()
    word = arguments.word()
    arguments.space()
    if word == "URL":
        return url_part(arguments, mark)
    if word not in ("TEXT", "UTF8"):
        raise BadCommand("expected TEXT or URL")
    if word == "UTF8":
        arguments.open()
    arguments.end()
    if mark is None:
        raise BadCommand(f"{word} needs a literal")
    if word == "TEXT":
        return Part(Kind.TEXT)
    if not mark.is_binary:
        raise BadCommand("UTF8 needs a literal8")
    return Part(Kind.UTF8_TEXT)


def url_part(arguments: Arguments, mark: LiteralMark | None) -> Part:
    if arguments.at_end and mark is not None:
        if mark.is_binary:
            raise BadCommand("an URL is no literal8")
        return Part(Kind.URL_LITERAL)
    if arguments.has(b"\x00"):
        raise BadCommand("malformed argument")
    return Part(Kind.URL, arguments.astring())
