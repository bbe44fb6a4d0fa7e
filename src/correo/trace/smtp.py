"""SMTP and LMTP in the trace: AUTH masked, the message elided.

RFC 4954    4        AUTH: 334 challenges until another reply ends the exchange
RFC 5321    4.1.1.4  DATA: 354, then the message, then a lone dot
RFC 4468    3.2      BURL: the token of the URL masked
RFC 3030    2        BDAT: so many octets follow at once
"""

from correo.trace.dialogue import MASK, Dialogue, without_tokens, words

__all__ = ["SmtpDialogue"]


class SmtpDialogue(Dialogue):
    """A dialogue on ports 25, 465, 587 or of LMTP."""

    def __init__(self) -> None:
        super().__init__()
        self._in_auth = False

    def client_said(self, line: bytes) -> str:
        if self._in_auth:
            return MASK
        verb, _, rest = line.partition(b" ")
        verb = verb.upper()
        if verb == b"AUTH":
            self._in_auth = True
            mechanism, space, _ = rest.strip().partition(b" ")
            return f"AUTH {words(mechanism)}" + (f" {MASK}" if space else "")
        if verb == b"BDAT":
            size = rest.split()[:1]
            if size and size[0].isdigit() and len(size[0]) < 20:
                self.client.skip(int(size[0]))
        return words(without_tokens(line) if verb == b"BURL" else line)

    def server_said(self, line: bytes) -> str:
        if line.startswith(b"354"):
            self.client.skip_until_dot()
        elif not line.startswith(b"334"):
            self._in_auth = False
        return words(line)
