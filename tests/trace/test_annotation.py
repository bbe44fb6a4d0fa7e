"""What is said beside the lines of a dialogue."""

import pytest

from correo.trace.annotation import annotate

LINES = [
    # id                    protocol      side  line                            what is said of it
    ("smtp command", "smtp", "C", "rcpt TO:<a@b.test>", "one recipient (RFC 5321 4.1.1.3)"),
    ("unknown command", "smtp", "C", "HALLO", ""),
    ("reply goes on", "smtp", "S", "250-SIZE 1000", ""),
    ("reply", "submission", "S", "354 go on", "send the message"),
    ("status code", "smtp", "S", "550 5.1.1 nobody of this name", "no: no such mailbox"),
    ("temporary", "smtp", "S", "452 4.3.1 later", "not now: the server's disk is full"),
    ("success has no detail", "smtp", "S", "250 2.1.5 ok", "yes"),
    (
        "pop3 command",
        "pop3s",
        "C",
        "DELE 1",
        "mark for deletion; it takes effect at QUIT (RFC 1939 5)",
    ),
    ("pop3 answer", "pop3", "S", "+OK 3 messages", ""),
    ("imap command", "imap", "C", "a1 SELECT INBOX", "open a mailbox (RFC 9051 6.3.2)"),
    (
        "imap by uid",
        "imaps",
        "C",
        "a1 UID FETCH 1 FLAGS",
        "parts of messages (RFC 9051 6.4.5), by UID",
    ),
    ("imap refusal", "imap", "S", "a1 NO no such mailbox", "no"),
    ("imap data", "imap", "S", "* 3 EXISTS", ""),
    ("imap rest of a literal", "imap", "C", ")", ""),
]


@pytest.mark.parametrize(
    ("protocol", "side", "line", "meaning"), [pytest.param(*rest, id=i) for i, *rest in LINES]
)
def test_line_is_explained(protocol: str, side: str, line: str, meaning: str) -> None:
    assert annotate(protocol, side, line) == meaning
