"""Read and write encoded words, which carry any text through fields made for US-ASCII.

RFC 2047    2        the form of an encoded word, 75 characters at most
            5        where they may stand
            6.2      white space between two of them is not shown
RFC 2231    5        a language after the charset
RFC 6532             raw UTF-8 beside them

Departures: when reading, words over 75 characters, with spaces inside, or not set off by white
space are decoded too, as all mail programs do. A character split over two words of one charset
is put together again.

Cost: one `in` test for text without them, which is most.
"""

import binascii
import re

from correo.message.encoding.charsets import decode_charset, decode_unlabelled, known_codec
from correo.message.encoding.transfer import decode_base64

__all__ = ["decode_words", "encode_phrase", "encode_unstructured"]

_WORD = re.compile(rb"=\?([^?*\s]{1,60}+)(?:\*[^?\s]{0,60}+)?\?([bBqQ])\?([^?]*+)\?=")
_WORD_LENGTH = 75  # RFC 2047 2
_LINE_LENGTH = 76  # RFC 2047 2, lines with encoded words
_Q_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
_ATOM_TEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def decode_words(octets: bytes) -> str:
    """Text of an unfolded field value or phrase; what is not in encoded words is read as UTF-8,
    or else windows-1252."""
    if b"=?" not in octets:
        return octets.decode("ascii") if octets.isascii() else decode_unlabelled(octets)
    pieces: list[tuple[str | None, bytes]] = []  # charset (None: as is), octets
    position = 0
    for match in _WORD.finditer(octets):
        between = octets[position : match.start()]
        after_word = bool(pieces) and pieces[-1][0] is not None
        if between.strip(b" \t\r\n") or (between and not after_word):
            pieces.append((None, between))
        _add_word(pieces, match)
        position = match.end()
    pieces.append((None, octets[position:]))
    return "".join(
        decode_unlabelled(run) if charset is None else decode_charset(run, charset)
        for charset, run in pieces
    )


def _add_word(pieces: list[tuple[str | None, bytes]], match: re.Match[bytes]) -> None:
    charset = match[1].decode("latin-1").lower()
    content = match[3]
    if match[2] in b"bB":
        decoded = decode_base64(content)
    else:
        decoded = binascii.a2b_qp(content.replace(b"\r", b"").replace(b"\n", b""), header=True)
    if pieces and pieces[-1][0] == charset and not _is_stateful(charset):
        pieces[-1] = (charset, pieces[-1][1] + decoded)
    else:
        pieces.append((charset, decoded))


def _is_stateful(charset: str) -> bool:
    codec = known_codec(charset) or ""
    return codec.startswith(("iso2022", "hz", "utf-7", "utf-16", "utf-32"))


def encode_unstructured(text: str, *, first_column: int = 0) -> bytes:
    """Text for Subject and its like, on one or more folded lines (CRLF and a space between).

    first_column: octets that stand on the first line already ("Subject: " is 9). Text in
    US-ASCII without anything that looks like an encoded word stays as it is, unfolded; line
    ends and other controls in it become spaces.
    """
    text = _without_controls(text)
    if text.isascii() and "=?" not in text and len(text) < 900:
        return text.encode("ascii")
    return _encode_words(text, first_column)


def encode_phrase(text: str, *, first_column: int = 0) -> bytes:
    """A display name: an atom sequence, a quoted string, or encoded words, as needed."""
    text = _without_controls(text)
    if text.isascii() and "=?" not in text and len(text) < 900:
        if _ATOM_TEXT.fullmatch(text) and text == " ".join(text.split()):
            return text.encode("ascii")
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        return b'"%b"' % quoted.encode("ascii")
    return _encode_words(text, first_column)


def _without_controls(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in text)


def _encode_words(text: str, first_column: int) -> bytes:
    octets = text.encode("utf-8", "replace")
    plain = sum(octet in _Q_SAFE or octet == 32 for octet in octets)
    is_q = plain * 3 >= len(octets) * 2
    words: list[bytes] = []
    room = max(min(_WORD_LENGTH, _LINE_LENGTH - first_column), 30)
    run = b""
    for character in text:
        piece = character.encode("utf-8", "replace")
        if run and _word_length(run + piece, is_q=is_q) > room:
            words.append(_word(run, is_q=is_q))
            run, room = b"", _WORD_LENGTH
        run += piece
    words.append(_word(run, is_q=is_q))
    return b"\r\n ".join(words)


def _word_length(run: bytes, *, is_q: bool) -> int:
    if is_q:
        return 12 + sum(1 if octet in _Q_SAFE or octet == 32 else 3 for octet in run)
    return 12 + (len(run) + 2) // 3 * 4


def _word(run: bytes, *, is_q: bool) -> bytes:
    if not is_q:
        return b"=?utf-8?b?%b?=" % binascii.b2a_base64(run, newline=False)
    content = b"".join(
        b"_" if octet == 32 else b"%c" % octet if octet in _Q_SAFE else b"=%02X" % octet
        for octet in run
    )
    return b"=?utf-8?q?%b?=" % content
