"""What SORT and THREAD need is read out of an ENVELOPE as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message import envelope_reader
from correo.message.envelope_reader import (
    EnvelopeAddress,
    EnvelopeMember,
    display_name,
    first_address,
    subject_of,
)
from correo.message.scan import scan

FIELDS = st.lists(
    st.tuples(
        st.sampled_from([b"From", b"To", b"Cc", b"Subject", b"Reply-To", b"In-Reply-To", b"Date"]),
        st.binary(max_size=30).map(lambda octets: octets.replace(b"\n", b"")),
    ),
    max_size=6,
)


def envelope(*fields: str) -> bytes:
    return scan("".join(f"{field}\r\n" for field in (*fields, "")).encode()).envelope


FROM = [
    # field, name, mailbox, host, shown as
    ("From: Ana <ana@a.test>, b@c.test", b"Ana", b"ana", b"a.test", "Ana"),
    ("From: ana@a.test", None, b"ana", b"a.test", "ana@a.test"),
    ('From: "A \\"B\\" \\\\" <ana@a.test>', b'A "B" \\', b"ana", b"a.test", 'A "B" \\'),
    ("From: =?utf-8?q?J=C3=B6rg?= <j@a.test>", b"=?utf-8?q?J=C3=B6rg?=", b"j", b"a.test", "Jörg"),
    ("From: Jörg <j@a.test>", "Jörg".encode(), b"j", b"a.test", "Jörg"),
    ("From: friends: a@b.test;", None, b"friends", None, "friends"),
    ("Subject: x", None, None, None, ""),
]


@pytest.mark.parametrize(("field", "name", "mailbox", "host", "shown"), FROM)
@pytest.mark.parametrize("before", ["Subject: plain", "Subject: Grüße", 'Subject: "\\'])
def test_the_first_address_is_read(
    before: str, field: str, name: bytes | None, mailbox: bytes | None, host: bytes | None,
    shown: str,
) -> None:  # fmt: skip
    address = first_address(envelope(before, field), EnvelopeMember.FROM)
    assert address == EnvelopeAddress(name, mailbox, host)
    assert display_name(address) == shown


def test_each_member_is_found_behind_the_others() -> None:
    written = envelope(
        "From: a@a.test", "Reply-To: r@a.test, s@a.test", "To: t@a.test", "Cc: c@a.test"
    )
    assert [first_address(written, member).mailbox for member in EnvelopeMember] == [
        b"a", b"t", b"c",
    ]  # fmt: skip


@pytest.mark.parametrize("subject", ["Re: x", 'a "b" \\', "Grüße", "x" * 5000])
def test_a_subject_is_read_as_it_stands(subject: str) -> None:
    assert subject_of(envelope(f"Subject: {subject}", "From: a@b.test")) == subject.encode()


def test_no_subject_is_empty() -> None:
    assert subject_of(envelope("From: a@b.test")) == b""


@given(FIELDS)
def test_any_envelope_that_is_written_can_be_read(fields: list[tuple[bytes, bytes]]) -> None:
    header = b"".join(b"%b: %b\r\n" % field for field in fields)
    index = scan(header + b"\r\n")
    assert isinstance(subject_of(index.envelope), bytes)
    for member in EnvelopeMember:
        address = first_address(index.envelope, member)
        assert address == envelope_reader._first_by_tokens(index.envelope, member.value)
        assert isinstance(display_name(address), str)
