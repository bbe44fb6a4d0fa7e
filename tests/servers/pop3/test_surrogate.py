"""A header in UTF-8 becomes ASCII for those who cannot read it; everything else stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.message.encoding.words import decode_words
from correo.message.headers import first, unfold
from correo.servers.pop3.surrogate import header_end, surrogate

SAME = [
    ("ASCII", b"Subject: a\r\n\r\nbody\r\n"),
    ("8-bit body", b"Subject: a\r\n\r\nb\xc3\xb6dy\r\n"),
    ("Latin-1 header", b"Subject: a\xf1o\r\n\r\nbody\r\n"),
    ("no header", b"\r\nb\xc3\xb6dy\r\n"),
    ("empty", b""),
]


@pytest.mark.parametrize("octets", [pytest.param(octets, id=name) for name, octets in SAME])
def test_what_needs_no_surrogate_is_left_alone(octets: bytes) -> None:
    assert surrogate(octets) == octets


FIELDS = [
    ("unstructured", "Subject: Grüße aus Köln", b"Subject: =?utf-8?"),
    ("display name", "From: José <j@x.example>", b"<j@x.example>"),
    ("domain", "To: j@español.example", b"j@xn--espaol-zwa.example"),
    ("local part", "To: josé@x.example, b@x.example", b":;,\r\n b@x.example"),
    ("parameter", 'Content-Type: text/plain; name="año.txt"', b"name*="),
]


@pytest.mark.parametrize(
    ("field", "part"), [pytest.param(*case[1:], id=case[0]) for case in FIELDS]
)
def test_each_kind_of_field_has_its_ascii_form(field: str, part: bytes) -> None:
    message = f"X: 1\r\n{field}\r\nY: 2\r\n\r\nbödy\r\n".encode()
    made = surrogate(message)
    header = made[: header_end(made)]
    assert header.isascii()
    assert part in header
    assert header.startswith(b"X: 1\r\n")
    assert header.endswith(b"\r\nY: 2\r\n\r\n")
    assert made[header_end(made) :] == "bödy\r\n".encode()


def test_the_text_of_a_subject_is_kept() -> None:
    made = surrogate("Subject: Año nuevo, vida nueva\r\n\r\n".encode())
    value = first(made, b"subject")
    assert value is not None
    assert decode_words(unfold(value)) == "Año nuevo, vida nueva"


NAMES = st.sampled_from(["Subject", "From", "To", "Content-Type", "Received", "Año", ""])
VALUES = st.text(max_size=40).map(lambda text: text.replace("\r", "").replace("\n", ""))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5), st.binary(max_size=20))
@settings(max_examples=200)
def test_any_header_in_utf8_gives_lines_of_ascii_fields(
    fields: list[tuple[str, str]], body: bytes
) -> None:
    header = "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    made = surrogate(header.encode("utf-8", "replace") + body)
    assert made.endswith(body)
    end = header_end(made)
    assert made[:end].isascii() or any(not name.isascii() or not name for name, _ in fields)
