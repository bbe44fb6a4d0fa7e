"""GENURLAUTH, RESETKEY and URLFETCH.

RFC 4467    9        genurlauth, resetkey, urlfetch
RFC 5524    5        url-fetch-ext; URLAUTH=BINARY

URLs are not looked at here: what they are worth is told URL by URL.
"""

from correo.wire.imap.arguments import Arguments, BadCommand
from correo.wire.imap.commands import Command, GenUrlAuth, ResetKey, UrlAsked, UrlFetch, UrlItem
from correo.wire.imap.parsers.shape import Parser

__all__ = ["PARSERS"]

URLS_LIMIT = 1000  # of a command; ours


def parse_gen_url_auth(tag: bytes, arguments: Arguments) -> Command:
    urls: list[tuple[bytes, str]] = []
    while not urls or not arguments.at_end:
        arguments.space()
        url = arguments.astring()
        arguments.space()
        urls.append((url, arguments.word()))
        check_count(urls)
    return GenUrlAuth(tag, tuple(urls))


def parse_reset_key(tag: bytes, arguments: Arguments) -> Command:
    mailbox, mechanisms = None, []
    if arguments.skip(b" "):
        mailbox = arguments.mailbox()
        while arguments.skip(b" "):
            mechanisms.append(arguments.word())
    arguments.end()
    return ResetKey(tag, mailbox, tuple(mechanisms))


def parse_url_fetch(tag: bytes, arguments: Arguments) -> Command:
    asked: list[UrlAsked] = []
    while not asked or not arguments.at_end:
        arguments.space()
        asked.append(read_asked(arguments))
        check_count(asked)
    return UrlFetch(tag, tuple(asked))


def check_count(urls: list[UrlAsked] | list[tuple[bytes, str]]) -> None:
    if len(urls) > URLS_LIMIT:
        raise BadCommand(f"more than {URLS_LIMIT} URLs")


def read_asked(arguments: Arguments) -> UrlAsked:
    if not arguments.skip(b"("):
        return UrlAsked(arguments.astring())
    url = arguments.astring()
    items: list[UrlItem] = []
    while not arguments.skip(b")"):
        arguments.space()
        items.append(read_item(arguments))
    if len(set(items)) < len(items) or {UrlItem.BINARY, UrlItem.BODY} <= set(items):
        raise BadCommand("each item once, and either BODY or BINARY")
    return UrlAsked(url, tuple(items))


def read_item(arguments: Arguments) -> UrlItem:
    word = arguments.word()
    try:
        return UrlItem(word.encode("ascii"))
    except ValueError:
        raise BadCommand(f"unknown URLFETCH item {word}") from None


PARSERS: dict[bytes, Parser] = {
    b"GENURLAUTH": parse_gen_url_auth,
    b"RESETKEY": parse_reset_key,
    b"URLFETCH": parse_url_fetch,
}
