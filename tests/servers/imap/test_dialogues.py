"""Every dialogue of the folder, against the whole server over the store in memory, however split.

Orders: `limit N` (MESSAGELIMIT; comes first), `login NAME`, `append MAILBOX [FLAGS]`, `file MAILBOX NAME` (a message beside the
dialogues), `select MAILBOX`, `other COMMAND` (a second client does this), `plain_login no`,
`address ADDRESS` (where the client is), `account NAME` (somebody else has one). The second client,
and the messages, are Ana's.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from correo.servers.imap import ImapSettings
from correo.store.model import AccountId, Quota
from correo.testing.dialogue import Dialogue, play, read_dialogues
from correo.testing.imap_world import ImapWorld, WorldClient, message

FOLDER = Path(__file__).parent / "dialogues"


class ServerSide:
    """The server and the client of the dialogue, in a loop that runs when it is asked to."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._run = runner.run
        self._settings = ImapSettings(lets_loopback_log_in_plainly=True)
        self._address = "127.0.0.1"
        self._world: ImapWorld | None = None
        self._client: WorldClient | None = None
        self._other: WorldClient | None = None

    def receive(self, octets: bytes) -> None:
        async def receive() -> None:
            (await self._connected()).send(octets)

        self._run(receive())

    def take_output(self) -> bytes:
        async def take() -> bytes:
            return await (await self._connected()).take()

        return self._run(take())

    def command(self, word: str, argument: str) -> None:
        if word == "plain_login":
            self._settings = ImapSettings(lets_loopback_log_in_plainly=argument == "yes")
            return
        if word == "limit":
            self._settings = replace(self._settings, messages_per_command=int(argument))
            return
        if word == "address":
            self._address = argument
            return
        orders = {
            "login": self._login,
            "select": self._select,
            "append": self._append,
            "file": self._file,
            "other": self._other_says,
            "quota": self._quota,
            "account": self._account,
        }
        self._run(orders[word](argument))

    async def _opened(self) -> ImapWorld:
        if self._world is None:
            self._world = ImapWorld(settings=self._settings)
            await self._world.account()
        return self._world

    async def _connected(self) -> WorldClient:
        world = await self._opened()
        if self._client is None:
            self._client = world.connect(self._address)
        return self._client

    async def _login(self, name: str) -> None:
        client = await self._connected()
        await self._account(name)
        await client.take()
        await client.command(f"LOGIN {name} correo")

    async def _account(self, name: str) -> None:
        await (await self._opened()).account(name)

    async def _select(self, mailbox: str) -> None:
        await (await self._connected()).command(f"SELECT {mailbox}")

    async def _append(self, argument: str) -> None:
        mailbox, _, flags = argument.partition(" ")
        await self._file_octets(mailbox, message(), flags)

    async def _file(self, argument: str) -> None:
        mailbox, _, name = argument.partition(" ")
        octets = (FOLDER / name).read_bytes().replace(b"\n", b"\r\n")
        await self._file_octets(mailbox, octets, "")

    async def _file_octets(self, mailbox: str, octets: bytes, flags: str) -> None:
        other = await self._second()
        head = f"APPEND {mailbox} ({flags}) {{{len(octets)}+}}\r\n".encode()
        answer = await other.command(head + octets)
        assert b" OK " in answer[-1], answer

    async def _quota(self, limits: str) -> None:
        """Octets, then messages and mailboxes if they are limited too; "-" for no limit."""
        account = await (await self._opened()).store.open(AccountId("ana"))
        await account.set_quota(Quota(*(None if x == "-" else int(x) for x in limits.split())))

    async def _second(self) -> WorldClient:
        if self._other is None:
            self._other = await (await self._opened()).login()
        return self._other

    async def _other_says(self, argument: str) -> None:
        other = await self._second()
        if argument == "APPEND":
            await self._append("INBOX")
            return
        answer = await other.command(argument)
        assert b" OK " in answer[-1], answer


@pytest.mark.parametrize("step", [0, 1, 7], ids=["whole", "octet by octet", "by sevens"])
@pytest.mark.parametrize("dialogue", read_dialogues(FOLDER), ids=lambda dialogue: dialogue.name)
def test_the_server_says_what_the_dialogue_says(dialogue: Dialogue, step: int) -> None:
    with asyncio.Runner() as runner:
        play(dialogue, ServerSide(runner), step=step)
