"""Read and write "value; name=value" fields: Content-Type, Content-Disposition.

RFC 2045    5.1      the syntax, tspecials, quoted strings
RFC 2183    2        Content-Disposition, the same syntax
RFC 2231    3, 4     continuations, charset and language of a value
RFC 9051    7.5.2    how BODYSTRUCTURE shows them

Departures when reading, for mail that exists: an unquoted value may hold tspecials, and the name
of a file spaces too, up to the next ";"; a comment counts only after white space (so that name=a(1).txt stays
whole); encoded words in a value are decoded, though RFC 2047 5 forbids them there; of two
parameters of one name the first wins.

Cost: a split for the usual field; results for fields of ordinary size are cached by callers.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote_from_bytes, unquote_to_bytes

from correo.message.encoding.charsets import decode_charset, decode_unlabelled
from correo.message.encoding.words import decode_words

__all__ = ["decode_parameters", "encode_parameter", "merge_continuations", "parse_parameterized"]

PARAMETERS_LIMIT = 200  # per field; ours. More are left out

_COMMENT = re.compile(
    rb'"(?:[^"\\]|\\.)*+"?|(?:^|(?<=[\s;]))\((?:[^()\\]|\\.|\([^()]*\))*+\)?', re.DOTALL
)
# Everything after ";" is optional, so that a run of semicolons is consumed once, not squared.
_PARAMETER = re.compile(
    rb';[\s;]*+(?:([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?[^;]*+|([^;]*+)))?', re.DOTALL
)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_PIECE = re.compile(rb"([^*]++)(?:\*(\d{1,4}))?(\*)?")
_NAMES_OF_FILES = (b"name", b"filename")
_MUST_ESCAPE = re.compile(rb"[^\x20-\x24\x26-\x7e]")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")

Parameters = list[tuple[bytes, bytes]]


def parse_parameterized(value: bytes) -> tuple[bytes, Parameters]:
    """(what stands before the first ";", parameters in order), from an unfolded value.

    Names come in lower case, values without quotes and escapes, RFC 2231 not yet undone.
    """
    if b"(" in value:
        value = _COMMENT.sub(_keep_quoted, value)
    head, separator, _ = value.partition(b";")
    if not separator:
        return head.strip(), []
    found: Parameters = []
    for match in _PARAMETER.finditer(value, len(head)):
        if match[1] is not None:
            found.append((match[1].lower(), _parameter_value(match)))
            if len(found) == PARAMETERS_LIMIT:
                break
    return head.strip(), found


def _keep_quoted(match: re.Match[bytes]) -> bytes:
    return match[0] if match[0].startswith(b'"') else b""


def _parameter_value(match: re.Match[bytes]) -> bytes:
    quoted: bytes | None = match[2]
    if quoted is None:
        unquoted: bytes = match[3].strip()
        if match[1].lower() in _NAMES_OF_FILES or not unquoted:
            return unquoted
        return unquoted.split(None, 1)[0]
    return _ESCAPE.sub(rb"\1", quoted) if b"\\" in quoted else quoted


def decode_parameters(parameters: Parameters) -> dict[str, str]:
    """Parameters as text, by lower-case name; RFC 2231 undone."""
    decoded: dict[str, str] = {}
    extended: dict[str, str] = {}
    for name, value in merge_continuations(parameters):
        if _is_left_over(name):
            continue
        if name.endswith(b"*"):
            extended.setdefault(name[:-1].decode("latin-1"), _decode_extended(value))
        else:
            decoded.setdefault(name.decode("latin-1"), decode_words(value))
    return decoded | extended


def _is_left_over(name: bytes) -> bool:
    match = _PIECE.fullmatch(name)
    return match is not None and match[2] is not None


def merge_continuations(parameters: Parameters) -> Parameters:
    """Join name*0, name*1 ... to one (RFC 2231 3), as BODYSTRUCTURE shows them.

    A name that ends in "*" then has a value of the form charset'language'percent-encoded.
    """
    if not any(b"*" in name for name, _ in parameters):
        return parameters
    merged: list[tuple[bytes, bytes | None]] = []  # None: to be joined from pieces
    pieces: dict[bytes, dict[int, tuple[bytes, bool]]] = {}
    for name, value in parameters:
        match = _PIECE.fullmatch(name)
        if match is None or match[2] is None:
            merged.append((name, value))
            continue
        if match[1] not in pieces:
            pieces[match[1]] = {}
            merged.append((match[1], None))
        pieces[match[1]][int(match[2])] = (value, match[3] is not None)
    joined: Parameters = []
    for name, whole in merged:
        joined.extend([(name, whole)] if whole is not None else _join_pieces(name, pieces[name]))
    return joined


def _join_pieces(
    base: bytes, numbered: dict[int, tuple[bytes, bool]]
) -> Iterator[tuple[bytes, bytes]]:
    """The pieces from 0 on as one; those behind a gap as they stand."""
    run: list[tuple[bytes, bool]] = []
    while len(run) in numbered:
        run.append(numbered.pop(len(run)))
    if any(is_extended for _, is_extended in run):
        first, is_extended = run[0]
        head = first if is_extended else b"''" + _percent(first)
        rest = [value if extended else _percent(value) for value, extended in run[1:]]
        yield base + b"*", head + b"".join(rest)
    elif run:
        yield base, b"".join([value for value, _ in run])
    for number, (late, is_extended) in sorted(numbered.items()):
        yield b"%b*%d%b" % (base, number, b"*" if is_extended else b""), late


def _percent(value: bytes) -> bytes:
    return _MUST_ESCAPE.sub(lambda octet: b"%%%02X" % octet[0][0], value)


def _decode_extended(value: bytes) -> str:
    charset, *language_and_text = value.split(b"'", 2)
    if len(language_and_text) < 2:
        return decode_unlabelled(unquote_to_bytes(value))
    return decode_charset(unquote_to_bytes(language_and_text[1]), charset.decode("latin-1"))


def encode_parameter(name: str, value: str) -> list[bytes]:
    """One parameter as name=value, quoted or by RFC 2231 as needed, each item under 76 octets
    where that is possible; the caller puts "; " or a fold between the items."""
    if _TOKEN.fullmatch(value) and len(value) < 60:
        return [f"{name}={value}".encode("ascii")]
    if value.isascii() and value.isprintable() and "=?" not in value and len(value) < 60:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return [f'{name}="{quoted}"'.encode("ascii")]
    return _encode_extended(name, value)


def _encode_extended(name: str, value: str) -> list[bytes]:
    room = max(60 - len(name), 20)
    runs = [""]
    for character in value:
        encoded = quote_from_bytes(character.encode("utf-8", "replace"), safe="")
        if len(runs[-1]) + len(encoded) > room:
            runs.append("")
        runs[-1] += encoded
    if len(runs) == 1:
        return [f"{name}*=utf-8''{runs[0]}".encode("ascii")]
    runs[0] = "utf-8''" + runs[0]
    return [f"{name}*{number}*={run}".encode("ascii") for number, run in enumerate(runs)]
