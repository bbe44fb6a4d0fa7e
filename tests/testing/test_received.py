"""Messages as tests see them: links, codes, parts and attachments."""

from email.message import EmailMessage

import pytest

from correo.testing import Link, MailAssertionError, ReceivedMessage

PNG = b"\x89PNG\r\n\x1a\n\0\xff"


def received(message: EmailMessage | bytes) -> ReceivedMessage:
    raw = message if isinstance(message, bytes) else message.as_bytes().replace(b"\n", b"\r\n")
    return ReceivedMessage(raw, account="zoe@correo.test", uid=1)


def plain(text: str) -> ReceivedMessage:
    return received(
        b"Subject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode()
    )


def html(markup: str) -> ReceivedMessage:
    return received(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + markup.encode())


def newsletter() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "The Shøp <shop@sender.test>"
    message["To"] = "Zoe <zoe@correo.test>, bob@correo.test"
    message["Cc"] = "kim@correo.test"
    message["Reply-To"] = "help@sender.test"
    message["Subject"] = "Grüße"
    message["Message-ID"] = "<1@sender.test>"
    message["X-Kind"] = "a"
    message.set_content("Plain.\n")
    message.add_alternative("<p>Rich <img src='cid:pic'></p>", subtype="html")
    message.get_payload()[1].add_related(PNG, "image", "png", cid="<pic>")  # type: ignore[union-attr,index]
    message.add_attachment(b"a,b\n", maintype="text", subtype="csv", filename="täble.csv")
    return message


def test_header_is_decoded() -> None:
    message = received(newsletter())
    assert message.subject == "Grüße"
    assert (message.sender, message.sender_name) == ("shop@sender.test", "The Shøp")
    assert message.to == ["zoe@correo.test", "bob@correo.test"]
    assert message.cc == ["kim@correo.test"]
    assert message.recipients == [*message.to, *message.cc]
    assert message.reply_to == ["help@sender.test"]
    assert message.message_id == "1@sender.test"
    assert (message.header("x-kind"), message.header("x-none")) == ("a", "")
    assert message.headers("X-Kind") == ["a"]


def test_parts_are_decoded_and_attachments_told_apart() -> None:
    message = received(newsletter())
    assert [part.content_type for part in message.parts] == [
        "text/plain", "text/html", "image/png", "text/csv",
    ]  # fmt: skip
    assert message.text == "Plain.\n"
    assert message.html.startswith("<p>Rich")
    picture = message.parts[2]
    assert (picture.content, picture.content_id, picture.is_attachment) == (PNG, "pic", False)
    assert [part.filename for part in message.attachments] == ["täble.csv"]
    assert message.attachment("täble.csv").text == "a,b\n"


def test_attachment_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(
        MailAssertionError, match=r"no attachment 'x\.pdf' in .* it has 'täble\.csv'"
    ):
        received(newsletter()).attachment("x.pdf")


def test_attached_message_is_one_part() -> None:
    outer = EmailMessage()
    outer["Subject"] = "forwarded"
    outer.set_content("see below\n")
    outer.add_attachment(newsletter())
    message = received(outer)
    assert [part.content_type for part in message.parts] == ["text/plain", "message/rfc822"]
    assert [part.content_type for part in message.attachments] == ["message/rfc822"]
    assert message.text == "see below\n"


def test_text_of_html_alone_is_what_a_reader_sees() -> None:
    assert html("<style>p{}</style><p>Hello <b>you</b></p>").text.split() == ["Hello", "you"]


def test_any_octets_make_a_message() -> None:
    message = received(b"\xff\xfe\0:\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x")
    assert (message.subject, message.sender, message.attachments) == ("", "", [])
    assert isinstance(message.text, str)


LINKS = [
    ("words", '<a href="https://a.test/1">Confirm <b>now</b></a>', [("Confirm now", "https://a.test/1")]),
    ("escaped", '<a href="https://a.test/?a=1&amp;b=2">x</a>', [("x", "https://a.test/?a=1&b=2")]),
    ("picture", '<a href="https://a.test/"><img alt="Logo"></a>', [("Logo", "https://a.test/")]),
    ("area", '<area href="https://a.test/" alt="Map">', [("Map", "https://a.test/")]),
    ("mailto", '<a href="mailto:a@b.test">write</a>', [("write", "mailto:a@b.test")]),
    ("anchor", '<a href="#top">up</a><a name="top">x</a>', []),
    ("unclosed", '<a href="https://a.test/1">one<a href="https://a.test/2">two', [("one", "https://a.test/1"), ("two", "https://a.test/2")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("markup", "links"), [pytest.param(m, found, id=i) for i, m, found in LINKS]
)
def test_links_of_html_have_their_words(markup: str, links: list[tuple[str, str]]) -> None:
    assert html(markup).links == [Link(*each) for each in links]


TEXT_LINKS = [
    (
        "beside its words",
        "Confirm: https://a.test/1?x=(y)",
        [("Confirm:", "https://a.test/1?x=(y)")],
    ),
    (
        "below its words",
        "Confirm here:\n\nhttps://a.test/1\n",
        [("Confirm here:", "https://a.test/1")],
    ),
    ("end of a sentence", "Go to https://a.test/1.", [("Go to", "https://a.test/1")]),
    ("in parentheses", "(see https://a.test/1).", [("(see", "https://a.test/1")]),
    ("in brackets", "<https://a.test/1>", [("<>", "https://a.test/1")]),
]


@pytest.mark.parametrize(
    ("text", "links"), [pytest.param(t, found, id=i) for i, t, found in TEXT_LINKS]
)
def test_links_of_plain_text_have_the_words_around(text: str, links: list[tuple[str, str]]) -> None:
    assert plain(text).links == [Link(*each) for each in links]


def test_link_is_found_by_its_words_or_else_by_its_url() -> None:
    message = html(
        '<a href="https://a.test/confirm/1">Yes</a> <a href="https://a.test/2">Unsubscribe</a>'
    )
    assert message.link("yes") == "https://a.test/confirm/1"
    assert message.link("/confirm/") == "https://a.test/confirm/1"
    assert message.link("unsub") == "https://a.test/2"


def test_link_that_stands_twice_is_one() -> None:
    message = html('<a href="https://a.test/1"><img alt="Go"></a><a href="https://a.test/1">Go</a>')
    assert message.link() == "https://a.test/1"


def test_link_that_is_missing_or_unclear_is_told_with_those_there_are() -> None:
    message = html('<a href="https://a.test/1">one</a><a href="https://a.test/2">two</a>')
    with pytest.raises(MailAssertionError, match=r"no link 'Confirm' .*'one' \(https://a.test/1\)"):
        message.link("Confirm")
    with pytest.raises(MailAssertionError, match="2 links ''"):
        message.link()


CODES = [
    ("digits", "Your code is 482913.", ["482913"]),
    ("spaced", "Code: 482 913", ["482913"]),
    ("letters and digits", "Use A7K2P9 now", ["A7K2P9"]),
    ("not of a URL", "https://a.test/482913 and code 1234", ["1234"]),
    ("not a price, a date, a time", "12.3456 2026-01-02 10:3045 +491234567", []),
    ("twice the same", "1234 and again 1234", ["1234"]),
]


@pytest.mark.parametrize(("text", "codes"), [pytest.param(t, found, id=i) for i, t, found in CODES])
def test_codes_are_what_a_person_would_type(text: str, codes: list[str]) -> None:
    assert plain(text).codes == codes


def test_code_is_the_one_on_the_line_that_speaks_of_it() -> None:
    assert plain("© 2026 Shop\nYour code: 4711\n").code == "4711"


def test_code_that_is_missing_or_unclear_is_told() -> None:
    with pytest.raises(MailAssertionError, match=r"several codes \(1111, 2222\)"):
        assert plain("1111 or 2222").code
    with pytest.raises(MailAssertionError, match="no code in"):
        assert plain("nothing").code
