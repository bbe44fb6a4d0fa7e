"""Take the content of a message while it arrives: our fields in front, its header seen whole.

The SMTP engine writes into it. The header is held back until its end, so that submission may
change it; the body goes straight on into the spool. Whatever goes wrong is kept until
`check`, for an engine takes no refusal amid content.

RFC 5321    2.3.1    content: header section, empty line, body
RFC 1870    6.3      a message that turns out too large: 552 after the end

Cost: one search per chunk until the header ends, nothing after.
"""

from collections.abc import Callable

from correo.base.errors import Refusal
from correo.mailbox.spool import Spool
from correo.store.model import StoredBlob

__all__ = ["Content"]

HEADER_LIMIT = 256 * 1024  # octets; as much as anything here reads of a header
HEADER_END = b"\r\n\r\n"


class Content:
    """One message on its way in (an intake MessageReceiver).

    Args:
        prefix: our fields, CRLF after each.
        edit: gets the header with its empty line, gives the header to keep. May raise Refusal.
        max_size: octets of what arrives, 0 for no limit.
    """

    __slots__ = (
        "_edit",
        "_error",
        "_held",
        "_max_size",
        "_size",
        "header",
        "octets",
        "prefix",
        "spool",
    )

    def __init__(
        self,
        spool: Spool,
        prefix: bytes,
        *,
        max_size: int = 0,
        edit: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.spool = spool
        self.prefix = prefix
        self.header = b""
        self.octets: bytes | StoredBlob = b""  # what the spool gave; set by `accept`
        self._edit = edit
        self._max_size = max_size
        self._size = 0
        self._held: bytearray | None = bytearray()
        self._error: Refusal | None = None

    @property
    def size(self) -> int:
        return self._size

    def write(self, octets: bytes) -> None:
        self._size += len(octets)
        if self._error is not None:
            return
        if 0 < self._max_size < self._size:
            self._fail(Refusal("5.3.4", "the message is larger than this server takes", reply=552))
            return
        try:
            if self._held is None:
                self.spool.write(octets)
            else:
                self._take_header(self._held, octets)
        except Refusal as error:
            self._fail(error)

    def abort(self) -> None:
        self._held = None
        self.spool.abort()

    def end(self) -> None:
        """Everything has been written.

        Raises:
            Refusal: what went wrong on the way; the spool is aborted then.
        """
        if self._error is None and self._held is not None:
            try:
                self._end_header(bytes(self._held), b"")
            except Refusal as error:
                self._fail(error)
        if self._error is not None:
            raise self._error

    def _take_header(self, held: bytearray, octets: bytes) -> None:
        searched = max(0, len(held) - len(HEADER_END) + 1)
        held += octets
        if held.startswith(b"\r\n"):  # no header at all
            end = 2
        else:
            found = held.find(HEADER_END, searched)
            if found < 0 and len(held) <= HEADER_LIMIT:
                return
            end = found + len(HEADER_END) if found >= 0 else len(held)
        self._end_header(bytes(held[:end]), bytes(held[end:]))

    def _end_header(self, header: bytes, body: bytes) -> None:
        self._held = None
        self.header = header if self._edit is None else self._edit(header)
        self.spool.write(self.prefix + self.header + body)

    def _fail(self, error: Refusal) -> None:
        self._error = error
        self._held = None
        self.spool.abort()
