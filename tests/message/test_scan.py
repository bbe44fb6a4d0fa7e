"""Any octets give an index: the corpus, arbitrary octets, hostile ones, and mapped files."""

import mmap
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.message import mime
from correo.message.index import MessageIndex
from correo.message.mime import DEPTH_LIMIT, PARTS_LIMIT
from correo.message.scan import scan
from correo.message.structure import Part, Structure

ReadList = Callable[[bytes], list[object]]


def check(octets: bytes, read_list: ReadList) -> MessageIndex:
    """What holds for every message: ranges in bounds and in order, lists that can be read."""
    index = scan(octets)
    assert index.size == len(octets)
    structure = Structure.decode(index.structure)
    assert structure.root.header_size == index.header_size
    assert index.header_size + structure.root.body_size == len(octets)
    for part in structure.walk():
        check_ranges(part, octets)
    for ready in (index.envelope, index.bodystructure, index.body):
        assert len(read_list(ready)) == 1
    envelope = read_list(index.envelope)[0]
    assert isinstance(envelope, list)
    assert len(envelope) == 10
    assert len(index.preview) <= 200
    return index


def check_ranges(part: Part, octets: bytes) -> None:
    assert part.body_offset == part.header_offset + part.header_size
    end = part.body_offset + part.body_size
    assert 0 <= part.header_offset <= part.body_offset <= end <= len(octets)
    if part.type == "text" or part.message:
        assert part.lines == part.body(octets).count(b"\n")
    position = part.body_offset
    for child in part.children:
        assert child.header_offset >= position
        position = child.body_offset
        assert position + child.body_size <= max(end, position)
    if part.message is not None:
        assert part.message.header_offset == part.body_offset
        assert part.message.body_offset + part.message.body_size == end


def test_a_message_of_the_corpus_gives_a_consistent_index(
    corpus_message: bytes, read_list: ReadList
) -> None:
    check(corpus_message, read_list)


def test_a_message_of_the_corpus_gives_the_same_index_from_a_mapped_file(
    corpus_message: bytes,
) -> None:
    if corpus_message:
        with tempfile.TemporaryFile() as file:
            file.write(corpus_message)
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                assert scan(mapped) == scan(corpus_message)


def test_children_joined_with_what_lies_between_give_the_message_again(
    corpus_message: bytes,
) -> None:
    root = Structure.decode(scan(corpus_message).structure).root
    assert rejoined(root, corpus_message) == corpus_message[root.header_offset :]


def rejoined(part: Part, octets: bytes) -> bytes:
    """A part out of its header, what lies between its children, and its children's children."""
    pieces = [part.header(octets)]
    below = [part.message] if part.message is not None else part.children
    position = part.body_offset
    for child in below:
        pieces += (octets[position : child.header_offset], rejoined(child, octets))
        position = child.body_offset + child.body_size
    end = part.body_offset + part.body_size
    pieces.append(octets[position:end])
    if below and position > end:  # an empty last part whose header ends in the delimiter's CRLF
        pieces[-2] = pieces[-2][: end - position]
    return b"".join(pieces)


FRAGMENTS = st.sampled_from([
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b"--", b"--B", b"--B--", b"--C", b"\r\n\r\n",
    b"Content-Type: ", b"multipart/mixed; boundary=B", b"multipart/digest; boundary=C",
    b"message/rfc822", b"text/plain", b"; charset=utf-8", b"boundary=B", b"Subject: ", b"From: ",
    b"To: a@b, <c@d>", b"(", b")", b'"', b"\\", b"<", b">", b"@", b",", b"=?utf-8?q?", b"?=", b"\xff",
    b"\xc3\xa4", b"Content-Disposition: attachment; filename*0*=x''", b"Date: Mon, 1 Jan 2026 ",
    b"Content-Transfer-Encoding: base64", b"Re: [", b"] (fwd)", b"name*1=", b"References: <a@b>",
])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(FRAGMENTS | st.binary(max_size=8), max_size=60).map(b"".join))
def test_any_octets_give_a_consistent_index(read_list: ReadList, octets: bytes) -> None:
    check(octets, read_list)


HEAD = b"Content-Type: multipart/mixed; boundary=B\r\n\r\n"


def nested(levels: int) -> bytes:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (n, n)
        for n in range(levels)
    )
    return opening + b"\r\nhello"


HOSTILE = {
    "a hundred thousand boundaries": HEAD + b"--B\r\n" * 100_000,
    "a hundred thousand boundaries after the last": HEAD
    + b"--B\r\n\r\nx\r\n--B--\r\n"
    + b"--B\r\n" * 100_000,
    "a boundary's beginning repeated": HEAD + b"--Bx\r\n" * 300_000,
    "a boundary with endless padding": HEAD + (b"--B" + b" " * 1000 + b"x\r\n") * 2000,
    "a boundary of one dash": b"Content-Type: multipart/mixed; boundary=-\r\n\r\n"
    + b"---\r\n" * 100_000,
    "multiparts in multiparts": nested(10_000),
    "messages in messages": b"Content-Type: message/rfc822\r\n\r\n" * 30_000,
    "digests of the same boundary": b"Content-Type: multipart/digest; boundary=B\r\n\r\n--B\r\n"
    * 20_000,
    "self-nesting multiparts": HEAD + (b"--B\r\n" + HEAD) * 20_000 + b"--B--\r\n" * 20_000,
    "megabytes of header": b"Subject: x\r\n" * 200_000,
    "one endless field": b"To: " + b"a@b.example, " * 200_000,
    "one endless folded field": b"Subject: x" + b"\r\n " * 500_000,
    "header lines without a colon": b"a" * 100 + b"\r\n" + b"junk\r\n" * 300_000,
    "an endless name": b"a" * 2_000_000,
    "endless quotes": b"From: " + b'"' * 200_000,
    "escaped quotes": b"From: " + b'"\\' * 100_000,
    "endless comments": b"From: " + b"(" * 200_000,
    "endless angles": b"To: " + b"<" * 200_000,
    "endless brackets": b"To: " + b"[" * 200_000,
    "endless words": b"To: " + b"a " * 100_000,
    "endless at signs": b"To: " + b"a@" * 100_000,
    "endless groups": b"To: " + b"a:;" * 60_000,
    "endless semicolons": b"Content-Type: text/plain" + b";" * 250_000,
    "endless parameters": b"Content-Type: text/plain" + b";a*0*=b" * 30_000,
    "parameter comments": b"Content-Type: text/plain" + b" (a" * 80_000,
    "endless encoded words": b"Subject: " + b"=?utf-8?q?" * 25_000,
    "endless spaces in a subject": b"Subject: Re:" + b" " * 200_000 + b"x",
    "endless blobs": b"Subject: " + b"[a]" * 80_000,
    "endless forwards": b"Subject: " + b"[fwd:" * 40_000 + b"x" + b"]" * 40_000,
    "endless trailers": b"Subject: x" + b"(fwd)" * 40_000,
    "endless date": b"Date: " + b"1 " * 100_000,
    "endless identifiers": b"References: " + b"<a@b>" * 50_000,
    "open identifiers": b"References: " + b"<" * 200_000,
    "open tags": b"Content-Type: text/html\r\n\r\n" + b"<style" * 100_000,
    "open comments in HTML": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 100_000,
    "NULs": b"\0" * 2_000_000,
    "carriage returns": b"\r" * 2_000_000,
    "line feeds": b"\n" * 2_000_000,
    "a megabyte of a boundary": b"Content-Type: multipart/mixed; boundary="
    + b"B" * 200_000
    + b"\r\n\r\n"
    + b"\n--"
    + b"B" * 1_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("octets", [pytest.param(v, id=k) for k, v in HOSTILE.items()])
def test_hostile_octets_give_an_index_in_linear_time(octets: bytes, read_list: ReadList) -> None:
    """The bound is loose, for slow machines; what is squared takes minutes at these sizes."""
    start = time.process_time()
    index = scan(octets)
    assert time.process_time() - start < 2
    assert len(index.envelope) + len(index.bodystructure) < 20_000_000
    check(octets, read_list)


def test_a_search_for_boundaries_in_a_mapped_file_is_as_fast_where_they_repeat() -> None:
    octets = HEAD + b"-" * 4_000_000 + b"\r\n--B\r\n\r\nx\r\n--B--"
    with tempfile.TemporaryFile() as file:
        file.write(octets)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            start = time.process_time()
            assert scan(mapped) == scan(octets)
            assert time.process_time() - start < 2


def test_parts_beyond_the_limit_stay_in_the_last_one() -> None:
    octets = HEAD + b"--B\r\n\r\nx\r\n" * (PARTS_LIMIT + 100)
    structure = Structure.decode(scan(octets).structure)
    assert sum(1 for _ in structure.walk()) <= PARTS_LIMIT + 1
    assert structure.root.children[-1].body(octets).count(b"--B") >= 100


def test_levels_beyond_the_limit_are_opaque() -> None:
    octets = nested(DEPTH_LIMIT + 10)
    *_, last = Structure.decode(scan(octets).structure).walk()
    assert last.content_type == "application/octet-stream"
    assert last.body(octets).endswith(b"hello")


def test_a_large_message_is_not_searched_again_for_each_of_many_levels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    levels = 40
    octets = nested(levels) + b"x" * 1_000_000
    monkeypatch.setattr(mime, "SEARCHED_ANYWAY", 0)
    searched = len(list(Structure.decode(scan(octets).structure).walk()))
    assert searched < mime.SEARCHES_LIMIT + 5
    *_, last = Structure.decode(scan(octets).structure).walk()
    assert last.content_type == "application/octet-stream"
    assert b"hello" in last.body(octets)
    monkeypatch.undo()
    small = nested(levels)
    assert len(list(Structure.decode(scan(small).structure).walk())) > levels


def test_an_empty_message_has_an_index() -> None:
    index = scan(b"")
    assert (index.size, index.header_size, index.envelope) == (
        0, 0, b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
    )  # fmt: skip


def test_the_index_tells_what_the_header_says() -> None:
    index = scan(
        b"Date: Mon, 23 Nov 2026 14:00:00 +0100\r\nSubject: Re: [x] =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
        b"Message-ID: <a@b>\r\nIn-Reply-To: <c@d>\r\nReferences: <e@f>\r\n <c@d> <e@f>\r\n\r\nHello\r\n"
    )
    expected = replace(
        index,
        sent_date=1795438800,
        base_subject="Grüße",
        message_id=b"a@b",
        in_reply_to=(b"c@d",),
        references=(b"e@f", b"c@d"),
        preview="Hello",
        has_attachment=False,
    )
    assert index == expected
