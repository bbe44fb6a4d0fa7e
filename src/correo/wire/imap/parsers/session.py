"""Commands about the session: NOOP, STARTTLS, LOGIN, AUTHENTICATE, ID, ENABLE, IDLE, and the end
of a selection.

RFC 9051    6.1, 6.2, 6.3.1, 6.3.13, 6.4.1, 6.4.2
RFC 2971    3.1      ID
RFC 4959    3        initial response, "=" for an empty one
"""

import binascii
from collections.abc import Callable

from correo.wire.imap.arguments import Arguments, BadCommand, check_utf8
from correo.wire.imap.commands import (
    Authenticate,
    Check,
    Close,
    Command,
    Comparator,
    Compress,
    Enable,
    Id,
    Idle,
    Login,
    Namespace,
    Noop,
    StartTls,
    Unauthenticate,
    Unselect,
)
from correo.wire.imap.parsers.shape import Parser

__all__ = ["PARSERS", "decode_base64"]

ID_PAIR_LIMIT = 30  # RFC 2971 3.3


def bare(command: Callable[[bytes], Command]) -> Parser:
    """A command without arguments."""

    def parse(tag: bytes, arguments: Arguments) -> Command:
        arguments.end()
        return command(tag)

    return parse


def parse_login(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    username = arguments.text()
    arguments.space()
    password = arguments.text()
    arguments.end()
    return Login(tag, username, password)


def parse_authenticate(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    mechanism = arguments.word()
    initial = None
    if arguments.skip(b" "):
        coded = arguments.octets[arguments.at :]
        initial = b"" if coded == b"=" else decode_base64(coded)
    else:
        arguments.end()
    return Authenticate(tag, mechanism, initial)


def decode_base64(octets: bytes) -> bytes:
    """Raises: BadCommand."""
    try:
        return binascii.a2b_base64(octets, strict_mode=True) if octets else b""
    except binascii.Error:
        raise BadCommand("not base64") from None


def parse_id(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    if arguments.octets[arguments.at :].upper() == b"NIL":
        return Id(tag, None)
    arguments.open()
    pairs: dict[str, str | None] = {}
    while not arguments.skip(b")"):
        if pairs:
            arguments.space()
        name = check_utf8(arguments.string()).lower()
        arguments.space()
        value = arguments.nstring()
        pairs[name] = None if value is None else value.decode("utf-8", "replace")
        if len(pairs) > ID_PAIR_LIMIT:
            raise BadCommand("more than 30 ID parameters")
    arguments.end()
    return Id(tag, pairs)


def parse_enable(tag: bytes, arguments: Arguments) -> Command:
    names: list[str] = []
    while not names or not arguments.at_end:
        arguments.space()
        names.append(arguments.word())
    return Enable(tag, tuple(names))


def parse_compress(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    mechanism = arguments.word()
    arguments.end()
    return Compress(tag, mechanism)


def parse_comparator(tag: bytes, arguments: Arguments) -> Command:
    wanted: list[str] = []
    while not arguments.at_end:
        arguments.space()
        wanted.append(arguments.text())
    return Comparator(tag, tuple(wanted))


PARSERS: dict[bytes, Parser] = {
    b"NOOP": bare(Noop),
    b"STARTTLS": bare(StartTls),
    b"LOGIN": parse_login,
    b"AUTHENTICATE": parse_authenticate,
    b"ID": parse_id,
    b"ENABLE": parse_enable,
    b"IDLE": bare(Idle),
    b"UNAUTHENTICATE": bare(Unauthenticate),
    b"COMPRESS": parse_compress,
    b"COMPARATOR": parse_comparator,
    b"NAMESPACE": bare(Namespace),
    b"CHECK": bare(Check),
    b"CLOSE": bare(Close),
    b"UNSELECT": bare(Unselect),
}
