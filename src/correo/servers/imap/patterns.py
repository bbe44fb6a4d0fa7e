"""Match mailbox names against LIST patterns, in bounded time whatever the pattern.

RFC 9051    6.3.9    "*" matches anything, "%" anything but the hierarchy delimiter

Cost: one search for each piece between wildcards, half a microsecond for the usual patterns. Where
a "%" comes behind a "*", the first place that fits need not be the right one: an expression for two
wildcards, one step per character for more, where an expression could take seconds.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from correo.mailbox import names
from correo.store.model import HIERARCHY_DELIMITER

__all__ = ["Test", "literal_start", "matcher"]

WILDCARDS_IN_EXPRESSION = 2  # more could make an expression slow
RUN = re.compile(r"[*%]*\*[*%]*")  # several wildcards, one of them "*", are one "*"
WILDCARD = re.compile(r"[*%]")

Test = Callable[[str], bool]


@lru_cache(maxsize=64)
def matcher(reference: str, pattern: str) -> Test:
    """A test for names in their normal form."""
    whole = re.sub(r"%+", "%", RUN.sub("*", names.canonical(reference + pattern)))
    test = _test(whole)
    is_inbox = _test(whole.upper())("INBOX")  # that name has no case
    return lambda name: test(name) or (is_inbox and name == "INBOX")


def literal_start(pattern: str) -> str:
    """What every name that matches begins with; INBOX in any case apart."""
    return WILDCARD.split(pattern, maxsplit=1)[0]


def _test(pattern: str) -> Test:
    wildcards = WILDCARD.findall(pattern)
    if pattern == "*":
        return lambda _name: True
    if not wildcards:
        return lambda name: name == pattern
    if "*%" not in "".join(wildcards):
        return _piecewise(WILDCARD.split(pattern), wildcards)
    if len(wildcards) > WILDCARDS_IN_EXPRESSION:
        return _stepwise(pattern)
    return _expression(pattern)


def _piecewise(pieces: list[str], wildcards: list[str]) -> Test:
    """Each piece at the first place that fits: from there the rest reaches all that it does from a
    later one, as long as no "%" comes behind a "*"."""
    beginning, *inner, end = pieces
    steps = list(zip(wildcards, inner, strict=False))
    is_last_any = wildcards[-1] == "*"

    def test(name: str) -> bool:
        at, last = len(beginning), len(name) - len(end)
        if at > last or not name.startswith(beginning) or not name.endswith(end):
            return False
        for wildcard, piece in steps:
            found = name.find(piece, at, last)
            if found < 0 or (wildcard == "%" and HIERARCHY_DELIMITER in name[at:found]):
                return False
            at = found + len(piece)
        return is_last_any or HIERARCHY_DELIMITER not in name[at:last]

    return test


def _expression(pattern: str) -> Test:
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
