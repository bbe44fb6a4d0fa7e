"""Write the server's untagged responses, each a whole line with "* " and CRLF.

The session gives ready values; nothing here knows a mailbox. For FETCH it gives ready items and
joins many lines into one write.

RFC 9051    7        server responses
RFC 7162    3.2.10   VANISHED; 3.1.5 MODSEQ in SEARCH and ESEARCH
RFC 4731    3.1      ESEARCH; RFC 5267 3.1 ordered by SORT, 4.3 ADDTO; RFC 9394 3.1 PARTIAL
RFC 5256    4        SORT, THREAD; RFC 9208 4.2 QUOTA, QUOTAROOT
RFC 5258    4        extended LIST items: CHILDINFO; RFC 9051 6.3.9.7 OLDNAME
RFC 2342    5        NAMESPACE; RFC 2971 3.2 ID
RFC 4314    3.6 to 3.8   ACL, LISTRIGHTS, MYRIGHTS

Cost: fetch_line is a format and a join; 100,000 lines of flags take about 50 ms.
"""

from collections.abc import Iterable, Mapping, Sequence

from correo.wire.imap.commands import StatusItem
from correo.wire.imap.partial import PartialRange
from correo.wire.imap.sequence import format_set
from correo.wire.imap.strings import astring, mailbox, nstring, string

__all__ = [
    "acl",
    "capability",
    "comparator",
    "enabled",
    "esearch",
    "esearch_update",
    "exists",
    "expunge",
    "fetch_line",
    "flags",
    "gen_url_auth",
    "id_parameters",
    "list_line",
    "list_rights",
    "literal_item",
    "metadata",
    "metadata_changed",
    "my_rights",
    "namespace",
    "no_line",
    "ok_line",
    "quota",
    "quota_root",
    "recent",
    "search",
    "status",
    "thread",
    "uid_batches",
    "url_fetch",
    "vanished",
]


Piece = tuple[int, Sequence[int]]  # a position in a result, and what is put or taken there


def capability(capabilities: bytes) -> bytes:
    """capabilities: separated by one space."""
    return b"* CAPABILITY %b\r\n" % capabilities


def enabled(names: Sequence[str]) -> bytes:
    return b" ".join([b"* ENABLED", *[name.encode("ascii") for name in names]]) + b"\r\n"


def ok_line(code: bytes, text: str) -> bytes:
    """An untagged OK with a response code: what SELECT says of the mailbox, CLOSED, alerts."""
    return b"* OK [%b] %b\r\n" % (code, text.encode("utf-8"))


def no_line(code: bytes, text: str) -> bytes:
    """An untagged NO with a response code: a part of a command that is not done."""
    return b"* NO [%b] %b\r\n" % (code, text.encode("utf-8"))


def exists(count: int) -> bytes:
    return b"* %d EXISTS\r\n" % count


def recent(count: int) -> bytes:
    """IMAP4rev1 only."""
    return b"* %d RECENT\r\n" % count


def expunge(number: int) -> bytes:
    return b"* %d EXPUNGE\r\n" % number


def vanished(uids: Iterable[int], *, earlier: bool = False) -> bytes:
    """uids: ascending, at least one. earlier: known before, no change of sequence numbers."""
    marker = b"(EARLIER) " if earlier else b""
    return b"* VANISHED %b%b\r\n" % (marker, format_set(uids))


def flags(names: str) -> bytes:
    """names: separated by one space."""
    return b"* FLAGS (%b)\r\n" % names.encode("utf-8")


def fetch_line(number: int, items: Sequence[bytes]) -> bytes:
    """items: label and value each, ready: b"UID 7", b"FLAGS (\\Seen)"."""
    return b"* %d FETCH (%b)\r\n" % (number, b" ".join(items))


def literal_item(label: bytes, octets: bytes) -> bytes:
    """A FETCH item whose value is a literal. NUL goes as it is, for bytes must come back
    identical; BINARY uses literal8, as `strings.literal` does."""
    return b"%b {%d}\r\n%b" % (label, len(octets), octets)


def search(numbers: Sequence[int], *, modseq: int | None = None, is_sort: bool = False) -> bytes:
    """The IMAP4rev1 answer, or that of SORT; modseq only with a number (RFC 7162 3.1.5)."""
    # the quickest way to write many numbers: "[1, 2, 3]" without its brackets and commas
    found = b" " + repr(list(numbers))[1:-1].encode().translate(None, b",") if numbers else b""
    tail = b"" if modseq is None or not found else b" (MODSEQ %d)" % modseq
    return b"* %b%b%b\r\n" % (b"SORT" if is_sort else b"SEARCH", found, tail)


def thread(threads: bytes) -> bytes:
    """threads: RFC 5256 5, thread-list after thread-list; b"" for none."""
    return b"* THREAD%b%b\r\n" % (b" " if threads else b"", threads)


def esearch(
    tag: bytes,
    *,
    is_uid: bool,
    about: tuple[str, int] | None = None,
    utf8: bool = False,
    minimum: int | None = None,
    maximum: int | None = None,
    count: int | None = None,
    every: Iterable[int] | None = None,
    partial: tuple[PartialRange, Iterable[int]] | None = None,
    scores: Iterable[int] | None = None,
    modseq: int | None = None,
) -> bytes:
    """Only what was asked is given; MIN, MAX and ALL are left out when nothing was found.

    about: the mailbox's name and UIDVALIDITY, in answer to the command ESEARCH (RFC 7377 2.1).
    every: in the order of the answer, that of SORT included (RFC 5267 3.1).
    """
    correlators = b"TAG %b" % string(tag)
    if about is not None:
        correlators += b" MAILBOX %b UIDVALIDITY %d" % (mailbox(about[0], utf8=utf8), about[1])
    parts = [b"* ESEARCH (%b)" % correlators]
    if is_uid:
        parts.append(b"UID")
    if minimum is not None:
        parts.append(b"MIN %d" % minimum)
    if maximum is not None:
        parts.append(b"MAX %d" % maximum)
    if count is not None:
        parts.append(b"COUNT %d" % count)
    found = format_set(every) if every is not None else b""
    if found:
        parts.append(b"ALL " + found)
    if partial is not None:
        window, within = partial
        parts.append(b"PARTIAL (%b %b)" % (window.encode(), format_set(within) or b"NIL"))
    if scores is not None:
        parts.append(b"RELEVANCY (%b)" % b" ".join([b"%d" % score for score in scores]))
    if modseq is not None:
        parts.append(b"MODSEQ %d" % modseq)
    return b" ".join(parts) + b"\r\n"


def esearch_update(
    tag: bytes, *, is_uid: bool, removed: Iterable[Piece] = (), added: Iterable[Piece] = ()
) -> bytes:
    """How the result of a search has changed (RFC 5267 4.3).

    removed, added: (position, numbers) in the order to be done; position 0 is wherever they belong.
    """
    parts = [b"* ESEARCH (TAG %b)" % string(tag)]
    if is_uid:
        parts.append(b"UID")
    for word, pieces in ((b"REMOVEFROM", removed), (b"ADDTO", added)):
        told = b" ".join([b"%d %b" % (at, format_set(numbers)) for at, numbers in pieces])
        if told:
            parts.append(b"%b (%b)" % (word, told))
    return b" ".join(parts) + b"\r\n"


def list_line(
    attributes: Iterable[str],
    name: str,
    *,
    utf8: bool,
    delimiter: str | None = "/",
    is_lsub: bool = False,
    child_info: Iterable[str] = (),
    old_name: str | None = None,
) -> bytes:
    """attributes: "\\HasChildren"...; child_info: selection options that matched below."""
    told = b" ".join([attribute.encode("ascii") for attribute in attributes])
    if delimiter == "/" and name and not is_lsub and not child_info and old_name is None:
        return b'* LIST (%b) "/" %b\r\n' % (told, mailbox(name, utf8=utf8))
    extended = []
    matched = " ".join(f'"{option}"' for option in child_info)
    if matched:
        extended.append(b'"CHILDINFO" (%b)' % matched.encode("ascii"))
    if old_name is not None:
        extended.append(b'"OLDNAME" (%b)' % mailbox(old_name, utf8=utf8))
    return b"* %b (%b) %b %b%b\r\n" % (
        b"LSUB" if is_lsub else b"LIST",
        told,
        nstring(None if delimiter is None else delimiter.encode("ascii")),
        mailbox(name, utf8=utf8) if name else b'""',
        b" (%b)" % b" ".join(extended) if extended else b"",
    )


def status(name: str, items: Iterable[tuple[StatusItem, int | str]], *, utf8: bool) -> bytes:
    """items: a str only for MAILBOXID, which goes in parentheses."""
    values = [
        b"%b %d" % (item.value, value)
        if isinstance(value, int)
        else b"%b (%b)" % (item.value, value.encode("ascii"))
        for item, value in items
    ]
    return b"* STATUS %b (%b)\r\n" % (mailbox(name, utf8=utf8), b" ".join(values))


def quota_root(name: str, roots: Iterable[str], *, utf8: bool) -> bytes:
    """RFC 9208 4.2.2."""
    names = [mailbox(name, utf8=utf8), *(string(root.encode("utf-8")) for root in roots)]
    return b"* QUOTAROOT %b\r\n" % b" ".join(names)


def quota(root: str, resources: Iterable[tuple[str, int, int]]) -> bytes:
    """RFC 9208 4.2.1. resources: name, usage and limit; STORAGE in units of 1024 octets."""
    triplets = [
        b"%b %d %d" % (name.encode("ascii"), used, limit) for name, used, limit in resources
    ]
    return b"* QUOTA %b (%b)\r\n" % (string(root.encode("utf-8")), b" ".join(triplets))


def metadata(name: str, values: Mapping[str, bytes | None], *, utf8: bool) -> bytes:
    """RFC 5464 4.4.1. name: "" for the account itself."""
    pairs = [
        b"%b %b" % (astring(entry.encode("ascii")), nstring(value, utf8=utf8))
        for entry, value in values.items()
    ]
    where = mailbox(name, utf8=utf8) if name else b'""'
    return b"* METADATA %b (%b)\r\n" % (where, b" ".join(pairs))


def metadata_changed(name: str, entries: Iterable[str], *, utf8: bool) -> bytes:
    """RFC 5464 4.4.2: the values are not told. name: "" for the account itself."""
    told = b" ".join([astring(entry.encode("ascii")) for entry in entries])
    return b"* METADATA %b %b\r\n" % (mailbox(name, utf8=utf8) if name else b'""', told)


def acl(name: str, rights: Mapping[str, str], *, utf8: bool) -> bytes:
    """RFC 4314 3.6. rights: by identifier, which is UTF-8 whatever the client enabled (3)."""
    pairs = [
        b" %b %b"
        % (astring(identifier.encode("utf-8"), utf8=utf8), astring(granted.encode("ascii")))
        for identifier, granted in rights.items()
    ]
    return b"* ACL %b%b\r\n" % (mailbox(name, utf8=utf8), b"".join(pairs))


def list_rights(
    name: str, identifier: str, always: str, others: Iterable[str], *, utf8: bool
) -> bytes:
    """RFC 4314 3.7. always: what the identifier has in any case; others: each may be granted."""
    granted = [astring(rights.encode("ascii")) for rights in (always, *others)]
    return b"* LISTRIGHTS %b %b %b\r\n" % (
        mailbox(name, utf8=utf8),
        astring(identifier.encode("utf-8"), utf8=utf8),
        b" ".join(granted),
    )


def my_rights(name: str, rights: str, *, utf8: bool) -> bytes:
    """RFC 4314 3.8."""
    return b"* MYRIGHTS %b %b\r\n" % (mailbox(name, utf8=utf8), astring(rights.encode("ascii")))


def comparator(name: str) -> bytes:
    """RFC 5255 4.8."""
    return b"* COMPARATOR %b\r\n" % astring(name.encode("ascii"))


def uid_batches(tag: bytes, batches: Iterable[tuple[int, int]]) -> bytes:
    """RFC 10022. batches: the highest and the lowest UID of each, descending."""
    ranges = b",".join([b"%d:%d" % batch for batch in batches])
    return b"* UIDBATCHES (TAG %b)%b%b\r\n" % (string(tag), b" " if ranges else b"", ranges)


def gen_url_auth(urls: Iterable[bytes]) -> bytes:
    """RFC 4467 BASE.7.4."""
    return b"* GENURLAUTH %b\r\n" % b" ".join([string(url) for url in urls])


def url_fetch(url: bytes) -> bytes:
    """The beginning of the answer for one URL: the data come behind it, and the line's end."""
    return b"* URLFETCH %b " % string(url)


def namespace(
    personal: Sequence[tuple[str, str]],
    others: Sequence[tuple[str, str]] = (),
    shared: Sequence[tuple[str, str]] = (),
    *,
    utf8: bool,
) -> bytes:
    """Each a list of (prefix, delimiter)."""
    kinds = [_namespaces(kind, utf8=utf8) for kind in (personal, others, shared)]
    return b"* NAMESPACE %b\r\n" % b" ".join(kinds)


def _namespaces(pairs: Sequence[tuple[str, str]], *, utf8: bool) -> bytes:
    if not pairs:
        return b"NIL"
    return b"(%b)" % b"".join(
        b"(%b %b)" % (_prefix(prefix, utf8=utf8), string(delimiter.encode("ascii")))
        for prefix, delimiter in pairs
    )


def _prefix(prefix: str, *, utf8: bool) -> bytes:
    octets = mailbox(prefix, utf8=utf8) if prefix else b""
    return octets if octets.startswith((b'"', b"{")) else b'"%b"' % octets


def id_parameters(parameters: Mapping[str, str] | None) -> bytes:
    """RFC 2971; NIL for none."""
    if not parameters:
        return b"* ID NIL\r\n"
    pairs = [
        b"%b %b" % (string(name.encode("utf-8")), string(value.encode("utf-8")))
        for name, value in parameters.items()
    ]
    return b"* ID (%b)\r\n" % b" ".join(pairs)
