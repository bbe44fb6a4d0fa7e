"""POP3 in the trace: PASS, APOP and AUTH masked, messages elided.

RFC 1939    3        a multi-line response ends with a lone dot
            5, 7     RETR, TOP, LIST, UIDL, PASS, APOP
RFC 5034    4        AUTH: "+ " challenges until "+OK" or "-ERR"
"""

from collections import deque

from correo.trace.dialogue import MASK, Dialogue, words

__all__ = ["Pop3Dialogue"]

BODIES = {b"RETR", b"TOP"}
LISTS = {b"CAPA"}
LISTS_WITHOUT_ARGUMENT = {b"LIST", b"UIDL", b"LANG"}
PIPELINE_LIMIT = 10_000  # commands remembered until they are answered


class Pop3Dialogue(Dialogue):
    """A dialogue on ports 110 or 995."""

    def __init__(self) -> None:
        super().__init__()
        self._in_auth = False
        self._in_list = False
        self._asked: deque[bytes] = deque([b""], maxlen=PIPELINE_LIMIT)  # the greeting first

    def client_said(self, line: bytes) -> str:
        if self._in_auth:
            return MASK
        verb, _, rest = line.partition(b" ")
        verb = verb.upper()
        self._asked.append(verb if rest.strip() or verb not in LISTS_WITHOUT_ARGUMENT else b"CAPA")
        if verb == b"PASS":
            return f"PASS {MASK}"
        if verb == b"APOP":
            return f"APOP {words(rest.partition(b' ')[0])} {MASK}"
        if verb == b"AUTH":
            self._in_auth = bool(rest.strip())
            mechanism, space, _ = rest.strip().partition(b" ")
            return f"AUTH {words(mechanism)}" + (f" {MASK}" if space else "")
        return words(line)

    def server_said(self, line: bytes) -> str:
        if self._in_list:
            self._in_list = line != b"."
            return words(line)
        if self._in_auth and line.startswith(b"+ "):
            return words(line)
        self._in_auth = False
        asked = self._asked.popleft() if self._asked else b""
        if line.upper().startswith(b"+OK"):
            if asked in BODIES:
                self.server.skip_until_dot()
            self._in_list = asked in LISTS
        return words(line)
