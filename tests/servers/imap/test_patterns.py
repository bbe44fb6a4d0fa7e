"""LIST patterns match what RFC 9051 6.3.9 says, and never take long."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.servers.imap.patterns import matcher

MATCHES = [
    # id               reference  pattern       name           matches
    ("exact", "", "Sent", "Sent", True),
    ("case counts", "", "sent", "Sent", False),
    ("but not for INBOX", "", "inBox", "INBOX", True),
    ("INBOX by a wildcard", "", "in*", "INBOX", True),
    ("star crosses levels", "", "a*", "a/b/c", True),
    ("percent stays in one", "", "a%", "a/b", False),
    ("percent is nothing too", "", "a%", "a", True),
    ("percent at a level", "", "a/%", "a/b", True),
    ("levels of percent", "", "%/%", "a/b", True),
    ("reference", "a/", "%", "a/b", True),
    ("specials are letters", "", "a.b", "axb", False),
    ("many wildcards", "", "*a*b*c*d*", "xxaxbxcxd", True),
    ("many wildcards, none", "", "*a*b*c*d*", "dcba", False),
    ("mixed", "", "%/b*%", "a/bcd/e", True),
    ("the first place does not fit", "", "*a%b", "a/ab", True),
    ("pieces do not overlap", "", "ab*ba", "aba", False),
    ("nor with an inner one", "", "*aa*a", "aa", False),
]


@pytest.mark.parametrize(
    ("reference", "pattern", "name", "matches"), [pytest.param(*r, id=i) for i, *r in MATCHES]
)
def test_a_pattern_matches_or_not(reference: str, pattern: str, name: str, matches: bool) -> None:
    assert matcher(reference, pattern)(name) is matches


@given(st.text("ab*%/", max_size=12), st.text("ab/", max_size=12))
def test_both_ways_of_matching_agree(pattern: str, name: str) -> None:
    expression = "".join({"*": ".*", "%": "[^/]*"}.get(c, re.escape(c)) for c in pattern)
    assert matcher("", pattern)(name) is (re.fullmatch(expression, name) is not None)


@pytest.mark.parametrize("pattern", ["*a" * 400 + "b", "*a*a*b", "%a%a%b", "*a%b", "%a*a%b"])
def test_a_hostile_pattern_takes_no_time(pattern: str) -> None:
    started = time.process_time()
    assert not matcher("", pattern)("a" * 1000)
    assert time.process_time() - started < 0.1
