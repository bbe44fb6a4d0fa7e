"""ENVELOPE, BODYSTRUCTURE and BODY as ready octets: quoting, literals, NIL, groups, nesting."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message.nstring import QUOTED_LIMIT, nstring, string
from correo.message.scan import scan

ReadList = Callable[[bytes], list[object]]

A = b'((NIL NIL "a" "b"))'
NOTHING = b"NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL"

ENVELOPES = [
    # id                         header                                              envelope
    ("nothing", b"", NOTHING),
    ("empty strings are not NIL", b"Date:\r\nSubject: \r\nIn-Reply-To:\r\nMessage-ID:\r\n",
     b'"" "" NIL NIL NIL NIL NIL NIL "" ""'),
    ("empty lists are NIL", b"From:\r\nTo: \r\nCc: ,\r\nBcc: ;\r\n", NOTHING),
    ("sender and reply-to are from's", b"From: a@b\r\n", b"NIL NIL %b %b %b NIL NIL NIL NIL NIL" % (A, A, A)),
    ("also if empty", b"From: a@b\r\nSender:\r\nReply-To: \r\n",
     b"NIL NIL %b %b %b NIL NIL NIL NIL NIL" % (A, A, A)),
    ("their own", b"From: a@b\r\nSender: c@d\r\nReply-To: e@f\r\n",
     b'NIL NIL %b ((NIL NIL "c" "d")) ((NIL NIL "e" "f")) NIL NIL NIL NIL NIL' % A),
    ("a folded subject", b"Subject: one\r\n\ttwo\r\n three\r\n", b'NIL "one two three"' + b" NIL" * 8),
    ("quotes and backslashes", b'Subject: a "b" \\c\r\n', b'NIL "a \\"b\\" \\\\c"' + b" NIL" * 8),
    ("raw 8-bit octets", b"Subject: \xc3\xa4\xff\r\n", b"NIL {3}\r\n\xc3\xa4\xff" + b" NIL" * 8),
    ("encoded words stay", b"Subject: =?utf-8?q?=C3=A4?=\r\n", b'NIL "=?utf-8?q?=C3=A4?="' + b" NIL" * 8),
    ("NUL becomes a space", b"Subject: a\0b\r\n", b"NIL {3}\r\na b" + b" NIL" * 8),
    ("a bare CR needs a literal", b"Subject: a\rb\r\n", b"NIL {3}\r\na\rb" + b" NIL" * 8),
    ("fields that come twice", b"From: a@b\r\nSubject: 1\r\nTo: a@b\r\nTo: c@d\r\nSubject: 2\r\n",
     b'NIL "2" %b %b %b ((NIL NIL "a" "b")(NIL NIL "c" "d")) NIL NIL NIL NIL' % (A, A, A)),
    ("an empty group", b"To: undisclosed-recipients:;\r\n",
     b'NIL NIL NIL NIL NIL ((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL)) NIL NIL NIL NIL'),
    ("a group and more", b"To: g: a@b, C <c@d>; , e@f\r\n",
     b'NIL NIL NIL NIL NIL ((NIL NIL "g" NIL)(NIL NIL "a" "b")("C" NIL "c" "d")(NIL NIL NIL NIL)'
     b'(NIL NIL "e" "f")) NIL NIL NIL NIL'),
    ("a route", b"To: <@x,@y:a@b>\r\n", b'NIL NIL NIL NIL NIL ((NIL "@x,@y" "a" "b")) NIL NIL NIL NIL'),
    ("no domain is no group", b"To: root\r\n", b'NIL NIL NIL NIL NIL ((NIL NIL "root" "")) NIL NIL NIL NIL'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "envelope"), [pytest.param(h, e, id=i) for i, h, e in ENVELOPES]
)
def test_an_envelope_says_what_the_header_says(header: bytes, envelope: bytes) -> None:
    assert scan(header + b"\r\nbody").envelope == b"(%b)" % envelope


@pytest.mark.parametrize(
    ("header", "envelope"), [pytest.param(h, e, id=i) for i, h, e in ENVELOPES]
)
def test_an_envelope_is_the_same_with_bare_line_feeds(header: bytes, envelope: bytes) -> None:
    assert scan((header + b"\r\nbody").replace(b"\r\n", b"\n")).envelope == b"(%b)" % envelope


PLAIN = b'"text" "plain" ("charset" "us-ascii") NIL NIL "7bit" %d %d'
NO_EXTENSION = b" NIL NIL NIL NIL"
B = b"Content-Type: multipart/mixed; boundary=B\r\n\r\n"


def plain(size: int, lines: int) -> bytes:
    return PLAIN % (size, lines)


def plain_part(size: int, lines: int) -> bytes:
    return b"(%b%b)" % (PLAIN % (size, lines), NO_EXTENSION)


def mixed(*parts: bytes) -> bytes:
    return b'(%b "mixed" ("boundary" "B") NIL NIL NIL)' % b"".join(parts)


STRUCTURES = [
    # id           message                                     bodystructure
    ("nothing", b"", plain_part(0, 0)),
    ("a header alone", b"Subject: x", plain_part(0, 0)),
    ("a body alone", b"\r\na\r\nb", plain_part(4, 1)),
    ("no charset is us-ascii", b"Content-Type: text/HTML\r\n\r\n",
     b'("text" "html" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL)'),
    ("everything", b"Content-Type: Image/PNG; Name=\"a b\"\r\nContent-ID: <i>\r\nContent-Description: d e\r\n"
     b"Content-Transfer-Encoding: BASE64\r\nContent-MD5: Q2h=\r\n"
     b"Content-Disposition: Attachment; FileName=x.png; size=3\r\n"
     b"Content-Language: en, es\r\nContent-Location: http://x/\r\n\r\nabc\r\n",
     b'("image" "png" ("name" "a b") "<i>" "d e" "base64" 5 "Q2h="'
     b' ("attachment" ("filename" "x.png" "size" "3")) ("en" "es") "http://x/")'),
    ("two parts", B + b"--B\r\n\r\none\r\n--B\r\n\r\ntwo\r\n\r\n--B--\r\n", mixed(plain_part(3, 0), plain_part(5, 1))),
    ("no closing delimiter", B + b"--B\r\n\r\none\r\n", mixed(plain_part(5, 1))),
    ("padded delimiters", B + b"--B \t\r\n\r\none\r\n--B-- rest\r\n", mixed(plain_part(3, 0))),
    ("preamble and epilogue", B + b"pre\r\n--B\r\n\r\none\r\n--B--\r\nepi", mixed(plain_part(3, 0))),
    ("a part without anything", B + b"--B\r\n--B--\r\n", mixed(plain_part(0, 0))),
    ("a part without body", B + b"--B\r\nSubject: x\r\n--B--", mixed(plain_part(0, 0))),
    ("a header that ends at the delimiter", B + b"--B\r\nSubject: x\r\n\r\n--B--", mixed(plain_part(0, 0))),
    ("no boundary", b"Content-Type: multipart/mixed\r\n\r\nabc", b'(%b "mixed" NIL NIL NIL NIL)' % plain_part(3, 0)),
    ("a boundary that never comes", B + b"abc", mixed(plain_part(3, 0))),
    ("closed and never opened", B + b"--B--\r\n", mixed(plain_part(0, 0))),
    ("a boundary that begins like another", B + b"--B\r\n" + B.replace(b"=B", b"=BB") + b"--BB\r\n\r\nx\r\n--BB--\r\n--B\r\n\r\ny\r\n--B--",
     mixed(b'(%b "mixed" ("boundary" "BB") NIL NIL NIL)' % plain_part(1, 0), plain_part(1, 0))),
    ("an inner multipart left open", B + b"--B\r\n" + B.replace(b"=B", b"=C") + b"--C\r\n\r\nx\r\n--B\r\n\r\ny\r\n--B--",
     mixed(b'(%b "mixed" ("boundary" "C") NIL NIL NIL)' % plain_part(1, 0), plain_part(1, 0))),
    ("an inner one with the same boundary", B + b"--B\r\n" + B + b"--B\r\n\r\nx\r\n--B--\r\n--B\r\n\r\ny\r\n--B--",
     mixed(mixed(plain_part(1, 0)), plain_part(1, 0))),
    ("a digest", B.replace(b"mixed", b"digest") + b"--B\r\n\r\nSubject: x\r\n\r\nhi\r\n--B--",
     b'(("message" "rfc822" NIL NIL NIL "7bit" 16 (NIL "x"%b) %b 2%b) "digest" ("boundary" "B") NIL NIL NIL)'
     % (b" NIL" * 8, plain_part(2, 0), NO_EXTENSION)),
    ("an embedded message", b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhi\r\n",
     b'("message" "rfc822" NIL NIL NIL "7bit" 18 (NIL "x"%b) %b 3%b)' % (b" NIL" * 8, plain_part(4, 1), NO_EXTENSION)),
    ("a message in UTF-8", b"Content-Type: message/global\r\n\r\nSubject: x\r\n\r\n",
     b'("message" "global" NIL NIL NIL "7bit" 14 (NIL "x"%b) %b 2%b)' % (b" NIL" * 8, plain_part(0, 0), NO_EXTENSION)),
    ("a report is a leaf", b"Content-Type: message/delivery-status\r\n\r\nx",
     b'("message" "delivery-status" NIL NIL NIL "7bit" 1%b)' % NO_EXTENSION),
    ("a type that is none", b"Content-Type: text\r\n\r\nx", plain_part(1, 0)),
    ("an encoding that is none", b"Content-Transfer-Encoding: quoted printable\r\n\r\nx", plain_part(1, 0)),
    ("continued parameters", b"Content-Type: a/b; x=1; name*1=\" c\"; name*0=ab\r\n\r\n",
     b'("a" "b" ("x" "1" "name" "ab c") NIL NIL "7bit" 0%b)' % NO_EXTENSION),
    ("parameters with a charset", b"Content-Type: a/b; name*0*=utf-8''%c3%a4; name*1=\" 5%\"\r\n\r\n",
     b'("a" "b" ("name*" "utf-8\'\'%%c3%%a4 5%%25") NIL NIL "7bit" 0%b)' % NO_EXTENSION),
    ("continued parameters with a gap", b"Content-Type: a/b; name*0=a; name*2*=c\r\n\r\n",
     b'("a" "b" ("name" "a" "name*2*" "c") NIL NIL "7bit" 0%b)' % NO_EXTENSION),
    ("raw UTF-8 in a parameter", "Content-Type: a/b; name=\"ä\"\r\n\r\n".encode(),
     b'("a" "b" ("name" {2}\r\n\xc3\xa4) NIL NIL "7bit" 0%b)' % NO_EXTENSION),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "expected"), [pytest.param(m, b, id=i) for i, m, b in STRUCTURES]
)
def test_a_bodystructure_says_what_the_message_is(message: bytes, expected: bytes) -> None:
    assert scan(message).bodystructure == expected


@pytest.mark.parametrize("message", [pytest.param(m, id=i) for i, m, _ in STRUCTURES])
def test_body_is_bodystructure_without_its_extension(message: bytes, read_list: ReadList) -> None:
    index = scan(message)
    assert without_extension(read_list(index.bodystructure)[0]) == read_list(index.body)[0]


def without_extension(body: object) -> object:
    assert isinstance(body, list)
    if isinstance(body[0], list):
        children = [item for item in body if isinstance(item, list)]
        subtype = next(item for item in body if isinstance(item, bytes))
        count = body.index(subtype)
        return [*map(without_extension, children[:count]), subtype]
    if body[0] == b"text":
        return body[:8]
    if body[0] == b"message" and body[1] in (b"rfc822", b"global"):
        return [*body[:8], without_extension(body[8]), body[9]]
    return body[:7]


STRINGS = [
    ("empty", b"", b'""'),
    ("plain", b"abc", b'"abc"'),
    ("a quote", b'a"b', b'"a\\"b"'),
    ("a backslash", b"a\\b", b'"a\\\\b"'),
    ("a control", b"a\x01\x7f", b'"a\x01\x7f"'),
    ("8 bits", b"\xff", b"{1}\r\n\xff"),
    ("a line feed", b"a\nb", b"{3}\r\na\nb"),
    ("NUL", b"\0", b"{1}\r\n "),
    (
        "long",
        b"x" * (QUOTED_LIMIT + 1),
        b"{%d}\r\n" % (QUOTED_LIMIT + 1) + b"x" * (QUOTED_LIMIT + 1),
    ),
]


@pytest.mark.parametrize(("octets", "written"), [pytest.param(o, w, id=i) for i, o, w in STRINGS])
def test_a_string_is_quoted_or_a_literal(octets: bytes, written: bytes) -> None:
    assert string(octets) == nstring(octets) == written


def test_no_string_is_nil() -> None:
    assert nstring(None) == b"NIL"


@given(st.binary(max_size=40))
def test_a_string_reads_back_as_it_was(read_list: ReadList, octets: bytes) -> None:
    assert read_list(b"(%b)" % string(octets)) == [[octets.replace(b"\0", b" ")]]
