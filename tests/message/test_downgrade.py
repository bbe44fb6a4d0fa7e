"""7-bit for who takes no more: same parts, same content; refused where that cannot be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.message import headers
from correo.message.address import Address
from correo.message.builder import Attachment, Draft, build
from correo.message.downgrade import CannotDowngrade, Needs, needs, to_7bit
from correo.message.encoding import decode_body
from correo.message.entities import is_7bit
from correo.message.scan import scan
from correo.message.structure import Part, Structure

HEAD = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n"
WIDE = HEAD + b"Content-Transfer-Encoding: 8bit\r\n\r\n"
B = b"\r\n--B\r\n"
END = b"\r\n--B--\r\n"

NEEDS = [
    ("plain", b"Subject: x\r\n\r\nHello\r\n", Needs(False, False, False)),
    ("an 8-bit body", b"\r\n\xc3\xa4\r\n", Needs(eight_bit=True, binary=False, utf8_header=False)),
    ("an 8-bit header", b"Subject: \xc3\xa4\r\n\r\n", Needs(eight_bit=True, binary=False, utf8_header=True)),
    ("a part's header", HEAD + b"\r\n--B\r\nX: \xc3\xa4\r\n\r\nx" + END, Needs(eight_bit=True, binary=False, utf8_header=True)),
    ("an embedded header", b"Content-Type: message/rfc822\r\n\r\nX: \xc3\xa4\r\n\r\n", Needs(eight_bit=True, binary=False, utf8_header=True)),
    ("NUL", b"\r\n\0", Needs(eight_bit=False, binary=True, utf8_header=False)),
    ("a bare LF", b"\r\na\nb", Needs(eight_bit=False, binary=True, utf8_header=False)),
    ("a bare CR", b"\r\na\rb", Needs(eight_bit=False, binary=True, utf8_header=False)),
    ("a line of 998", b"\r\n" + b"x" * 998 + b"\r\n", Needs(eight_bit=False, binary=False, utf8_header=False)),
    ("a line of 999", b"\r\n" + b"x" * 999 + b"\r\n", Needs(eight_bit=False, binary=True, utf8_header=False)),
    ("a last line of 999", b"\r\n" + b"x" * 999, Needs(eight_bit=False, binary=True, utf8_header=False)),
]  # fmt: skip


@pytest.mark.parametrize(("message", "needed"), [pytest.param(m, n, id=i) for i, m, n in NEEDS])
def test_a_message_needs_what_its_octets_need(message: bytes, needed: Needs) -> None:
    assert needs(message) == needed


def leaves(octets: bytes) -> list[tuple[str, bytes]]:
    """(type, decoded content) of each leaf, what counts after a downgrade."""
    structure = Structure.decode(scan(octets).structure)
    return [(leaf.content_type, decoded(leaf, octets)) for leaf in structure.leaves()]


def decoded(part: Part, octets: bytes) -> bytes:
    return decode_body(part.body(octets), part.encoding).removesuffix(b"\r\n")


REENCODED = [
    # id                message                     a part's new encoding
    ("text", b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nH\xc3\xa4llo, plain words\r\n", "quoted-printable"),
    ("text of another script", b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "Привет\r\n".encode(), "base64"),
    ("text without MIME", b"Subject: x\r\n\r\nH\xe4llo, plain words\r\n", "quoted-printable"),
    ("a long line", b"Content-Type: text/plain\r\n\r\n" + b"x" * 2000, "quoted-printable"),
    ("binary", b"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\r\n\n\xff", "base64"),
    ("text with a bare LF", b"Content-Type: text/plain\r\n\r\na\nb", "base64"),
    ("text with NUL", b"Content-Type: text/plain\r\n\r\na\0b", "base64"),
    ("quoted-printable with raw octets", b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4\xc3\xa4 and more words", "quoted-printable"),
    ("base64 with raw octets", b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nYW\xffJj", "base64"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "encoding"), [pytest.param(m, e, id=i) for i, m, e in REENCODED]
)
def test_content_is_reencoded_without_loss(message: bytes, encoding: str) -> None:
    lowered = to_7bit(message)
    assert is_7bit(lowered)
    assert leaves(lowered) == leaves(message)
    assert Structure.decode(scan(lowered).structure).root.encoding == encoding
    assert headers.every(lowered, b"mime-version") == [b"1.0"]
    assert len(headers.every(lowered, b"content-transfer-encoding")) == 1
    assert to_7bit(lowered) is lowered


def test_text_of_no_known_charset_says_so() -> None:
    assert (
        headers.first(to_7bit(b"\r\n\xe4"), b"content-type") == b"text/plain; charset=unknown-8bit"
    )
    assert headers.first(to_7bit(b"\r\n\xc3\xa4"), b"content-type") == b"text/plain; charset=utf-8"


def test_parts_that_are_7bit_stay_octet_for_octet() -> None:
    plain = b"Content-Type: text/plain\r\nX-Odd :  y\r\n\r\nplain  \r\n"
    lowered = to_7bit(WIDE + b"--B\r\n" + plain + B + b"\r\n\xe4" + END)
    assert b"--B\r\n" + plain + B in lowered
    assert headers.first(lowered, b"content-transfer-encoding") == b"7bit"


def test_preamble_and_epilogue_lose_their_8_bits() -> None:
    lowered = to_7bit(HEAD + b"\r\npr\xe4" + B + b"\r\nx" + END + b"\xe4pi")
    assert b"pr?" + B in lowered
    assert lowered.endswith(END + b"?pi")


def test_embedded_messages_are_gone_through() -> None:
    inner = b"Subject: \xc3\xa4\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nH\xc3\xa4llo, plain words"
    message = (
        WIDE
        + b"--B\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + inner
        + END
    )
    lowered = to_7bit(message)
    assert is_7bit(lowered)
    assert leaves(lowered) == leaves(message)
    part = Structure.decode(scan(lowered).structure).find((1,))
    assert part is not None
    assert part.message is not None
    assert part.encoding == "7bit"
    assert headers.text(headers.first(part.message.header(lowered), b"subject") or b"") == "ä"


def test_a_message_global_is_encoded_as_a_whole() -> None:
    inner = "From: ä@b\r\n\r\nHällo and plain words\r\n".encode()
    lowered = to_7bit(b"Content-Type: message/global\r\n\r\n" + inner)
    part = Structure.decode(scan(lowered).structure).root
    assert is_7bit(lowered)
    assert decode_body(part.body(lowered), part.encoding) == inner


HEADERS = [
    ("subject", "Subject: Grüße", b"subject", "Grüße"),
    ("a field nobody knows", "X-Note: ä b", b"x-note", "ä b"),
    ("names", 'To: "Ä, Ö" <a@b>, C <c@d>', b"to", "Ä, Ö <a@b>, C <c@d>"),
    ("a domain", "From: a@ö.example", b"from", "a@xn--nda.example"),
    (
        "a name of a file",
        "Content-Disposition: attachment; filename=ä.txt",
        b"content-disposition",
        "attachment; filename*=utf-8''%C3%A4.txt",
    ),
]


@pytest.mark.parametrize(
    ("field", "name", "shown"), [pytest.param(*row, id=i) for i, *row in HEADERS]
)
def test_a_field_is_told_in_ascii(field: str, name: bytes, shown: str) -> None:
    lowered = to_7bit(b"Date: x\r\n" + field.encode() + b"\r\nX: y\r\n\r\nbody\r\n")
    assert is_7bit(lowered)
    assert headers.text(headers.first(lowered, name) or b"") == shown
    assert headers.first(lowered, b"x") == b"y"


def test_octets_of_no_known_charset_are_kept_in_a_field() -> None:
    lowered = to_7bit(b"Subject: \xff\xe4\r\n\r\n")
    assert headers.first(lowered, b"subject") == b"=?unknown-8bit?b?/+Q=?="


SIGNED = b"Content-Type: multipart/signed; boundary=B; protocol=x/y\r\n\r\n--B\r\n"
SIGNATURE = b"\r\n--B\r\nContent-Type: x/y\r\n\r\nsig" + END

REFUSED = [
    ("signed content", SIGNED + b"Content-Type: text/plain\r\n\r\n\xe4" + SIGNATURE, "5.6.3"),
    ("signed content deeper", SIGNED + b"Content-Type: message/rfc822\r\n\r\n\r\n\xe4" + SIGNATURE, "5.6.3"),
    ("a fragment", b"Content-Type: message/partial; id=x\r\n\r\n\xe4", "5.6.3"),
    ("an unknown encoding", b"Content-Type: x/y\r\nContent-Transfer-Encoding: x-new\r\n\r\n\xe4", "5.6.3"),
    ("a boundary", 'Content-Type: multipart/mixed; boundary="ä"\r\n\r\n--ä\r\n\r\nx\r\n--ä--\r\n'.encode(), "5.6.3"),
    ("a local part", "From: ä@b\r\n\r\n".encode(), "5.6.9"),
    ("a message identifier", "Message-ID: <ä@b>\r\n\r\n".encode(), "5.6.9"),
    ("an address of no known charset", b"From: \xe4 <a@b>\r\n\r\n", "5.6.9"),
    ("a line that is no field", b"\xe4\r\nSubject: x\r\n\r\n", "5.6.9"),
    ("a part's header", HEAD + "\r\n--B\r\nContent-ID: <ä>\r\n\r\nx".encode() + END, "5.6.9"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "status"), [pytest.param(m, s, id=i) for i, m, s in REFUSED])
def test_what_cannot_be_is_refused(message: bytes, status: str) -> None:
    with pytest.raises(CannotDowngrade) as refused:
        to_7bit(message)
    assert refused.value.status == status


def test_signed_content_that_is_7bit_is_left_alone_whatever_its_label() -> None:
    signed = (
        SIGNED.removesuffix(b"--B\r\n").replace(b"boundary=B", b"boundary=S")
        + b"--S\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n\r\nplain\r\n--S\r\nContent-Type: x/y\r\n\r\nsig\r\n--S--"
    )
    lowered = to_7bit(WIDE + b"--B\r\n" + signed + B + b"\r\n\xe4" + END)
    assert signed in lowered


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60),
    st.binary(max_size=120),
    st.binary(max_size=120),
)
def test_any_content_is_lowered_without_loss(name: str, text: bytes, octets: bytes) -> None:
    draft = Draft(
        sender=[Address(name, "a", "b.example")],
        subject=name,
        text="t",
        attachments=[Attachment(name or "x", octets)],
    )
    built = build(draft, date=0, message_id="1@x")
    inner = b"Content-Type: text/plain\r\n\r\n" + text.replace(b"--", b"__") + b"\r\n"
    message = (
        HEAD.replace(b"=B", b"=Outer")
        + b"\r\n--Outer\r\n"
        + inner
        + b"\r\n--Outer\r\nContent-Type: message/rfc822\r\n\r\n"
        + built
        + b"\r\n--Outer--\r\n"
    )
    lowered = to_7bit(message)
    assert is_7bit(lowered)
    assert leaves(lowered) == leaves(message)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                WIDE,
                B,
                END,
                b"\r\n\r\n",
                b"\xe4",
                b"\0",
                b"Content-Type: message/rfc822\r\n\r\n",
                b"From: \xc3\xa4 <a@b>\r\n",
                b"x\r\n",
            ]
        ),
        max_size=12,
    ).map(b"".join)
)
def test_any_octets_are_lowered_or_refused(octets: bytes) -> None:
    try:
        lowered = to_7bit(octets)
    except CannotDowngrade:
        return
    assert lowered.isascii()
