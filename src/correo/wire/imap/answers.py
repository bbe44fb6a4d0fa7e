"""The server's way out: untagged lines, tagged answers, greeting and farewell, in order.

`ImapServerEngine` is this with the way in added; see there for what a session calls.

RFC 9051    7.1      status responses, response codes, greeting
RFC 5161    3.2      ENABLED
"""

import re
from collections.abc import Iterable, Sequence

from correo.base.blobs import Chunk
from correo.wire.imap.codes import capability
from correo.wire.imap.responses import enabled
from correo.wire.imap.states import Condition, State

__all__ = ["Answers"]

NOT_TEXT = re.compile(r"[\r\n\x00]+")
UTF8_MODES = {"IMAP4REV2", "UTF8=ACCEPT"}


class Answers:
    """Everything a server says."""

    def __init__(self) -> None:
        self.state = State.NOT_AUTHENTICATED
        self.enabled: set[str] = set()
        self.is_utf8 = False
        self.is_closed = False
        self.capabilities = b"IMAP4rev1"
        self._output: list[Chunk] = []

    def take_output(self) -> list[Chunk]:
        """What has to be sent now, in order; empties the engine's output."""
        output = self._output
        self._output = []
        return output

    def set_capabilities(self, capabilities: bytes) -> None:
        """What CAPABILITY shows from now on: words with one space between them."""
        self.capabilities = capabilities

    def greet(self, text: str) -> None:
        """The greeting, with the capabilities."""
        self._status(b"* OK", capability(self.capabilities), text)

    def greet_preauthenticated(self, text: str) -> None:
        """The greeting of a connection whose client is known already."""
        self.state = State.AUTHENTICATED
        self._status(b"* PREAUTH", capability(self.capabilities), text)

    def bye(self, text: str, code: bytes = b"") -> None:
        """Say farewell; the connection is to be closed once this is sent."""
        if self.is_closed:
            return
        self._status(b"* BYE", code, text)
        self.is_closed = True
        self.state = State.LOGOUT

    def send_untagged(self, octets: bytes) -> None:
        """One untagged response, without "* " and CRLF."""
        self._output.append(b"* %b\r\n" % octets)

    def send_lines(self, chunks: Iterable[Chunk]) -> None:
        """Ready lines, each from "* " to CRLF; blob slices may stand among them."""
        self._output.extend(chunks)

    def deselect(self) -> None:
        """The mailbox is gone: no longer selected."""
        if self.state is State.SELECTED:
            self.state = State.AUTHENTICATED

    def enable(self, tag: bytes, names: Sequence[str]) -> None:
        """Answer Enable with what is enabled now, in capitals; the caller finishes after it."""
        self.enabled.update(names)
        self.is_utf8 = not UTF8_MODES.isdisjoint(self.enabled)
        self._output.append(enabled(names))

    def forget_client(self) -> None:
        """Answer Unauthenticate: nothing is enabled any more (RFC 8437 2)."""
        self.enabled.clear()
        self.is_utf8 = False

    def _status(self, head: bytes, code: bytes, text: str) -> None:
        if not text.isprintable():
            text = NOT_TEXT.sub(" ", text)
        octets = text.encode("utf-8") if self.is_utf8 else text.encode("ascii", "replace")
        if code:
            self._output.append(b"%b [%b] %b\r\n" % (head, code, octets or b"-"))
        else:
            self._output.append(b"%b %b\r\n" % (head, octets or b"-"))

    def _tagged(self, tag: bytes, condition: Condition, text: str, code: bytes) -> None:
        self._status(b"%b %b" % (tag, condition.value), code, text)
