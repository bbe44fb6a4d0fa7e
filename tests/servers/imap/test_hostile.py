"""Whatever octets come, the session answers in IMAP or ends cleanly, and others go on."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.testing.imap_world import ImapWorld, message

WORDS = st.sampled_from(
    [
        *(
            b"FETCH STORE SEARCH UID COPY MOVE EXPUNGE SELECT EXAMINE LIST LSUB STATUS APPEND".split()
        ),
        *(b"CREATE DELETE RENAME SUBSCRIBE ENABLE QRESYNC CONDSTORE IMAP4rev2 IDLE DONE".split()),
        *(b"CLOSE UNSELECT NOOP CHECK NAMESPACE ID NIL INBOX Sent 1:* 1 2:9 * $ 0 ( ) ()".split()),
        *(
            b"FLAGS +FLAGS -FLAGS.SILENT (\\Seen) (\\Deleted) \\Recent (alpha) BODY[] BODY[1]".split()
        ),
        *(b"BODY.PEEK[1.MIME]<0.5> BINARY[1] BINARY.SIZE[2] ENVELOPE ALL FULL FAST MODSEQ".split()),
        *(
            b"RETURN (MIN MAX SAVE COUNT) UNSEEN OR NOT TEXT x SINCE 1-Jan-2020 OLDER 5 {3} {3+}".split()
        ),
        *(b'"" "*" % (CHANGEDSINCE 1 VANISHED) (UNCHANGEDSINCE 2) ~{2+} "17-Jul-1996'.split()),
        *(b"SORT THREAD (REVERSE DATE) (SUBJECT) UTF-8 REFERENCES REFS ORDEREDSUBJECT".split()),
        *(b"REPLACE GETQUOTA GETQUOTAROOT UNAUTHENTICATE PREVIEW (LAZY) (PARTIAL -1:-2)".split()),
        *(b"CATENATE (TEXT (URL URL TEXT /INBOX/;UID=1 ;UID=1 {9+}\r\n/INBOX/;U".split(b" ")),
        *(b"SETACL DELETEACL GETACL LISTRIGHTS MYRIGHTS anyone -bob +lr -r lrswipkxtea".split()),
        *(b"Shared/ Shared/* Shared/bob@correo.test/INBOX Shared/@ (MYRIGHTS)".split()),
        b"\r\n",
        b"\r\nt ",
        b"\x00",
        b"\xff",
        b"abc",
    ]
)
NOISE = st.one_of(
    st.lists(WORDS, max_size=30).map(b" ".join),
    st.binary(max_size=200),
    st.lists(WORDS, min_size=1, max_size=12).map(lambda words: b"t " + b" ".join(words) + b"\r\n"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(NOISE, max_size=8))
def test_noise_after_login_harms_nobody(noise: list[bytes]) -> None:
    async def run() -> None:
        failures: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: failures.append(what))
        world = ImapWorld()
        await world.account()
        good, bad = await world.login(select="INBOX"), await world.login(select="INBOX")
        octets = message()
        await good.command(b"APPEND INBOX {%d+}\r\n%b" % (len(octets), octets))
        for piece in noise:
            if bad.pipe.is_closing():
                break
            bad.send(piece)
            await bad.take()
        assert not failures
        bad.leave()
        answer = await good.command("FETCH 1:* (UID FLAGS)")
        assert answer[-1].split()[1] in (b"OK", b"NO", b"BAD") or answer[-1].startswith(b"* BYE")

    asyncio.run(run())


@pytest.mark.parametrize(
    "command",
    [
        "SEARCH " + "NOT " * 3000 + "ALL",
        "SEARCH " + "(" * 3000 + "ALL" + ")" * 3000,
        "SEARCH " + "OR ALL " * 3000 + "ALL",
        "FETCH 1:4294967295 FLAGS",
        "UID FETCH " + ",".join(f"{n}:4294967295" for n in range(1, 3000)) + " FLAGS",
        'LIST "" ' + "*a" * 3000,
        "STORE 1 +FLAGS (" + " ".join(f"k{n}" for n in range(3000)) + ")",
        "SELECT INBOX (QRESYNC (1 1 1:4294967295 (1:4294967295 1:4294967295)))",
    ],
    ids=lambda command: command[:20],
)
def test_a_monstrous_command_is_answered_soon(command: str) -> None:
    async def run() -> None:
        world = ImapWorld()
        await world.account()
        client = await world.login()
        octets = message()
        await client.command(b"APPEND INBOX {%d+}\r\n%b" % (len(octets), octets))
        await client.command("ENABLE QRESYNC")
        await client.command("SELECT INBOX")
        answer = await asyncio.wait_for(client.command(command), 10)
        assert answer[-1].split()[1] in (b"OK", b"NO", b"BAD")

    asyncio.run(run())


def test_a_connection_cut_in_the_middle_of_an_append_leaves_nothing() -> None:
    async def run() -> None:
        world = ImapWorld()
        await world.account()
        client = await world.login()
        client.send(b"a APPEND INBOX {100000+}\r\n" + b"x" * 90_000)
        await client.take()
        client.leave()
        other = await world.login()
        assert await other.command("STATUS INBOX (MESSAGES)") == [
            b"* STATUS INBOX (MESSAGES 0)",
            b"t2 OK counted",
        ]

    asyncio.run(run())


@pytest.mark.parametrize("command", ["UID FETCH 1 FLAGS", "STATUS INBOX (MESSAGES)", "SEARCH ALL"])
def test_a_client_that_pipelines_much_leaves_the_others_their_turn(command: str) -> None:
    """None of these has to wait for anything, so nothing else would make way."""

    async def run() -> None:
        world = ImapWorld()
        await world.account()
        greedy, other = await world.login(select="INBOX"), await world.login(select="INBOX")
        await other.command(b"APPEND INBOX {%d+}\r\n%b" % (len(message()), message()))
        greedy.send(b"".join(b"g%d %b\r\n" % (n, command.encode()) for n in range(5000)))
        other.send(b"o NOOP\r\n")
        while b"o OK" not in other.heard:
            await asyncio.sleep(0)
        assert b"g4999 OK" not in greedy.heard
        while b"g4999 OK" not in greedy.heard:
            await asyncio.sleep(0)

    asyncio.run(run())
