"""CATENATE in the server's engine: what reaches a message's receiver, however the octets come."""

from hypothesis import given
from hypothesis import strategies as st

from correo.testing.scripted_imap import ScriptedImapSession
from correo.wire.imap import commands as c
from correo.wire.imap.limits import ServerLimits

TEXT = st.binary(min_size=1, max_size=40)
URL = st.from_regex(rb"[a-z/;=]{1,30}", fullmatch=True)
PARTS = st.lists(
    st.one_of(
        TEXT.map(lambda text: (b"TEXT ~{%d+}\r\n%b" % (len(text), text), text)),
        URL.map(lambda url: (b"URL %b" % url, url)),
        URL.map(lambda url: (b"URL {%d+}\r\n%b" % (len(url), url), url)),
    ),
    min_size=1,
    max_size=6,
)


@given(st.lists(PARTS, min_size=1, max_size=3), st.integers(1, 50))
def test_messages_are_their_parts_in_order_however_the_octets_are_split(
    messages: list[list[tuple[bytes, bytes]]], step: int
) -> None:
    session = ScriptedImapSession().log_in()
    lists = [b"CATENATE (%b)" % b" ".join(wire for wire, _ in parts) for parts in messages]
    said = session.converse(b"a APPEND x " + b" ".join(lists) + b"\r\n", step)
    assert said == b"a OK [APPENDUID 7 9] done\r\n"
    assert [kept.octets for kept in session.kept] == [
        b"".join(octets for _, octets in parts) for parts in messages
    ]


@given(st.lists(st.sampled_from([
    b"CATENATE (", b"TEXT ", b"URL ", b"{3+}\r\nabc", b"~{2+}\r\n\0\xff", b"u", b" ", b")", b"\r\n",
    b"(\\Seen) ", b"\0", b'"', b"UTF8 (", b"Full",
]), max_size=20))  # fmt: skip
def test_noise_within_a_list_is_answered_once_and_the_next_command_is_heard(
    words: list[bytes],
) -> None:
    session = ScriptedImapSession().log_in()
    session.converse(b"a APPEND x CATENATE (" + b"".join(words) + b"\r\n\r\n")
    assert b"z OK done\r\n" in session.converse(b"\r\nz NOOP\r\nz NOOP\r\n")


def test_parts_that_are_too_large_together_are_refused_as_toobig() -> None:
    session = ScriptedImapSession(ServerLimits(append=10)).log_in()
    said = session.converse(
        b"a APPEND x CATENATE (TEXT {6+}\r\nabcdef TEXT {5+}\r\nabcde)\r\n"
        b"b APPEND x CATENATE (TEXT {6+}\r\nabcdef URL uuuuu)\r\n"
        b"c APPEND x CATENATE (TEXT {6+}\r\nabcdef URL uuuu)\r\n"
    )
    assert said == (
        b"a NO [TOOBIG] a message may have 10 octets at most\r\n"
        b"b NO [TOOBIG] too many octets\r\n"
        b"c OK [APPENDUID 7 9] done\r\n"
    )


def test_an_url_that_is_refused_aborts_all_messages() -> None:
    session = ScriptedImapSession().log_in()
    said = session.converse(b"a APPEND x {2+}\r\nhi CATENATE (URL Full)\r\nb NOOP\r\n")
    assert said == b"a NO [BADURL Full] no such message\r\nb OK done\r\n"
    assert [kept.is_aborted for kept in session.kept] == [True, True]


def test_the_end_of_the_connection_aborts_what_was_catenated() -> None:
    session = ScriptedImapSession().log_in()
    session.converse(b"a APPEND x CATENATE (URL u TEXT {20+}\r\nhalf")
    assert session.engine.receive_eof() == [c.AppendAborted(b"a")]
    assert session.kept[0].is_aborted
