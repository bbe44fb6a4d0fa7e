"""The SMTP client against our server, and against servers that behave badly."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from correo.base.errors import DamagedStore, UsageError
from correo.clients.smtp import (
    Envelope,
    EnvelopeRecipient,
    SmtpClient,
    SmtpConnectionError,
    SmtpReplyError,
    SmtpTimeouts,
    TlsMode,
)
from correo.intake.api import Role
from correo.net.tls import ServerTls, client_context
from correo.servers.smtp import SmtpSettings
from correo.testing.smtp_house import smtp_house
from correo.testing.toy import MemoryBlob

MX = SmtpSettings(Role.MX, "mx.correo.test")
LETTER = Envelope("ana@correo.test", [EnvelopeRecipient("bob@correo.test")])
LARGE = b"".join(b"%08d .%060d\r\n" % (n, n) for n in range(20_000)) + b".\r\n"
IMPATIENT = SmtpTimeouts(
    connect=5, greeting=0.05, command=0.05, data=0.05, content=5, final=0.05, quit=0.05
)


def run(work: Coroutine[Any, Any, None]) -> None:
    async def watched() -> None:
        async with asyncio.timeout(20):
            await work
            for _ in range(5):  # connections that were cut are closed by the loop
                await asyncio.sleep(0)

    asyncio.run(watched())


def to(*names: str) -> Envelope:
    return replace(LETTER, recipients=[EnvelopeRecipient(f"{name}@correo.test") for name in names])


async def connect(host: str, port: int, **options: Any) -> SmtpClient:
    options.setdefault("tls", TlsMode.NONE)
    return await SmtpClient.connect(host, port, **options)


@pytest.mark.parametrize(
    "without", [set(), {"CHUNKING"}, {"PIPELINING"}, {"PIPELINING", "CHUNKING"}]
)
@pytest.mark.parametrize("as_blob", [False, True])
@pytest.mark.parametrize(
    "content", [pytest.param(b".x\r\n", id="small"), pytest.param(LARGE, id="large")]
)
def test_content_arrives_as_it_was(content: bytes, as_blob: bool, without: set[str]) -> None:
    async def work() -> None:
        async with smtp_house(replace(MX, without=frozenset(without))) as house:
            client = await connect(house.host, house.port)
            octets = MemoryBlob(content) if as_blob else content
            for _ in range(3):
                assert (await client.send(LETTER, octets)).is_accepted
            assert [each.octets for each in house.intake.messages] == [content] * 3
            assert len(house.connections) == 1
            await client.quit()

    run(work())


@pytest.mark.parametrize(
    "without", [frozenset[str](), frozenset({"CHUNKING"}), frozenset({"PIPELINING"})]
)
def test_each_recipient_has_the_peers_words(without: frozenset[str]) -> None:
    async def work() -> None:
        async with smtp_house(replace(MX, without=without)) as house:
            client = await connect(house.host, house.port)
            outcome = await client.send(to("bob", "nobody", "eva"), b"x\r\n")
            words = [str(each.reply) for each in outcome.recipients]
            taken = "250 2.0.0 taken as number-1"
            assert words == [taken, "550 5.1.1 nobody of this name is here", taken]
            assert str(outcome.message) == taken
            outcome = await client.send(replace(LETTER, reverse_path="refused@x"), b"x\r\n")
            assert [str(each.reply) for each in outcome.recipients] == ["550 5.7.1 not you"]
            outcome = await client.send(to("nobody"), b"x\r\n")
            assert outcome.recipients[0].reply.code == 550
            outcome = await client.send(to("full"), b"x\r\n")
            assert outcome.recipients[0].reply.code == 452
            outcome = await client.send(to("spam"), b"x\r\n")
            assert str(outcome.recipients[0].reply) == "554 5.7.1 not that"
            outcome = await client.send(to("bob"), b"x\r\n")  # and the dialogue is in step still
            assert outcome.is_accepted
            await client.quit()

    run(work())


def test_recipients_beyond_the_peers_limit_go_in_further_transactions() -> None:
    async def work() -> None:
        async with smtp_house(replace(MX, max_recipients=2)) as house:
            client = await connect(house.host, house.port)
            outcome = await client.send(to("a", "b", "nobody", "c", "d"), b"x\r\n")
            assert [each.reply.code for each in outcome.recipients] == [250, 250, 550, 250, 250]
            counts = [len(each.recipients) for each in house.intake.messages]
            assert counts == [2, 1, 1]
            await client.quit()

    run(work())


def test_a_client_is_spent_after_as_many_messages_as_the_peer_takes() -> None:
    async def work() -> None:
        async with smtp_house(replace(MX, max_messages=1)) as house:
            client = await connect(house.host, house.port)
            before = client.is_usable
            await client.send(LETTER, b"x\r\n")
            assert (before, client.is_usable) == (True, False)
            await client.quit()

    run(work())


def test_an_address_that_cannot_be_written_leaves_the_dialogue_in_step() -> None:
    async def work() -> None:
        async with smtp_house() as house:
            client = await connect(house.host, house.port)
            with pytest.raises(ValueError, match="address"):
                await client.send(to("bob", "a\r\nb"), b"x\r\n")
            assert (await client.send(LETTER, b"x\r\n")).is_accepted
            await client.quit()

    run(work())


def test_what_the_peer_cannot_carry_is_the_callers_error() -> None:
    async def work() -> None:
        async with smtp_house(replace(MX, without=frozenset({"8BITMIME"}))) as house:
            client = await connect(house.host, house.port)
            with pytest.raises(UsageError):
                await client.send(replace(LETTER, body="8BITMIME"), b"x\r\n")
            assert (await client.send(LETTER, b"x\r\n")).is_accepted
            await client.quit()

    run(work())


def test_content_with_bare_line_feeds_is_mended_on_the_way() -> None:
    async def work() -> None:
        async with smtp_house() as house:
            client = await connect(house.host, house.port)
            assert (await client.send(LETTER, b"a\nb\n.\n")).is_accepted
            assert house.intake.messages[0].octets == b"a\r\nb\r\n.\r\n"
            await client.send(replace(LETTER, body="BINARYMIME"), b"a\nb\n.\n")
            assert house.intake.messages[1].octets == b"a\nb\n.\n"
            await client.quit()

    run(work())


class Torn(MemoryBlob):
    async def read(self, offset: int, length: int) -> bytes:
        return (await super().read(offset, length))[:-1]


def test_a_blob_that_is_too_short_cuts_the_connection() -> None:
    async def work() -> None:
        async with smtp_house() as house:
            client = await connect(house.host, house.port)
            with pytest.raises(DamagedStore):
                await client.send(LETTER, Torn(LARGE))
            await client.quit()
            assert house.intake.messages == []
            assert not client.is_usable

    run(work())


def test_vrfy_expn_help_noop_and_rset_give_the_reply() -> None:
    async def work() -> None:
        async with smtp_house() as house, await connect(house.host, house.port) as client:
            assert client.greeting.code == 220
            assert client.hello.lines[0] == "mx.correo.test"
            assert client.peer == (house.host, house.port)
            assert str(await client.verify("ana")) == "250 2.1.5 <ana@correo.test>"
            assert len((await client.expand("staff")).lines) == 2
            assert (await client.help("DATA")).code == 214
            assert (await client.noop()).code == 250
            assert (await client.reset()).code == 250

    run(work())


@pytest.mark.parametrize("mode", list(TlsMode))
def test_each_tls_mode_does_as_it_says(
    server_tls: ServerTls, trusting: ssl.SSLContext, mode: TlsMode
) -> None:
    async def work() -> None:
        implicit = mode is TlsMode.IMPLICIT
        async with smtp_house(tls=server_tls, implicit_tls=implicit) as house:
            client = await connect(house.host, house.port, tls=mode, context=trusting)
            assert client.is_tls == (mode is not TlsMode.NONE)
            assert (client.tls_object is not None) == client.is_tls
            assert (await client.send(LETTER, b"x\r\n")).is_accepted
            await client.quit()

    run(work())


@pytest.mark.parametrize("implicit", [False, True])
def test_an_untrusted_certificate_is_an_error_that_says_so(
    server_tls: ServerTls, implicit: bool
) -> None:
    async def work() -> None:
        async with smtp_house(tls=server_tls, implicit_tls=implicit) as house:
            mode = TlsMode.IMPLICIT if implicit else TlsMode.STARTTLS
            with pytest.raises(SmtpConnectionError, match="not trusted") as caught:
                await connect(house.host, house.port, tls=mode)
            assert caught.value.is_tls_failure
            assert caught.value.stage == "TLS"

    run(work())


def test_opportunistic_tls_goes_on_in_clear_where_it_fails(server_tls: ServerTls) -> None:
    async def work() -> None:
        async with smtp_house(tls=server_tls) as house:
            strict = client_context()
            client = await connect(
                house.host, house.port, tls=TlsMode.OPPORTUNISTIC, context=strict
            )
            assert not client.is_tls
            assert (await client.send(LETTER, b"x\r\n")).is_accepted
            await client.quit()
            any_peer = await connect(house.host, house.port, tls=TlsMode.OPPORTUNISTIC)
            assert any_peer.is_tls
            await any_peer.quit()

    run(work())


@pytest.mark.parametrize(
    "behind", ["\r\n250 surely the client is waiting for this", "\r\n220 go ahead", "\r\nnoise"]
)
def test_a_peer_that_speaks_on_in_clear_behind_its_220_gets_its_mail_in_clear(behind: str) -> None:
    async def work() -> None:
        tls = ["220 x", "250-x\r\n250 STARTTLS", f"220 go ahead{behind}"]
        async with scripted(tls) as server:
            with pytest.raises(SmtpConnectionError) as caught:
                await connect("127.0.0.1", server.port, tls=TlsMode.STARTTLS)
            assert caught.value.is_tls_failure
            client = await connect(
                "127.0.0.1", server.port, tls=TlsMode.OPPORTUNISTIC, helo="me.test"
            )
            assert not client.is_tls
            client.abort()
            assert server.heard.count("STARTTLS") == 2
            assert server.heard[-1] == "EHLO me.test"

    run(work())


def test_starttls_that_is_asked_and_not_offered_is_an_error() -> None:
    async def work() -> None:
        async with smtp_house() as house:
            with pytest.raises(SmtpConnectionError, match="does not offer TLS"):
                await connect(house.host, house.port, tls=TlsMode.STARTTLS)

    run(work())


def test_no_password_goes_over_a_connection_in_clear() -> None:
    async def work() -> None:
        async with scripted(["220 x", "250-x\r\n250 AUTH PLAIN LOGIN"]) as server:
            client = await connect("127.0.0.1", server.port)
            with pytest.raises(SmtpConnectionError, match="not encrypted"):
                await client.login("ana", "correo")
            client.abort()
            assert not any("AUTH" in line for line in server.heard)

    run(work())


def test_a_server_that_does_not_prove_itself_is_not_believed() -> None:
    async def work() -> None:
        answers = ["220 x", "250-x\r\n250 AUTH SCRAM-SHA-256", "235 come in"]
        async with scripted(answers) as server:
            client = await connect("127.0.0.1", server.port)
            with pytest.raises(SmtpConnectionError, match="did not prove"):
                await client.login("ana", "correo")
            client.abort()

    run(work())


def test_helo_is_said_to_a_server_that_does_not_know_ehlo() -> None:
    async def work() -> None:
        async with scripted(["220 old", "502 what?", "250 old", "250 ok"]) as server:
            client = await connect("127.0.0.1", server.port, helo="me")
            assert (await client.noop()).code == 250
            assert server.heard[:2] == ["EHLO me", "HELO me"]
            client.abort()

    run(work())


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [
        (["554 not you"], SmtpReplyError, "GREETING: 554 not you"),
        (["421 busy"], SmtpReplyError, "GREETING: 421 busy"),
        (["220 x", "421 4.3.2 leaving"], SmtpReplyError, "EHLO: 421 4.3.2 leaving"),
        (["SSH-2.0"], SmtpConnectionError, "GREETING: not a reply"),
        ([""], SmtpConnectionError, "GREETING: no answer in 0.05 seconds"),
        (["220 x", ""], SmtpConnectionError, "EHLO: no answer in 0.05 seconds"),
        ([], SmtpConnectionError, "GREETING: the server closed the connection"),
    ],
)
def test_a_bad_beginning_is_one_clear_error(
    answers: list[str], error: type[Exception], words: str
) -> None:
    async def work() -> None:
        async with scripted(answers) as server:
            with pytest.raises(error) as caught:
                await connect("127.0.0.1", server.port, timeouts=IMPATIENT)
            assert str(caught.value).startswith(words)

    run(work())


def test_nobody_there_is_an_error_too() -> None:
    async def work() -> None:
        async with scripted([]) as server:
            port = server.port
        with pytest.raises(SmtpConnectionError, match="connecting: "):
            await connect("127.0.0.1", port)

    run(work())


def test_a_server_that_leaves_amid_a_message_answers_for_the_rest() -> None:
    async def work() -> None:
        answers = ["220 x", "250-x\r\n250 PIPELINING", "250 ok\r\n550 no\r\n421 4.3.2 leaving"]
        async with scripted(answers) as server:
            client = await connect("127.0.0.1", server.port)
            outcome = await client.send(to("a", "b", "c"), b"x\r\n")
            assert [each.reply.code for each in outcome.recipients] == [550, 421, 421]
            assert not client.is_usable
            await client.quit()

    run(work())


def test_silence_after_the_content_is_a_connection_error() -> None:
    async def work() -> None:
        answers = ["220 x", "250-x\r\n250 PIPELINING", "250 ok\r\n250 ok\r\n354 go", ""]
        async with scripted(answers) as server:
            client = await connect("127.0.0.1", server.port, timeouts=IMPATIENT)
            with pytest.raises(SmtpConnectionError, match="CONTENT: no answer"):
                await client.send(LETTER, b"x\r\n")
            await client.quit()

    run(work())


def test_a_peer_that_refuses_large_content_while_it_comes_is_heard() -> None:
    async def work() -> None:
        answers = [
            "220 x",
            "250-x\r\n250 PIPELINING",
            "250 ok\r\n250 ok\r\n354 go",
            "552 5.3.4 enough",
        ]
        async with scripted(answers) as server:
            client = await connect("127.0.0.1", server.port)
            outcome = await client.send(LETTER, LARGE * 3)
            assert str(outcome.recipients[0].reply) == "552 5.3.4 enough"
            await client.quit()

    run(work())


@dataclass
class Scripted:
    """A server that answers each run of octets with the next line of its script, then closes."""

    answers: list[str]
    heard: list[str]
    port: int = 0
    tasks: set[asyncio.Task[None] | None] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            for number, answer in enumerate(self.answers):
                if number:
                    said = await reader.read(65536)
                    self.heard += filter(None, said.decode("latin-1").split("\r\n"))
                if answer:
                    writer.write(f"{answer}\r\n".encode())
                    await writer.drain()
                else:
                    await reader.read(-1)
            if self.answers:
                while await reader.read(65536):
                    pass
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def scripted(answers: list[str]) -> AsyncIterator[Scripted]:
    script = Scripted(answers, [])
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    async with server:
        yield script
        await asyncio.gather(*filter(None, script.tasks))


# many messages in a row

PEERS = [set(), {"CHUNKING"}, {"PIPELINING"}, {"PIPELINING", "CHUNKING"}]


@pytest.mark.parametrize("without", PEERS)
@pytest.mark.parametrize("as_blob", [False, True])
def test_messages_in_a_row_each_have_their_own_outcome(without: set[str], as_blob: bool) -> None:
    async def work() -> None:
        async with smtp_house(replace(MX, without=frozenset(without))) as house:
            client = await connect(house.host, house.port)
            content = [b"%d\r\n" % number * (number**3 + 1) for number in range(40)]
            names = [("bob",), ("nobody",), ("bob", "nobody", "ana"), ("nobody", "nobody")]
            messages = [
                (to(*names[number % 4]), MemoryBlob(octets) if as_blob else octets)
                for number, octets in enumerate(content)
            ]
            outcomes = [outcome async for outcome in client.send_many(messages)]
            accepted = [[each.is_accepted for each in outcome.recipients] for outcome in outcomes]
            assert accepted == [[True], [False], [True, False, True], [False, False]] * 10
            taken = [octets for number, octets in enumerate(content) if number % 2 == 0]
            assert [each.octets for each in house.intake.messages] == taken
            assert (await client.send(LETTER, b"last\r\n")).is_accepted
            assert client.messages_sent == 41
            assert len(house.connections) == 1
            await client.quit()

    run(work())


def test_an_address_that_cannot_be_written_ends_a_row_behind_all_outcomes_before() -> None:
    async def work() -> None:
        async with smtp_house(MX) as house:
            client = await connect(house.host, house.port)
            wrong = Envelope("ana@correo.test", [EnvelopeRecipient("bob@correo.test\r\nRSET")])
            messages = [(LETTER, b"1\r\n"), (to("nobody"), b"2\r\n"), (wrong, b"3\r\n")]
            row = client.send_many([*messages, (LETTER, b"4\r\n")])
            assert [(await anext(row)).is_accepted for _ in range(2)] == [True, False]
            with pytest.raises(ValueError, match="address"):
                await anext(row)
            assert (await client.send(LETTER, b"5\r\n")).is_accepted
            assert [each.octets for each in house.intake.messages] == [b"1\r\n", b"5\r\n"]
            await client.quit()

    run(work())


def test_a_row_that_is_left_early_cuts_the_connection() -> None:
    async def work() -> None:
        async with smtp_house(MX) as house:
            client = await connect(house.host, house.port)
            async with contextlib.aclosing(client.send_many([(LETTER, b"x\r\n")] * 9)) as row:
                async for outcome in row:
                    assert outcome.is_accepted
                    break
            await asyncio.sleep(0)
            assert not client.is_usable

    run(work())


def test_recipients_beyond_the_peers_limit_are_one_outcome_in_a_row_too() -> None:
    async def work() -> None:
        async with smtp_house(replace(MX, max_recipients=2)) as house:
            client = await connect(house.host, house.port)
            messages = [(to("bob", "ana", "bob2", "nobody", "ana"), b"1\r\n"), (LETTER, b"2\r\n")]
            outcomes = [outcome async for outcome in client.send_many(messages)]
            assert [len(outcome.recipients) for outcome in outcomes] == [5, 1]
            await client.quit()

    run(work())


def test_no_messages_are_no_outcomes() -> None:
    async def work() -> None:
        async with smtp_house(MX) as house:
            client = await connect(house.host, house.port)
            assert [outcome async for outcome in client.send_many([])] == []
            await client.quit()

    run(work())


def test_amid_a_row_nothing_else_is_said_and_no_answer_is_taken_for_another() -> None:
    async def work() -> None:
        async with smtp_house(MX) as house:
            client = await connect(house.host, house.port)
            row = client.send_many([(LETTER, b"x\r\n")] * 9)
            assert (await anext(row)).is_accepted
            assert not client.is_usable
            with pytest.raises(UsageError, match="under way"):
                await client.send(to("nobody"), b"y\r\n")
            with pytest.raises(UsageError, match="under way"):
                await client.noop()
            assert [outcome.is_accepted async for outcome in row] == [True] * 8
            refused = await client.send(to("nobody"), b"y\r\n")
            assert [each.reply.code for each in refused.recipients] == [550]
            await client.quit()

    run(work())


def test_after_a_row_that_was_left_the_connection_is_closed_not_confused() -> None:
    async def work() -> None:
        async with smtp_house(MX) as house:
            client = await connect(house.host, house.port)
            row = client.send_many([(LETTER, b"x\r\n")] * 9)
            assert (await anext(row)).is_accepted
            await row.aclose()
            with pytest.raises(SmtpConnectionError):
                await client.send(to("nobody"), b"y\r\n")

    run(work())


def test_leaving_the_client_amid_a_row_is_no_error() -> None:
    async def work() -> None:
        async with smtp_house(MX) as house:
            async with await connect(house.host, house.port) as client:
                row = client.send_many([(LETTER, b"x\r\n")] * 9)
                assert (await anext(row)).is_accepted
            assert not client.is_usable
            await row.aclose()

    run(work())


@pytest.mark.parametrize("without", PEERS)
def test_a_row_ends_where_the_peer_takes_no_more_messages(without: set[str]) -> None:
    async def work() -> None:
        settings = replace(MX, max_messages=2, without=frozenset(without))
        async with smtp_house(settings) as house:
            client = await connect(house.host, house.port)
            row = client.send_many([(LETTER, b"x\r\n")] * 4)
            assert [(await anext(row)).is_accepted for _ in range(2)] == [True, True]
            with pytest.raises(UsageError, match="no more messages"):
                await anext(row)
            assert (await client.noop()).code == 250
            await client.quit()

    run(work())


@pytest.mark.parametrize("many", [False, True])
def test_a_bad_address_among_many_recipients_is_found_before_anything_is_said(many: bool) -> None:
    async def work() -> None:
        async with smtp_house(replace(MX, max_recipients=1)) as house:
            client = await connect(house.host, house.port)
            envelope = to("bob", "a\r\nb")
            row = client.send_many([(envelope, b"x\r\n")])
            with pytest.raises(ValueError, match="address"):
                await (anext(row) if many else client.send(envelope, b"x\r\n"))
            assert house.intake.messages == []
            await client.quit()

    run(work())
