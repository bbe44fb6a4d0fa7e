"""IMAP in the trace: LOGIN and AUTHENTICATE masked, literals elided.

RFC 9051    4.3      literals: {n}, {n+}, ~{n} at the end of a line, then n octets
            6.2.2    AUTHENTICATE: "+ " challenges until the tagged response
            6.2.3    LOGIN
RFC 4467    7        tokens of URLs masked
"""

import re

from correo.trace.dialogue import MASK, Dialogue, without_tokens, words

__all__ = ["ImapDialogue"]

LITERAL = re.compile(rb"~?\{([0-9]{1,18})\+?\}$")


class ImapDialogue(Dialogue):
    """A dialogue on ports 143 or 993."""

    def __init__(self) -> None:
        super().__init__()
        self._in_authenticate = False
        self._in_command = False  # a literal stood in the middle of it
        self._is_secret = False

    def client_said(self, line: bytes) -> str:
        if self._in_authenticate:
            return MASK
        literal = LITERAL.search(line)
        if literal is not None:
            self.client.skip(int(literal[1]))
        shown = self._continued(line) if self._in_command else self._begun(line)
        self._in_command = literal is not None
        return shown

    def _begun(self, line: bytes) -> str:
        tag, _, rest = line.partition(b" ")
        verb = rest.split(b" ", 1)[0].upper()
        self._is_secret = verb == b"LOGIN"
        if verb == b"LOGIN":
            return f"{words(tag)} LOGIN {MASK}"
        if verb == b"AUTHENTICATE":
            self._in_authenticate = True
            mechanism, space, _ = rest[len(verb) + 1 :].strip().partition(b" ")
            return f"{words(tag)} AUTHENTICATE {words(mechanism)}" + (f" {MASK}" if space else "")
        return words(without_tokens(line))

    def _continued(self, line: bytes) -> str:
        return MASK if self._is_secret else words(without_tokens(line))

    def server_said(self, line: bytes) -> str:
        literal = LITERAL.search(line)
        if literal is not None:
            self.server.skip(int(literal[1]))
        elif not line.startswith((b"+", b"*")):
            self._in_authenticate = False
        return words(without_tokens(line))
