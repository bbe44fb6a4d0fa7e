"""GETQUOTA and GETQUOTAROOT.

RFC 9208    4.1, 7   getquota, getquotaroot; limits are not set by clients (QUOTASET)
"""

from correo.wire.imap.arguments import Arguments
from correo.wire.imap.commands import Command, GetQuota, GetQuotaRoot
from correo.wire.imap.parsers.shape import Parser

__all__ = ["PARSERS"]


def parse_get_quota(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    root = arguments.text()
    arguments.end()
    return GetQuota(tag, root)


def parse_get_quota_root(tag: bytes, arguments: Arguments) -> Command:
    arguments.space()
    name = arguments.mailbox()
    arguments.end()
    return GetQuotaRoot(tag, name)


PARSERS: dict[bytes, Parser] = {
    b"GETQUOTA": parse_get_quota,
    b"GETQUOTAROOT": parse_get_quota_root,
}
