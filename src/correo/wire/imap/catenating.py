"""CATENATE on the server: let texts stream into a message, and have URLs put in between.

The session is asked for each URL as the list is read; it writes the octets to the message's
receiver itself. So neither texts nor what URLs name lie in memory here.

RFC 4469    3, 4     TEXT and URL parts; BADURL in place of a continuation request, TOOBIG
RFC 3502    6.3.11   several messages, some of them catenated, all or none
"""

from correo.wire.imap.append import Append, Receiver
from correo.wire.imap.appending import Appending
from correo.wire.imap.arguments import BadCommand, RefusedCommand
from correo.wire.imap.catenate import Kind, next_part
from correo.wire.imap.codes import TOOBIG
from correo.wire.imap.commands import AppendUrl
from correo.wire.imap.framing import LiteralMark

__all__ = ["Catenating"]


class Catenating(Appending):
    """A server that puts messages together of parts."""

    def accept_message(self, receiver: Receiver) -> None:
        append = self._open_append()
        if not append.is_catenated:
            super().accept_message(receiver)
            return
        append.receivers.append(receiver)
        self._step = self._read_part

    def accept_url(self, size: int) -> None:
        """Answer AppendUrl: so many octets have been written to the receiver."""
        append = self._open_append()
        append.size += size
        append.url = None
        self._step = self._read_part

    def _read_part(self) -> bool:
        append = self._open_append()
        try:
            self._take_part(append)
        except BadCommand as bad:
            self._reject(bad, append.mark)
        return True

    def _take_part(self, append: Append) -> None:
        assert append.line is not None
        kind, url = next_part(append.line, append.mark, is_first=not append.has_parts)
        append.has_parts = True
        if kind is Kind.END:
            self._end_parts(append)
        elif kind is Kind.URL:
            self._ask_for(append, url)
        else:
            assert append.mark is not None
            self._begin_text(append, append.mark, kind)

    def _end_parts(self, append: Append) -> None:
        if not append.size:
            raise RefusedCommand("an empty message cancels the APPEND")
        append.is_catenated = False
        self._next_message(append)

    def _ask_for(self, append: Append, url: bytes) -> None:
        self._open(AppendUrl(append.tag, url, self.limits.append - append.size))

    def _begin_text(self, append: Append, mark: LiteralMark, kind: Kind) -> None:
        self._check_non_synchronizing(mark)
        if kind is Kind.URL_LITERAL:
            if mark.size > self.limits.line:
                raise BadCommand("the URL is too long", TOOBIG)
            self._step = self._read_url
        else:
            if kind is Kind.UTF8_TEXT and not self.is_utf8:
                raise RefusedCommand("enable UTF8=ACCEPT first")
            append.begin_text(mark.size, self.limits.append, is_utf8=kind is Kind.UTF8_TEXT)
            self._step = self._read_message
        if mark.is_synchronizing:
            self._output.append(b"+ go ahead\r\n")

    def _read_url(self) -> bool:
        append = self._open_append()
        assert append.mark is not None
        if len(self._buffer) < append.mark.size:
            return False
        append.url = self._buffer.take(append.mark.size)
        self._step = self._read_after_message
        return True

    def _after_message(self, append: Append, line: bytes) -> None:
        if not append.is_catenated:
            super()._after_message(append, line)
            return
        append.go_on(line, utf8=self.is_utf8)
        if append.url is not None:
            self._ask_for(append, append.url)
        else:
            self._step = self._read_part
