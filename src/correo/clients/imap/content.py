"""Undo a transfer encoding while the octets arrive.

RFC 2045    6.7 quoted-printable, 6.8 base64
"""

from correo.message.encoding import decode_body

__all__ = ["Decoder"]

NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
UNENCODED = frozenset({"", "7bit", "8bit", "binary"})


class Decoder:
    """`feed` the octets in any pieces, then `end`: together what `decode_body` makes of the whole.

    Holds back the last line of quoted-printable, up to three characters of base64.
    Encodings that need the whole (uuencode) are decoded at the end.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding.strip().lower()
        self._held = b""

    def feed(self, octets: bytes) -> bytes:
        """What is certain by now; may be b""."""
        if self._encoding in UNENCODED:
            return octets
        octets = self._held + octets
        if self._encoding == "base64":
            return self._feed_base64(octets)
        cut = octets.rfind(b"\n") + 1 if self._encoding == "quoted-printable" else 0
        self._held = octets[cut:]
        return decode_body(octets[:cut], self._encoding)

    def _feed_base64(self, octets: bytes) -> bytes:
        """Whole groups of four; padding ends a run, so that what follows is counted anew."""
        run = octets.translate(None, NOT_BASE64)
        padded = run.rfind(b"=") + 1
        whole = padded + (len(run) - padded) // 4 * 4
        self._held = run[whole:]
        return decode_body(run[:whole], "base64")

    def end(self) -> bytes:
        """The rest."""
        octets, self._held = self._held, b""
        return decode_body(octets, self._encoding)
