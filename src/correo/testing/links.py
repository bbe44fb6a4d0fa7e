"""Find the links of a message: what a person could click on, in HTML and in plain text.

`received` calls it. It opens nothing.

RFC 3986    what a URL may be made of
"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

__all__ = ["Link", "links_of_html", "links_of_text", "without_links"]

URL = re.compile(r"\bhttps?://[^\s<>\"'\\^`{|}]+", re.IGNORECASE)
NOT_ITS_END = ".,;:!?*_~"  # a sentence's, rather than the URL's


@dataclass(frozen=True, slots=True)
class Link:
    """text: the words of the link; of a picture its alternative text; in plain text the line."""

    text: str
    url: str


class LinkReader(HTMLParser):
    """Collects the links of HTML while it is fed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Link] = []
        self._url = ""
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in ("a", "area"):
            self._finish()
            self._url = (attributes.get("href") or "").strip()
            if tag == "area":
                self._words = [attributes.get("alt") or ""]
                self._finish()
        elif tag == "img" and self._url:
            self._words.append(attributes.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._finish()

    def handle_data(self, data: str) -> None:
        if self._url:
            self._words.append(data)

    def close(self) -> None:
        super().close()
        self._finish()

    def _finish(self) -> None:
        if self._url and not self._url.startswith("#"):
            self.links.append(Link(" ".join("".join(self._words).split()), self._url))
        self._url = ""
        self._words = []


def links_of_html(html: str) -> list[Link]:
    """All links with a target, in order."""
    reader = LinkReader()
    reader.feed(html)
    reader.close()
    return reader.links


def links_of_text(text: str) -> list[Link]:
    """The http and https URLs of plain text; the words of each are its line without it, or else
    the line above: "Confirm your address:", and the URL below it."""
    found: list[Link] = []
    above = ""
    for line in text.splitlines():
        for match in URL.finditer(line):
            words = " ".join(URL.sub("", line).split())
            found.append(Link(words or above, trimmed(match[0])))
        above = line.strip() or above
    return found


def without_links(text: str) -> str:
    """The text with its URLs taken out."""
    return URL.sub(" ", text)


def trimmed(url: str) -> str:
    """A URL without what belongs to the sentence around it."""
    url = url.rstrip(NOT_ITS_END)
    for opening, closing in ("()", "[]"):
        while url.endswith(closing) and url.count(closing) > url.count(opening):
            url = url[:-1].rstrip(NOT_ITS_END)
    return url
