"""Take the readable text out of HTML, for previews and search; never to show HTML to anyone.

It is no HTML parser: tags, comments, and the content of style, script and head go, block
elements and line breaks become white space, character references are resolved. Unclosed and
hostile markup is cut off, never looped over: time is linear.

RFC 8970    3.2      a preview is plain text
"""

import html
import re

__all__ = ["text_of_html"]

_HIDDEN = re.compile(
    r"<(style|script|head|title)\b[^<>]*+>.*?(?:</\1\s*+>|\Z)|<!--.*?(?:-->|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_TAG = re.compile(r"<(/?+[A-Za-z!?][A-Za-z0-9]*+)[^>]*+(?:>|\Z)")
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "dfn", "em", "font", "i",
    "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
    "var", "wbr",
})  # fmt: skip


def text_of_html(markup: str) -> str:
    """The text a reader would see, tags gone, references resolved, line breaks where blocks end."""
    visible = _HIDDEN.sub(" ", markup)
    return html.unescape(_TAG.sub(_replacement, visible))


def _replacement(tag: re.Match[str]) -> str:
    name = tag[1].lstrip("/").lower()
    return "" if name in _INLINE else "\n"
