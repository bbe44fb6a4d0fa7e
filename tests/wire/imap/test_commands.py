"""Each command on the wire, and the event it becomes."""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from correo.wire.imap import commands as c
from correo.wire.imap.arguments import Arguments, BadCommand, RefusedCommand
from correo.wire.imap.commands import (
    ListReturn,
    ListSelection,
    QResync,
    SearchReturn,
    StatusItem,
    StoreMode,
)
from correo.wire.imap.fetch_items import (
    BinarySection,
    BinarySize,
    BodySection,
    FetchAttribute,
    FetchItem,
    SectionText,
)
from correo.wire.imap.parsers import TABLE
from correo.wire.imap.parsers.mailboxes import PATTERNS_LIMIT
from correo.wire.imap.parsers.search import NESTING_LIMIT
from correo.wire.imap.search_keys import (
    AllOf,
    AnyMessage,
    BodyContains,
    DateField,
    DateKey,
    DateRelation,
    FlagKey,
    HeaderContains,
    MessageSet,
    ModSeqAtLeast,
    Not,
    ObjectIdKey,
    Or,
    RecentKey,
    SaveDateSupported,
    SearchKey,
    SizeKey,
    TextContains,
    WithinKey,
)
from correo.wire.imap.sequence import SequenceSet
from correo.wire.imap.states import ALLOWED

T = b"a1"


def parse(line: bytes, *literals: bytes, utf8: bool = False, accept: bool = False) -> c.Command:
    """A command whose literals stand in the line as NUL."""
    name = next(
        known
        for known in sorted(TABLE, key=len, reverse=True)
        if line.upper().startswith(known) and line[len(known) : len(known) + 1] in (b"", b" ")
    )
    arguments = Arguments(line[len(name) :], list(literals), utf8=utf8, utf8_accept=accept)
    return TABLE[name](T, arguments)


def messages(*ranges: tuple[int, int], saved: bool = False) -> SequenceSet:
    return SequenceSet(ranges, saved=saved)


ONE = messages((1, 1))
ALL = messages((1, 0))

SESSION = [
    ("noop", b"NOOP", c.Noop(T)),
    ("lower case", b"noop", c.Noop(T)),
    ("starttls", b"STARTTLS", c.StartTls(T)),
    ("login", b"LOGIN ana secret", c.Login(T, "ana", "secret")),
    ("login quoted", b'LOGIN "a\\"b" "c\\\\d"', c.Login(T, 'a"b', "c\\d")),
    ("login quoted utf-8", 'LOGIN ana "año"'.encode(), c.Login(T, "ana", "año")),
    ("password with a bracket", b"LOGIN ana se]cret", c.Login(T, "ana", "se]cret")),
    ("authenticate", b"AUTHENTICATE plain", c.Authenticate(T, "PLAIN", None)),
    ("initial response", b"AUTHENTICATE PLAIN AGEAYg==", c.Authenticate(T, "PLAIN", b"\0a\0b")),
    ("empty initial response", b"AUTHENTICATE PLAIN =", c.Authenticate(T, "PLAIN", b"")),
    ("id nil", b"ID NIL", c.Id(T, None)),
    ("id empty", b"ID ()", c.Id(T, {})),
    ("id", b'ID ("Name" "x" "os" NIL)', c.Id(T, {"name": "x", "os": None})),
    ("enable", b"ENABLE qresync UTF8=ACCEPT", c.Enable(T, ("QRESYNC", "UTF8=ACCEPT"))),
    ("idle", b"IDLE", c.Idle(T)),
    ("namespace", b"NAMESPACE", c.Namespace(T)),
    ("check", b"CHECK", c.Check(T)),
    ("my rights", b"MYRIGHTS inbox", c.MyRights(T, "INBOX")),
    ("get acl", b"GETACL Work", c.GetAcl(T, "Work")),
    ("list rights", b'LISTRIGHTS Work "-Bob"', c.ListRights(T, "Work", "-Bob")),
    ("delete acl", b"DELETEACL Work anyone", c.DeleteAcl(T, "Work", "anyone")),
    ("set acl", b"SETACL Work bob dr", c.SetAcl(T, "Work", "bob", c.RightsChange.REPLACE, "rte")),
    ("no rights", b'SETACL Work bob ""', c.SetAcl(T, "Work", "bob", c.RightsChange.REPLACE, "")),
    ("more rights", b"SETACL Work bob +c", c.SetAcl(T, "Work", "bob", c.RightsChange.ADD, "kx")),
    ("less rights", b"SETACL Work bob -l", c.SetAcl(T, "Work", "bob", c.RightsChange.REMOVE, "l")),
    ("close", b"CLOSE", c.Close(T)),
    ("unselect", b"UNSELECT", c.Unselect(T)),
]

MAILBOXES = [
    ("select", b"SELECT inbox", c.Select(T, "INBOX", False)),
    ("examine", b"EXAMINE Archive/2024", c.Select(T, "Archive/2024", True)),
    ("modified utf-7", b'SELECT "Entw&APw-rfe"', c.Select(T, "Entwürfe", False)),
    ("condstore", b"SELECT x (CONDSTORE)", c.Select(T, "x", False, True)),
    ("qresync", b"SELECT x (QRESYNC (7 20))", c.Select(T, "x", False, False, QResync(7, 20))),
    (
        "qresync with uids",
        b"SELECT x (QRESYNC (7 20 1:9,12))",
        c.Select(T, "x", False, False, QResync(7, 20, messages((1, 9), (12, 12)))),
    ),
    (
        "qresync with uids and match",
        b"SELECT x (CONDSTORE QRESYNC (7 20 1:9 (1,3 2,4)))",
        c.Select(
            T,
            "x",
            False,
            True,
            QResync(7, 20, messages((1, 9)), (messages((1, 1), (3, 3)), messages((2, 2), (4, 4)))),
        ),
    ),
    (
        "qresync with match alone",
        b"SELECT x (QRESYNC (7 20 (1 2)))",
        c.Select(T, "x", False, False, QResync(7, 20, None, (ONE, messages((2, 2))))),
    ),
    ("create", b"CREATE a/b", c.Create(T, "a/b")),
    ("create for a use", b"CREATE s (USE (\\sent))", c.Create(T, "s", ("\\Sent",))),
    ("delete", b"DELETE x", c.Delete(T, "x")),
    ("rename", b'RENAME x "y z"', c.Rename(T, "x", "y z")),
    ("subscribe", b"SUBSCRIBE x", c.Subscribe(T, "x", True)),
    ("unsubscribe", b"UNSUBSCRIBE x", c.Subscribe(T, "x", False)),
    ("list", b'LIST "" *', c.ListMailboxes(T, "", ("*",))),
    ("list quoted", b'LIST "a/" "%"', c.ListMailboxes(T, "a/", ("%",))),
    ("list delimiter", b'LIST "" ""', c.ListMailboxes(T, "", ("",))),
    ("lsub", b'LSUB "" *', c.ListMailboxes(T, "", ("*",), is_lsub=True)),
    (
        "list extended",
        b'LIST (SUBSCRIBED RECURSIVEMATCH) "" ("a%" b*) RETURN (CHILDREN STATUS (MESSAGES UNSEEN))',
        c.ListMailboxes(
            T,
            "",
            ("a%", "b*"),
            frozenset({ListSelection.SUBSCRIBED, ListSelection.RECURSIVEMATCH}),
            frozenset({ListReturn.CHILDREN, ListReturn.STATUS}),
            (StatusItem.MESSAGES, StatusItem.UNSEEN),
            is_extended=True,
        ),
    ),
    (
        "list empty options",
        b'LIST () "" * RETURN ()',
        c.ListMailboxes(T, "", ("*",), is_extended=True),
    ),
    (
        "list special use",
        b'LIST (SPECIAL-USE) "" * RETURN (SPECIAL-USE SUBSCRIBED)',
        c.ListMailboxes(
            T,
            "",
            ("*",),
            frozenset({ListSelection.SPECIAL_USE}),
            frozenset({ListReturn.SPECIAL_USE, ListReturn.SUBSCRIBED}),
            is_extended=True,
        ),
    ),
    (
        "status",
        b"STATUS x (messages UIDNEXT SIZE MAILBOXID)",
        c.Status(
            T,
            "x",
            (StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.SIZE, StatusItem.MAILBOXID),
        ),
    ),
]

MESSAGES = [
    ("expunge", b"EXPUNGE", c.Expunge(T, None)),
    ("uid expunge", b"UID EXPUNGE 3:*", c.Expunge(T, messages((3, 0)))),
    ("copy", b"COPY 1,3:5 x", c.Copy(T, False, messages((1, 1), (3, 5)), "x")),
    ("uid move", b"UID MOVE $ x", c.Move(T, True, messages(saved=True), "x")),
    (
        "store",
        b"STORE 1 FLAGS (\\seen x)",
        c.Store(T, False, ONE, StoreMode.REPLACE, ("\\Seen", "x"), False),
    ),
    (
        "store without parentheses",
        b"STORE 1 +FLAGS \\Seen x",
        c.Store(T, False, ONE, StoreMode.ADD, ("\\Seen", "x"), False),
    ),
    (
        "uid store silent conditional",
        b"UID STORE * (UNCHANGEDSINCE 12) -FLAGS.SILENT (x)",
        c.Store(T, True, messages((0, 0)), StoreMode.REMOVE, ("x",), True, 12),
    ),
    ("store nothing", b"STORE 1 FLAGS ()", c.Store(T, False, ONE, StoreMode.REPLACE, (), False)),
    (
        "recent is left out",
        b"STORE 1 FLAGS (\\Recent \\Deleted)",
        c.Store(T, False, ONE, StoreMode.REPLACE, ("\\Deleted",), False),
    ),
]


@pytest.mark.parametrize(
    ("line", "command"),
    [pytest.param(line, command, id=i) for i, line, command in SESSION + MAILBOXES + MESSAGES],
)
def test_a_command_becomes_the_event_that_says_the_same(line: bytes, command: c.Command) -> None:
    assert parse(line) == command


def body(
    label: bytes,
    part: tuple[int, ...] = (),
    text: SectionText | None = None,
    *,
    fields: tuple[bytes, ...] = (),
    partial: tuple[int, int] | None = None,
    peek: bool = True,
) -> BodySection:
    return BodySection(part, text, fields, partial, peek, label)


A = FetchAttribute
FAST: tuple[FetchItem, ...] = (A.FLAGS, A.INTERNALDATE, A.RFC822_SIZE)
ITEMS: list[tuple[bytes, tuple[FetchItem, ...]]] = [
    (b"FAST", FAST),
    (b"all", (*FAST, A.ENVELOPE)),
    (b"FULL", (*FAST, A.ENVELOPE, A.BODY)),
    (b"(FLAGS flags UID)", (A.FLAGS, A.UID)),
    (b"BODYSTRUCTURE", (A.BODYSTRUCTURE,)),
    (b"BODY", (A.BODY,)),
    (b"(MODSEQ EMAILID THREADID SAVEDATE)", (A.MODSEQ, A.EMAILID, A.THREADID, A.SAVEDATE)),
    (b"BODY[]", (body(b"BODY[]", peek=False),)),
    (b"body.peek[]<0.100>", (body(b"BODY[]<0>", partial=(0, 100)),)),
    (b"BODY.PEEK[HEADER]", (body(b"BODY[HEADER]", text=SectionText.HEADER),)),
    (b"BODY.PEEK[TEXT]", (body(b"BODY[TEXT]", text=SectionText.TEXT),)),
    (b"BODY.PEEK[1]", (body(b"BODY[1]", (1,)),)),
    (b"BODY.PEEK[1.2.mime]", (body(b"BODY[1.2.MIME]", (1, 2), SectionText.MIME),)),
    (b"BODY.PEEK[3.HEADER]", (body(b"BODY[3.HEADER]", (3,), SectionText.HEADER),)),
    (
        b"BODY.PEEK[3.TEXT]<5.6>",
        (body(b"BODY[3.TEXT]<5>", (3,), SectionText.TEXT, partial=(5, 6)),),
    ),
    (
        b'(UID BODY.PEEK[HEADER.FIELDS (From "x-]odd" To)])',
        (
            A.UID,
            body(
                b"BODY[HEADER.FIELDS (From x-]odd To)]",
                text=SectionText.HEADER_FIELDS,
                fields=(b"From", b"x-]odd", b"To"),
            ),
        ),
    ),
    (
        b"BODY.PEEK[2.HEADER.FIELDS.NOT (Received)]<0.9>",
        (
            body(
                b"BODY[2.HEADER.FIELDS.NOT (Received)]<0>",
                (2,),
                SectionText.HEADER_FIELDS_NOT,
                fields=(b"Received",),
                partial=(0, 9),
            ),
        ),
    ),
    (b"RFC822", (body(b"RFC822", peek=False),)),
    (b"RFC822.HEADER", (body(b"RFC822.HEADER", text=SectionText.HEADER),)),
    (b"RFC822.TEXT", (body(b"RFC822.TEXT", text=SectionText.TEXT, peek=False),)),
    (b"BINARY[1]", (BinarySection((1,), None, False, b"BINARY[1]"),)),
    (b"BINARY.PEEK[1.2]<3.4>", (BinarySection((1, 2), (3, 4), True, b"BINARY[1.2]<3>"),)),
    (b"BINARY.PEEK[]", (BinarySection((), None, True, b"BINARY[]"),)),
    (b"BINARY.SIZE[2]", (BinarySize((2,), b"BINARY.SIZE[2]"),)),
]


@pytest.mark.parametrize(("octets", "items"), [pytest.param(o, i, id=o.decode()) for o, i in ITEMS])
def test_fetch_items_are_read_with_the_label_of_their_answer(
    octets: bytes, items: tuple[FetchItem, ...]
) -> None:
    command = parse(b"FETCH 1:* " + octets)
    assert command == c.Fetch(T, False, ALL, items)


def test_uid_fetch_has_uid_and_changedsince_has_modseq_even_if_not_asked() -> None:
    command = parse(b"UID FETCH 1:* FLAGS (CHANGEDSINCE 9 VANISHED)")
    assert command == c.Fetch(T, True, ALL, (A.FLAGS, A.UID, A.MODSEQ), 9, vanished=True)


def test_a_header_name_may_be_a_literal() -> None:
    command = parse(b"FETCH 1 BODY.PEEK[HEADER.FIELDS (\0 To)]", b"Sub(ject")
    assert isinstance(command, c.Fetch)
    item = command.items[0]
    assert isinstance(item, BodySection)
    assert item.fields == (b"Sub(ject", b"To")
    assert item.label == b'BODY[HEADER.FIELDS ("Sub(ject" To)]'


def on(field: DateField, relation: DateRelation) -> DateKey:
    return DateKey(field, relation, date(1994, 2, 1))


SEEN, DELETED = FlagKey("\\Seen"), FlagKey("\\Deleted")
KEYS: list[tuple[bytes, SearchKey]] = [
    (b"ALL", AnyMessage()),
    (b"SEEN UNDELETED", AllOf((SEEN, Not(DELETED)))),
    (b"(SEEN) DELETED", AllOf((SEEN, DELETED))),
    (b"OR SEEN NOT DELETED", Or(SEEN, Not(DELETED))),
    (b"NEW", AllOf((RecentKey(), Not(SEEN)))),
    (b"OLD", Not(RecentKey())),
    (b"RECENT", RecentKey()),
    (b"KEYWORD $Junk", FlagKey("$Junk")),
    (b"UNKEYWORD x", Not(FlagKey("x"))),
    (b"UNANSWERED UNDRAFT", AllOf((Not(FlagKey("\\Answered")), Not(FlagKey("\\Draft"))))),
    (b"FROM ana", HeaderContains("From", "ana")),
    (b'SUBJECT "two words"', HeaderContains("Subject", "two words")),
    (b'HEADER X-Y ""', HeaderContains("X-Y", "")),
    (b"BODY x TEXT y", AllOf((BodyContains("x"), TextContains("y")))),
    (b"BEFORE 1-Feb-1994", on(DateField.INTERNAL, DateRelation.BEFORE)),
    (b'SENTSINCE "1-feb-1994"', on(DateField.SENT, DateRelation.SINCE)),
    (b"SAVEDON 1-Feb-1994", on(DateField.SAVED, DateRelation.ON)),
    (b"SAVEDATESUPPORTED", SaveDateSupported()),
    (b"LARGER 10 SMALLER 20", AllOf((SizeKey(True, 10), SizeKey(False, 20)))),
    (b"YOUNGER 60", WithinKey(True, 60)),
    (b"OLDER 60", WithinKey(False, 60)),
    (b"UID 1:*", MessageSet(ALL, True)),
    (
        b"2,4 $",
        AllOf(
            (MessageSet(messages((2, 2), (4, 4)), False), MessageSet(messages(saved=True), False))
        ),
    ),
    (b"MODSEQ 12", ModSeqAtLeast(12)),
    (b'MODSEQ "/flags/\\\\draft" all 12', ModSeqAtLeast(12)),
    (b"EMAILID M1", ObjectIdKey("M1", False)),
    (b"THREADID T1", ObjectIdKey("T1", True)),
    (b"CHARSET UTF-8 TEXT \0", TextContains("ñ")),
    (b"TEXT \0", TextContains("ñ")),
]


@pytest.mark.parametrize(("octets", "key"), [pytest.param(o, k, id=repr(o)) for o, k in KEYS])
def test_search_keys_become_a_tree(octets: bytes, key: SearchKey) -> None:
    command = parse(b"SEARCH " + octets, "ñ".encode())
    assert isinstance(command, c.Search)
    assert command.key == key
    assert command.returns is None
    assert command.mentions_modseq == (b"MODSEQ" in octets)


RETURNS = [
    (b"RETURN ()", {SearchReturn.ALL}),
    (b"RETURN (MIN max)", {SearchReturn.MIN, SearchReturn.MAX}),
    (b"RETURN (COUNT SAVE)", {SearchReturn.COUNT, SearchReturn.SAVE}),
]


@pytest.mark.parametrize(("octets", "returns"), RETURNS)
def test_search_return_options_are_a_set(octets: bytes, returns: set[SearchReturn]) -> None:
    command = parse(b"UID SEARCH " + octets + b" CHARSET US-ASCII ALL")
    assert command == c.Search(T, True, AnyMessage(), frozenset(returns))


def test_a_sort_has_its_criteria_in_order() -> None:
    command = parse(b"UID SORT (REVERSE date subject) utf-8 SEEN")
    orders = ((c.SortKey.DATE, True), (c.SortKey.SUBJECT, False))
    assert command == c.Sort(T, True, FlagKey("\\Seen"), None, orders=orders)
    command = parse(b"SORT RETURN (MIN) (SIZE) US-ASCII ALL MODSEQ 1")
    assert isinstance(command, c.Sort)
    assert command.returns == frozenset({SearchReturn.MIN})
    assert command.mentions_modseq


def test_a_thread_has_its_algorithm() -> None:
    command = parse(b"THREAD refs UTF-8 ALL")
    assert command == c.Thread(T, False, AnyMessage(), None, algorithm=c.ThreadAlgorithm.REFS)


@pytest.mark.parametrize("name", [b"SORT (DATE)", b"UID THREAD REFERENCES"])
def test_keys_in_an_unknown_charset_are_not_read(name: bytes) -> None:
    command = parse(name + b" KLINGON TEXT \0", b"\xff")
    assert isinstance(command, c.Search)
    assert not command.is_charset_known


BAD = [
    b"SORT",
    b"SORT UTF-8 ALL",
    b"SORT () UTF-8 ALL",
    b"SORT (COLOUR) UTF-8 ALL",
    b"SORT (REVERSE REVERSE DATE) UTF-8 ALL",
    b"SORT (DATE REVERSE) UTF-8 ALL",
    b"SORT (DATE) UTF-8",
    b"SORT (" + b" ".join([b"DATE"] * 21) + b") UTF-8 ALL",
    b"SORT RETURN (FOO) (DATE) UTF-8 ALL",
    b"THREAD",
    b"THREAD FOO UTF-8 ALL",
    b"FETCH 1 (PREVIEW (HASTY))",
    b"FETCH 1 (UID (LAZY))",
    b"NOOP x",
    b"LOGIN ana",
    b"LOGIN ana ",
    b"LOGIN ana  x",
    b"LOGIN ana x y",
    b'LOGIN ana "x',
    b'LOGIN ana "x\\y"',
    b"LOGIN ana \xff",
    b'LOGIN ana "\xff"',
    b"AUTHENTICATE",
    b"AUTHENTICATE PLAIN *",
    b"AUTHENTICATE PLAIN AAA",
    b"ENABLE",
    b"ID",
    b"ID (a b)",
    b'ID ("a")',
    b"SELECT",
    b"SELECT x (",
    b"SELECT x (FOO)",
    b"SELECT x (QRESYNC (0 1))",
    b"SELECT x (QRESYNC (1 2 *))",
    b"SELECT x (QRESYNC (1 2 3:* (1 2)))",
    b"CREATE x (USE)",
    b"CREATE x (FOO (\\Sent))",
    b"CREATE x (USE (Sent))",
    b"LIST",
    b"LIST (FOO) x y",
    b"LIST (RECURSIVEMATCH) x y",
    b"LIST (REMOTE RECURSIVEMATCH) x y",
    b"LIST x y RETURN",
    b"LIST x y RETURN (FOO)",
    b"LIST x y RETURN (STATUS)",
    b"LIST x () RETURN ()",
    b"STATUS x",
    b"STATUS x ()",
    b"STATUS x (FOO)",
    b"STORE 1 FLAGS",
    b"STORE 0 FLAGS ()",
    b"STORE 1 FLAG ()",
    b"STORE 1 FLAGS (\\Foo)",
    b"STORE 1 FLAGS (a b",
    b"STORE 1 FLAGS (a\x80)",
    b"STORE 1 (UNCHANGEDSINCE x) FLAGS ()",
    b"COPY 1 ",
    b"COPY a b",
    b"COPY 1,, b",
    b"COPY 4294967296 b",
    b"COPY 1:2:3 b",
    b"UID EXPUNGE",
    b"EXPUNGE 1",
    b"SETACL Work bob",
    b"SETACL Work bob lrQ",
    b"SETACL Work bob lq",
    b"SETACL Work bob l r",
    b"SETACL Work bob ++l",
    b'SETACL Work "" l',
    b'SETACL Work "-" l',
    b"SETACL Work bo\xff l",
    b'SETACL Work "bo\xe2\x80\xa8b" l',
    b"DELETEACL Work",
    b"GETACL Work bob",
    b"MYRIGHTS",
    b"FETCH 1",
    b"FETCH 1 ()",
    b"FETCH 1 FOO",
    b"FETCH 1 (FLAGS",
    b"FETCH 1 (FLAGS ALL)",
    b"FETCH 1 BODY[0]",
    b"FETCH 1 BODY[MIME]",
    b"FETCH 1 BODY[1.]",
    b"FETCH 1 BODY[HEADER.FIELDS]",
    b"FETCH 1 BODY[HEADER.FIELDS ()]",
    b"FETCH 1 BODY[FOO]",
    b"FETCH 1 BODY[",
    b"FETCH 1 BODY[]<0>",
    b"FETCH 1 BODY[]<0.0>",
    b"FETCH 1 BODY[]<99999999999999999999.1>",
    b"FETCH 1 BODY[4294967296]",
    b"FETCH 1 BINARY[TEXT]",
    b"FETCH 1 BINARY.SIZE[1]<0.1>",
    b"FETCH 1 FLAGS (FOO 1)",
    b"FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)",
    b"FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
    b"UID FETCH 1 FLAGS (VANISHED)",
    b"SEARCH",
    b"SEARCH FOO",
    b"SEARCH OR SEEN",
    b"SEARCH NOT",
    b"SEARCH (SEEN",
    b"SEARCH SEEN)",
    b"SEARCH ()",
    b"SEARCH BEFORE 30-Feb-1994",
    b"SEARCH BEFORE yesterday",
    b"SEARCH RETURN (FOO) ALL",
    b"SEARCH RETURN (MIN ALL",
    b"SEARCH CHARSET UTF-8",
    b"SEARCH LARGER x",
    b"SEARCH LARGER 9223372036854775808",
    b"SEARCH YOUNGER 0",
    b'SEARCH MODSEQ "/other/x" all 1',
    b"SEARCH " + b"NOT " * (NESTING_LIMIT + 1) + b"SEEN",
    b'LIST "" (a' + b" %" * PATTERNS_LIMIT + b")",
    b"SEARCH " + b"(" * (NESTING_LIMIT + 1) + b"SEEN" + b")" * (NESTING_LIMIT + 1),
]


@pytest.mark.parametrize("line", [pytest.param(line, id=repr(line[:40])) for line in BAD])
def test_a_malformed_command_is_bad(line: bytes) -> None:
    with pytest.raises(BadCommand) as caught:
        parse(line)
    assert not isinstance(caught.value, RefusedCommand)
    assert "\n" not in caught.value.text


REFUSED = [
    ("not modified utf-7", b"SELECT a&b", b"CANNOT"),
    ("not utf-16", b"SELECT &2AA-", b"CANNOT"),
    ("unknown special use", b"CREATE x (USE (\\Foo))", b"USEATTR"),
]


@pytest.mark.parametrize(("line", "code"), [pytest.param(o, k, id=i) for i, o, k in REFUSED])
def test_a_well_formed_command_that_cannot_be_done_is_refused(line: bytes, code: bytes) -> None:
    with pytest.raises(RefusedCommand) as caught:
        parse(line)
    assert caught.value.code == code


def test_nested_searches_up_to_the_limit_are_understood() -> None:
    command = parse(b"SEARCH " + b"OR SEEN " * (NESTING_LIMIT - 1) + b"DELETED")
    assert isinstance(command, c.Search)


def test_names_are_utf8_once_enabled() -> None:
    assert parse('SELECT "Año&"'.encode(), utf8=True) == c.Select(T, "Año&", False)


def test_charset_is_bad_after_utf8_accept() -> None:
    with pytest.raises(BadCommand):
        parse(b"SEARCH CHARSET UTF-8 ALL", accept=True)


def test_the_keys_of_a_search_in_an_unknown_charset_are_not_read() -> None:
    command = parse(b"SEARCH RETURN (SAVE) CHARSET KOI8-R SUBJECT \0", b"\xf0")
    returns = frozenset({c.SearchReturn.SAVE})
    assert command == c.Search(T, False, AnyMessage(), returns, is_charset_known=False)


def test_literals_are_taken_in_their_order() -> None:
    assert parse(b"LOGIN \0 \0", b"a\r\nb", b'"') == c.Login(T, "a\r\nb", '"')


WORDS = st.sampled_from(
    b'1 0 * $ $$ 1:* 1:$ ,, 4294967296 ( ) " \\ \0 [ ] < > <0.1> {3} NIL x INBOX a&b &AAA- %'
    b" FLAGS +FLAGS.SILENT \\Seen \\Foo BODY[ BODY.PEEK[HEADER.FIELDS (UID ALL BINARY.SIZE[1]"
    b" CHANGEDSINCE VANISHED) (QRESYNC USE RETURN STATUS MESSAGES CHARSET UTF-8 KOI8-R OR NOT UID"
    b' KEYWORD SINCE 1-Jan-0000 31-Feb-2020 "1-Jan-2020" HEADER MODSEQ "/flags/x" all LARGER'
    b" +lrs -cd lrQ anyone -bob"
    b' 99999999999999999999 SUBSCRIBED RECURSIVEMATCH \xff = AA== UNCHANGEDSINCE "x'.split(b" ")
)
LINES = st.lists(st.one_of(WORDS, st.binary(max_size=5)), max_size=10).flatmap(
    lambda words: st.lists(st.sampled_from([b"", b" ", b" "]), min_size=len(words)).map(
        lambda gaps: b"".join(gap + word for gap, word in zip(gaps, words, strict=False))
    )
)


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(sorted(TABLE)), octets=LINES, utf8=st.booleans())
@example(name=b"FETCH", octets=b" $$ FLAGS", utf8=False)
@example(name=b"UID EXPUNGE", octets=b" 1:$", utf8=False)
def test_any_arguments_are_a_command_or_bad(name: bytes, octets: bytes, utf8: bool) -> None:
    literals = [b"one", b"\xff", b""] * octets.count(b"\0")
    try:
        tag = TABLE[name](T, Arguments(octets, literals, utf8=utf8)).tag
    except BadCommand:
        tag = T
    assert tag == T


LONG = [
    ("flags", b"STORE", b" 1 FLAGS (" + b"a" * 60_000),
    ("bare flags", b"STORE", b" 1 FLAGS " + b"a " * 30_000),
    ("quoted", b"SELECT", b' "' + b"\\\\" * 30_000),
    ("section", b"FETCH", b" 1 BODY[" + b'"a"' * 20_000),
    ("section quoted", b"FETCH", b' 1 BODY[HEADER.FIELDS ("' + b"a " * 30_000),
    ("part", b"FETCH", b" 1 BODY[" + b"1." * 30_000 + b"]"),
    ("set", b"FETCH", b" " + b"1:2," * 15_000 + b" FLAGS"),
    ("keys", b"SEARCH", b" SEEN" * 12_000 + b" ("),
    ("items", b"FETCH", b" 1 (" + b"FLAGS " * 10_000),
    ("shifts", b"SELECT", b" " + b"&" * 60_000),
    ("digits", b"SEARCH", b" LARGER " + b"9" * 60_000),
]


@pytest.mark.parametrize(("name", "octets"), [pytest.param(n, o, id=i) for i, n, o in LONG])
def test_long_nonsense_is_bad_without_ado(name: bytes, octets: bytes) -> None:
    with pytest.raises(BadCommand):
        TABLE[name](T, Arguments(octets, []))


def test_every_command_has_a_parser_and_a_place_in_the_table_of_states() -> None:
    by_the_engine = {b"CAPABILITY", b"LOGOUT", b"APPEND", b"REPLACE", b"UID REPLACE"}
    assert set(ALLOWED) == set(TABLE) | by_the_engine
