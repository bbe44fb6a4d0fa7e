"""Give the text of a message as a reader would see it, for search.

RFC 9051    6.4.4    BODY and TEXT: decoded, by transfer encoding and charset, regardless of case
RFC 2047             encoded words in header fields

Cost: proportional to the text decoded, some 10 ms for 1 MB; in a thread for large messages.
"""

from correo.message import headers
from correo.message.encoding.charsets import decode_charset
from correo.message.encoding.transfer import decode_body
from correo.message.html import text_of_html
from correo.message.octets import Octets
from correo.message.structure import Part, Structure

__all__ = ["searchable", "text_of_part"]


def searchable(octets: Octets, structure: Structure, *, with_headers: bool = False) -> str:
    """All text parts, and with_headers also every message header, case-folded, in order."""
    pieces = [_header_text(octets, structure.root)] if with_headers else []
    for part in structure.walk():
        if part.type == "text":
            pieces.append(text_of_part(octets, part))
        elif with_headers and part.message is not None:
            pieces.append(_header_text(octets, part.message))
    return "\n".join(pieces).casefold()


def text_of_part(octets: Octets, part: Part) -> str:
    """A text part decoded; of HTML what a reader sees, and what its attributes say is left out."""
    content = octets[part.body_offset : part.body_offset + part.body_size]
    text = decode_charset(decode_body(content, part.encoding), part.charset)
    return text_of_html(text) if part.subtype in ("html", "xhtml") else text


def _header_text(octets: Octets, part: Part) -> str:
    header = octets[part.header_offset : part.header_offset + part.header_size]
    return "\n".join(headers.text(field.value) for field in headers.fields(header))
