"""Transfer encodings, charsets, encoded words and parameters, in both directions."""

import base64
import quopri
from email.header import decode_header, make_header
from encodings.aliases import aliases

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from correo.message.encoding import (
    decode_base64,
    decode_body,
    decode_charset,
    decode_parameters,
    decode_quoted_printable,
    decode_words,
    encode_base64,
    encode_parameter,
    encode_phrase,
    encode_quoted_printable,
    encode_unstructured,
    is_known_encoding,
    parse_parameterized,
)

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200)

BASE64 = [
    ("plain", b"YWJj", b"abc"),
    ("with line ends", b"YW\r\nJj\r\n", b"abc"),
    ("padding missing", b"YWI", b"ab"),
    ("padding within", b"YQ==\r\nYg==", b"ab"),
    ("foreign octets", b"Y*W\xffJ-j", b"abc"),
    ("six bits too many", b"YWJjY", b"abc"),
    ("nothing", b"", b""),
    ("only padding", b"====", b""),
]


@pytest.mark.parametrize(("encoded", "decoded"), [pytest.param(e, d, id=i) for i, e, d in BASE64])
def test_base64_is_read_leniently(encoded: bytes, decoded: bytes) -> None:
    assert decode_base64(encoded) == decoded


@given(st.binary(max_size=300))
def test_base64_comes_back(octets: bytes) -> None:
    encoded = encode_base64(octets)
    assert decode_base64(encoded) == base64.b64decode(encoded) == octets
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))


@given(st.binary(max_size=100))
def test_any_octets_are_read_as_any_encoding(octets: bytes) -> None:
    for encoding in ("base64", "quoted-printable", "x-uuencode", "7bit", "binary"):
        assert isinstance(decode_body(octets, encoding), bytes)


QUOTED = [
    ("an octet", b"a=C3=A4b", b"a\xc3\xa4b"),
    ("a soft line end", b"a=\r\nb", b"ab"),
    ("a soft line end with padding", b"a= \t\r\nb", b"ab"),
    ("white space at the end", b"a  \r\nb \t", b"a\r\nb"),
    ("lower case", b"=c3=a4", b"\xc3\xa4"),
    ("no escape", b"a=zz", b"a=zz"),
    ("raw octets", b"\xff", b"\xff"),
]


@pytest.mark.parametrize(("encoded", "decoded"), [pytest.param(e, d, id=i) for i, e, d in QUOTED])
def test_quoted_printable_is_read(encoded: bytes, decoded: bytes) -> None:
    assert decode_quoted_printable(encoded) == decoded


LINES = st.lists(
    st.binary(max_size=100).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b""))
)


@given(LINES.map(b"\r\n".join))
def test_quoted_printable_comes_back(octets: bytes) -> None:
    encoded = encode_quoted_printable(octets)
    assert decode_quoted_printable(encoded) == quopri.decodestring(encoded) == octets
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
    assert encoded.isascii()
    assert not encoded.startswith(b"From ")
    assert b"\n." + b"\r\n" not in encoded


def test_uuencode_is_read() -> None:
    encoded = b"Hello\r\nbegin 644 x.txt\r\n#86)C\r\n`\r\nend\r\n"
    assert decode_body(encoded, "x-uuencode") == b"abc"


def test_an_unknown_encoding_leaves_the_octets() -> None:
    assert decode_body(b"=41", "x-new") == b"=41"
    assert not is_known_encoding("x-new")
    assert is_known_encoding("Base64")


CHARSETS = [
    ("UTF-8", b"\xc3\xa4", "utf-8", "ä"),
    ("Latin-1 is windows-1252", b"\xe4\x80", "ISO-8859-1", "ä€"),
    ("US-ASCII that is UTF-8", b"\xc3\xa4", "us-ascii", "ä"),
    ("US-ASCII that is not", b"\xe4", "us-ascii", "ä"),
    ("an unknown name", b"\xe4", "klingon", "ä"),
    ("no name", b"a", "", "a"),
    ("a codec that is no charset", b"xn--4ca", "idna", "xn--4ca"),
    ("nor is this", b"a", "zlib", "a"),
    ("nor this", b"a", "a\0b", "a"),
    ("broken UTF-8", b"a\xff", "utf-8", "a\ufffd"),
    ("Korean", "한".encode("cp949"), "ks_c_5601-1987", "한"),
    ("Chinese", "中€".encode("gb18030"), "GB2312", "中€"),
    ("another alias", "ї".encode("koi8-u"), "KOI8-U", "ї"),
    ("half a character", b"+2AA-", "utf-7", "\ufffd"),
    ("Japanese", "日本".encode("iso2022_jp"), "iso-2022-jp", "日本"),
]


@pytest.mark.parametrize(
    ("octets", "charset", "text"), [pytest.param(*row, id=i) for i, *row in CHARSETS]
)
def test_a_charset_is_decoded_as_mailers_mean_it(octets: bytes, charset: str, text: str) -> None:
    assert decode_charset(octets, charset) == text


@given(st.binary(max_size=40), st.sampled_from(sorted(aliases)) | st.text(max_size=12))
def test_any_octets_of_any_charset_are_text_that_can_be_stored(octets: bytes, charset: str) -> None:
    decode_charset(octets, charset).encode("utf-8")


WORDS = [
    ("plain", b"plain text", "plain text"),
    ("Q", b"=?utf-8?q?a=5Fb_c?=", "a_b c"),
    ("B", b"=?UTF-8?B?w6Q=?=", "ä"),
    ("space between words goes", b"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
    ("other space stays", b"x =?utf-8?q?a?= y", "x a y"),
    ("a character split over words", b"=?utf-8?b?w6Q=?= =?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ää"),
    ("a language", b"=?utf-8*en?q?a?=", "a"),
    ("not set off", b"(=?utf-8?q?a?=)", "(a)"),
    ("spaces inside", b"=?utf-8?q?a b?=", "a b"),
    ("padding missing", b"=?utf-8?b?w6Q?=", "ä"),
    ("not one", b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
    ("unfinished", b"=?utf-8?q?a", "=?utf-8?q?a"),
    ("raw UTF-8 beside", b"\xc3\xa4 =?utf-8?q?a?=", "ä a"),
    ("raw Latin-1", b"\xe4", "ä"),
    (
        "stateful charsets",
        b"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?= =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=",
        "日本日本",
    ),
    ("an unknown charset", b"=?x-y?q?=E4?=", "ä"),
]


@pytest.mark.parametrize(("octets", "text"), [pytest.param(o, t, id=i) for i, o, t in WORDS])
def test_encoded_words_are_read(octets: bytes, text: str) -> None:
    assert decode_words(octets) == text


def unfolded(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"")


@given(TEXT)
def test_encoded_words_come_back(text: str) -> None:
    encoded = encode_unstructured(text, first_column=9)
    assert decode_words(unfolded(encoded)) == text
    assert encoded.isascii()
    if "=?" not in text:
        assert str(make_header(decode_header(unfolded(encoded).decode()))) == text
    if b"=?" in encoded:
        assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))


@given(st.binary(max_size=60) | st.text("=?utf-8QB _", max_size=60).map(str.encode))
def test_any_octets_are_words(octets: bytes) -> None:
    assert isinstance(decode_words(octets), str)


def test_controls_cannot_begin_a_field_of_their_own() -> None:
    assert encode_unstructured("a\r\nBcc: x") == b"a  Bcc: x"
    assert b"\r\nBcc" not in encode_phrase("ä\r\nBcc: x")


PHRASES = [
    ("atoms", "Ana Example", b"Ana Example"),
    ("a dot", "J. Doe", b'"J. Doe"'),
    ("quotes", 'a "b" \\', b'"a \\"b\\" \\\\"'),
    ("beyond ASCII", "Ñ", b"=?utf-8?b?w5E=?="),
    ("two spaces", "a  b", b'"a  b"'),
]


@pytest.mark.parametrize(("text", "phrase"), [pytest.param(t, p, id=i) for i, t, p in PHRASES])
def test_a_display_name_is_written(text: str, phrase: bytes) -> None:
    assert encode_phrase(text) == phrase


PARAMETERS = [
    ("none", b"text/plain", b"text/plain", {}),
    ("a token", b"text/plain; charset=utf-8", b"text/plain", {"charset": "utf-8"}),
    ("any case", b"text/plain; Charset=UTF-8", b"text/plain", {"charset": "UTF-8"}),
    ("quoted", b'a/b; x="a;\\"b"', b"a/b", {"x": 'a;"b'}),
    ("space around", b"a/b ; x = y ; z=1 ;", b"a/b", {"x": "y", "z": "1"}),
    ("unquoted spaces", b"a/b; name=a b.txt; x=y", b"a/b", {"name": "a b.txt", "x": "y"}),
    ("no spaces in others", b"a/b; boundary=a=b name=c", b"a/b", {"boundary": "a=b"}),
    ("comments", b"(c) a/b (d); x=y (e (f)); (g) z=1", b"a/b", {"x": "y", "z": "1"}),
    ("parentheses in a name", b"a/b; name=a(1).txt", b"a/b", {"name": "a(1).txt"}),
    ("a comment sign in quotes", b'a/b; name="a (1)"', b"a/b", {"name": "a (1)"}),
    ("empty ones", b"a/b;; ; x=y", b"a/b", {"x": "y"}),
    ("no value", b"a/b; x; y=z", b"a/b", {"y": "z"}),
    ("twice", b"a/b; x=1; x=2", b"a/b", {"x": "1"}),
    ("an open quote", b'a/b; x="y', b"a/b", {"x": "y"}),
    ("continued", b"a/b; x*1=b; x*0=a; x*2=c", b"a/b", {"x": "abc"}),
    ("continued with a gap", b"a/b; x*0=a; x*2=c", b"a/b", {"x": "a"}),
    ("with a charset", b"a/b; x*=iso-8859-1'en'%E4", b"a/b", {"x": "ä"}),
    ("both", b"a/b; x=plain; x*=utf-8''%C3%A4", b"a/b", {"x": "ä"}),
    ("continued with a charset", b"a/b; x*0*=utf-8''%C3; x*1*=%A4; x*2=%41", b"a/b", {"x": "ä%41"}),
    ("an encoded word", b'a/b; x="=?utf-8?q?=C3=A4?="', b"a/b", {"x": "ä"}),
    ("raw UTF-8", b'a/b; x="\xc3\xa4"', b"a/b", {"x": "ä"}),
]


@pytest.mark.parametrize(
    ("value", "head", "found"), [pytest.param(*row, id=i) for i, *row in PARAMETERS]
)
def test_parameters_are_read(value: bytes, head: bytes, found: dict[str, str]) -> None:
    main, parameters = parse_parameterized(value)
    assert (main, decode_parameters(parameters)) == (head, found)


@given(TEXT)
@example("=?utf-8?q?a?=")
def test_a_parameter_comes_back(value: str) -> None:
    items = encode_parameter("filename", value)
    written = b"attachment; " + b"; ".join(items)
    _, parameters = parse_parameterized(written)
    assert decode_parameters(parameters) == {"filename": value}
    assert all(len(item) <= 78 for item in items)
    assert written.isascii()


@given(st.binary(max_size=100) | st.text("a=;*01'\"\\ ()%C3", max_size=80).map(str.encode))
def test_any_octets_are_parameters(octets: bytes) -> None:
    _, parameters = parse_parameterized(octets)
    decode_parameters(parameters)
