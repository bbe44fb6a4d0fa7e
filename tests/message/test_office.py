"""Text of office documents: what each kind gives, and that nothing it claims costs more than it may."""

import io
import tracemalloc
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message.office import TEXT_LIMIT, UNPACKED_LIMIT, is_office, text_of_office
from correo.message.scan import scan
from correo.message.structure import Part, Structure

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
O = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'  # noqa: E741 - a namespace


def archive(members: Mapping[str, str], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", compression) as made:
        for name, text in members.items():
            made.writestr(name, text)
    return octets.getvalue()


WORD = f"<w:document {W}><w:body>%s</w:body></w:document>"
PARAGRAPH = "<w:p><w:r><w:t>%s</w:t></w:r></w:p>"

DOCUMENTS = [
    # id, members, words of it, in lines
    (
        "docx",
        {
            "[Content_Types].xml": "<Types>nothing</Types>",
            "word/document.xml": WORD % "<w:p><w:r><w:t>Hallo </w:t></w:r><w:r><w:t>Welt &amp; Übrige</w:t><w:instrText>PAGE</w:instrText></w:r></w:p><w:p><w:r><w:t>zwei</w:t></w:r></w:p>",
            "word/footnotes.xml": f"<w:footnotes {W}><w:t>note</w:t></w:footnotes>",
            "word/styles.xml": f"<w:styles {W}><w:t>no</w:t></w:styles>",
        },
        ["Hallo Welt & Übrige", "zwei", "note"],
    ),
    (
        "xlsx",
        {
            "xl/sharedStrings.xml": "<sst><si><t>Umsatz</t></si><si><r><t>Ge</t></r><r><t>winn</t></r></si></sst>",
            "xl/worksheets/sheet1.xml": '<worksheet><c t="s"><v>0</v></c><c t="inlineStr"><is><t>direkt</t></is></c></worksheet>',
        },
        ["Umsatz", "Gewinn", "direkt"],
    ),
    (
        "pptx",
        {"ppt/slides/slide2.xml": f"<p:sld xmlns:p='p' {A}><a:p><a:r><a:t>Folie</a:t></a:r></a:p></p:sld>"},
        ["Folie"],
    ),
    (
        "odt",
        {"content.xml": f"<office:document-content {O}><office:body><text:h>Titel</text:h><text:p>ein <text:span>Satz</text:span></text:p></office:body></office:document-content>"},
        ["Titel", "ein Satz"],
    ),
    ("an archive of something else", {"a.txt": "x", "content.txt": "y"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("members", "lines"), [pytest.param(m, x, id=i) for i, m, x in DOCUMENTS])
def test_a_document_gives_its_text(members: dict[str, str], lines: list[str]) -> None:
    for octets in (archive(members), archive(members) + b"trailing", b"MZ" + archive(members)):
        found = [line for line in text_of_office(octets).split("\n") if line.strip()]
        assert found == lines


@given(st.binary(max_size=300))
def test_any_octets_give_a_text(octets: bytes) -> None:
    assert isinstance(text_of_office(octets), str)
    assert isinstance(text_of_office(b"PK\x03\x04" + octets + b"PK\x05\x06" + octets), str)


WHOLE = archive(DOCUMENTS[0][1])
STORED = archive(DOCUMENTS[0][1], compression=zipfile.ZIP_STORED)


@given(
    st.sampled_from([WHOLE, STORED]),
    st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=8),
    st.integers(0),
)
def test_a_damaged_archive_gives_a_text(
    octets: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    damaged = bytearray(octets)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    assert isinstance(text_of_office(bytes(damaged)), str)
    assert isinstance(text_of_office(bytes(damaged[: cut % len(damaged)])), str)


def entity_bomb() -> str:
    names = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12)]
    return f'<!DOCTYPE x [<!ENTITY e0 "lol">{"".join(names)}]><x><t>&e11;</t></x>'


BOMBS = [
    ("a file that unpacks to much", {"content.xml": "<x>" + "a " * 50_000_000 + "</x>"}),
    ("empty elements", {"content.xml": "<x>" + "<p/>" * 10_000_000 + "</x>"}),
    ("entities", {"content.xml": entity_bomb()}),
    ("elements within elements", {"content.xml": "<p>" * 3_000_000}),
    ("one tag of many attributes", {"content.xml": "<x " + " ".join(f'a{n}=""' for n in range(500_000)) + "/>"}),
    ("many files", {f"word/header{n}.xml": "<t>x</t>" for n in range(9_000)}),
]  # fmt: skip


@pytest.mark.parametrize("members", [pytest.param(m, id=i) for i, m in BOMBS])
def test_a_bomb_costs_no_more_than_the_limits(members: dict[str, str]) -> None:
    octets = archive(members)
    tracemalloc.start()
    text = text_of_office(octets)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(text) <= TEXT_LIMIT + UNPACKED_LIMIT // 4  # a line for each of the smallest tags
    assert peak < 64 * 1024 * 1024


def test_other_compressions_are_left_alone() -> None:
    octets = archive(DOCUMENTS[0][1], compression=zipfile.ZIP_LZMA)
    assert text_of_office(octets).strip() == ""


NAMES = [
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "", True),
    ("application/vnd.oasis.opendocument.text", "", True),
    ("application/octet-stream", "Report.DOCX", True),
    ("application/octet-stream", "report.pdf", False),
    ("text/plain", "report.docx", False),
]


@pytest.mark.parametrize(("kind", "name", "expected"), NAMES)
def test_a_document_is_known_by_its_type_or_its_name(kind: str, name: str, expected: bool) -> None:
    header = f'Content-Type: {kind}; name="{name}"\r\n\r\n'
    part: Part = Structure.decode(scan(header.encode()).structure).root
    assert is_office(part) is expected
