"""What is kept of a dialogue: every line, no secret, no body; however the octets are split."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.trace.dialogue import Dialogue
from correo.trace.imap import ImapDialogue
from correo.trace.pop3 import Pop3Dialogue
from correo.trace.smtp import SmtpDialogue

SECRET = b"c2VjcmV0"
TOKEN = b"01" + b"c2Ec" * 16  # hexadecimal, of an URL
SHOWN = "imap://a@h/x/;UID=1;urlauth=submit+a:internal:***"
URL = SHOWN.encode().replace(b"***", TOKEN)

# (side, octets said at once, lines kept)
Talk = list[tuple[str, bytes, list[str]]]

SMTP: Talk = [
    ("S", b"220 mx.test ESMTP\r\n", ["220 mx.test ESMTP"]),
    ("C", b"EHLO me\r\n", ["EHLO me"]),
    ("S", b"250-mx.test\r\n250 AUTH PLAIN LOGIN\r\n", ["250-mx.test", "250 AUTH PLAIN LOGIN"]),
    ("C", b"AUTH PLAIN " + SECRET + b"\r\n", ["AUTH PLAIN ***"]),
    ("S", b"535 5.7.8 wrong\r\n", ["535 5.7.8 wrong"]),
    ("C", b"auth LOGIN\r\n", ["AUTH LOGIN"]),
    ("S", b"334 VXNlcm5hbWU6\r\n", ["334 VXNlcm5hbWU6"]),
    ("C", SECRET + b"\r\n", ["***"]),
    ("S", b"334 UGFzc3dvcmQ6\r\n", ["334 UGFzc3dvcmQ6"]),
    ("C", SECRET + b"\r\n", ["***"]),
    ("S", b"235 2.7.0 welcome\r\n", ["235 2.7.0 welcome"]),
    ("C", b"MAIL FROM:<a@b>\r\nDATA\r\n", ["MAIL FROM:<a@b>", "DATA"]),
    ("S", b"250 ok\r\n354 go\r\n", ["250 ok", "354 go"]),
    ("C", b"Subject: " + SECRET + b"\r\n\r\n..x\r\n.\r\nQUIT\r\n", ["[29 octets]", "QUIT"]),
    ("S", b"250 2.0.0 taken\r\n", ["250 2.0.0 taken"]),
    ("C", b"BDAT 10\r\n0123\r\n.\r\n5", ["BDAT 10", "[10 octets]"]),
    ("C", b"BDAT 0 LAST\r\nNOOP\r\n", ["BDAT 0 LAST", "NOOP"]),
    ("C", b"BURL " + URL + b" LAST\r\n", [f"BURL {SHOWN} LAST"]),
]

POP3: Talk = [
    ("S", b"+OK ready <1.2@pop.test>\r\n", ["+OK ready <1.2@pop.test>"]),
    ("C", b"APOP ana " + SECRET + b"\r\n", ["APOP ana ***"]),
    ("S", b"-ERR no\r\n", ["-ERR no"]),
    ("C", b"AUTH PLAIN\r\n", ["AUTH PLAIN"]),
    ("S", b"+ \r\n", ["+ "]),
    ("C", SECRET + b"\r\n", ["***"]),
    ("S", b"-ERR [AUTH] no\r\n", ["-ERR [AUTH] no"]),
    ("C", b"USER ana\r\npass " + SECRET + b" x\r\n", ["USER ana", "PASS ***"]),
    ("S", b"+OK\r\n+OK\r\n", ["+OK", "+OK"]),
    ("C", b"UIDL\r\nRETR 1\r\nTOP 1 0\r\nLIST 1\r\n", ["UIDL", "RETR 1", "TOP 1 0", "LIST 1"]),
    (
        "S",
        b"+OK\r\n1 RETR\r\n.\r\n+OK 9\r\n" + SECRET + b"\r\n.\r\n-ERR no\r\n+OK 1 9\r\n",
        ["+OK", "1 RETR", ".", "+OK 9", "[13 octets]", "-ERR no", "+OK 1 9"],
    ),
]

IMAP: Talk = [
    ("S", b"* OK ready\r\n", ["* OK ready"]),
    ("C", b"a LOGIN ana " + SECRET + b"\r\n", ["a LOGIN ***"]),
    ("S", b"a NO wrong\r\n", ["a NO wrong"]),
    ("C", b"b login {3}\r\n", ["b LOGIN ***"]),
    ("S", b"+ go\r\n", ["+ go"]),
    ("C", b"ana {8+}\r\n" + SECRET + b"\r\n", ["[3 octets]", "***", "[8 octets]", "***"]),
    ("S", b"b NO wrong\r\n", ["b NO wrong"]),
    ("C", b"c AUTHENTICATE PLAIN " + SECRET + b"\r\n", ["c AUTHENTICATE PLAIN ***"]),
    ("S", b"+ \r\n", ["+ "]),
    ("C", SECRET + b"\r\n", ["***"]),
    ("S", b"* CAPABILITY IMAP4rev2\r\nc OK in\r\n", ["* CAPABILITY IMAP4rev2", "c OK in"]),
    ("C", b"d FETCH 1 BODY[]\r\n", ["d FETCH 1 BODY[]"]),
    (
        "S",
        b"* 1 FETCH (BODY[] {8}\r\n" + SECRET + b" UID 5)\r\nd OK\r\n",
        ["* 1 FETCH (BODY[] {8}", "[8 octets]", " UID 5)", "d OK"],
    ),
    ("C", b'f URLFETCH ("' + URL + b'" BODY)\r\n', [f'f URLFETCH ("{SHOWN}" BODY)']),
    ("S", b'* GENURLAUTH "' + URL + b'"\r\n', [f'* GENURLAUTH "{SHOWN}"']),
    ("C", b"e APPEND x ~{8}\r\n" + SECRET + b"\r\n", ["e APPEND x ~{8}", "[8 octets]", ""]),
]

TALKS = [
    pytest.param(SmtpDialogue, SMTP, id="smtp"),
    pytest.param(Pop3Dialogue, POP3, id="pop3"),
    pytest.param(ImapDialogue, IMAP, id="imap"),
]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(("kind", "talk"), TALKS)
def test_the_same_lines_are_kept_however_the_octets_are_split(
    kind: type[Dialogue], talk: Talk, step: int
) -> None:
    dialogue = kind()
    for side, octets, expected in talk:
        kept: list[str] = []
        for start in range(0, len(octets), step):
            kept += dialogue.feed(octets[start : start + step], from_client=side == "C")
        assert kept == expected, octets
        assert SECRET.decode() not in "".join(kept)


def test_a_long_line_is_cut_and_memory_stays_small() -> None:
    dialogue = SmtpDialogue()
    assert list(dialogue.feed(b"x" * 5_000_000, from_client=True)) == []
    [kept] = dialogue.feed(b"\n", from_client=True)
    assert kept == "x" * 1000 + "..."


def test_what_does_not_print_is_shown_as_escapes() -> None:
    [kept] = SmtpDialogue().feed(b"EHLO \x1b[31m\xff\x00 \xc3\xa9\r\n", from_client=True)
    assert kept == "EHLO \\x1b[31m\\xff\\x00 é"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([SmtpDialogue, Pop3Dialogue, ImapDialogue]),
    st.lists(
        st.tuples(
            st.booleans(),
            st.one_of(
                st.binary(max_size=60),
                st.sampled_from(
                    [b"DATA\r\n", b"354 x\r\n", b"BDAT 5\r\n", b"{7}\r\n", b"\r\n.\r\n", b"+OK\r\n",
                     b"RETR 1\r\n", b"AUTH X\r\n", b"334 \r\n", b"a LOGIN {2}\r\n"]
                ),
            ),
        ),
        max_size=20,
    ),
)  # fmt: skip
def test_any_octets_give_lines_and_never_an_error(
    kind: type[Dialogue], talk: list[tuple[bool, bytes]]
) -> None:
    dialogue = kind()
    for from_client, octets in talk:
        for line in dialogue.feed(octets, from_client=from_client):
            assert line.isprintable()
