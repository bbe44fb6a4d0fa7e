"""Give the text of a message as a reader would see it, for search and previews.

RFC 9051    6.4.4    BODY and TEXT: decoded, by transfer encoding and charset
RFC 2047             encoded words in header fields

Cost: a header without encoded words 1 microsecond for 1 KB; else proportional to the text
decoded, some 10 ms for 1 MB: large parts in a thread.
"""

import re

from correo.message import headers
from correo.message.encoding.charsets import decode_charset
from correo.message.encoding.transfer import decode_body
from correo.message.html import text_of_html
from correo.message.structure import Part

__all__ = ["text_of_header", "text_of_part"]

_FOLD = re.compile(rb"\r?\n(?=[ \t])")


def text_of_part(content: bytes, part: Part) -> str:
    """The octets of a text part, or their beginning, decoded; of HTML what a reader sees.

    What HTML says in tags and attributes is left out.
    """
    text = decode_charset(decode_body(content, part.encoding), part.charset)
    return text_of_html(text) if part.subtype in ("html", "xhtml") else text


def text_of_header(header: bytes) -> str:
    """A header's fields with their names, a line each, encoded words decoded."""
    if b"=?" not in header and header.isascii():
        return _FOLD.sub(b"", header).decode("ascii")
    return "\n".join(
        f"{field.name.decode('ascii')}: {headers.text(field.value)}"
        for field in headers.fields(header)
    )
