"""Any octets may come as content; submission mends only what it should."""

from collections.abc import Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from correo.base.errors import Refusal
from correo.intake.api import PeerInfo
from correo.intake.content import Content
from correo.intake.submission import authors, complete_header
from correo.intake.trace_fields import received
from correo.mailbox.spool import Spool
from correo.message.headers import fields, first
from correo.store.memory.blobs import MemoryBlobStore
from correo.testing.clock import FakeClock

pieces = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [b"\r\n", b"\r\n\r\n", b"\n\n", b"From: a@b\r\n", b"Bcc: x@y\r\n", b"Date: x\r\n", b" \r\n",
             b"from:", b"bcc :", b"Message-ID: <a@b>\r\n", b":", b"\xff\xfe"]
        ),
    ),
    max_size=12,
)  # fmt: skip


def content_of(chunks: Iterable[bytes], *, edits: bool) -> bytes:
    spool = Spool(MemoryBlobStore(FakeClock()))
    content = Content(spool, b"Prefix: x\r\n", edit=completed if edits else None)
    for chunk in chunks:
        content.write(chunk)
    content.end()
    return b"".join(spool._chunks)


def completed(header: bytes) -> bytes:
    return complete_header(header, sender="ana@a.test", now=0.0, new_identifier=lambda: "1@a.test")


@settings(max_examples=150, deadline=None)
@given(pieces)
def test_content_is_kept_whole_however_it_is_cut(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    assert content_of(chunks, edits=False) == b"Prefix: x\r\n" + whole
    octets = [whole[n : n + 1] for n in range(len(whole))]
    assert content_of(octets, edits=True) == content_of(chunks, edits=True)


@settings(max_examples=150, deadline=None)
@given(pieces)
@example([b"\r\n"])
@example([b"Subject: x\r\n y\r\n"])
def test_a_completed_message_has_a_sender_a_date_and_an_identifier(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    header, _, body = content_of([whole], edits=True).partition(b"\r\n\r\n")
    header += b"\r\n"
    for name in (b"from", b"date", b"message-id"):
        assert first(header, name) is not None
    assert first(header, b"bcc") is None
    if b"\r\n\r\n" in whole and not whole.startswith(b"\r\n") and fields(header):
        assert (b"\r\n\r\n" + body).endswith(whole.partition(b"\r\n\r\n")[2])


@settings(max_examples=150, deadline=None)
@given(pieces)
def test_authors_are_found_or_refused_and_nothing_else_happens(chunks: list[bytes]) -> None:
    try:
        found = authors(b"".join(chunks))
    except Refusal:
        return
    assert all("@" in address for address in found)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.text(max_size=40), st.text(max_size=60))
def test_no_name_of_a_peer_can_break_out_of_received(
    helo: str, reverse_name: str, cipher: str
) -> None:
    peer = PeerInfo(
        "192.0.2.1", 1, 25, helo=helo, protocol="ESMTPS", is_tls=True, tls_version="TLSv1.3",
        tls_cipher=cipher, reverse_name=reverse_name,
    )  # fmt: skip
    field = received(peer, "mail.test", "M1", 0.0, recipient="a@b")
    [only] = fields(field + b"\r\n")
    assert only.name == b"Received"
    assert only.end == len(field)
    assert field.count(b"(") == field.count(b")") == 2
    assert field.count(b";") == 1
