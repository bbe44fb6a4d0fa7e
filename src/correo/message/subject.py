"""Strip a subject to what a conversation shares: the base subject.

RFC 5256    2.1      the procedure, steps (1) to (7), that all servers and clients must share
            5        subj-leader, subj-blob, subj-trailer, subj-fwd

Cost: two regex tests for a subject without artifacts. On the hot path, once per message.
"""

import re

from correo.message.encoding.words import decode_words
from correo.message.headers import unfold

__all__ = ["base_subject"]

SUBJECT_LIMIT = 4096  # octets of a subject that count; ours, also for the index's sake

_SPACES = re.compile(r"[ \t\r\n]+")
_BLOB = r"\[[^\[\]]*+\][ \t]*+"
_LEADER = re.compile(rf"(?:{_BLOB})*+(?:re|fwd?)[ \t]*+(?:{_BLOB})?+:|[ \t]+", re.IGNORECASE)
_FIRST_BLOB = re.compile(_BLOB)
_MAY_LEAD = re.compile(r"[ \t\[]|re|fw", re.IGNORECASE)


def base_subject(value: bytes) -> str:
    """The base subject of a Subject field's value, decoded; its case is left alone."""
    text = decode_words(unfold(value[:SUBJECT_LIMIT]))
    if "  " in text or "\t" in text or not text.isprintable():
        text = _SPACES.sub(" ", text)
    while True:
        text = _strip_leaders(_strip_trailer(text))
        if not (text[:5].lower() == "[fwd:" and text.endswith("]")):
            return text
        text = text[5:-1]


def _strip_trailer(text: str) -> str:
    if not text.endswith((" ", "\t", ")")):
        return text
    end = len(text)
    while True:
        if text.endswith((" ", "\t"), 0, end):
            end -= 1
        elif text[max(end - 5, 0) : end].lower() == "(fwd)":
            end -= 5
        else:
            return text[:end]


def _strip_leaders(text: str) -> str:
    """Steps (3) to (5)."""
    position = 0
    while _MAY_LEAD.match(text, position):
        match = _LEADER.match(text, position)
        if match is None:
            match = _FIRST_BLOB.match(text, position)
            if match is None or match.end() == len(text):
                break
        position = match.end()
    return text[position:]
