"""See that text can be stored: decoded from what strangers sent, it may hold half a character.

A lone surrogate has no UTF-8 form, which every database needs. Nothing is lost by writing "?" for
it: the octets themselves are kept elsewhere.
"""

__all__ = ["is_storable", "storable"]


def is_storable(text: str) -> bool:
    """Whether the text has a UTF-8 form."""
    return text.isascii() or storable(text) == text


def storable(text: str) -> str:
    """The text with "?" for each lone surrogate."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
