"""BURL over whole servers: a draft is put together by IMAP, authorized, and submitted by its URL."""

import imaplib
import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from correo.testing import Mail

DRAFT = b"From: zoe@correo.test\r\nTo: bob@correo.test\r\nSubject: draft\r\n\r\nby its URL\r\n"


@contextmanager
def by_imap(mail: Mail, name: str) -> Iterator[imaplib.IMAP4]:
    imap = imaplib.IMAP4(mail.listeners["imap"].host, mail.listeners["imap"].port)
    imap.login(mail.address(name), mail.password(name))
    yield imap
    imap.logout()


@contextmanager
def by_submission(mail: Mail, name: str) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(mail.listeners["submission"].host, mail.listeners["submission"].port) as smtp:
        smtp.ehlo()
        assert smtp.esmtp_features["burl"] == ""
        smtp.login(mail.address(name), mail.password(name))
        smtp.ehlo()
        assert smtp.esmtp_features["burl"] == "imap"
        yield smtp


def authorized(mail: Mail, access: str, *, name: str = "zoe", host: str = "localhost") -> str:
    """The URL of a draft in this person's mailbox."""
    user = mail.address(name).replace("@", "%40")
    access = access.replace("@", "%40")
    with by_imap(mail, name) as imap:
        imap.append("Drafts", "", "", DRAFT)
        url = f"imap://{user}@{host}/Drafts/;UID=1;URLAUTH={access}"
        kind, _ = imap.xatom("GENURLAUTH", f'"{url}"', "INTERNAL")
        assert kind == "OK"
        [line] = imap.untagged_responses["GENURLAUTH"]
        assert isinstance(line, bytes)
        return line.decode().strip('"')


def begin(smtp: smtplib.SMTP, mail: Mail, name: str = "zoe") -> None:
    assert smtp.mail(mail.address(name))[0] == 250
    assert smtp.rcpt(mail.address("bob"))[0] == 250


def test_a_draft_is_submitted_by_its_url(mail: Mail) -> None:
    url = authorized(mail, f"submit+{mail.address('zoe')}")
    with by_submission(mail, "zoe") as smtp:
        begin(smtp, mail)
        assert smtp.docmd(f"BURL {url} LAST")[0] == 250
    message = mail.wait_for(to="bob", subject="draft")
    assert message.text == "by its URL\n"


def test_what_an_url_names_is_mixed_with_chunks(mail: Mail) -> None:
    url = authorized(mail, f"submit+{mail.address('zoe')}")
    with by_submission(mail, "zoe") as smtp:
        begin(smtp, mail)
        smtp.send(b"BDAT 12\r\nX-First: 1\r\n")
        assert smtp.getreply()[0] == 250
        assert smtp.docmd(f"BURL {url}")[0] == 250
        smtp.send(b"BDAT 9 LAST\r\nthe end\r\n")
        assert smtp.getreply()[0] == 250
    assert mail.wait_for(to="bob", subject="draft").text == "by its URL\nthe end\n"


REFUSED = [
    # id, access, host, what is changed, the status code
    ("for somebody else", "submit+bob@correo.test", "localhost", ("", ""), b"5.7.0"),
    ("for IMAP only", "user+zoe@correo.test", "localhost", ("", ""), b"5.7.0"),
    ("a token that is wrong", "submit+zoe@correo.test", "localhost", (":internal:01", ":internal:02"), b"5.7.0"),
    ("another message", "submit+zoe@correo.test", "localhost", ("UID=1;", "UID=2;"), b"5.7.0"),
    ("a server not ours", "submit+zoe@correo.test", "localhost", ("localhost", "imap.example"), b"5.7.8"),
    ("no message at all", "submit+zoe@correo.test", "localhost", ("/;UID=1", ""), b"5.6.6"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("access", "host", "change", "status"),
    [pytest.param(a, h, c, s, id=i) for i, a, h, c, s in REFUSED],
)
def test_an_url_that_is_not_for_this_is_refused_and_the_session_goes_on(
    mail: Mail, access: str, host: str, change: tuple[str, str], status: bytes
) -> None:
    url = authorized(mail, access, host=host)
    with by_submission(mail, "zoe") as smtp:
        begin(smtp, mail)
        code, text = smtp.docmd(f"BURL {url.replace(*change) if change[0] else url} LAST")
        assert (code, text[:5]) == (554, status)
        smtp.sendmail(mail.address("zoe"), [mail.address("bob")], DRAFT)
    assert len(mail.inbox("bob")) == 1


def test_a_message_that_is_gone_is_5_6_6(mail: Mail) -> None:
    url = authorized(mail, "anonymous")
    with by_imap(mail, "zoe") as imap:
        imap.select("Drafts")
        imap.store("1", "+FLAGS", "\\Deleted")
        imap.expunge()
    with by_submission(mail, "zoe") as smtp:
        begin(smtp, mail)
        code, text = smtp.docmd(f"BURL {url} LAST")
        assert (code, text[:5]) == (554, b"5.6.6")


def test_the_from_line_of_what_is_put_in_is_checked_as_ever(mail: Mail) -> None:
    url = authorized(mail, "authuser")  # zoe's letter, submitted by bob
    with by_submission(mail, "bob") as smtp:
        begin(smtp, mail, "bob")
        code, text = smtp.docmd(f"BURL {url} LAST")
        assert (code, text[:5]) == (550, b"5.7.1")


def test_no_server_for_relays_offers_it(mail: Mail) -> None:
    with smtplib.SMTP(mail.listeners["smtp"].host, mail.listeners["smtp"].port) as smtp:
        smtp.ehlo()
        assert "burl" not in smtp.esmtp_features
        assert smtp.docmd("BURL imap://x LAST")[0] in (502, 503)


def test_the_token_is_in_no_transcript(mail: Mail) -> None:
    url = authorized(mail, f"submit+{mail.address('zoe')}")
    with by_submission(mail, "zoe") as smtp:
        begin(smtp, mail)
        smtp.docmd(f"BURL {url} LAST")
    kept = mail.conversation()
    assert "internal:***" in kept
    assert re.search(r"internal:[0-9a-f]", kept) is None
