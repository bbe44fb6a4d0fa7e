"""Name this process in a lease, and say whether the process named in one still runs.

A lease is "pid:start": the start time tells a process from a later one with the same number.
`delivery.runner` claims under it and, at its own start, gives back what the dead have held.

Departures: outside Linux the start time is not to be had cheaply; there the number alone decides,
and a reused number keeps a message waiting until that process ends.
"""

import os
from pathlib import Path

__all__ = ["is_alive", "own_lease"]

START_TIME = 19  # field 22 of /proc/<pid>/stat, counted behind the name in parentheses


def own_lease() -> str:
    """The lease of the process that asks."""
    pid = os.getpid()
    return f"{pid}:{start_of(pid)}"


def is_alive(lease: str) -> bool:
    """Whether the process that took this lease still runs."""
    number, _, start = lease.partition(":")
    if not number.isdecimal():
        return False
    pid = int(number)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass  # it runs, under another user
    return start_of(pid) == start


def start_of(pid: int) -> str:
    """When a process began, in the kernel's words; "" where the kernel does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[START_TIME]
