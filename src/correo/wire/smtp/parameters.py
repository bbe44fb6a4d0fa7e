"""Read and write the parameters of MAIL and RCPT.

RFC 1870    SIZE
RFC 6152    BODY=7BIT, 8BITMIME
RFC 3030    BODY=BINARYMIME
RFC 6531    SMTPUTF8
RFC 3461    4.1 NOTIFY, 4.2 ORCPT, 4.3 RET, 4.4 ENVID
RFC 4954    5 AUTH=
RFC 5321    4.1.1.11 unknown parameters are 555, bad ones 501

One table per command: keyword, how its value is read. A value that is wrong raises Refusal with
the reply to give.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from correo.base.errors import Refusal
from correo.wire.smtp.grammar import KEYWORD
from correo.wire.smtp.xtext import read_orcpt, read_xtext, write_orcpt, write_xtext

__all__ = [
    "MailParameters",
    "RecipientParameters",
    "read_mail_parameters",
    "read_recipient_parameters",
    "write_mail_parameters",
    "write_recipient_parameters",
]

LONGEST_ENVID = 100  # characters, RFC 3461 4.4
LONGEST_ORCPT = 500  # characters, RFC 3461 4.2
SIZE_DIGITS = 20  # RFC 1870 3


@dataclass(slots=True)
class MailParameters:
    """MAIL FROM parameters, decoded (RFC 1870, 6152, 3030, 6531, 3461, 4954)."""

    size: int | None = None
    body: str = "7BIT"  # 7BIT, 8BITMIME, BINARYMIME
    smtputf8: bool = False
    ret: str | None = None  # FULL, HDRS
    envid: str | None = None  # xtext decoded
    auth: str | None = None


@dataclass(slots=True)
class RecipientParameters:
    """RCPT TO parameters, decoded (RFC 3461 4.1, 4.2)."""

    notify: frozenset[str] = field(default_factory=frozenset)  # NEVER, SUCCESS, FAILURE, DELAY
    orcpt: str | None = None  # "rfc822;name", xtext decoded


def read_size(value: str) -> int:
    if not (value.isascii() and value.isdecimal()) or len(value) > SIZE_DIGITS:
        raise ValueError("SIZE is a number of octets")
    return int(value)


def read_body(value: str) -> str:
    body = value.upper()
    if body not in ("7BIT", "8BITMIME", "BINARYMIME"):
        raise ValueError("BODY is 7BIT, 8BITMIME or BINARYMIME")
    return body


def read_smtputf8(value: str) -> bool:
    if value:
        raise ValueError("SMTPUTF8 has no value")
    return True


def read_ret(value: str) -> str:
    ret = value.upper()
    if ret not in ("FULL", "HDRS"):
        raise ValueError("RET is FULL or HDRS")
    return ret


def read_envid(value: str) -> str:
    if not value or len(value) > LONGEST_ENVID:
        raise ValueError(f"ENVID is 1 to {LONGEST_ENVID} characters of xtext")
    return read_xtext(value)


def read_auth(value: str) -> str:
    if not value:
        raise ValueError("AUTH is an address or <> in xtext")
    return read_xtext(value)


def read_notify(value: str) -> frozenset[str]:
    asked = value.upper().split(",")
    notify = frozenset(asked)
    if len(asked) != len(notify) or not notify <= {"NEVER", "SUCCESS", "FAILURE", "DELAY"}:
        raise ValueError("NOTIFY is NEVER, or a list of SUCCESS, FAILURE, DELAY")
    if "NEVER" in notify and len(notify) > 1:
        raise ValueError("NOTIFY=NEVER stands alone")
    return notify


def read_original_recipient(value: str) -> str:
    if len(value) > LONGEST_ORCPT:
        raise ValueError(f"ORCPT is at most {LONGEST_ORCPT} characters")
    return read_orcpt(value)


# keyword: the field, and what reads its value. Each reader takes only what its RFC allows, which
# is never more than an esmtp-value may hold.
Readers = dict[str, tuple[str, Callable[[str], Any] | None]]
UNKNOWN: tuple[str, None] = ("", None)
MAIL_READERS: Readers = {
    "SIZE": ("size", read_size),
    "BODY": ("body", read_body),
    "SMTPUTF8": ("smtputf8", read_smtputf8),
    "RET": ("ret", read_ret),
    "ENVID": ("envid", read_envid),
    "AUTH": ("auth", read_auth),
}
RECIPIENT_READERS: Readers = {
    "NOTIFY": ("notify", read_notify),
    "ORCPT": ("orcpt", read_original_recipient),
}


def read_mail_parameters(octets: bytes) -> MailParameters:
    """Read what follows the path of MAIL FROM. Raises Refusal (501 or 555)."""
    if not octets:
        return MailParameters()
    return MailParameters(**read_parameters(octets, MAIL_READERS, "MAIL FROM"))


def read_recipient_parameters(octets: bytes) -> RecipientParameters:
    """Read what follows the path of RCPT TO. Raises Refusal (501 or 555)."""
    if not octets:
        return RecipientParameters()
    return RecipientParameters(**read_parameters(octets, RECIPIENT_READERS, "RCPT TO"))


def read_parameters(octets: bytes, readers: Readers, command: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("5.5.4", f"the parameters of {command} are not UTF-8", reply=501) from error
    for word in text.split():
        keyword, equals, value = word.partition("=")
        name, read = readers.get(keyword.upper(), UNKNOWN)
        if read is None:
            raise unknown_parameter(keyword, command)
        if name in found:
            raise Refusal("5.5.4", f"{keyword.upper()} is given twice", reply=501)
        if equals and not value:
            raise Refusal("5.5.4", f"{keyword.upper()}= has no value", reply=501)
        try:
            found[name] = read(value)
        except ValueError as error:
            raise Refusal("5.5.4", str(error), reply=501) from error
    return found


def unknown_parameter(keyword: str, command: str) -> Refusal:
    if KEYWORD.fullmatch(keyword) is None:
        return Refusal("5.5.4", f"a parameter of {command} is not keyword=value", reply=501)
    return Refusal("5.5.4", f"{command} has no parameter {keyword[:40]}", reply=555)


def write_mail_parameters(parameters: MailParameters) -> bytes:
    """With a space before each; b"" for none. The caller asks only what the peer announced."""
    words: list[str] = []
    if parameters.size is not None:
        words.append(f"SIZE={parameters.size}")
    if parameters.body != "7BIT":
        words.append(f"BODY={parameters.body}")
    if parameters.smtputf8:
        words.append("SMTPUTF8")
    if parameters.ret is not None:
        words.append(f"RET={parameters.ret}")
    if parameters.envid is not None:
        words.append(f"ENVID={write_xtext(parameters.envid)}")
    if parameters.auth is not None:
        words.append(f"AUTH={write_xtext(parameters.auth)}")
    return "".join(f" {word}" for word in words).encode()


def write_recipient_parameters(parameters: RecipientParameters, *, smtputf8: bool = False) -> bytes:
    """With a space before each; b"" for none. The caller asks only what the peer announced."""
    words: list[str] = []
    if parameters.notify:
        words.append(f"NOTIFY={','.join(sorted(parameters.notify))}")
    if parameters.orcpt is not None:
        words.append(f"ORCPT={write_orcpt(parameters.orcpt, smtputf8=smtputf8)}")
    return "".join(f" {word}" for word in words).encode()
