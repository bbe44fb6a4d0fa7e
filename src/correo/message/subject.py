"""Strip a subject to what a conversation shares: the base subject.

RFC 5256    2.1      the procedure, steps (1) to (7), that all servers and clients must share
            5        subj-leader, subj-blob, subj-trailer, subj-fwd

Cost: two regex tests for a subject without artifacts. On the hot path, once per message.
"""

import re

from correo.message.encoding.words import decode_words
from correo.message.headers import unfold

__all__ = ["base_subject", "is_reply_or_forward"]

SUBJECT_LIMIT = 4096  # octets of a subject that count; ours, also for the index's sake

_SPACES = re.compile(r"[ \t\r\n]+")
_BLOB = r"\[[^\[\]]*+\][ \t]*+"
_LEADER = re.compile(rf"(?:{_BLOB})*+(?:re|fwd?)[ \t]*+(?:{_BLOB})?+:|[ \t]+", re.IGNORECASE)
_FIRST_BLOB = re.compile(_BLOB)
_MAY_LEAD = re.compile(r"[ \t\[]|re|fw", re.IGNORECASE)


def base_subject(value: bytes) -> str:
    """The base subject of a Subject field's value, decoded; its case is left alone."""
    return _stripped(value)[0]


def is_reply_or_forward(value: bytes) -> bool:
    """Whether more than blobs and spaces is stripped from a subject (RFC 5256 3)."""
    return _stripped(value)[1]


def _stripped(value: bytes) -> tuple[str, bool]:
    """The base subject, and whether "Re:", "Fwd:", "(fwd)" or "[Fwd: ...]" were taken off."""
    text = decode_words(unfold(value[:SUBJECT_LIMIT]))
    if "  " in text or "\t" in text or not text.isprintable():
        text = _SPACES.sub(" ", text)
    is_reply = False
    while True:
        end, has_trailer = _before_trailer(text)
        text = text[:end]
        start, has_leader = _behind_leaders(text)
        text = text[start:]
        is_reply |= has_trailer or has_leader
        if not (text[:5].lower() == "[fwd:" and text.endswith("]")):
            return text, is_reply
        text, is_reply = text[5:-1], True


def _before_trailer(text: str) -> tuple[int, bool]:
    """Step (2): where the trailers begin, and whether "(fwd)" is among them."""
    end, is_forward = len(text), False
    if not text.endswith((" ", "\t", ")")):
        return end, False
    while True:
        if text.endswith((" ", "\t"), 0, end):
            end -= 1
        elif text[max(end - 5, 0) : end].lower() == "(fwd)":
            end, is_forward = end - 5, True
        else:
            return end, is_forward


def _behind_leaders(text: str) -> tuple[int, bool]:
    """Steps (3) to (5): where the leaders end, and whether "Re:" or "Fwd:" is among them."""
    position, is_reply = 0, False
    while _MAY_LEAD.match(text, position):
        match = _LEADER.match(text, position)
        if match is not None:
            is_reply |= text[match.end() - 1] == ":"
        else:
            match = _FIRST_BLOB.match(text, position)
            if match is None or match.end() == len(text):
                break
        position = match.end()
    return position, is_reply
