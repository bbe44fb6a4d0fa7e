"""Paths, parameters, xtext, replies and lines: read, written, and hostile octets."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.base.errors import PeerError, Refusal
from correo.wire.smtp.client.extensions import Extensions
from correo.wire.smtp.lines import TOO_LONG, Lines
from correo.wire.smtp.parameters import (
    MailParameters,
    RecipientParameters,
    read_mail_parameters,
    read_recipient_parameters,
    write_mail_parameters,
    write_recipient_parameters,
)
from correo.wire.smtp.paths import read_path_argument, write_path
from correo.wire.smtp.replies import Reply, ReplyReader, reply_code_of, write_reply
from correo.wire.smtp.xtext import read_orcpt, read_xtext, write_orcpt, write_xtext

PATHS = [
    # on the wire, the path; written back it is the path in brackets
    (b"<>", ""),
    (b"<a@b>", "a@b"),
    (b"<a.b+c=d@sub-domain.example.org>", "a.b+c=d@sub-domain.example.org"),
    (b"<!#$%&'*/?^_`{|}~-@x>", "!#$%&'*/?^_`{|}~-@x"),
    (b"<..dots..@carrier.example>", "..dots..@carrier.example"),
    (b"<a@under_score.example>", "a@under_score.example"),
    (b'<"quoted string"@x>', '"quoted string"@x'),
    (b'<"needless"@x>', "needless@x"),
    (b'<"a\\@b"@x>', '"a@b"@x'),
    (b'<"\\a"@x>', "a@x"),
    (b'<""@x>', '""@x'),
    (b'<"a\\"b\\\\"@x>', '"a\\"b\\\\"@x'),
    (b"<a@[192.0.2.1]>", "a@[192.0.2.1]"),
    (b"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
    (b"<@one.example,@two.example:a@x>", "a@x"),
    (b" <a@x>", "a@x"),
    ("<josé@ñandú.example>".encode(), "josé@ñandú.example"),
]


@pytest.mark.parametrize(("wire", "path"), PATHS)
def test_a_path_is_read_and_written_back(wire: bytes, path: str) -> None:
    assert read_path_argument(b"FROM:" + wire, b"FROM") == (path, b"")
    assert read_path_argument(b"from:" + wire + b" X=1", b"FROM") == (path, b"X=1")
    assert read_path_argument(b"FROM:" + write_path(path), b"FROM") == (path, b"")


@pytest.mark.parametrize(
    "argument",
    [
        b"<a>", b"<a@>", b"<@a>", b"<a@b@c>", b"<a@-b>", b"<a@b->", b"<a@b..c>", b"<a@b.>",
        b"<a@[1.2.3]>", b"<a@[IPv6:x]>", b"<a@[tag:x]>", b"<a@[]>", b"<\xff@x>", b'<"a@x>',
        b'<a"b"@x>', b"<a@" + b"x" * 256 + b">", b"<@a:>", b"<a@x:b>", b"<postmaster>", b"<a(b)@x>",
    ],
)  # fmt: skip
def test_a_malformed_path_is_refused(argument: bytes) -> None:
    try:
        found = read_path_argument(b"FROM:" + argument, b"FROM")
    except ValueError:
        return
    assert found is None


def test_postmaster_needs_no_domain_as_a_recipient() -> None:
    assert read_path_argument(b"TO:<PostMaster>", b"TO") == ("postmaster", b"")
    assert write_path("postmaster") == b"<postmaster>"


@given(st.binary(max_size=60))
def test_any_argument_is_a_path_or_none(octets: bytes) -> None:
    for argument in (octets, b"TO:<" + octets + b">", b"TO:" + octets):
        try:
            found = read_path_argument(argument, b"TO")
        except ValueError:
            continue
        if found is not None:
            assert read_path_argument(b"TO:" + write_path(found[0]), b"TO") == (found[0], b"")


MAIL = [
    (b"", MailParameters()),
    (b"SIZE=0", MailParameters(size=0)),
    (b"size=12 body=8bitmime", MailParameters(size=12, body="8BITMIME")),
    (b"SMTPUTF8  BODY=BINARYMIME", MailParameters(body="BINARYMIME", smtputf8=True)),
    (b"RET=FULL ENVID=a+2Bb", MailParameters(ret="FULL", envid="a+b")),
    (b"AUTH=<>", MailParameters(auth="<>")),
    (b"AUTH=e+3Dmc2@example.com", MailParameters(auth="e=mc2@example.com")),
]


@pytest.mark.parametrize(("wire", "parameters"), MAIL)
def test_mail_parameters_are_read_and_written_back(wire: bytes, parameters: MailParameters) -> None:
    assert read_mail_parameters(wire) == parameters
    assert read_mail_parameters(write_mail_parameters(parameters)) == parameters


RECIPIENT = [
    (b"", RecipientParameters()),
    (b"NOTIFY=NEVER", RecipientParameters(frozenset({"NEVER"}))),
    (b"notify=success,Delay", RecipientParameters(frozenset({"SUCCESS", "DELAY"}))),
    (b"ORCPT=rfc822;a+2Bb@x", RecipientParameters(orcpt="rfc822;a+b@x")),
    ("ORCPT=utf-8;ñ@x".encode(), RecipientParameters(orcpt="utf-8;ñ@x")),
    (b"ORCPT=UTF-8;\\x{F1}@x", RecipientParameters(orcpt="utf-8;ñ@x")),
]


@pytest.mark.parametrize(("wire", "parameters"), RECIPIENT)
@pytest.mark.parametrize("smtputf8", [False, True])
def test_recipient_parameters_are_read_and_written_back(
    wire: bytes, parameters: RecipientParameters, smtputf8: bool
) -> None:
    assert read_recipient_parameters(wire) == parameters
    written = write_recipient_parameters(parameters, smtputf8=smtputf8)
    assert read_recipient_parameters(written) == parameters
    assert smtputf8 or written.isascii()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"SIZE", 501), (b"SIZE=-1", 501), (b"SIZE=123456789012345678901", 501), (b"SIZE==", 501),
        (b"BODY", 501), (b"BODY=", 501), (b"SMTPUTF8=1", 501), (b"RET=", 501), (b"ENVID", 501),
        (b"ENVID=" + b"x" * 101, 501), (b"ENVID=+0A", 501), (b"ENVID=+FF", 501), (b"AUTH", 501),
        (b"NOTIFY=NEVER", 555), (b"X-Y=1", 555), (b"-=1", 501), (b"\xff", 501), ("SIZE=١".encode(), 501),
    ],
)  # fmt: skip
def test_bad_mail_parameters_have_their_reply(octets: bytes, code: int) -> None:
    with pytest.raises(Refusal) as caught:
        read_mail_parameters(octets)
    assert caught.value.reply == code


@pytest.mark.parametrize(
    "octets",
    [
        b"NOTIFY", b"NOTIFY=", b"NOTIFY=NEVER,SUCCESS", b"NOTIFY=SUCCESS,SUCCESS", b"NOTIFY=SOON",
        b"ORCPT", b"ORCPT=x", b"ORCPT=;x", b"ORCPT=rfc822;" + b"x" * 500, b"ORCPT=utf-8;\\x{110000}",
        b"ORCPT=utf-8;\\x{0A}", b"ORCPT=rfc822;+0", b"ORCPT=utf-8;\\x{D800}",
    ],
)  # fmt: skip
def test_bad_recipient_parameters_are_501(octets: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        read_recipient_parameters(octets)
    assert caught.value.reply == 501


@given(st.binary(max_size=60))
def test_any_octets_are_parameters_or_refused(octets: bytes) -> None:
    for prefix in (b"", b"ORCPT=", b"ORCPT=utf-8;", b"ENVID=", b"SIZE=", b"AUTH=", b"NOTIFY="):
        for read in (read_mail_parameters, read_recipient_parameters):
            with contextlib.suppress(Refusal):
                read(prefix + octets)


@given(st.text())
def test_printable_text_survives_xtext(text: str) -> None:
    written = write_xtext(text.encode("utf-8", "replace").decode())
    assert written.isascii()
    if text.isprintable():
        assert read_xtext(written) == text


@given(st.text(), st.booleans())
def test_printable_addresses_survive_orcpt(text: str, smtputf8: bool) -> None:
    if not text.isprintable():
        return
    for kind in ("rfc822", "utf-8"):
        value = f"{kind};{text}"
        read = read_orcpt(write_orcpt(value, smtputf8=smtputf8))
        assert read.partition(";")[2] == text


@pytest.mark.parametrize(
    ("code", "status", "text", "wire"),
    [
        (250, "2.0.0", "fine", b"250 2.0.0 fine\r\n"),
        (220, "", "mx ESMTP", b"220 mx ESMTP\r\n"),
        (214, "2.0.0", "one\ntwo", b"214-2.0.0 one\r\n214 2.0.0 two\r\n"),
        (250, "2.0.0", "a\rb\0c", b"250 2.0.0 a b c\r\n"),
        (550, "5.1.1", "ñandú", b"550 5.1.1 ?and?\r\n"),
        (250, "2.0.0", "", b"250 2.0.0 \r\n"),
    ],
)
def test_a_reply_is_written_so_that_any_text_will_do(
    code: int, status: str, text: str, wire: bytes
) -> None:
    assert write_reply(code, status, text) == wire


def test_a_reply_has_utf_8_for_those_who_want_it_and_lines_that_fit() -> None:
    assert write_reply(550, "5.1.1", "ñ", utf8=True) == "550 5.1.1 ñ\r\n".encode()
    assert len(write_reply(550, "5.1.1", "ñ" * 1000, utf8=True)) <= 512
    assert len(write_reply(550, "5.1.1", "x" * 1000)) <= 512


@pytest.mark.parametrize(
    ("wire", "reply"),
    [
        (b"250 ok\r\n", Reply(250, "", ("ok",))),
        (b"250\r\n", Reply(250, "", ("",))),
        (b"250 \r\n", Reply(250, "", ("",))),
        (b"250-a\r\n250-\r\n250 b\r\n", Reply(250, "", ("a", "", "b"))),
        (b"550 5.1.1 no\r\n", Reply(550, "5.1.1", ("5.1.1 no",))),
        (b"450-4.2.0 a\r\n450 4.2.0 b\n", Reply(450, "4.2.0", ("4.2.0 a", "4.2.0 b"))),
        (b"220 \xff\r\n", Reply(220, "", ("�",))),
    ],
)
@pytest.mark.parametrize("step", [1, 3, 100])
def test_a_reply_is_read_in_the_servers_exact_words(wire: bytes, reply: Reply, step: int) -> None:
    lines, reader = Lines(), ReplyReader()
    found = None
    for start in range(0, len(wire), step):
        lines.feed(wire[start : start + step])
        found = found or reader.next_reply(lines)
    assert found == reply


def test_a_reply_says_its_status_and_words() -> None:
    reply = Reply(452, "4.2.2", ("4.2.2 mailbox", "4.2.2 full"))
    assert (reply.text, reply.status) == ("mailbox full", "4.2.2")
    assert str(reply) == "452 4.2.2 mailbox 4.2.2 full"
    assert reply.is_temporary
    assert not reply.is_positive
    assert Reply(554, "", ("no",)).status == "5.0.0"


@given(st.binary(max_size=80))
def test_any_octets_are_replies_or_a_peer_error(octets: bytes) -> None:
    lines = Lines()
    lines.feed(octets)
    reader = ReplyReader()
    try:
        while reader.next_reply(lines) is not None:
            pass
    except PeerError:
        pass


@pytest.mark.parametrize(
    ("status", "code"),
    [("2.1.5", 250), ("4.9.9", 451), ("5.9.9", 554), ("5.1.1", 550), ("4.3.1", 452)],
)
def test_a_status_code_has_its_reply_code(status: str, code: int) -> None:
    assert reply_code_of(status) == code


@given(st.lists(st.sampled_from([b"a", b"\r\n", b"\n", b"\r", b"x" * 20])), st.integers(1, 9))
def test_lines_come_out_alike_however_they_arrive(parts: list[bytes], step: int) -> None:
    octets = b"".join(parts)

    def read(size: int) -> list[tuple[bytes, bool]]:
        lines, found = Lines(), []
        for start in range(0, len(octets), size):
            lines.feed(octets[start : start + size])
            while (line := lines.next_line(10)) is not None:
                found.append((line, lines.ended_in_lf and line is not TOO_LONG))
        return found

    assert read(step) == read(max(len(octets), 1))


def test_what_a_server_offers_is_read_from_its_answer() -> None:
    offered = Extensions.read(
        Reply(250, "", ("mx Hello", "SIZE 1000", "auth plain LOGIN", "AUTH=XOAUTH2 plain",
                        "LIMITS MAILMAX=5 RCPTMAX=20 X", "8bitmime "))
    )  # fmt: skip
    assert offered.max_size == 1000
    assert set(offered.mechanisms) == {"PLAIN", "LOGIN", "XOAUTH2"}
    assert (offered.limit("RCPTMAX"), offered.limit("MAILMAX")) == (20, 5)
    assert offered.limit("RCPTDOMAINMAX") == 0
    assert "8BITMIME" in offered
    assert Extensions.read(Reply(250, "", ("mx", "SIZE x", "LIMITS RCPTMAX"))).max_size == 0
