"""The base subject, by RFC 5256 2.1, and message identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message.identifiers import IDENTIFIERS_LIMIT, first_identifier, identifiers
from correo.message.subject import base_subject, is_reply_or_forward

SUBJECTS = [
    ("nothing", b"", ""),
    ("plain", b"plan", "plan"),
    ("a reply", b"Re: plan", "plan"),
    ("replies", b"RE: re : Fwd: FW: plan", "plan"),
    ("a list", b"[list] plan", "plan"),
    ("a list's reply", b"Re: [list] Re[2]: [x] plan", "plan"),
    ("a blob before a reply", b"[a] [b] re: plan", "plan"),
    ("only a blob", b"[list]", "[list]"),
    ("only blobs", b"[a] [b]", "[b]"),
    ("a blob at the end", b"plan [x]", "plan [x]"),
    ("a reply to nothing", b"Re:", ""),
    ("a trailer", b"plan (fwd) (FWD) ", "plan"),
    ("a forward", b"[Fwd: Re: plan]", "plan"),
    ("forwards", b"[fwd: [fwd: plan (fwd)]] (fwd)", "plan"),
    ("an open forward", b"[fwd: plan", "[fwd: plan"),
    ("white space", b"  a\t b \r\n c ", "a b c"),
    ("encoded", b"=?utf-8?q?Re=3A_Gr=C3=BC=C3=9Fe?=", "Grüße"),
    ("words that begin so", b"Regards: x", "Regards: x"),
    ("re alone", b"re", "re"),
    ("nested brackets", b"[a[b]] plan", "[a[b]] plan"),
]


@pytest.mark.parametrize(("subject", "base"), [pytest.param(s, b, id=i) for i, s, b in SUBJECTS])
def test_a_base_subject_is_what_a_conversation_shares(subject: bytes, base: str) -> None:
    assert base_subject(subject) == base


REPLIES = [
    (b"plan", False), (b"[list] plan", False), (b"  plan ", False), (b"Regards: plan", False),
    (b"Re: plan", True), (b"[list] re[2]: plan", True), (b"FW: plan", True),
    (b"plan (fwd)", True), (b"[Fwd: plan]", True), (b"=?utf-8?q?Re=3A_Gr=C3=BC=C3=9Fe?=", True),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "is_reply"), REPLIES)
def test_a_subject_says_whether_it_answers(subject: bytes, is_reply: bool) -> None:
    assert is_reply_or_forward(subject) is is_reply


@given(st.text("re:fwd[]( )x\t", max_size=40))
def test_a_base_subject_is_its_own_base(subject: str) -> None:
    base = base_subject(subject.encode())
    assert base_subject(base.encode()) == base


@given(st.binary(max_size=60))
def test_any_octets_have_a_base_subject(octets: bytes) -> None:
    assert isinstance(base_subject(octets), str)


IDENTIFIERS = [
    ("one", b"<a@b>", (b"a@b",)),
    ("several, folded", b"<a@b>\r\n <c@d><e@f>", (b"a@b", b"c@d", b"e@f")),
    ("twice", b"<a@b> <a@b>", (b"a@b",)),
    ("with words", b'Your message of "Mon" <a@b> (x)', (b"a@b",)),
    ("white space within", b"<a@\r\n b>", (b"a@b",)),
    ("none", b"no identifiers", ()),
    ("empty", b"<> < >", ()),
    ("open", b"<a@b", ()),
]


@pytest.mark.parametrize(("value", "found"), [pytest.param(v, f, id=i) for i, v, f in IDENTIFIERS])
def test_identifiers_are_found(value: bytes, found: tuple[bytes, ...]) -> None:
    assert identifiers(value) == found


def test_of_too_many_identifiers_the_first_and_the_last_are_kept() -> None:
    found = identifiers(b"".join(b"<%d>" % number for number in range(5000)))
    assert len(found) == IDENTIFIERS_LIMIT
    assert (found[0], found[-1]) == (b"0", b"4999")


def test_a_message_identifier_may_lack_its_brackets() -> None:
    assert first_identifier(b" <a@b> ") == b"a@b"
    assert first_identifier(b" a@b ") == b"a@b"
    assert first_identifier(b"") == b""
