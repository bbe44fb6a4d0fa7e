"""Responses in both directions: what the server writes, the client reads back the same."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from correo.base.errors import PeerError
from correo.wire.imap import codes, responses
from correo.wire.imap.body_structure import Address, BodyPart
from correo.wire.imap.client import ImapClientEngine, LiteralSink
from correo.wire.imap.commands import StatusItem
from correo.wire.imap.response_types import (
    Capabilities,
    Continuation,
    Enabled,
    Exists,
    Expunged,
    ExtendedSearch,
    FetchData,
    FlagsKnown,
    Greeting,
    MailboxListed,
    MailboxStatus,
    Namespaces,
    Recent,
    Response,
    ResponseCode,
    SearchResult,
    ServerId,
    StatusLine,
    TaggedStatus,
    UnknownResponse,
    Vanished,
    Verdict,
)
from correo.wire.imap.values import Streamed

GREETING = b"* OK ready\r\n"


def read(octets: bytes, step: int = 1_000_000, *, utf8: bool = False) -> list[Response]:
    """All responses of a server, the greeting left out."""
    engine = ImapClientEngine()
    engine.receive(GREETING)
    engine.is_utf8 = utf8
    events = []
    for start in range(0, len(octets), step):
        events += engine.receive(octets[start : start + step])
    return events


BOTH_WAYS: list[tuple[bytes, bytes, Response]] = [
    (
        responses.capability(b"IMAP4rev1 AUTH=PLAIN"),
        b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n",
        Capabilities(frozenset({"IMAP4REV1", "AUTH=PLAIN"})),
    ),
    (responses.enabled(["QRESYNC"]), b"* ENABLED QRESYNC\r\n", Enabled(("QRESYNC",))),
    (responses.enabled([]), b"* ENABLED\r\n", Enabled(())),
    (responses.exists(3), b"* 3 EXISTS\r\n", Exists(3)),
    (responses.recent(0), b"* 0 RECENT\r\n", Recent(0)),
    (responses.expunge(4), b"* 4 EXPUNGE\r\n", Expunged(4)),
    (
        responses.vanished([1, 2, 3, 7]),
        b"* VANISHED 1:3,7\r\n",
        Vanished([(1, 3), (7, 7)], earlier=False),
    ),
    (
        responses.vanished([9], earlier=True),
        b"* VANISHED (EARLIER) 9\r\n",
        Vanished([(9, 9)], earlier=True),
    ),
    (
        responses.flags("\\Seen $Junk"),
        b"* FLAGS (\\Seen $Junk)\r\n",
        FlagsKnown(("\\Seen", "$Junk")),
    ),
    (
        responses.ok_line(codes.uid_next(9), "next"),
        b"* OK [UIDNEXT 9] next\r\n",
        StatusLine(Verdict.OK, "next", ResponseCode("UIDNEXT", b"9", (b"9",))),
    ),
    (
        responses.search([2, 4], modseq=9),
        b"* SEARCH 2 4 (MODSEQ 9)\r\n",
        SearchResult([2, 4], 9),
    ),
    (responses.search([], modseq=9), b"* SEARCH\r\n", SearchResult([])),
    (
        responses.esearch(b"a1", is_uid=True, minimum=1, maximum=9, count=3, every=[1, 2, 9]),
        b'* ESEARCH (TAG "a1") UID MIN 1 MAX 9 COUNT 3 ALL 1:2,9\r\n',
        ExtendedSearch(b"a1", True, 1, 9, 3, [(1, 2), (9, 9)]),
    ),
    (
        responses.esearch(b"a1", is_uid=False, count=0, every=[], modseq=5),
        b'* ESEARCH (TAG "a1") COUNT 0 MODSEQ 5\r\n',
        ExtendedSearch(b"a1", False, count=0, modseq=5),
    ),
    (
        responses.list_line(["\\HasChildren"], "a b", utf8=False),
        b'* LIST (\\HasChildren) "/" "a b"\r\n',
        MailboxListed("a b", ("\\HasChildren",), "/"),
    ),
    (
        responses.list_line([], "nil", utf8=False, delimiter=None, is_lsub=True),
        b'* LSUB () NIL "nil"\r\n',
        MailboxListed("nil", (), None, is_lsub=True),
    ),
    (
        responses.list_line(["\\Noselect"], "", utf8=False),
        b'* LIST (\\Noselect) "/" ""\r\n',
        MailboxListed("", ("\\Noselect",), "/"),
    ),
    (
        responses.list_line([], "b", utf8=False, child_info=["SUBSCRIBED"], old_name="á"),
        b'* LIST () "/" b ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" (&AOE-))\r\n',
        MailboxListed("b", (), "/", child_info=("SUBSCRIBED",), old_name="á"),
    ),
    (
        responses.status("x", [(StatusItem.MESSAGES, 3), (StatusItem.MAILBOXID, "F1")], utf8=False),
        b"* STATUS x (MESSAGES 3 MAILBOXID (F1))\r\n",
        MailboxStatus("x", {"MESSAGES": 3, "MAILBOXID": "F1"}),
    ),
    (
        responses.namespace([("", "/")], utf8=False),
        b'* NAMESPACE (("" "/")) NIL NIL\r\n',
        Namespaces([("", "/")], [], []),
    ),
    (
        responses.namespace([("", "/")], [("~", "/")], [("#x/", "/"), ("#y/", "/")], utf8=False),
        b'* NAMESPACE (("" "/")) (("~" "/")) (("#x/" "/")("#y/" "/"))\r\n',
        Namespaces([("", "/")], [("~", "/")], [("#x/", "/"), ("#y/", "/")]),
    ),
    (responses.id_parameters(None), b"* ID NIL\r\n", ServerId({})),
    (
        responses.id_parameters({"name": 'a"b'}),
        b'* ID ("name" "a\\"b")\r\n',
        ServerId({"name": 'a"b'}),
    ),
    (
        responses.fetch_line(2, [b"UID 9", b"FLAGS (\\Seen)", b"MODSEQ (12)"]),
        b"* 2 FETCH (UID 9 FLAGS (\\Seen) MODSEQ (12))\r\n",
        FetchData(2, uid=9, flags=("\\Seen",), modseq=12),
    ),
    (
        responses.fetch_line(2, [responses.literal_item(b"BODY[1.MIME]<0>", b"a\r\n)")]),
        b"* 2 FETCH (BODY[1.MIME]<0> {4}\r\na\r\n))\r\n",
        FetchData(2, sections={b"BODY[1.MIME]<0>": b"a\r\n)"}),
    ),
]


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    ("written", "wire", "response"),
    [pytest.param(w, o, r, id=o.decode().split("\r")[0]) for w, o, r in BOTH_WAYS],
)
def test_what_the_server_writes_the_client_reads_back(
    written: bytes, wire: bytes, response: Response, step: int
) -> None:
    assert written == wire
    assert read(wire, step) == [response]


CODES = [
    (codes.append_uid(7, [4, 5]), b"APPENDUID 7 4:5"),
    (codes.copy_uid(7, [1, 2], [8, 9]), b"COPYUID 7 1:2 8:9"),
    (codes.permanent_flags("\\Seen", keywords=True), b"PERMANENTFLAGS (\\Seen \\*)"),
    (codes.permanent_flags("", keywords=True), b"PERMANENTFLAGS (\\*)"),
    (codes.permanent_flags("", keywords=False), b"PERMANENTFLAGS ()"),
    (codes.modified([3]), b"MODIFIED 3"),
    (codes.mailbox_id("F1"), b"MAILBOXID (F1)"),
    (codes.highest_modseq(5), b"HIGHESTMODSEQ 5"),
    (codes.uid_validity(5), b"UIDVALIDITY 5"),
    (codes.capability(b"X"), b"CAPABILITY X"),
]


@pytest.mark.parametrize(("made", "octets"), CODES)
def test_response_codes_are_written_as_the_rfcs_have_them(made: bytes, octets: bytes) -> None:
    assert made == octets


# What other servers send. Each line stands for a server or a client's bug report about it.
QUIRKS: list[tuple[str, bytes, Response]] = [
    ("status without text", b"* OK\r\n", StatusLine(Verdict.OK, "")),
    (
        "code without text",
        b"* OK [UIDNEXT 1]\r\n",
        StatusLine(Verdict.OK, "", ResponseCode("UIDNEXT", b"1", (b"1",))),
    ),
    ("bracket that is no code", b"* OK [hm\r\n", StatusLine(Verdict.OK, "[hm")),
    ("space at the end", b"* SEARCH 1 2 \r\n", SearchResult([1, 2])),
    (
        "space inside parentheses",
        b"* 1 FETCH (FLAGS (\\Seen ) UID 3 )\r\n",
        FetchData(1, uid=3, flags=("\\Seen",)),
    ),
    (
        "Gmail's labels",
        b'* 1 FETCH (X-GM-LABELS ("\\\\Inbox" a) X-GM-MSGID 12 UID 3)\r\n',
        FetchData(1, uid=3, others={"X-GM-LABELS": [b"\\Inbox", b"a"], "X-GM-MSGID": b"12"}),
    ),
    ("Gmail's names", b'* LIST () "/" "[Gmail]/Sent"\r\n', MailboxListed("[Gmail]/Sent", (), "/")),
    ("a name with brackets", b"* LIST () / [Gmail]/x\r\n", MailboxListed("[Gmail]/x", (), "/")),
    ("a name with spaces", b'* LIST () "/" Sent Items\r\n', MailboxListed("Sent Items", (), "/")),
    ("a name as literal", b'* LIST () "." {3}\r\na"b\r\n', MailboxListed('a"b', (), ".")),
    ("a name in no encoding", b'* LIST () "/" a&b\r\n', MailboxListed("a&b", (), "/")),
    ("a name in raw UTF-8", 'LIST'.join(["* ", ' () "/" "ñ"\r\n']).encode(), MailboxListed("ñ", (), "/")),
    ("lower case", b"* 1 fetch (uid 3)\r\n", FetchData(1, uid=3)),
    ("a section in lower case", b"* 1 FETCH (body[text] {1}\r\nx)\r\n", FetchData(1, sections={b"BODY[TEXT]": b"x"})),
    (
        "header fields quoted",
        b'* 1 FETCH (BODY[HEADER.FIELDS ("From" "T]o")] {2}\r\n\r\n)\r\n',
        FetchData(1, sections={b'BODY[HEADER.FIELDS ("FROM" "T]O")]': b"\r\n"}),
    ),
    ("nil section", b"* 1 FETCH (BODY[3] NIL)\r\n", FetchData(1, sections={b"BODY[3]": None})),
    ("quoted section", b'* 1 FETCH (BODY[3] "x")\r\n', FetchData(1, sections={b"BODY[3]": b"x"})),
    ("literal8", b"* 1 FETCH (BINARY[1] ~{3}\r\na\0b)\r\n", FetchData(1, sections={b"BINARY[1]": b"a\0b"})),
    ("binary size", b"* 1 FETCH (BINARY.SIZE[1] 9)\r\n", FetchData(1, binary_sizes={b"BINARY.SIZE[1]": 9})),
    ("appendlimit nil", b"* STATUS x (APPENDLIMIT NIL)\r\n", MailboxStatus("x", {"APPENDLIMIT": None})),
    ("status of a name with a space", b'* STATUS "a b" (UNSEEN 1)\r\n', MailboxStatus("a b", {"UNSEEN": 1})),
    ("impossible date", b'* 1 FETCH (INTERNALDATE "x")\r\n', FetchData(1, others={"INTERNALDATE": b"x"})),
    ("continuation without text", b"+\r\n", Continuation(b"")),
    ("continuation", b"+ idling\r\n", Continuation(b"idling")),
    ("unknown", b"* XLIST () x\r\n", UnknownResponse(b"XLIST () x")),
    ("unknown number", b"* 3 FOO bar\r\n", UnknownResponse(b"3 FOO bar")),
    ("esearch nonsense", b"* ESEARCH (TAG) ALL\r\n", UnknownResponse(b"ESEARCH (TAG) ALL")),
    (
        "tagged",
        b"C1 NO [OVERQUOTA] full\r\n",
        TaggedStatus(Verdict.NO, "full", ResponseCode("OVERQUOTA"), b"C1"),
    ),
    ("bare line feed", b"* 3 EXISTS\n", Exists(3)),
    (
        "threadid nil",
        b"* 1 FETCH (THREADID NIL EMAILID (M1) SAVEDATE NIL)\r\n",
        FetchData(1, email_id="M1"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize(("octets", "response"), [pytest.param(o, r, id=i) for i, o, r in QUIRKS])
def test_what_servers_really_send_is_understood(
    octets: bytes, response: Response, step: int
) -> None:
    assert read(octets, step) == [response]


STRUCTURE = (
    b'* 1 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "BASE64" 120 3 NIL'
    b' NIL NIL)(("TEXT" "HTML" NIL NIL NIL "7BIT" 10 1)("IMAGE" "PNG" ("NAME" "a.png") "<i@x>" "d"'
    b' "BASE64" 99 NIL ("inline" ("FILENAME" "b.png")) NIL) "RELATED" ("TYPE" "text/html") NIL)'
    b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 400 ("date" "subject" (("Ana" NIL "ana" "x.example"))'
    b' NIL NIL NIL NIL NIL NIL "<m@x>") ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1) 12 NIL'
    b' ("attachment" NIL) NIL) "MIXED" ("BOUNDARY" "b") NIL NIL))\r\n'
)


def test_a_body_structure_becomes_a_tree_with_section_numbers() -> None:
    (data,) = read(STRUCTURE)
    assert isinstance(data, FetchData)
    assert data.structure is not None
    shape = [(part.section, part.type, part.subtype) for part in data.structure.walk()]
    assert shape == [
        ("", "multipart", "mixed"),
        ("1", "text", "plain"),
        ("2", "multipart", "related"),
        ("2.1", "text", "html"),
        ("2.2", "image", "png"),
        ("3", "message", "rfc822"),
        ("3.1", "text", "plain"),
    ]
    text, related, letter = data.structure.parts
    assert (text.parameters, text.encoding, text.size, text.lines) == (
        {"charset": b"utf-8"},
        "base64",
        120,
        3,
    )
    image = related.parts[1]
    assert (image.file_name, image.disposition, image.content_id) == (b"b.png", "inline", b"<i@x>")
    assert letter.disposition == "attachment"
    assert letter.envelope is not None
    assert letter.envelope.from_ == (Address(b"Ana", b"ana", b"x.example"),)


def test_a_message_of_one_part_is_its_own_part_1() -> None:
    (data,) = read(b'* 1 FETCH (BODY ("TEXT" "PLAIN" NIL NIL NIL "8BIT" 5 1))\r\n')
    assert isinstance(data, FetchData)
    assert data.structure == BodyPart("1", "text", "plain", encoding="8bit", size=5, lines=1)


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"* 1 FETCH (BODYSTRUCTURE " + b"(" * 500 + b")" * 500 + b")\r\n", id="depth"),
        pytest.param(b"* 1 FETCH )\r\n", id="closing"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", id="another protocol"),
        pytest.param(b"* 1 FETCH (BODY[] {999999999999}\r\n", id="literal beyond measure"),
    ],
)
def test_what_is_beyond_repair_is_the_peers_error(octets: bytes) -> None:
    with pytest.raises(PeerError):
        read(octets)


def test_the_greeting_comes_first_or_it_is_not_imap() -> None:
    engine = ImapClientEngine()
    assert engine.receive(b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] hi\r\n") == [
        Greeting(
            Verdict.PREAUTH,
            "hi",
            ResponseCode("CAPABILITY", b"IMAP4rev1 IDLE", (b"IMAP4rev1", b"IDLE")),
        )
    ]
    assert engine.capabilities == {"IMAP4REV1", "IDLE"}
    for octets in (b"220 smtp.example\r\n", b"+OK pop\r\n", b"* 3 EXISTS\r\n"):
        with pytest.raises(PeerError):
            ImapClientEngine().receive(octets)


class Sink:
    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> None:
        self.octets += octets


@pytest.mark.parametrize("step", [1000, 70_000, 1_000_000])
def test_a_large_literal_streams_into_the_sink_it_is_given(step: int) -> None:
    large = bytes(range(256)) * 300
    wire = b"* 5 FETCH (UID 9 BODY[] {%d}\r\n%b FLAGS ())\r\n" % (len(large), large)
    engine = ImapClientEngine()
    engine.receive(GREETING)
    asked: list[tuple[int, bytes, int]] = []
    sink = Sink()

    def give(number: int, label: bytes, size: int) -> LiteralSink:
        asked.append((number, label, size))
        return sink

    engine.literal_sink = give
    events = []
    for start in range(0, len(wire), step):
        events += engine.receive(wire[start : start + step])
    assert asked == [(5, b"BODY[]", len(large))]
    assert sink.octets == large
    assert events == [FetchData(5, uid=9, flags=(), sections={b"BODY[]": Streamed(len(large))})]


RESPONSES = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from(
            [
                b"* 1 FETCH (",
                b"BODY[HEADER.FIELDS (A",
                b")] {3}\r\n",
                b" {2}\r\n",
                b'"\\',
                b"(((",
                b"* LIST () ",
                b"* STATUS x ",
                b"* ESEARCH (TAG ",
                b"* NAMESPACE ",
                b"* VANISHED (EARLIER) 1:",
                b"* SEARCH ",
                b"* ID (",
                b"* OK [",
                b"C1 OK x",
                b"+ ",
                b"ENVELOPE (",
                b"BODYSTRUCTURE (",
                b")",
                b"\r\n",
                b"NIL ",
                b"1 ",
            ]
        ),
    ),
    max_size=15,
).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(octets=RESPONSES)
@example(octets=b"* 1 FETCH (BODY[HEADER.FIELDS ({3}\r\nA]B)] {0}\r\n)\r\n")
def test_any_octets_give_responses_or_a_peer_error_the_same_in_any_split(octets: bytes) -> None:
    def outcome(step: int) -> tuple[list[Response], str]:
        engine = ImapClientEngine()
        engine.receive(GREETING)
        engine.command(b"NOOP")
        events = []
        try:
            for start in range(0, len(octets), step):
                events += engine.receive(octets[start : start + step])
        except PeerError as error:
            return [], str(error)
        return events, ""

    assert outcome(1) == outcome(3) == outcome(1000)


LONG = [
    b"* LIST " + b'"\\' * 100_000,
    b"* 1 FETCH (" + b"BODY[ " * 50_000,
    b"* 1 FETCH (" + b'BODY["a' * 50_000,
    b"* 1 FETCH (" + b"a[ " * 100_000,
    b"* OK [" + b"x" * 300_000,
    b"* SEARCH " + b"1 " * 100_000,
    b'* 1 FETCH (X "' + b"\\a" * 100_000 + b'")',
]


@pytest.mark.parametrize("octets", [pytest.param(one, id=repr(one[:20])) for one in LONG])
def test_long_nonsense_from_a_server_is_read_in_one_pass(octets: bytes) -> None:
    assert len(read(octets + b"\r\n")) == 1
