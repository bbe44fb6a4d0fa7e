"""Write the server's replies and hold them until the driver takes them.

RFC 1939    3        +OK and -ERR, multi-line responses
RFC 2449    8        response codes in brackets (RESP-CODES)
RFC 6856    3        the language of the texts
"""

from correo.base.blobs import Chunk
from correo.wire.pop3.phrases import DEFAULT_LANGUAGE, Phrase, say
from correo.wire.pop3.stuffing import END

__all__ = ["Replies"]


class Replies:
    """size: octets that wait to be taken. language: a tag of phrases.LANGUAGES."""

    __slots__ = ("_output", "language", "size")

    def __init__(self) -> None:
        self.language = DEFAULT_LANGUAGE
        self.size = 0
        self._output: list[Chunk] = []

    def take(self) -> list[Chunk]:
        output, self._output = self._output, []
        self.size = 0
        return output

    def send(self, octets: bytes) -> None:
        """Octets as they are."""
        if octets:
            self._output.append(octets)
            self.size += len(octets)

    def ok(self, phrase: Phrase, *values: object) -> None:
        self.send(b"+OK %b\r\n" % say(phrase, self.language, *values))

    def fail(self, phrase: Phrase, *values: object, code: str = "") -> None:
        """Args: code: a response code without its brackets."""
        text = say(phrase, self.language, *values)
        self.send(b"-ERR [%b] %b\r\n" % (code.encode(), text) if code else b"-ERR %b\r\n" % text)

    def listing(self, lines: bytes) -> None:
        """The lines of a multi-line response, none of which begins with a dot, and its end."""
        self.send(lines + END)
