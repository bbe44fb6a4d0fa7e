"""What a client writes of a search, a server reads as the same search."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.wire.imap.arguments import Arguments
from correo.wire.imap.client import ImapClientEngine, Literal
from correo.wire.imap.parsers.search import read_keys
from correo.wire.imap.search_keys import (
    AllOf,
    AnyMessage,
    BodyContains,
    DateField,
    DateKey,
    DateRelation,
    FilterKey,
    FlagKey,
    FuzzyKey,
    HeaderContains,
    MessageSet,
    ModSeqAtLeast,
    Not,
    ObjectIdKey,
    Or,
    RecentKey,
    SaveDateSupported,
    SearchKey,
    SizeKey,
    TextContains,
    WithinKey,
)
from correo.wire.imap.search_writer import write_search
from correo.wire.imap.sequence import SequenceSet

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
ATOMS = st.from_regex(r"[A-Za-z$][A-Za-z0-9_.-]{0,9}", fullmatch=True)
NUMBERS = st.integers(1, 2**32 - 1)
RANGES = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
SYSTEM = ["\\Answered", "\\Deleted", "\\Draft", "\\Flagged", "\\Seen"]
LEAVES = st.one_of(
    st.sampled_from([AnyMessage(), RecentKey(), SaveDateSupported()]),
    st.builds(FlagKey, st.sampled_from(SYSTEM) | ATOMS),
    st.builds(
        HeaderContains,
        st.sampled_from(["From", "To", "Cc", "Bcc", "Subject"]) | TEXTS,
        TEXTS,
    ),
    st.builds(BodyContains, TEXTS),
    st.builds(TextContains, TEXTS),
    st.builds(
        DateKey,
        st.sampled_from(DateField),
        st.sampled_from(DateRelation),
        st.dates(min_value=date(1000, 1, 1)),
    ),
    st.builds(SizeKey, st.booleans(), NUMBERS),
    st.builds(WithinKey, st.booleans(), NUMBERS),
    st.builds(
        MessageSet,
        st.builds(SequenceSet, st.lists(RANGES, min_size=1, max_size=4).map(tuple)),
        st.booleans(),
    ),
    st.builds(ModSeqAtLeast, NUMBERS),
    st.builds(ObjectIdKey, TEXTS, st.booleans()),
    st.builds(FilterKey, ATOMS),
)
KEYS: st.SearchStrategy[SearchKey] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(FuzzyKey, inner),
        st.builds(Or, inner, inner),
        st.builds(AllOf, st.lists(inner, min_size=2, max_size=4).map(tuple)),
    ),
    max_leaves=12,
)


def sent(key: SearchKey) -> tuple[bytes, list[bytes]]:
    """What a server's reader gets of it: the line with a mark for each literal, and the literals."""
    octets, literals = b"", []
    for word in write_search(key):
        if isinstance(word, Literal):
            assert isinstance(word.content, bytes)
            octets += b" " + word.before + b"\x00" + word.after
            literals.append(word.content)
        else:
            octets += b" " + word
    return octets, literals


@given(KEYS)
def test_the_server_reads_what_was_written(key: SearchKey) -> None:
    octets, literals = sent(key)
    assert read_keys(Arguments(octets, literals))[0] == key


@given(KEYS)
def test_the_engine_sends_it_on_one_line_but_for_literals(key: SearchKey) -> None:
    engine = ImapClientEngine()
    engine.capabilities = frozenset({"LITERAL+"})
    engine.command(b"SEARCH", *write_search(key))
    output = b"".join(part for part in engine.take_output() if isinstance(part, bytes))
    _, literals = sent(key)
    assert output.endswith(b"\r\n")
    for literal in literals:
        assert literal in output


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(FlagKey("two words"), id="keyword with a space"),
        pytest.param(FlagKey("\\Recent"), id="a system flag without key"),
        pytest.param(FilterKey(""), id="filter without name"),
        pytest.param(MessageSet(SequenceSet(()), True), id="no messages"),
        pytest.param(TextContains("a\x00b"), id="NUL"),
    ],
)
def test_what_cannot_be_written_is_refused(key: SearchKey) -> None:
    with pytest.raises(ValueError):
        write_search(key)
