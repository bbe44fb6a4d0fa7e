"""A toy line protocol with an engine of each role: what the drivers in `net/` are tried with.

`echo X` is answered by the engine alone, LINES_PER_TURN of them before a `Pause`; `ask X`, `slow X`, `blob N`, `tls` are events that
somebody must answer; `beside X` is answered later, and the rest goes on; `quit` ends; `bad` breaks the protocol, and so does a line over the limit.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from correo.base.blobs import BlobSlice, Chunk
from correo.base.errors import PeerError
from correo.base.pause import Pause
from correo.net.driver import Connection

__all__ = ["MemoryBlob", "ToyClientEngine", "ToyCommand", "ToyEngine", "ToySession"]

LINE_LIMIT = 1000
LINES_PER_TURN = 20


class MemoryBlob:
    """A blob that yields to the loop at each read, as one on disk does."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    @property
    def size(self) -> int:
        return len(self.octets)

    async def read(self, offset: int, length: int) -> bytes:
        await asyncio.sleep(0)
        return self.octets[offset : offset + length]


@dataclass(slots=True)
class ToyCommand:
    name: str
    argument: str


class ToyEngine:
    """The server's role: one event at a time, the rest held."""

    def __init__(self) -> None:
        self._buffer = b""
        self._output: list[Chunk] = []
        self._open = False
        self.is_closed = False

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    def receive(self, octets: bytes) -> list[ToyCommand | Pause]:
        self._buffer += octets
        turn = 0
        while not self._open and not self.is_closed:
            turn += 1
            if turn > LINES_PER_TURN:
                return [Pause()]
            line, newline, rest = self._buffer.partition(b"\n")
            if len(line) > LINE_LIMIT:
                raise PeerError("line too long")
            if not newline:
                break
            self._buffer = rest
            command = self._understand(line.decode("latin-1").strip())
            if command is not None:
                self._open = True
                return [command]
        return []

    def _understand(self, line: str) -> ToyCommand | None:
        name, _, argument = line.partition(" ")
        if name == "bad":
            raise PeerError("bad")
        if name == "echo":
            self.say(argument)
            return None
        if name == "quit":
            self.say("bye")
            self.is_closed = True
            return None
        return ToyCommand(name, argument)

    def receive_eof(self) -> list[ToyCommand]:
        self._output.append(b"eof\n")
        return []

    def answer(self, text: str) -> None:
        self._open = False
        self.say(text)

    def go_on(self) -> None:
        self._open = False

    def answer_blob(self, part: BlobSlice) -> None:
        self._open = False
        self._output += [b"<", part, b">\n"]

    def forget_input(self) -> None:
        self._buffer = b""

    def say(self, text: str) -> None:
        self._output.append(text.encode() + b"\n")

    def take_output(self) -> list[Chunk]:
        output, self._output = self._output, []
        return output


class ToySession:
    """Answers the toy's events; keeps a diary for the test to read."""

    def __init__(self, connection: Connection) -> None:
        self.engine = ToyEngine()
        self.connection = connection
        self.diary: list[str] = []
        self.gate = asyncio.Event()

    def connected(self, connection: Connection) -> None:
        self.engine.say("hello")

    def handle(self, event: ToyCommand) -> Coroutine[Any, Any, None] | None:
        self.diary.append(f"{event.name} {event.argument}".strip())
        match event.name:
            case "slow":
                return self._slow(event.argument)
            case "beside":
                self.engine.go_on()
                self.connection.beside(self._slow(event.argument))
            case "tls":
                return self._tls()
            case "blob":
                octets = bytes(range(256)) * (int(event.argument) // 256 + 1)
                part = BlobSlice(MemoryBlob(octets), 0, int(event.argument))
                self.engine.answer_blob(part)
            case "short":
                self.engine.answer_blob(BlobSlice(MemoryBlob(b"abc"), 0, 10))
            case "fail":
                raise ValueError("a mistake of ours")
            case "break":
                raise PeerError("found out late")
            case _:
                self.engine.answer(event.argument)
        return None

    async def _slow(self, text: str) -> None:
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.diary.append("cancelled")
            raise
        if text == "fail":
            raise ValueError("a mistake of ours, later")
        self.engine.answer(text)

    async def _tls(self) -> None:
        self.engine.answer("go ahead")
        self.engine.forget_input()
        await self.connection.start_tls()
        self.diary.append("encrypted")

    def broken(self, error: PeerError) -> None:
        self.engine.say(f"broken: {error}")

    def timed_out(self) -> None:
        self.engine.say("too slow")

    def stopping(self) -> None:
        self.engine.say("stopping")

    def closed(self) -> None:
        self.diary.append("closed")


class ToyClientEngine:
    """The client's role: every line is an event."""

    def __init__(self) -> None:
        self._buffer = b""
        self._output: list[Chunk] = []
        self.is_closed = False

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    def command(self, *chunks: Chunk) -> None:
        self._output += chunks

    def receive(self, octets: bytes) -> list[bytes]:
        *lines, self._buffer = (self._buffer + octets).split(b"\n")
        if b"nonsense" in lines:
            raise PeerError("nonsense")
        return lines

    def receive_eof(self) -> list[bytes]:
        return []

    def take_output(self) -> list[Chunk]:
        output, self._output = self._output, []
        return output
