"""IMAP URLs: what they name, and that any octets give an URL or BadUrl."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.wire.imap.fetch_items import SectionText
from correo.wire.imap.url import Access, BadUrl, parse_url

NAMING = [
    # id, URL, what it names
    ("absolute", b"imap://joe@example.com/INBOX/;uid=20", ("joe", "example.com", None, "INBOX", None, 20)),
    ("all of it", b"IMAP://j%40x;AUTH=*@[::1]:143/a/b;UIDVALIDITY=3/;UID=7", ("j@x", "[::1]", 143, "a/b", 3, 7)),
    ("host only", b"//example.com/inbox/;UID=1", (None, "example.com", None, "INBOX", None, 1)),
    ("mechanism only", b"imap://;AUTH=PLAIN@h/x/;UID=1", (None, "h", None, "x", None, 1)),
    ("absolute path", b"/Drafts;UIDVALIDITY=385759045/;UID=20", (None, None, None, "Drafts", 385759045, 20)),
    ("selected mailbox", b";UID=20", (None, None, None, None, None, 20)),
    ("in UTF-8", b"/%E5%8F%B0%E5%8C%97/;UID=1", (None, None, None, "台北", None, 1)),
    ("a semicolon in the name", b"/a%3BUID=3/;UID=1", (None, None, None, "a;UID=3", None, 1)),
    ("dot-segments", b"/a/../b/./c/;UID=1", (None, None, None, "b/c", None, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("url", "expected"), [pytest.param(u, e, id=i) for i, u, e in NAMING])
def test_an_url_names_a_message(url: bytes, expected: tuple[object, ...]) -> None:
    found = parse_url(url)
    named = (found.user, found.host, found.port, found.mailbox, found.uid_validity, found.uid)
    assert named == expected


SECTIONS = [
    # id, behind the UID, (part, text, fields, partial)
    ("none", b"", ((), None, (), None)),
    ("a part", b"/;SECTION=1.2", ((1, 2), None, (), None)),
    ("header of a part", b"/;section=2.header", ((2,), SectionText.HEADER, (), None)),
    ("fields", b"/;SECTION=HEADER.FIELDS%20(To%20%22From%22)", ((), SectionText.HEADER_FIELDS, (b"To", b"From"), None)),
    ("partial", b"/;PARTIAL=5.10", ((), None, (), (5, 10))),
    ("from there on", b"/;SECTION=1.MIME/;PARTIAL=3", ((1,), SectionText.MIME, (), (3, 2**63))),
]  # fmt: skip


@pytest.mark.parametrize(("tail", "expected"), [pytest.param(t, e, id=i) for i, t, e in SECTIONS])
def test_an_url_names_a_section(tail: bytes, expected: tuple[object, ...]) -> None:
    section = parse_url(b"/x/;UID=1" + tail).section
    assert (section.part, section.text, section.fields, section.partial) == expected


TOKEN = b"91354a473744909de610943775f92038"


def test_an_authorized_url_gives_its_rump_as_it_was_written() -> None:
    rump = b"imap://Joe@Example.com/INBOX/;uid=20/;section=1.2;Expire=2026-11-27T02:00:00.5+01:00;urlauth=Submit+fred%40x"
    found = parse_url(rump + b":internal:" + TOKEN.upper())
    assert found.authorization is not None
    assert found.authorization.rump == rump
    assert found.authorization.access is Access.SUBMIT
    assert found.authorization.user == "fred@x"
    assert found.authorization.expires == 1795741200
    assert found.authorization.mechanism == "INTERNAL"
    assert found.authorization.token == TOKEN
    rump_only = parse_url(rump).authorization
    assert rump_only is not None
    assert (rump_only.rump, rump_only.mechanism, rump_only.token) == (rump, "", b"")


BAD = [
    b"", b"/", b"imap://", b"imap://h", b"imap://h/", b"imap://h/INBOX", b"imap://h/;UID=1",
    b"imap:///INBOX/;UID=1", b"http://h/INBOX/;UID=1", b"INBOX", b"/INBOX?ALL", b"/x/;UID=0",
    b"/x/;UID=4294967296", b"/x;UIDVALIDITY=4294967296/;UID=1", b"/x/;UID=1/..", b"//x/;UID=1",
    b"/x/;UID=1 ", b"/x y/;UID=1", b"/\xc3\xb1/;UID=1", b"/%FF/;UID=1", b"/%zz/;UID=1",
    b"/x/;UID=1/;SECTION=0", b"/x/;UID=1/;SECTION=MIME", b"/x/;UID=1/;SECTION=1%00",
    b"/x/;UID=1/;SECTION=HEADER.FIELDS%20(%00)", b"/x/;UID=1/;PARTIAL=1.0", b"/x/;UID=1/;PARTIAL=",
    b"/x/;UID=1;URLAUTH=submit+", b"/x/;UID=1;URLAUTH=anonymousfred", b"/x/;UID=1;URLAUTH=root",
    b"/x/;UID=1;URLAUTH=user+a:internal:12", b"/x/;UID=1;EXPIRE=2026-11-27T02:00:00Z",
    b"/x/;UID=1;EXPIRE=2026-13-27T02:00:00Z;URLAUTH=anonymous", b"/x/;UID=1;URLAUTH=user+%FF",
    b"/x/;UID=1;EXPIRE=tomorrow;URLAUTH=anonymous", b"imap://h:99999/x/;UID=1",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD)
def test_an_url_that_names_no_message_is_bad(url: bytes) -> None:
    with pytest.raises(BadUrl):
        parse_url(url)


PIECES = st.sampled_from([
    b"imap://", b"//", b"/", b"joe", b"@", b"h", b":", b"143", b";AUTH=*", b"INBOX", b";UIDVALIDITY=",
    b"1", b"/;UID=", b"/;SECTION=", b"1.2", b".MIME", b"HEADER.FIELDS%20(", b"%00", b"%22", b")",
    b"/;PARTIAL=", b".", b"..", b";EXPIRE=", b"2026-11-27T02:00:00Z", b";URLAUTH=", b"submit+",
    b"anonymous", b":internal:", TOKEN, b"%", b"\xff", b"\0", b" ", b"{3+}",
])  # fmt: skip


@given(st.one_of(st.binary(), st.lists(PIECES, max_size=15).map(b"".join)))
def test_any_octets_give_a_message_or_badurl(octets: bytes) -> None:
    try:
        found = parse_url(octets)
    except BadUrl:
        return
    assert found.uid > 0


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
        lambda name: not name.startswith("/") and name.upper() != "INBOX"
    ),
    st.integers(1, 2**32 - 1),
)
def test_any_mailbox_name_can_be_written_into_an_url(name: str, uid: int) -> None:
    url = f"/{quote(name, safe='').replace('.', '%2E')}/;UID={uid}".encode()
    found = parse_url(url)
    assert (found.mailbox, found.uid) == (name, uid)
