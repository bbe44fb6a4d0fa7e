"""Read one FETCH response: items by label, sections by what was asked.

RFC 9051    7.5.2    FETCH
RFC 7162, 8474, 8514  MODSEQ, EMAILID, THREADID, SAVEDATE
"""

from collections.abc import Callable

from correo.wire.imap.body_structure import read_envelope, read_structure
from correo.wire.imap.dates import parse_date_time
from correo.wire.imap.response_types import FetchData
from correo.wire.imap.value_shapes import inner, number, text, words
from correo.wire.imap.values import Value

__all__ = ["read_fetch"]


def read_fetch(message: int, values: list[Value]) -> FetchData:
    data = FetchData(message)
    items = inner(values[0]) if values else []
    for label, value in zip(items[::2], items[1::2], strict=False):
        if isinstance(label, bytes):
            fetch_item(data, label.upper(), value)
    return data


def fetch_item(data: FetchData, label: bytes, value: Value) -> None:
    if label.endswith((b"]", b">")):
        section_item(data, label, value)
        return
    reader = FETCH_READERS.get(label)
    if reader is None:
        data.others[text(label)] = value
        return
    try:
        reader(data, value)
    except ValueError:
        data.others[text(label)] = value


def section_item(data: FetchData, label: bytes, value: Value) -> None:
    if label.startswith(b"BINARY.SIZE"):
        digits = value if isinstance(value, bytes) else b""
        if digits.isdigit():
            data.binary_sizes[label] = int(digits)
    elif not isinstance(value, list):
        data.sections[label] = value


def set_uid(data: FetchData, value: Value) -> None:
    data.uid = number(value)


def set_flags(data: FetchData, value: Value) -> None:
    data.flags = words(inner(value))


def set_size(data: FetchData, value: Value) -> None:
    data.size = number(value)


def set_modseq(data: FetchData, value: Value) -> None:
    data.modseq = number(value)


def set_internal_date(data: FetchData, value: Value) -> None:
    if isinstance(value, bytes):
        data.internal_date, data.zone = parse_date_time(value)


def set_save_date(data: FetchData, value: Value) -> None:
    if isinstance(value, bytes):
        data.save_date = parse_date_time(value)[0]


def set_envelope(data: FetchData, value: Value) -> None:
    data.envelope = read_envelope(value)


def set_structure(data: FetchData, value: Value) -> None:
    if isinstance(value, list):
        data.structure = read_structure(value)
    else:  # "BODY" of IMAP2bis, or NIL
        data.sections[b"BODY[]"] = value


def set_email_id(data: FetchData, value: Value) -> None:
    data.email_id = "".join(words(inner(value)))


def set_thread_id(data: FetchData, value: Value) -> None:
    data.thread_id = "".join(words(inner(value))) or None


def set_whole(label: bytes) -> Callable[[FetchData, Value], None]:
    def set_section(data: FetchData, value: Value) -> None:
        if not isinstance(value, list):
            data.sections[label] = value

    return set_section


FETCH_READERS: dict[bytes, Callable[[FetchData, Value], None]] = {
    b"UID": set_uid,
    b"FLAGS": set_flags,
    b"RFC822.SIZE": set_size,
    b"MODSEQ": set_modseq,
    b"INTERNALDATE": set_internal_date,
    b"SAVEDATE": set_save_date,
    b"ENVELOPE": set_envelope,
    b"BODY": set_structure,
    b"BODYSTRUCTURE": set_structure,
    b"EMAILID": set_email_id,
    b"THREADID": set_thread_id,
    b"RFC822": set_whole(b"RFC822"),
    b"RFC822.HEADER": set_whole(b"RFC822.HEADER"),
    b"RFC822.TEXT": set_whole(b"RFC822.TEXT"),
}
