"""Drive a program that wants a terminal: type, and wait for what it shows.

For tests against mail programs with a screen. What is shown is kept as the octets that came, the
escape sequences that move the cursor taken out.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

__all__ = ["Terminal"]

ESCAPE = re.compile(
    rb"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78]|\][^\x07\x1b]*(?:\x07|\x1b\\))"
)
FORWARD = re.compile(rb"\x1b\[[0-9]*C")  # over what was blank already
PATIENCE_S = 30.0
SIZE = 24, 80


class Terminal:
    """A running program and its terminal, 24 lines of 80. Ends the program at the end."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._seen = b""
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.execvpe(command[0], list(command), {"TERM": "vt100", **environment})  # noqa: S606
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._terminal)

    def type(self, text: str) -> None:
        """Type, after forgetting what was shown so far."""
        self._seen = b""
        os.write(self._terminal, text.encode())

    def wait_for(self, text: str) -> None:
        """Until this is shown. Raises AssertionError with what was shown instead."""
        end = time.monotonic() + PATIENCE_S
        while text.encode() not in plain(self._seen):
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, end - time.monotonic()))
            octets = self._read() if ready else b""
            if not octets:
                shown = ESCAPE.sub(b" ", self._seen).decode("utf-8", "replace")
                raise AssertionError(f"{text!r} is not shown, but: {shown}")
            self._seen += octets

    def _read(self) -> bytes:
        try:
            return os.read(self._terminal, 65536)
        except OSError:  # the program has ended
            return b""


def plain(shown: bytes) -> bytes:
    """Without what moves the cursor and changes colours."""
    return ESCAPE.sub(b"", FORWARD.sub(b" ", shown))
