"""URLAUTH over the whole server: who may read what by an URL, for how long, and in which form."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from correo.testing.clock import FakeClock
from correo.testing.imap_world import ImapWorld, WorldClient

OCTETS = (
    (Path(__file__).parent / "dialogues" / "multipart.eml").read_bytes().replace(b"\n", b"\r\n")
)
PART = b"imap://ana@correo.test/INBOX/;UID=1/;SECTION=1"


class Scene:
    """ana with one message; bob."""

    def __init__(self, world: ImapWorld, ana: WorldClient, bob: WorldClient) -> None:
        self.world = world
        self.ana = ana
        self.bob = bob

    async def authorized(self, url: bytes) -> bytes:
        answer = await self.ana.command(b'GENURLAUTH "%b" INTERNAL' % url)
        assert b" OK " in answer[-1], answer
        assert answer[0].startswith(b'* GENURLAUTH "%b:internal:' % url)
        return answer[0].removeprefix(b'* GENURLAUTH "').removesuffix(b'"')


def played(play: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        world = ImapWorld(clock=FakeClock())
        for name in ("ana", "bob"):
            await world.account(name)
        scene = Scene(world, await world.login("ana"), await world.login("bob"))
        await scene.ana.command(b"APPEND INBOX {%d+}\r\n%b" % (len(OCTETS), OCTETS))
        await play(scene)

    asyncio.run(run())


async def fetched(client: WorldClient, url: bytes, items: bytes = b"") -> bytes:
    """What stands behind the URL in the answer."""
    asked = b'("%b" %b)' % (url, items) if items else b'"%b"' % url
    answer = await client.command(b"URLFETCH " + asked)
    assert b" OK " in answer[-1], answer
    assert len(answer) == 2
    head = b'* URLFETCH "%b" ' % url
    assert answer[0].startswith(head)
    return answer[0].removeprefix(head)


ACCESS = [
    # id, access, ana, bob
    ("anonymous", b"anonymous", True, True),
    ("authuser", b"authuser", True, True),
    ("user+bob", b"user+bob", False, True),
    ("user+ana", b"user+ana", True, False),
    ("user+nobody", b"user+nobody", False, False),
    ("submit+bob", b"submit+bob", False, False),  # only for submission, which does not ask by IMAP
]


@pytest.mark.parametrize(
    ("access", "ana_may", "bob_may"), [pytest.param(a, x, y, id=i) for i, a, x, y in ACCESS]
)
def test_who_may_use_an_url_stands_in_it(access: bytes, ana_may: bool, bob_may: bool) -> None:
    async def play(scene: Scene) -> None:
        url = await scene.authorized(PART + b";URLAUTH=" + access)
        for client, may in ((scene.ana, ana_may), (scene.bob, bob_may)):
            assert await fetched(client, url) == (b"{5}\r\nplain" if may else b"NIL")

    played(play)


def test_an_url_that_was_changed_or_never_authorized_opens_nothing() -> None:
    async def play(scene: Scene) -> None:
        url = await scene.authorized(PART + b";URLAUTH=anonymous")
        last = b"0" if url[-1:] != b"0" else b"1"
        for other in (
            url[:-1] + last,
            url + b"0",
            url.replace(b"SECTION=1", b"SECTION=2"),
            url.replace(b"INBOX", b"Drafts"),
            url.replace(b"INBOX", b"inbox"),
            url.replace(b"ana@", b"bob@"),
            url.replace(b"ana@", b"eve@"),
            url.replace(b":internal:", b":xsample:"),
            url.partition(b":internal")[0],
            b"/INBOX/;UID=1",
            b"imap://ana@correo.test/INBOX",
            b"nonsense",
        ):
            assert await fetched(scene.bob, other) == b"NIL", other
        assert await fetched(scene.bob, url.replace(b"internal", b"INTERNAL")) == b"{5}\r\nplain"

    played(play)


def test_an_url_is_good_until_it_expires() -> None:
    async def play(scene: Scene) -> None:
        url = await scene.authorized(PART + b";EXPIRE=2026-01-01T00:00:10Z;URLAUTH=authuser")
        clock = scene.world.clock
        assert isinstance(clock, FakeClock)
        await clock.advance(10)
        assert await fetched(scene.bob, url) == b"{5}\r\nplain"
        await clock.advance(1)
        assert await fetched(scene.bob, url) == b"NIL"

    played(play)


def test_a_new_key_revokes_the_urls_of_its_mailbox_and_no_argument_those_of_all() -> None:
    async def play(scene: Scene) -> None:
        await scene.ana.command("APPEND Drafts {5+}\r\ndraft")
        inbox = await scene.authorized(PART + b";URLAUTH=authuser")
        drafts = await scene.authorized(
            b"imap://ana@correo.test/Drafts/;UID=1/;PARTIAL=1;URLAUTH=authuser"
        )
        assert b" OK " in (await scene.ana.command("RESETKEY Sent"))[-1]
        assert await fetched(scene.bob, inbox) == b"{5}\r\nplain"
        assert b" OK " in (await scene.ana.command("RESETKEY INBOX INTERNAL"))[-1]
        assert await fetched(scene.bob, inbox) == b"NIL"
        assert await fetched(scene.bob, drafts) == b"{4}\r\nraft"
        assert b" OK " in (await scene.ana.command("RESETKEY"))[-1]
        assert await fetched(scene.bob, drafts) == b"NIL"
        assert b" NO [NONEXISTENT] " in (await scene.ana.command("RESETKEY Nowhere"))[-1]
        assert b" NO " in (await scene.ana.command("RESETKEY INBOX XSAMPLE"))[-1]

    played(play)


def test_an_url_to_a_message_that_is_gone_opens_nothing() -> None:
    async def play(scene: Scene) -> None:
        url = await scene.authorized(PART + b";URLAUTH=authuser")
        await scene.ana.command("SELECT INBOX")
        await scene.ana.command("STORE 1 +FLAGS.SILENT (\\Deleted)")
        await scene.ana.command("EXPUNGE")
        assert await fetched(scene.bob, url) == b"NIL"

    played(play)


UNAUTHORIZABLE = [
    b"imap://ana@correo.test/INBOX/;UID=1",
    b"imap://correo.test/INBOX/;UID=1;URLAUTH=anonymous",
    b"imap://bob@correo.test/INBOX/;UID=1;URLAUTH=anonymous",
    b"imap://ana@correo.test/Nowhere/;UID=1;URLAUTH=anonymous",
    b"imap://ana@correo.test/INBOX;URLAUTH=anonymous",
    b"//ana@correo.test/INBOX/;UID=1;URLAUTH=anonymous",
    b"/INBOX/;UID=1;URLAUTH=anonymous",
    b"imap://ana@correo.test/INBOX/;UID=1;URLAUTH=submit+",
    b"imap://ana@correo.test/INBOX/;UID=1;URLAUTH=anonymous:internal:" + b"0" * 32,
]


@pytest.mark.parametrize("url", UNAUTHORIZABLE)
def test_an_url_that_cannot_be_authorized_is_bad(url: bytes) -> None:
    async def play(scene: Scene) -> None:
        assert b" BAD " in (await scene.ana.command(b'GENURLAUTH "%b" INTERNAL' % url))[-1]

    played(play)


def test_another_mechanism_is_refused() -> None:
    async def play(scene: Scene) -> None:
        command = b'GENURLAUTH "%b;URLAUTH=anonymous" XSAMPLE' % PART
        assert b" NO " in (await scene.ana.command(command))[-1]

    played(play)


def named(section: bytes) -> bytes:
    return b"imap://ana@correo.test/INBOX/;UID=1" + section + b";URLAUTH=authuser"


FORMS = [
    # id, what is named, what is asked, the answer
    ("as it is", b"/;SECTION=3", b"BODY", b"(BODY {8}\r\nYQBiYw==)"),
    ("decoded, with a NUL", b"/;SECTION=3", b"BINARY", b"(BINARY ~{4}\r\na\0bc)"),
    ("decoded and cut", b"/;SECTION=3/;PARTIAL=2.1", b"BINARY", b"(BINARY {1}\r\nb)"),
    (
        "described as decoded",
        b"/;SECTION=3",
        b"BINARY BODYPARTSTRUCTURE",
        b"(BINARY ~{4}\r\na\0bc) "
        b'(BODYPARTSTRUCTURE ("application" "octet-stream" NIL NIL NIL "binary" 4 NIL NIL NIL NIL))',
    ),
    (
        "described as it is",
        b"/;SECTION=3",
        b"BODYPARTSTRUCTURE",
        b'(BODYPARTSTRUCTURE ("application" "octet-stream" NIL NIL NIL "base64" 8 NIL NIL NIL NIL))',
    ),
    (
        "an unknown encoding",
        b"/;SECTION=4",
        b"BODYPARTSTRUCTURE BINARY",
        b'(BODYPARTSTRUCTURE ("application" "octet-stream" NIL NIL NIL "x-nobody-knows" 4'
        b" NIL NIL NIL NIL)) (BINARY NIL)",
    ),
    (
        "a header",
        b"/;SECTION=2.HEADER",
        b"BODYPARTSTRUCTURE BODY",
        b'(BODYPARTSTRUCTURE ("text" "rfc822-headers" ("charset" "us-ascii") NIL NIL "7bit" 19 2'
        b" NIL NIL NIL NIL)) (BODY {19}\r\nSubject: inside\r\n\r\n)",
    ),
    (
        "the text of an embedded message",
        b"/;SECTION=2.TEXT",
        b"BINARY BODYPARTSTRUCTURE",
        b'(BINARY {7}\r\ninner\r\n) (BODYPARTSTRUCTURE ("text" "plain" ("charset" "us-ascii")'
        b' NIL NIL "7bit" 7 1 NIL NIL NIL NIL))',
    ),
    ("no such part", b"/;SECTION=9", b"BODYPARTSTRUCTURE BODY", b"NIL"),
]


@pytest.mark.parametrize(
    ("section", "items", "expected"), [pytest.param(s, w, e, id=i) for i, s, w, e in FORMS]
)
def test_what_is_named_comes_in_the_form_that_is_asked(
    section: bytes, items: bytes, expected: bytes
) -> None:
    async def play(scene: Scene) -> None:
        url = await scene.authorized(named(section))
        client = scene.bob
        client.send(b'x URLFETCH ("%b" %b)\r\n' % (url, items))
        said = await client.take()
        assert said == b'* URLFETCH "%b" %b\r\nx OK fetched\r\n' % (url, expected)

    played(play)


def test_a_whole_message_is_described_as_one() -> None:
    async def play(scene: Scene) -> None:
        url = await scene.authorized(named(b""))
        told = await fetched(scene.bob, url, b"BODYPARTSTRUCTURE")
        assert told.startswith(
            b'(BODYPARTSTRUCTURE ("message" "rfc822" NIL NIL NIL "7bit" %d ' % len(OCTETS)
        )
        assert await fetched(scene.bob, url) == b"{%d}\r\n%b" % (len(OCTETS), OCTETS)

    played(play)


DIGEST = (
    b"Subject: digest\r\nContent-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\n"
    b"Subject: one\r\n\r\nfirst\r\n--x--\r\n"
)


def test_a_message_in_a_digest_is_described_as_one() -> None:
    """RFC 2046 5.1.5: that is its type although nothing says so."""

    async def play(scene: Scene) -> None:
        await scene.ana.command(b"APPEND INBOX {%d+}\r\n%b" % (len(DIGEST), DIGEST))
        url = await scene.authorized(
            b"imap://ana@correo.test/INBOX/;UID=2/;SECTION=1;URLAUTH=authuser"
        )
        told = await fetched(scene.bob, url, b"BODYPARTSTRUCTURE")
        assert told.startswith(
            b'(BODYPARTSTRUCTURE ("message" "rfc822" NIL NIL NIL "7bit" 21 (NIL "one" '
        )

    played(play)


def test_a_mailbox_that_somebody_shares_has_no_key_for_its_guests() -> None:
    async def play(scene: Scene) -> None:
        await scene.ana.command("SETACL INBOX bob lrswipkxtecda")
        shared = b"imap://bob@correo.test/Shared/ana/;UID=1;URLAUTH=anonymous"
        assert b" BAD " in (await scene.bob.command(b'GENURLAUTH "%b" INTERNAL' % shared))[-1]
        assert b" NO " in (await scene.bob.command("RESETKEY Shared/ana"))[-1]

    played(play)
