"""Name messages: short, unique over processes and restarts, in order of time.

The name stands in the 250 reply, the Received field, the queue and the trace. 48 bits of
milliseconds and 40 of chance, in Crockford's base 32 (no I, L, O, U to be misread).
"""

import secrets

__all__ = ["new_message_id"]

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHARACTERS = 18  # of 5 bits: 90 for our 88
RANDOM_BITS = 40


def new_message_id(now: float) -> str:
    """A name for a message that arrives at this moment."""
    number = int(now * 1000) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * CHARACTERS - 5, -1, -5))
