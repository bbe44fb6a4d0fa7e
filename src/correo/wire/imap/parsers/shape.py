"""What every command parser looks like, and lists in parentheses, which many share."""

from collections.abc import Callable

from correo.wire.imap.arguments import Arguments
from correo.wire.imap.commands import Command

__all__ = ["Parser", "words_in_parentheses"]

Parser = Callable[[bytes, Arguments], Command]


def words_in_parentheses(arguments: Arguments) -> list[str]:
    """(WORD WORD ...), in capitals; may be empty."""
    arguments.open()
    words: list[str] = []
    while not arguments.skip(b")"):
        if words:
            arguments.space()
        words.append(arguments.word())
    return words
