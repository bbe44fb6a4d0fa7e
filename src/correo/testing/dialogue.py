"""Play a dialogue written in a file against an engine, a server or a client.

One file is one dialogue:

    # name.dialog   RFC 5321 4.1.1.3: what this shows, in one line
    @ max_recipients 2          what the side under test is told; anywhere
    S: 220 *                    the server says; "*" stands for anything
    C: EHLO client.example      the client says; CRLF is added
    C~: no line end             ... and is not added
    S: 250 *

Consecutive lines of one speaker go out as one run of octets (that is pipelining), in pieces of
the size asked, and what the side under test has answered when it falls silent must match the
lines that follow, all of it. \\r \\n \\t \\\\ and \\xHH stand for octets. Empty lines separate.

Used for every protocol: `units` says how the answer falls apart (by lines; `smtp_replies` joins
the lines of one reply, so that "250 *" stands for a whole EHLO answer).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

__all__ = ["Dialogue", "Side", "Turn", "lines", "play", "read_dialogues", "smtp_replies"]

LINE = re.compile(r"(?P<speaker>[SC]~?:|@)(?: (?P<text>.*))?")
ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([rnt\\]))")
PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of a file: speaker "S", "C" or "@"."""

    speaker: str
    text: str
    number: int
    has_line_end: bool = True

    @property
    def octets(self) -> bytes:
        octets = ESCAPE.sub(unescaped, self.text.encode())
        return octets + b"\r\n" if self.has_line_end else octets

    @property
    def order(self) -> tuple[str, str]:
        """The word and the argument of an "@" line."""
        octets = ESCAPE.sub(unescaped, self.text.encode())
        word, _, argument = octets.decode("utf-8", "backslashreplace").partition(" ")
        return word, argument


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One file. `title` is its first line without the mark."""

    path: Path
    title: str
    turns: list[Turn] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.stem


class Side(Protocol):
    """What is under test."""

    def receive(self, octets: bytes) -> None:
        """The other side says this."""

    def take_output(self) -> bytes:
        """What the side under test has said since; waits until it has fallen silent."""

    def command(self, word: str, argument: str) -> None:
        """An "@" line: a setting before the first turn, an order or a check afterwards."""


def unescaped(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if found[1] else PLAIN[found[2]]


def read_dialogues(folder: Path) -> list[Dialogue]:
    """All dialogues of a folder, by name. Raises ValueError for a line of no known form."""
    return [read_dialogue(path) for path in sorted(folder.glob("*.dialog"))]


def read_dialogue(path: Path) -> Dialogue:
    first, *rest = path.read_text(encoding="utf-8").split("\n")
    dialogue = Dialogue(path, first.removeprefix("#").strip())
    for number, line in enumerate(rest, start=2):
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{path}:{number}: neither S:, C:, @ nor #: {line!r}")
        speaker = match["speaker"]
        has_line_end = "~" not in speaker
        dialogue.turns.append(Turn(speaker[0], match["text"] or "", number, has_line_end))
    return dialogue


def play(
    dialogue: Dialogue,
    side: Side,
    *,
    role: str = "S",
    step: int = 0,
    units: Callable[[bytes], list[str]] | None = None,
) -> None:
    """Play one dialogue; AssertionError where the side under test says something else.

    Args:
        role: which speaker is under test, "S" or "C".
        step: octets per piece, 0 for everything at once.
    """
    cut = units or lines
    for speaker, turns in runs(dialogue.turns):
        if speaker == "@":
            for turn in turns:
                side.command(*turn.order)
        elif speaker == role:
            compare(dialogue, turns, cut(side.take_output()), cut)
        else:
            octets = b"".join(turn.octets for turn in turns)
            for piece in pieces(octets, step):
                side.receive(piece)
    left = cut(side.take_output())
    assert not left, f"{dialogue.path}: and then, unexpectedly: {left}"


def runs(turns: list[Turn]) -> Iterator[tuple[str, list[Turn]]]:
    """Consecutive turns of one speaker."""
    run: list[Turn] = []
    for turn in turns:
        if run and run[0].speaker != turn.speaker:
            yield run[0].speaker, run
            run = []
        run.append(turn)
    if run:
        yield run[0].speaker, run


def pieces(octets: bytes, step: int) -> Iterator[bytes]:
    size = step or max(len(octets), 1)
    for start in range(0, len(octets), size):
        yield octets[start : start + size]


def compare(
    dialogue: Dialogue, turns: list[Turn], said: list[str], cut: Callable[[bytes], list[str]]
) -> None:
    expected = cut(b"".join(turn.octets for turn in turns))
    for number, pattern in enumerate(expected):
        got = said[number] if number < len(said) else "nothing"
        assert is_match(pattern, got), (
            f"{dialogue.path}:{turns[0].number}: expected {pattern!r}, got {got!r} in {said}"
        )
    left = said[len(expected) :]
    assert not left, f"{dialogue.path}:{turns[-1].number}: and then, unexpectedly: {left}"


def is_match(pattern: str, text: str) -> bool:
    """Whether the text is the pattern, in which "*" stands for anything."""
    parts = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(parts), text, re.DOTALL) is not None


def lines(octets: bytes) -> list[str]:
    """By lines; octets outside UTF-8 as \\xHH."""
    text = octets.decode("utf-8", "backslashreplace")
    return text.removesuffix("\r\n").split("\r\n") if text else []


def smtp_replies(octets: bytes) -> list[str]:
    """By replies: the lines of one joined by line feeds, with the code in front once."""
    replies: list[str] = []
    goes_on = False
    for line in lines(octets):
        is_reply = line[:3].isdigit() and line[3:4] in ("", " ", "-")
        if goes_on and is_reply:
            replies[-1] += "\n" + line[4:]
        else:
            replies.append(line[:3] + " " + line[4:] if is_reply else line)
        goes_on = is_reply and line[3:4] == "-"
    return replies
