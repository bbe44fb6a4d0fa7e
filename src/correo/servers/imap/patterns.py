"""Match mailbox names against LIST patterns, in bounded time whatever the pattern.

RFC 9051    6.3.9    "*" matches anything, "%" anything but the hierarchy delimiter

Cost: a compiled expression for the usual patterns; one step per character for those with many
wildcards, where an expression could take for ever.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from correo.mailbox import names
from correo.store.model import HIERARCHY_DELIMITER

__all__ = ["Test", "literal_start", "matcher"]

WILDCARDS_IN_EXPRESSION = 3  # more could make an expression slow
RUN = re.compile(r"[*%]*\*[*%]*")  # several wildcards, one of them "*", are one "*"
WILDCARD = re.compile(r"[*%]")

Test = Callable[[str], bool]


@lru_cache(maxsize=64)
def matcher(reference: str, pattern: str) -> Test:
    """A test for names in their normal form."""
    whole = re.sub(r"%+", "%", RUN.sub("*", names.canonical(reference + pattern)))
    test = _expression(whole)
    is_inbox = _expression(whole.upper())("INBOX")  # that name has no case
    return lambda name: test(name) or (is_inbox and name == "INBOX")


def literal_start(pattern: str) -> str:
    """What every name that matches begins with; INBOX in any case apart."""
    return WILDCARD.split(pattern, maxsplit=1)[0]


def _expression(pattern: str) -> Test:
    if sum(map(pattern.count, "*%")) > WILDCARDS_IN_EXPRESSION:
        return _stepwise(pattern)
    inside = "".join(_PIECES.get(character) or re.escape(character) for character in pattern)
    matches = re.compile(inside, re.DOTALL).fullmatch
    return lambda name: matches(name) is not None


_PIECES = {"*": ".*", "%": f"[^{HIERARCHY_DELIMITER}]*"}


def _stepwise(pattern: str) -> Test:
    """All ways through the pattern at once: bit n stands for "the first n characters match"."""
    places: dict[str, int] = {}
    for at, character in enumerate(pattern):
        places[character] = places.get(character, 0) | 1 << at
    anything, level = places.pop("*", 0), places.pop("%", 0)

    def skip(state: int) -> int:  # a wildcard may match nothing
        while (more := state | (state & (anything | level)) << 1) != state:
            state = more
        return state

    def test(name: str) -> bool:
        state = skip(1)
        for character in name:
            stays = anything | (level if character != HIERARCHY_DELIMITER else 0)
            state = skip((state & places.get(character, 0)) << 1 | state & stays)
        return bool(state >> len(pattern) & 1)

    return test
