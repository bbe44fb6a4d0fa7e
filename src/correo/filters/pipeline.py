"""Pass a message through what may refuse it, before anybody is told that it is accepted.

A filter is one file with one class: a name, a `check` that looks at what is arriving and gives a
verdict with its reason. `intake.accept` runs them in order under a time limit; the first refusal
ends the matter. A filter that takes too long is passed over, and the verdict says so: mail is not
lost to a filter.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from correo.base.errors import Refusal

__all__ = ["Arriving", "Filter", "Pipeline", "Verdict"]

TIME_LIMIT_S = 30.0  # per filter; RFC 5321 4.5.3.2.6 gives the client ten minutes' patience


@dataclass(frozen=True, slots=True)
class Arriving:
    """A message at the door. header: as it came, without our own fields."""

    message_id: str
    reverse_path: str
    recipients: Sequence[str]
    peer_address: str
    login: str | None
    header: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a filter says. refusal: None to let it pass. reason: for the message's journey."""

    filter: str
    reason: str
    refusal: Refusal | None = None


class Filter(Protocol):
    """One check."""

    @property
    def name(self) -> str:
        """As it stands in the trace."""

    @property
    def is_instant(self) -> bool:
        """Whether `check` never waits; then nobody times it."""

    async def check(self, message: Arriving) -> Verdict | None:
        """None when there is nothing to say."""


class Pipeline:
    """Filters in their order."""

    def __init__(self, filters: Sequence[Filter], *, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._filters = tuple(filters)
        self._time_limit_s = time_limit_s

    async def check(self, message: Arriving) -> list[Verdict]:
        """All verdicts up to and including the first that refuses."""
        verdicts: list[Verdict] = []
        for each in self._filters:
            verdict = await self._ask(each, message)
            if verdict is not None:
                verdicts.append(verdict)
                if verdict.refusal is not None:
                    break
        return verdicts

    async def _ask(self, each: Filter, message: Arriving) -> Verdict | None:
        if each.is_instant:
            return await each.check(message)
        await asyncio.sleep(0)  # within a task from here on (`net.eager`), as a timeout needs it
        try:
            async with asyncio.timeout(self._time_limit_s):
                return await each.check(message)
        except TimeoutError:
            return Verdict(each.name, f"no answer in {self._time_limit_s:g} s, passed over")
