"""Give memory that is free back to the system.

The C library keeps what was freed in the middle of its heap for itself. After much was let go at
once (files closed, say) that is most of a server's memory, and nobody else can use it.
"""

import ctypes
import functools
from collections.abc import Callable

__all__ = ["give_back"]


def give_back() -> None:
    """Ask the C library to return free pages; does nothing where it cannot (musl, macOS).

    Takes some milliseconds for a heap of 100 MB, without the interpreter's lock.
    """
    trim = trimmer()
    if trim is not None:
        trim(0)


@functools.cache
def trimmer() -> Callable[[int], int] | None:
    """glibc's malloc_trim."""
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return trim
