"""Say what this server can do; what stands here is whole.

Before login only what helps to log in is told, afterwards all the rest. The lines are made once,
and all connections hold the same ones.

RFC 9051    6.1.1, 6.2.1, 6.2.3     CAPABILITY, STARTTLS, LOGINDISABLED, AUTH=
RFC 9051    appendix E: what IMAP4rev2 contains is told by its old names too, for IMAP4rev1 clients
"""

from functools import lru_cache

__all__ = ["ENABLEABLE", "after_login", "before_login"]

BASE = ("IMAP4rev2", "IMAP4rev1", "LITERAL+", "SASL-IR", "ID", "ENABLE")

MAIL = (
    "IDLE",  # RFC 2177
    "NOTIFY",  # RFC 5465
    "NAMESPACE",  # RFC 2342
    "CHILDREN",  # RFC 3348
    "UNSELECT",  # RFC 3691
    "UIDPLUS",  # RFC 4315
    "MOVE",  # RFC 6851
    "CONDSTORE",  # RFC 7162
    "QRESYNC",  # RFC 7162
    "ESEARCH",  # RFC 4731
    "SEARCHRES",  # RFC 5182
    "WITHIN",  # RFC 5032
    "SEARCH=FUZZY",  # RFC 6203
    "MULTISEARCH",  # RFC 7377
    "INPROGRESS",  # RFC 9585
    "PARTIAL",  # RFC 9394
    "SORT",  # RFC 5256
    "SORT=DISPLAY",  # RFC 5957
    "ESORT",  # RFC 5267
    "CONTEXT=SEARCH",  # RFC 5267
    "CONTEXT=SORT",  # RFC 5267
    "THREAD=ORDEREDSUBJECT",  # RFC 5256
    "THREAD=REFERENCES",  # RFC 5256
    "THREAD=REFS",  # draft-ietf-morg-inthread
    "LIST-EXTENDED",  # RFC 5258
    "LIST-STATUS",  # RFC 5819
    "STATUS=SIZE",  # RFC 8438
    "SPECIAL-USE",  # RFC 6154
    "CREATE-SPECIAL-USE",  # RFC 6154
    "BINARY",  # RFC 3516
    "MULTIAPPEND",  # RFC 3502
    "REPLACE",  # RFC 8508
    "CATENATE",  # RFC 4469
    "ACL",  # RFC 4314
    "RIGHTS=kxte",  # RFC 4314 5.1.1: the rights that older servers have not
    "LIST-MYRIGHTS",  # RFC 8440
    "URLAUTH",  # RFC 4467
    "URLAUTH=BINARY",  # RFC 5524
    "QUOTA",  # RFC 9208
    "QUOTA=RES-STORAGE",  # RFC 9208
    "QUOTA=RES-MESSAGE",  # RFC 9208
    "QUOTA=RES-MAILBOX",  # RFC 9208
    "METADATA",  # RFC 5464
    "LIST-METADATA",  # RFC 9590
    "FILTERS",  # RFC 5466
    "UNAUTHENTICATE",  # RFC 8437
    "COMPRESS=DEFLATE",  # RFC 4978
    "OBJECTID",  # RFC 8474
    "SAVEDATE",  # RFC 8514
    "PREVIEW",  # RFC 8970
    "I18NLEVEL=1",  # RFC 5255; its successor contains it
    "I18NLEVEL=2",  # RFC 5255
    "UTF8=ACCEPT",  # RFC 6855
    "UIDONLY",  # RFC 9586
    "UIDBATCHES",  # RFC 10022
)

ENABLEABLE = frozenset({"CONDSTORE", "QRESYNC", "IMAP4REV2", "UTF8=ACCEPT", "UIDONLY"})


@lru_cache(maxsize=16)
def before_login(*, starttls: bool, login: bool, mechanisms: tuple[str, ...]) -> bytes:
    """For strangers.

    Args:
        starttls: TLS can be had and is not in force.
        login: a password may be sent on this connection as it is.
    """
    words = [*BASE]
    if starttls:
        words.append("STARTTLS")
    if login:
        words.extend(f"AUTH={mechanism}" for mechanism in mechanisms)
    else:
        words.append("LOGINDISABLED")
    return " ".join(words).encode("ascii")


@lru_cache(maxsize=16)
def after_login(*, append_limit: int, message_limit: int = 0) -> bytes:
    """For those who have logged in.

    Args:
        message_limit: messages in one command (RFC 9738), 0 for any number.
    """
    limits = [f"APPENDLIMIT={append_limit}"]
    if message_limit:
        limits.append(f"MESSAGELIMIT={message_limit}")
    return " ".join([*BASE, *MAIL, *limits]).encode("ascii")
