"""Take the first words of a message, so that a list of messages can show them.

RFC 8970    3.1      at most 200 characters of text, decoded; "" if there is none to show

The first text part that is not an attachment counts, plain before HTML within an alternative.
Quoted lines (">") and white space are left out. Only the first PREVIEW_OCTETS of it are read.

Cost: some microseconds; it reads a few hundred octets of most messages.
"""

import re

from correo.message.octets import Octets
from correo.message.structure import Part
from correo.message.text import text_of_part

__all__ = ["has_attachment", "make_preview"]

PREVIEW_LENGTH = 200  # characters, RFC 8970 3.1
FIRST_OCTETS = 400  # enough for most; more are read if white space and quotes took too much
PREVIEW_OCTETS = 4096  # of plain text still encoded; ours
HTML_OCTETS = 32 * 1024  # of HTML, whose head may be long; ours

_QUOTED_LINE = re.compile(r"(?m)^[ \t]*+>[^\n]*+\n?")
_INVISIBLE = re.compile("[\0-\x08\x0e-\x1f\x7f\xad\u034f\u200b-\u200f\u2060\ufeff\ufffd]+")
_SIGNATURES = frozenset({
    "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
    "application/pgp-encrypted", "application/pgp-keys", "application/applefile",
})  # fmt: skip


def make_preview(octets: Octets, root: Part) -> str:
    """Up to 200 characters of the message's text on one line."""
    part = _shown_text(root)
    if part is None:
        return ""
    if part.subtype in ("html", "xhtml"):
        return _one_line(_beginning(octets, part, HTML_OCTETS))
    if part.body_size > FIRST_OCTETS:
        preview = _preview_plain(_beginning(octets, part, FIRST_OCTETS))
        if len(preview) == PREVIEW_LENGTH:
            return preview
    return _preview_plain(_beginning(octets, part, PREVIEW_OCTETS))


def _beginning(octets: Octets, part: Part, limit: int) -> str:
    start = part.body_offset
    piece = octets[start : start + min(part.body_size, limit)]
    return text_of_part(piece, part)


def _preview_plain(text: str) -> str:
    return _one_line(_QUOTED_LINE.sub("", text) if ">" in text else text)


def _one_line(text: str) -> str:
    line = " ".join(text[: PREVIEW_LENGTH * 8].split())
    if not line.isprintable():
        line = " ".join(_INVISIBLE.sub("", line).split())
    return line[:PREVIEW_LENGTH].rstrip()


def _shown_text(part: Part) -> Part | None:
    if part.type == "text":
        return None if part.disposition == "attachment" else part
    if part.message is not None:
        return None if part.disposition == "attachment" else _shown_text(part.message)
    found = [text for child in part.children if (text := _shown_text(child)) is not None]
    if part.subtype == "alternative":
        return next(
            (text for text in found if text.subtype == "plain"), found[0] if found else None
        )
    return found[0] if found else None


def has_attachment(part: Part) -> bool:
    """Whether some part is meant to be saved rather than shown.

    Such are attachments by disposition, embedded messages, and what is neither text, a
    signature, nor something shown within the text (RFC 8621 4.1.4 leaves the rule to servers).
    """
    if part.children:
        is_related = part.subtype == "related"
        return any(
            has_attachment(child)
            for number, child in enumerate(part.children)
            if not (is_related and number > 0 and child.disposition != "attachment")
        )
    if part.disposition == "attachment":
        return True
    if part.type == "text":
        return bool(part.filename) and part.disposition != "inline"
    if part.message is not None:
        return part.section != (1,)
    return part.disposition != "inline" and part.content_type not in _SIGNATURES
