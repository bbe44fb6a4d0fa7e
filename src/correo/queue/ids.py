"""Name messages: short, unique over processes and restarts, in order of time.

The name stands in the 250 reply, the Received field, the queue and the trace. 48 bits of
milliseconds and 40 of chance, in Crockford's base 32 (no I, L, O, U to be misread). Nothing
depends on a name being hard to guess.

Cost: 4 microseconds; the system's own generator would be a system call each.
"""

import os
import random

__all__ = ["new_message_id"]

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHARACTERS = 18  # of 5 bits: 90 for our 88
RANDOM_BITS = 40
SHIFTS = tuple(range(5 * CHARACTERS - 5, -1, -5))


class Dice:
    """A generator of this process: after a fork, the child throws its own."""

    def __init__(self) -> None:
        self._process = 0
        self._random = random.Random()  # noqa: S311 - names are no secrets

    def throw(self) -> int:
        process = os.getpid()
        if process != self._process:
            self._process = process
            self._random.seed(os.urandom(32))
        return self._random.getrandbits(RANDOM_BITS)


dice = Dice()


def new_message_id(now: float) -> str:
    """A name for a message that arrives at this moment."""
    number = int(now * 1000) << RANDOM_BITS | dice.throw()
    return "".join([ALPHABET[number >> shift & 31] for shift in SHIFTS])
