"""Refuse a message that goes in circles: too many Received fields.

RFC 5321    6.3      "large rejection thresholds, normally at least 100 Received entries"

Cost: one count over the header, under a microsecond.
"""

import re

from correo.base.errors import Refusal
from correo.filters.pipeline import Arriving, Verdict

__all__ = ["LoopCheck"]

RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)


class LoopCheck:
    """Counts Received fields."""

    name = "loop"
    is_instant = True

    def __init__(self, most: int = 100) -> None:
        self._most = most

    async def check(self, message: Arriving) -> Verdict | None:
        """Refuses with 5.4.6 beyond the limit."""
        header = message.header
        if header.count(b"\n") <= self._most:  # fewer lines than fields allowed
            return None
        hops = len(RECEIVED.findall(header))
        if hops <= self._most:
            return None
        refusal = Refusal("5.4.6", f"routing loop: {hops} Received fields", reply=554)
        return Verdict(self.name, f"{hops} Received fields, {self._most} allowed", refusal)
