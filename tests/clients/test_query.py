"""Queries in Python: what each means on the wire."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from correo.clients.imap import Q, Query

CASES = [
    ("flags and texts", Q.unseen & Q.subject("hola"), b"NOT SEEN SUBJECT hola"),
    ("three at once", Q.unseen & Q.flagged & Q.draft, b"NOT SEEN FLAGGED DRAFT"),
    ("either", Q.from_("ana") | Q.to("bob c"), b'OR FROM ana TO "bob c"'),
    ("either of two groups", (Q.seen & Q.draft) | Q.deleted, b"OR (SEEN DRAFT) DELETED"),
    ("none of a group", ~(Q.seen & Q.draft), b"NOT (SEEN DRAFT)"),
    ("twice not is as if never", ~~Q.seen, b"SEEN"),
    ("dates", Q.since(date(2024, 2, 1)) & Q.sent_before(date(2024, 3, 9)), b"SINCE 1-Feb-2024 SENTBEFORE 9-Mar-2024"),
    ("ages", Q.younger(timedelta(hours=1)), b"YOUNGER 3600"),
    ("sizes", Q.larger(10) & Q.smaller(20), b"LARGER 10 SMALLER 20"),
    ("UIDs", Q.uid(3, 1, 2, 9), b"UID 1:3,9"),
    ("a field that exists", Q.header("List-Id"), b'HEADER List-Id ""'),
]  # fmt: skip


@pytest.mark.parametrize(("query", "wire"), [pytest.param(q, w, id=i) for i, q, w in CASES])
def test_query_says(query: Query, wire: bytes) -> None:
    words = query.arguments()
    assert b" ".join(word for word in words if isinstance(word, bytes)) == wire


def test_python_s_own_and_is_refused() -> None:
    with pytest.raises(TypeError, match="&"):
        _ = Q.seen and Q.draft


WRONG = [
    ("an octet too few", lambda: Q.larger(-1), "octets"),
    ("too many octets", lambda: Q.smaller(2**63), "octets"),
    ("no age", lambda: Q.younger(timedelta(0)), "seconds"),
    ("an age of centuries", lambda: Q.older(timedelta(days=60_000)), "seconds"),
    ("no UID", lambda: Q.uid(1, 0), "UID"),
    ("a UID too large", lambda: Q.uid(2**32), "UID"),
    ("a mod-sequence below 0", lambda: Q.modseq(-1), "mod-sequence"),
    ("an empty object id", lambda: Q.email_id(""), "object id"),
    ("no object id", lambda: Q.thread_id("a b"), "object id"),
]


@pytest.mark.parametrize(("make", "words"), [pytest.param(m, w, id=i) for i, m, w in WRONG])
def test_what_no_server_knows_is_said_where_it_is_written(
    make: Callable[[], Query], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        make()
