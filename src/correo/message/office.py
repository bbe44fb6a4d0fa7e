"""Take the text out of an attached office document: Word, Excel, PowerPoint, OpenDocument.

Such a file is a ZIP archive of XML. What is read of it is bounded whatever it claims to be: the
list of its members, the octets they unpack to, the text. Entities are not expanded. Any octets
give a text, "" if it is no such file, and what stands behind the limits is left out.

ECMA-376    Office Open XML: text in elements named "t"
ISO 26300   OpenDocument: all that stands in content.xml

Departures: numbers in the cells of spreadsheets are not text.

Cost: 25 ms for a document of 100 pages; at most about a second of a thread for what is made to
take long. Memory: the file, and UNPACKED_LIMIT once.
"""

import io
import re
import zipfile
import zlib
from xml.parsers import expat

from correo.message.structure import Part

__all__ = ["FILE_LIMIT", "is_office", "text_of_office"]

FILE_LIMIT = 8 * 1024 * 1024  # octets of a file that is looked into; ours
DIRECTORY_LIMIT = 256 * 1024  # octets of the list of members: some thousands
UNPACKED_LIMIT = 4 * 1024 * 1024  # octets of XML that are read of one file
TEXT_LIMIT = 1024 * 1024  # characters
PIECE = 64 * 1024  # octets parsed at a time
TOKEN_LIMIT = (
    256 * 1024
)  # octets of one tag: the parser keeps it, and makes objects of its attributes
DEPTH_LIMIT = 300  # elements within elements; the parser keeps the open ones

SUFFIXES = (".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".pptm", ".odt", ".ods", ".odp")
TYPES = ("vnd.openxmlformats-officedocument.", "vnd.oasis.opendocument.", "vnd.ms-")
MEMBER = re.compile(
    r"word/(?:document|footnotes|endnotes|comments|header\d{1,4}|footer\d{1,4})\.xml"
    r"|xl/(?:sharedStrings|worksheets/sheet\d{1,4})\.xml"
    r"|ppt/(?:slides/slide|notesSlides/notesSlide)\d{1,4}\.xml|content\.xml"
)
BREAKS = frozenset({"p", "h", "si", "is", "br", "tab", "cr", "line-break"})
END_RECORD, END_RECORD_SIZE, LOCATOR_64 = b"PK\x05\x06", 22, b"PK\x06\x07"
BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, expat.ExpatError, EOFError, OSError,
    RuntimeError, NotImplementedError, ValueError, KeyError, IndexError, OverflowError,
)  # fmt: skip  # of archives that are none, or not whole, or encrypted


class _Enough(Exception):
    """Nothing more is to be read."""


def is_office(part: Part) -> bool:
    """Whether a part may be such a document, by its type or its name."""
    if part.type != "application":
        return False
    return part.subtype.startswith(TYPES) or part.filename.lower().endswith(SUFFIXES)


def text_of_office(octets: bytes) -> str:
    """The text of a document, decoded from its transfer encoding; a line for each paragraph."""
    reader = _Reader()
    try:
        with zipfile.ZipFile(io.BytesIO(_with_plain_end(octets))) as archive:
            for member in archive.infolist():
                if MEMBER.fullmatch(member.filename):
                    reader.read(archive, member)
    except (_Enough, *BROKEN):
        pass
    return "".join(reader.pieces)


def _with_plain_end(octets: bytes) -> bytes:
    """The archive, ending with the one record that is going to be believed.

    Raises:
        ValueError: it is none, or its list of members is too long.
    """
    end = octets.rfind(END_RECORD)
    record = octets[end : end + END_RECORD_SIZE]
    if end < 0 or len(record) < END_RECORD_SIZE or len(octets) > FILE_LIMIT:
        raise ValueError("no archive, or too large")
    if int.from_bytes(record[12:16], "little") > DIRECTORY_LIMIT:
        raise ValueError("too many members")
    if octets[max(0, end - 20) : end].startswith(LOCATOR_64):
        raise ValueError("a ZIP64 archive")
    return octets[:end] + record[:20] + b"\0\0"


class _Reader:
    """Takes text out of one XML file after the other, as far as the limits go."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._room = UNPACKED_LIMIT
        self._text_room = TEXT_LIMIT
        self._takes_all = False
        self._depth = 0
        self._text_depth = 0  # of elements that hold text

    def read(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        """Raises _Enough, and what is in BROKEN."""
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return
        self._takes_all = member.filename == "content.xml"
        self._depth = self._text_depth = 0
        parser, count = self._parser(), 0
        with archive.open(member) as unpacked:
            while octets := unpacked.read(min(PIECE, self._room)):
                self._room -= len(octets)
                count += len(octets)
                parser.Parse(octets)
                if not self._room or count - parser.CurrentByteIndex > TOKEN_LIMIT:
                    raise _Enough
        self.pieces.append("\n")

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.EntityDeclHandler = self._entity
        return parser

    def _start(self, name: str, _attributes: object) -> None:
        local = name.rpartition(" ")[2]
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise _Enough
        if local in BREAKS:
            self.pieces.append("\n")
        if local == "t":
            self._text_depth += 1

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name.rpartition(" ")[2] == "t":
            self._text_depth -= 1

    def _data(self, text: str) -> None:
        if self._takes_all or self._text_depth:
            self.pieces.append(text[: self._text_room])
            self._text_room -= len(text)
            if self._text_room <= 0:
                raise _Enough

    def _entity(self, *_: object) -> None:
        raise _Enough
