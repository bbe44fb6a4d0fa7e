"""Write the field that stands first in a delivered message.

`intake` puts it in front of what goes straight to mailboxes, `delivery` in front of what comes
home from the queue.

RFC 5321    4.4      Return-Path at final delivery
"""

__all__ = ["return_path"]


def return_path(reverse_path: str) -> bytes:
    """Return-Path with its CRLF; the null path gives "<>"."""
    return b"Return-Path: <%s>\r\n" % reverse_path.encode("utf-8", "replace")
