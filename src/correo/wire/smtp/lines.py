"""Hold what has arrived and hand it out by lines or by length.

Both roles read through this. A line ends in CRLF; one that ends in LF alone is handed out too,
marked, so that the engine can refuse it and stay in step (RFC 5321 2.3.8). A line longer than
the limit is thrown away while it arrives and handed out as TOO_LONG.

Cost: no copy while lines arrive whole; octets that wait are joined once, when they are read.
"""

__all__ = ["TOO_LONG", "Lines"]

TOO_LONG = b"\0too long"  # no line: it is compared by identity


class Lines:
    """A buffer of octets not yet understood."""

    __slots__ = ("_octets", "_position", "_skipping", "_waiting", "_waiting_size", "ended_in_lf")

    def __init__(self) -> None:
        self._octets = b""
        self._position = 0
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._skipping = False
        self.ended_in_lf = False

    def __len__(self) -> int:
        return len(self._octets) - self._position + self._waiting_size

    def feed(self, octets: bytes) -> None:
        if self._position == len(self._octets) and not self._waiting:
            self._octets, self._position = octets, 0
        else:
            self._waiting.append(octets)
            self._waiting_size += len(octets)

    def next_line(self, limit: int) -> bytes | None:
        """The next line without its end, None if it is not all there, or TOO_LONG.

        Sets `ended_in_lf` for a line that ended in LF alone.
        """
        start = self._position
        end = self._octets.find(b"\n", start)
        while end < 0 and self._waiting:
            self._join()
            start = 0
            end = self._octets.find(b"\n")
        if end < 0:
            if len(self._octets) - start > limit:
                self._skipping = True
                self._octets, self._position = b"", 0
            return None
        octets = self._octets
        self._position = end + 1
        if self._position == len(octets):  # an idle connection keeps nothing
            self._octets, self._position = b"", 0
        if self._skipping or end - start > limit:
            self._skipping = False
            return TOO_LONG
        if end > start and octets[end - 1] == 13:
            self.ended_in_lf = False
            return octets[start : end - 1]
        self.ended_in_lf = True
        return octets[start:end]

    def take(self, length: int) -> bytes:
        """At most this many octets; b"" if none are there."""
        if self._waiting:
            self._join()
        octets, start = self._octets, self._position
        end = min(start + length, len(octets))
        self._position = end
        if end == len(octets):
            self._octets, self._position = b"", 0
            return octets[start:] if start else octets
        return octets[start:end]

    def give_back(self, octets: bytes) -> None:
        """Put octets just taken, and not wanted, in front of what is there."""
        self._octets = octets + self._octets[self._position :]
        self._position = 0

    def clear(self) -> None:
        self._octets, self._position = b"", 0
        self._waiting.clear()
        self._waiting_size = 0
        self._skipping = False

    def _join(self) -> None:
        self._octets = self._octets[self._position :] + b"".join(self._waiting)
        self._position = 0
        self._waiting.clear()
        self._waiting_size = 0
