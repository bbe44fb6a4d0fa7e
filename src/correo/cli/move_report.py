"""Tell the person, or the script, what `correo import`, `export` and `migrate` have moved."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from correo.base.errors import CorreoError
from correo.cli.progress import progress

if TYPE_CHECKING:
    from correo.moving.model import Broken

__all__ = ["MoveReport", "how_many"]


class MoveReport:
    """Counts as it goes; `end` sums up.

    Args:
        verb: what was done to a message, "imported".
        known: what is said of those that were not new, "were here already".
    """

    def __init__(self, verb: str, known: str, *, is_json: bool, is_quiet: bool) -> None:
        self.messages = self.octets = self.known = self.broken = 0
        self._verb, self._known_words = verb, known
        self._is_json, self._is_quiet = is_json, is_quiet
        self._advance: Callable[[int], None] = lambda _: None
        self._begun = time.monotonic()

    @contextmanager
    def progress(self, words: str, octets: int | None) -> Iterator[None]:
        """A bar with rate and time left, on a terminal."""
        shows = not (self._is_json or self._is_quiet)
        with progress(words, octets, octets=True, is_wanted=shows) as self._advance:
            yield

    def one(self, size: int, *, is_new: bool, **values: object) -> None:
        """A message is where it should be."""
        if is_new:
            self.messages += 1
            self.octets += size
        else:
            self.known += 1
        self._advance(size)
        if self._is_json:
            self.print(**values, size=size, is_new=is_new)

    def trouble(self, broken: "Broken") -> None:
        """A message is passed over; always said."""
        self.broken += 1
        sys.stderr.write(f"correo: {broken.origin}: {broken.reason}; skipped\n")
        if self._is_json:
            self.print(origin=broken.origin, error=broken.reason)

    def note(self, sentence: str, **values: object) -> None:
        """Something else to know."""
        if self._is_json:
            self.print(**values, note=sentence)
        elif not self._is_quiet:
            typer.echo(sentence)

    def end(self, *more: str, **values: object) -> None:
        """more: further parts of the sentence. values: further members of the JSON object.

        Raises:
            CorreoError: something was passed over.
        """
        if self._is_json:
            counts = {self._verb: self.messages, "known": self.known, "skipped": self.broken}
            self.print(**counts, octets=self.octets, **values)
        elif not self._is_quiet:
            seconds = max(time.monotonic() - self._begun, 0.001)
            details = [f"{self.known} {self._known_words}"] if self.known else []
            details += more
            rate = f" in {seconds:.1f} s, {self.messages / seconds:.0f}/s" if self.messages else ""
            suffix = f" ({'; '.join(details)})" if details else ""
            words = f"{how_many(self.messages)} {self._verb}, {self.octets} octets"
            typer.echo(f"{words}{rate}{suffix}")
        if self.broken:
            raise CorreoError(f"{how_many(self.broken)} skipped; what was wrong stands above")

    def print(self, **values: object) -> None:
        """One JSON object on a line."""
        import msgspec

        shown = {
            name: printable(value) if isinstance(value, str) else value
            for name, value in values.items()
        }
        typer.echo(msgspec.json.encode(shown))


def printable(text: str) -> str:
    """Names of files may have octets that are no UTF-8: these as "\\udcff"."""
    return text.encode("utf-8", "backslashreplace").decode()


def how_many(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
