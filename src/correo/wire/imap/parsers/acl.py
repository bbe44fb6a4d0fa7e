"""SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS.

RFC 4314    3        identifiers are prepared with SASLprep; one that cannot be is BAD
            3.1      "+" or "-" before the rights; 7 the grammar
"""

from correo.wire.imap.arguments import Arguments, BadCommand
from correo.wire.imap.commands import (
    Command,
    DeleteAcl,
    GetAcl,
    ListRights,
    MyRights,
    RightsChange,
    SetAcl,
)
from correo.wire.imap.parsers.shape import Parser
from correo.wire.imap.rights import read_rights
from correo.wire.sasl import saslprep

__all__ = ["PARSERS"]


def parse_set_acl(tag: bytes, arguments: Arguments) -> Command:
    mailbox, identifier = read_mailbox(arguments), read_identifier(arguments)
    arguments.space()
    text = arguments.text()
    arguments.end()
    mode = RightsChange(text[0]) if text[:1] in ("+", "-") else RightsChange.REPLACE
    try:
        rights = read_rights(text[len(mode.value) :])
    except ValueError as error:
        raise BadCommand(str(error)) from None
    return SetAcl(tag, mailbox, identifier, mode, rights)


def parse_delete_acl(tag: bytes, arguments: Arguments) -> Command:
    mailbox, identifier = read_mailbox(arguments), read_identifier(arguments)
    arguments.end()
    return DeleteAcl(tag, mailbox, identifier)


def parse_get_acl(tag: bytes, arguments: Arguments) -> Command:
    mailbox = read_mailbox(arguments)
    arguments.end()
    return GetAcl(tag, mailbox)


def parse_list_rights(tag: bytes, arguments: Arguments) -> Command:
    mailbox, identifier = read_mailbox(arguments), read_identifier(arguments)
    arguments.end()
    return ListRights(tag, mailbox, identifier)


def parse_my_rights(tag: bytes, arguments: Arguments) -> Command:
    mailbox = read_mailbox(arguments)
    arguments.end()
    return MyRights(tag, mailbox)


def read_mailbox(arguments: Arguments) -> str:
    arguments.space()
    return arguments.mailbox()


def read_identifier(arguments: Arguments) -> str:
    """As it was sent, once it is certain that it can be prepared."""
    arguments.space()
    identifier = arguments.text()
    try:
        is_empty = not saslprep(identifier).removeprefix("-")
    except ValueError:
        is_empty = True
    if is_empty:
        raise BadCommand("that is no identifier")
    return identifier


PARSERS: dict[bytes, Parser] = {
    b"SETACL": parse_set_acl,
    b"DELETEACL": parse_delete_acl,
    b"GETACL": parse_get_acl,
    b"LISTRIGHTS": parse_list_rights,
    b"MYRIGHTS": parse_my_rights,
}
