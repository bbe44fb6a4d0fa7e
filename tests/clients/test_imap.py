"""The IMAP client against a server that follows a script, and says what it heard."""

import asyncio
import base64
from collections.abc import Awaitable, Callable

import pytest

from correo.base.errors import UsageError
from correo.clients.imap import (
    ImapClient,
    ImapConnectionError,
    ImapLoginError,
    ImapReplyError,
    NewMessage,
    TlsMode,
    quoted,
)
from correo.testing.toy import MemoryBlob
from correo.wire.imap.response_types import Exists, FetchData

Work = Callable[[ImapClient], Awaitable[object]]


class Script:
    """Lines the client must say, each with what the server answers.

    A line of the script is "C: ..." or "S: ..."; tags are written T. A client line that ends in a
    literal mark is answered like any other.
    """

    def __init__(self, text: str) -> None:
        self.turns = [line.lstrip() for line in text.splitlines() if line.strip()]
        self.heard: list[str] = []
        self.complaint = ""
        self.tag = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for turn in self.turns:
                await self._turn(turn, reader, writer)
        except (AssertionError, ConnectionError) as error:
            self.complaint = self.complaint or str(error)
        writer.close()

    async def _turn(
        self, turn: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        speaker, _, text = turn.partition(" ")
        if speaker == "S:":
            tagged = self.tag + text[1:] if text.startswith("T ") else text
            writer.write(tagged.replace("\\r\\n", "\r\n").encode() + b"\r\n")
            await writer.drain()
            return
        line = (await reader.readline()).decode().rstrip("\r\n")
        self.heard.append(line)
        if text.startswith("T "):
            self.tag, _, line = line.partition(" ")
            text = text[2:]
        assert line == text, f"expected {text!r}, heard {line!r}"


GREETING = "S: * OK [CAPABILITY IMAP4rev1 {}] hi\n"
BYE = "\nC: T LOGOUT\nS: * BYE bye\nS: T OK bye"


def talk(script: str, work: Work, *, capabilities: str = "", timeout: float = 5) -> Script:
    """Run the work against the script; AssertionError if the client said something else."""
    text = GREETING.format(capabilities) + script.strip() + BYE
    server_script = Script(text)

    async def run() -> None:
        server = await asyncio.start_server(server_script.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            async with await ImapClient.connect(
                "127.0.0.1", port, tls=TlsMode.NONE, timeout=timeout
            ) as client:
                await work(client)
        finally:
            server.close()
            await server.wait_closed()

    asyncio.run(run())
    assert not server_script.complaint, server_script.complaint
    return server_script


SELECT = "C: T SELECT INBOX\nS: * 3 EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: T OK [READ-WRITE] ok\n"


def test_login_falls_back_to_the_login_command_where_there_is_no_mechanism_and_asks_for_capabilities() -> (
    None
):
    async def work(client: ImapClient) -> None:
        await client.login("ana", "se cret", may_show_password=True)
        assert client.can("MOVE")

    talk(
        'C: T LOGIN ana "se cret"\nS: T OK in\nC: T CAPABILITY\n'
        "S: * CAPABILITY IMAP4rev1 MOVE\nS: T OK done",
        work,
    )


def test_a_password_is_not_sent_in_clear_unless_allowed() -> None:
    async def work(client: ImapClient) -> None:
        with pytest.raises(ImapLoginError):
            await client.login("ana", "secret")

    talk("", work, capabilities="AUTH=PLAIN")


def test_authenticate_sends_the_initial_response_at_once_with_sasl_ir() -> None:
    async def work(client: ImapClient) -> None:
        await client.login("ana", "secret", may_show_password=True)

    coded = base64.b64encode(b"\0ana\0secret").decode()
    talk(
        f"C: T AUTHENTICATE PLAIN {coded}\nS: T OK [CAPABILITY IMAP4rev1 X] in",
        work,
        capabilities="SASL-IR AUTH=PLAIN",
    )


@pytest.mark.parametrize(("name", "coded"), [("ana", "YW5h"), ("", "=")])
def test_a_certificate_is_enough_with_external(name: str, coded: str) -> None:
    async def work(client: ImapClient) -> None:
        await client.login(name, mechanism="EXTERNAL")

    talk(
        f"C: T AUTHENTICATE EXTERNAL {coded}\nS: T OK [CAPABILITY IMAP4rev1 X] in",
        work,
        capabilities="SASL-IR AUTH=EXTERNAL",
    )


def test_authenticate_waits_for_the_challenge_without_sasl_ir() -> None:
    async def work(client: ImapClient) -> None:
        await client.login("ana", "secret", may_show_password=True)

    coded = base64.b64encode(b"\0ana\0secret").decode()
    talk(
        f"C: T AUTHENTICATE PLAIN\nS: + \nC: {coded}\nS: T OK [CAPABILITY IMAP4rev1 X] in",
        work,
        capabilities="AUTH=PLAIN",
    )


def test_a_refused_login_is_an_error_with_the_servers_words() -> None:
    async def work(client: ImapClient) -> None:
        with pytest.raises(ImapLoginError) as caught:
            await client.login("ana", "x", may_show_password=True)
        assert caught.value.code_name == "AUTHENTICATIONFAILED"
        assert caught.value.text == "who?"

    talk("C: T LOGIN ana x\nS: T NO [AUTHENTICATIONFAILED] who?", work)


def test_a_server_that_does_not_prove_itself_in_scram_is_not_believed() -> None:
    async def work(client: ImapClient) -> None:
        with pytest.raises(ImapLoginError):
            await client.login("ana", "secret")

    script = "C: T AUTHENTICATE SCRAM-SHA-256\nS: + \nC: *\nS: T BAD cancelled"

    class Lenient(Script):
        async def _turn(
            self, turn: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            if turn == "C: *":  # the client's first message has a nonce in it
                await reader.readline()
                self.tag = "C1"
                return
            await super()._turn(turn, reader, writer)

    text = GREETING.format("AUTH=SCRAM-SHA-256")
    lenient = Lenient(text + script.replace("T BAD cancelled", "T OK welcome") + BYE)

    async def run() -> None:
        server = await asyncio.start_server(lenient.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = await ImapClient.connect("127.0.0.1", port, tls=TlsMode.NONE)
        await work(client)
        await client.logout()
        server.close()
        await server.wait_closed()

    asyncio.run(run())
    assert not lenient.complaint


def test_select_tells_the_state_of_the_mailbox_and_keeps_it_current() -> None:
    async def work(client: ImapClient) -> None:
        mailbox = await client.select("INBOX")
        assert (mailbox.exists, mailbox.uid_validity, mailbox.uid_next) == (3, 7, 9)
        assert mailbox.permanent_flags == ("\\Seen", "\\*")
        assert mailbox.highest_modseq == 12
        await client.noop()
        assert mailbox.exists == 4
        await client.noop()
        assert mailbox.exists == 1

    talk(
        "C: T SELECT INBOX (CONDSTORE)\nS: * 3 EXISTS\nS: * OK [UIDVALIDITY 7] ok\n"
        "S: * OK [UIDNEXT 9] ok\nS: * OK [PERMANENTFLAGS (\\Seen \\*)] ok\n"
        "S: * OK [HIGHESTMODSEQ 12] ok\nS: T OK [READ-WRITE] ok\n"
        "C: T NOOP\nS: * 4 EXISTS\nS: T OK ok\n"
        "C: T NOOP\nS: * 2 EXPUNGE\nS: * VANISHED 3:4\nS: T OK ok",
        work,
        capabilities="CONDSTORE",
    )


def test_select_catches_up_with_what_happened_since_a_known_state() -> None:
    async def work(client: ImapClient) -> None:
        assert await client.enable("QRESYNC", "X-UNKNOWN") == {"QRESYNC"}
        mailbox = await client.select("INBOX", known=(7, 20))
        assert mailbox.vanished == [(3, 5)]
        assert [(data.uid, data.modseq) for data in mailbox.changed] == [(9, 30)]
        assert mailbox.exists == 4

    talk(
        "C: T ENABLE QRESYNC\nS: * ENABLED QRESYNC\nS: T OK done\n"
        "C: T SELECT INBOX (QRESYNC (7 20))\nS: * 4 EXISTS\nS: * OK [UIDVALIDITY 7] ok\n"
        "S: * VANISHED (EARLIER) 3:5\nS: * 4 FETCH (UID 9 FLAGS () MODSEQ (30))\nS: T OK done",
        work,
        capabilities="ENABLE QRESYNC CONDSTORE",
    )


def test_a_mailbox_is_made_for_its_use() -> None:
    async def work(client: ImapClient) -> None:
        await client.create("Gesendet", special_use=["\\Sent"])

    talk("C: T CREATE Gesendet (USE (\\Sent))\nS: T OK done", work)


def test_a_mailbox_that_cannot_be_opened_is_an_error_and_none_is_open() -> None:
    async def work(client: ImapClient) -> None:
        with pytest.raises(ImapReplyError) as caught:
            await client.select("Año", read_only=True)
        assert caught.value.code_name == "NONEXISTENT"
        assert client.mailbox is None

    talk("C: T EXAMINE A&APE-o\nS: T NO [NONEXISTENT] no such mailbox", work)


def test_fetch_gives_messages_as_they_come() -> None:
    async def work(client: ImapClient) -> None:
        found = [data async for data in client.fetch([1, 2, 3, 9], "(FLAGS BODY.PEEK[1])")]
        assert [(data.uid, data.flags) for data in found] == [(1, ("\\Seen",)), (9, ())]
        assert found[1].octets(b"BODY[1]") == b"hola"

    talk(
        "C: T UID FETCH 1:3,9 (FLAGS BODY.PEEK[1])\nS: * 1 FETCH (UID 1 FLAGS (\\Seen))\n"
        "S: * 4 FETCH (UID 9 FLAGS () BODY[1] {4}\\r\\nhola)\nS: T OK done",
        work,
    )


def test_nothing_to_fetch_asks_nothing() -> None:
    async def work(client: ImapClient) -> None:
        assert [data async for data in client.fetch([], "(FLAGS)")] == []

    talk("", work)


def test_a_long_set_becomes_several_commands_of_allowed_length() -> None:
    heard: list[str] = []

    async def work(client: ImapClient) -> None:
        await client.store(range(1, 6000, 2), ["x"])

    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
            while line := await reader.readline():
                heard.append(line.decode())
                tag = line.split()[0]
                writer.write(tag + b" OK\r\n")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with await ImapClient.connect("127.0.0.1", port, tls=TlsMode.NONE) as client:
            await work(client)
        server.close()
        await server.wait_closed()

    asyncio.run(run())
    stores = [line.split() for line in heard if " UID STORE " in line]
    assert all(len(" ".join(words)) < 8192 for words in stores)
    assert ",".join(words[3] for words in stores) == ",".join(map(str, range(1, 6000, 2)))


def test_a_fetch_left_early_does_not_disturb_the_next_command() -> None:
    async def work(client: ImapClient) -> None:
        async for data in client.fetch("1:*", "(FLAGS)"):
            assert data.uid == 1
            break
        await client.noop()

    talk(
        "C: T UID FETCH 1:* (FLAGS)\nS: * 1 FETCH (UID 1)\nS: * 2 FETCH (UID 2)\nS: T OK done\n"
        "C: T NOOP\nS: T OK ok",
        work,
    )


def test_a_command_within_a_fetch_ends_the_fetch_with_a_usage_error() -> None:
    async def work(client: ImapClient) -> None:
        async def nested() -> None:
            async for _ in client.fetch("1:*", "(FLAGS)"):
                await client.noop()

        with pytest.raises(UsageError):
            await nested()

    talk(
        "C: T UID FETCH 1:* (FLAGS)\nS: * 1 FETCH (UID 1)\nS: T OK done\nC: T NOOP\nS: T OK ok",
        work,
    )


def test_a_fetch_that_fails_halfway_gives_what_came_and_then_the_error() -> None:
    async def work(client: ImapClient) -> None:
        found: list[FetchData] = []

        async def collect() -> None:
            async for data in client.fetch("1:*", "(FLAGS)"):
                found.append(data)  # noqa: PERF401 - what came before the error counts

        with pytest.raises(ImapReplyError):
            await collect()
        assert [data.uid for data in found] == [1]

    talk(
        "C: T UID FETCH 1:* (FLAGS)\nS: * 1 FETCH (UID 1)\nS: T NO [EXPUNGEISSUED] some are gone",
        work,
    )


def test_search_uses_esearch_where_it_can() -> None:
    async def work(client: ImapClient) -> None:
        assert await client.search("UNSEEN", "FROM", quoted("ana")) == [2, 3, 4, 9]

    talk(
        'C: T UID SEARCH RETURN (ALL) UNSEEN FROM "ana"\n'
        'S: * ESEARCH (TAG "C1") UID ALL 2:4,9\nS: T OK done',
        work,
        capabilities="ESEARCH",
    )


def test_search_sends_other_scripts_as_utf8_literals() -> None:
    async def work(client: ImapClient) -> None:
        assert await client.search("TEXT", quoted("año")) == [3]

    talk(
        "C: T UID SEARCH CHARSET UTF-8 TEXT {4}\nS: + go\nC: año\nS: * SEARCH 3\nS: T OK done",
        work,
    )


def test_search_without_criteria_finds_everything() -> None:
    async def work(client: ImapClient) -> None:
        assert await client.search() == []

    talk("C: T UID SEARCH ALL\nS: * SEARCH\nS: T OK done", work)


def test_move_is_one_command_where_the_server_has_it() -> None:
    async def work(client: ImapClient) -> None:
        (copied,) = await client.move("3:4", "Archive")
        assert (copied.uid_validity, copied.source_uids, copied.uids) == (9, [3, 4], [11, 12])

    talk(
        "C: T UID MOVE 3:4 Archive\nS: * OK [COPYUID 9 3:4 11:12] moved\nS: * 3 EXPUNGE\n"
        "S: T OK done",
        work,
        capabilities="MOVE",
    )


def test_move_copies_marks_and_expunges_where_there_is_no_move() -> None:
    async def work(client: ImapClient) -> None:
        await client.move([3], "Archive")

    talk(
        "C: T UID COPY 3 Archive\nS: T OK [COPYUID 9 3 11] done\n"
        "C: T UID STORE 3 +FLAGS.SILENT (\\Deleted)\nS: T OK done\n"
        "C: T UID EXPUNGE 3\nS: * 3 EXPUNGE\nS: T OK done",
        work,
        capabilities="UIDPLUS",
    )


def test_append_waits_for_the_go_ahead_and_tells_the_uid() -> None:
    async def work(client: ImapClient) -> None:
        message = NewMessage(b"hello", ("\\Seen",), 837596665, -420)
        assert await client.append("Sent", message) == 12

    talk(
        'C: T APPEND Sent (\\Seen) "17-Jul-1996 02:44:25 -0700" {5}\nS: + go\nC: hello\n'
        "S: T OK [APPENDUID 9 12] done",
        work,
    )


def test_append_that_is_refused_sends_nothing_more() -> None:
    async def work(client: ImapClient) -> None:
        with pytest.raises(ImapReplyError) as caught:
            await client.append("Nowhere", NewMessage(b"hello"))
        assert caught.value.code_name == "TRYCREATE"

    talk("C: T APPEND Nowhere {5}\nS: T NO [TRYCREATE] no", work)


def test_several_messages_are_one_command_with_multiappend() -> None:
    async def work(client: ImapClient) -> None:
        batch = [NewMessage(b"one"), NewMessage(MemoryBlob(b"two"), ("x",))]
        assert await client.append_all("x", batch) == [12, 13]

    talk(
        "C: T APPEND x {3+}\nC: one (x) {3+}\nC: two\nS: T OK [APPENDUID 9 12:13] done",
        work,
        capabilities="MULTIAPPEND LITERAL+",
    )


def test_several_messages_are_several_commands_without() -> None:
    async def work(client: ImapClient) -> None:
        assert await client.append_all("x", [NewMessage(b"one"), NewMessage(b"two")]) == []

    talk(
        "C: T APPEND x {3}\nS: + go\nC: one\nS: T OK done\n"
        "C: T APPEND x {3}\nS: + go\nC: two\nS: T OK done",
        work,
    )


def test_mailboxes_come_with_their_counts_in_one_round_trip_with_list_status() -> None:
    async def work(client: ImapClient) -> None:
        entries = await client.mailboxes(status=["MESSAGES"])
        assert [(entry.name, entry.is_selectable) for entry in entries] == [
            ("INBOX", True),
            ("[x]", False),
        ]
        assert entries[0].status is not None
        assert entries[0].status.values == {"MESSAGES": 3}

    talk(
        'C: T LIST "" "*" RETURN (STATUS (MESSAGES))\nS: * LIST () "/" INBOX\n'
        'S: * STATUS INBOX (MESSAGES 3)\nS: * LIST (\\Noselect) "/" [x]\nS: T OK done',
        work,
        capabilities="LIST-STATUS LIST-EXTENDED",
    )


def test_mailboxes_are_counted_one_by_one_without() -> None:
    async def work(client: ImapClient) -> None:
        (entry,) = await client.mailboxes("%", subscribed=True, status=["MESSAGES"])
        assert entry.status is not None

    talk(
        'C: T LSUB "" "%"\nS: * LSUB () "." a.b\nS: T OK done\n'
        "C: T STATUS a.b (MESSAGES)\nS: * STATUS a.b (MESSAGES 3)\nS: T OK done",
        work,
    )


def test_waiting_idles_until_something_happens() -> None:
    async def work(client: ImapClient) -> None:
        await client.select("INBOX")
        assert await client.wait_for_change(30) == [Exists(4), Exists(5)]
        assert await client.wait_for_change(0.01) == []

    talk(
        SELECT + "C: T IDLE\nS: + idling\nS: * 4 EXISTS\nS: * 5 EXISTS\nC: DONE\nS: T OK done\n"
        "C: T IDLE\nS: + idling\nC: DONE\nS: T OK done",
        work,
        capabilities="IDLE",
    )


def test_news_that_came_with_a_command_is_not_waited_for() -> None:
    async def work(client: ImapClient) -> None:
        await client.select("INBOX")
        await client.noop()
        assert await client.wait_for_change(30) == [Exists(4)]

    talk(SELECT + "C: T NOOP\nS: * 4 EXISTS\nS: T OK done", work, capabilities="IDLE")


def test_waiting_polls_without_idle() -> None:
    async def work(client: ImapClient) -> None:
        await client.select("INBOX")
        assert await client.wait_for_change(30) == [Exists(4)]

    talk(SELECT + "C: T NOOP\nS: * 4 EXISTS\nS: T OK done", work)


def test_a_wait_that_is_cancelled_leaves_the_connection_usable() -> None:
    async def work(client: ImapClient) -> None:
        await client.select("INBOX")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.wait_for_change()
        await client.noop()

    talk(
        SELECT + "C: T IDLE\nS: + idling\nC: DONE\nS: T OK done\nC: T NOOP\nS: T OK done",
        work,
        capabilities="IDLE",
    )


class Collector:
    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> None:
        self.octets += octets


def test_a_large_section_streams_past_memory() -> None:
    sink = Collector()

    async def work(client: ImapClient) -> None:
        (data,) = [
            data
            async for data in client.fetch(
                1, "(BODY.PEEK[])", sink=lambda number, label, size: sink
            )
        ]
        assert data.octets(b"BODY[]") == b""

    large = "x" * 100_000
    talk(
        "C: T UID FETCH 1 (BODY.PEEK[])\n"
        f"S: * 1 FETCH (UID 1 BODY[] {{100000}}\\r\\n{large})\nS: T OK done",
        work,
    )
    assert sink.octets == large.encode()


async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server on a slow line: seconds for every message, in either direction."""
    writer.write(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
    while line := await reader.readline():
        tag, name = line.split()[:2]
        if name == b"UID":
            writer.write(b"* 1 FETCH (UID 1 BODY[] {1000}\r\n")
            for _ in range(10):
                writer.write(b"x" * 100)
                await asyncio.sleep(0.1)
            writer.write(b")\r\n")
        elif name == b"APPEND":
            writer.write(b"+ go on\r\n")
            left = int(line.rstrip(b"}\r\n").rpartition(b"{")[2]) + 2
            while left:
                left -= len(await reader.read(min(left, 1_000_000)))
                await asyncio.sleep(0.02)
        writer.write(tag + b" OK done\r\n")
    writer.close()


def test_a_slow_line_is_not_silence() -> None:
    async def run() -> None:
        server = await asyncio.start_server(dribble, "127.0.0.1", 0, limit=500_000)
        port = server.sockets[0].getsockname()[1]
        client = await ImapClient.connect("127.0.0.1", port, tls=TlsMode.NONE, timeout=0.8)
        async with client:
            [data] = [data async for data in client.fetch(1, "(UID BODY.PEEK[])")]
            assert len(data.octets(b"BODY[]")) == 1000
            assert await client.append("INBOX", NewMessage(b"x" * 40_000_000)) is None
        server.close()
        await server.wait_closed()

    asyncio.run(run())


def connect_to(octets: bytes, *, tls: TlsMode = TlsMode.NONE, timeout: float = 5) -> str:
    """What a client says of a server that says only this, then closes."""

    async def run() -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(octets)
            await reader.read(100)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            with pytest.raises(ImapConnectionError) as caught:
                await ImapClient.connect("127.0.0.1", port, tls=tls, timeout=timeout)
            return str(caught.value)
        finally:
            server.close()
            await server.wait_closed()

    return asyncio.run(run())


HOPELESS = [
    ("another protocol", b"220 smtp.example\r\n", TlsMode.NONE, "not IMAP"),
    ("no greeting", b"* CAPABILITY IMAP4rev1\r\n", TlsMode.NONE, "not IMAP"),
    ("turned away", b"* BYE too many connections\r\n", TlsMode.NONE, "too many connections"),
    ("silent", b"", TlsMode.NONE, "silent"),
    ("closed", b"* OK hi\r\n", TlsMode.NONE, "closed the connection"),
    ("no starttls", b"* OK [CAPABILITY IMAP4rev1] hi\r\n", TlsMode.STARTTLS, "no STARTTLS"),
]


@pytest.mark.parametrize(
    ("octets", "tls", "words"), [pytest.param(o, t, w, id=i) for i, o, t, w in HOPELESS]
)
def test_a_server_that_cannot_be_used_is_a_connection_error_that_says_why(
    octets: bytes, tls: TlsMode, words: str
) -> None:
    assert words in connect_to(octets, tls=tls, timeout=0.3)


def test_a_refused_connection_says_where() -> None:
    async def run() -> None:
        with pytest.raises(ImapConnectionError, match=r"127\.0\.0\.1:9"):
            await ImapClient.connect("127.0.0.1", 9, tls=TlsMode.NONE, timeout=5)

    asyncio.run(run())


def test_tls_to_a_server_without_it_says_so() -> None:
    message = connect_to(b"* OK hi\r\n", tls=TlsMode.IMPLICIT)
    assert "no connection to" in message
