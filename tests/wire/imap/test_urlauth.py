"""GENURLAUTH, RESETKEY and URLFETCH: what the arguments mean, and which are none."""

import pytest

from correo.wire.imap.arguments import Arguments, BadCommand
from correo.wire.imap.commands import Command, GenUrlAuth, ResetKey, UrlAsked, UrlFetch, UrlItem
from correo.wire.imap.parsers import TABLE

T = b"t"
BINARY, BODY, STRUCTURE = UrlItem.BINARY, UrlItem.BODY, UrlItem.BODYPARTSTRUCTURE

COMMANDS: list[tuple[bytes, bytes, Command]] = [
    (b"GENURLAUTH", b' "imap://x" internal', GenUrlAuth(T, ((b"imap://x", "INTERNAL"),))),
    (b"GENURLAUTH", b" a X b Y", GenUrlAuth(T, ((b"a", "X"), (b"b", "Y")))),
    (b"RESETKEY", b"", ResetKey(T, None)),
    (b"RESETKEY", b" inbox", ResetKey(T, "INBOX")),
    (b"RESETKEY", b" INBOX internal xsample", ResetKey(T, "INBOX", ("INTERNAL", "XSAMPLE"))),
    (b"URLFETCH", b" a \x00", UrlFetch(T, (UrlAsked(b"a"), UrlAsked(b"literal")))),
    (b"URLFETCH", b' ("a" body) b', UrlFetch(T, (UrlAsked(b"a", (BODY,)), UrlAsked(b"b")))),
    (
        b"URLFETCH",
        b" (a BINARY BODYPARTSTRUCTURE) (b)",
        UrlFetch(T, (UrlAsked(b"a", (BINARY, STRUCTURE)), UrlAsked(b"b"))),
    ),
]


@pytest.mark.parametrize(
    ("name", "octets", "command"),
    [pytest.param(n, o, c, id=(n + o).decode("latin-1")) for n, o, c in COMMANDS],
)
def test_arguments_make_a_command(name: bytes, octets: bytes, command: Command) -> None:
    assert TABLE[name](T, Arguments(octets, [b"literal"] * octets.count(b"\0"))) == command


BAD = [
    (b"GENURLAUTH", b""),
    (b"GENURLAUTH", b" a"),
    (b"GENURLAUTH", b" a INTERNAL b"),
    (b"GENURLAUTH", b" a INTERNAL" * 1001),
    (b"RESETKEY", b" "),
    (b"RESETKEY", b" INBOX "),
    (b"URLFETCH", b""),
    (b"URLFETCH", b" (a BODY BINARY)"),
    (b"URLFETCH", b" (a BODY BODY)"),
    (b"URLFETCH", b" (a BODY"),
    (b"URLFETCH", b" (a SIZE)"),
    (b"URLFETCH", b" a" * 1001),
]


@pytest.mark.parametrize(("name", "octets"), BAD)
def test_other_arguments_are_bad(name: bytes, octets: bytes) -> None:
    with pytest.raises(BadCommand):
        TABLE[name](T, Arguments(octets, []))
