"""Whoever does what the pieces say, one after the other, has the result as it now is."""

import random

from hypothesis import given
from hypothesis import strategies as st

from correo.mailbox.results import Piece, Results


def take(known: list[int], pieces: list[Piece]) -> None:
    """As a client does with REMOVEFROM (RFC 5267 4.3.4)."""
    for position, uids in pieces:
        for uid in uids:
            if position:
                assert known.pop(position - 1) == uid
            else:
                known.remove(uid)


def put(known: list[int], pieces: list[Piece]) -> None:
    """As a client does with ADDTO (RFC 5267 4.3.3)."""
    for position, uids in pieces:
        if position:
            known[position - 1 : position - 1] = uids
        else:
            known.extend(uids)
            known.sort()


@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)), st.integers(), st.booleans())
def test_pieces_lead_from_one_result_to_the_next(
    before: set[int], after: set[int], seed: int, is_sorted: bool
) -> None:
    order = sorted(before | after)
    if is_sorted:
        random.Random(seed).shuffle(order)
    found = [uid for uid in order if uid in before]
    results, known = Results(found, is_sorted=is_sorted), list(found)
    take(known, results.remove(results.among(before - after)))
    put(known, results.put([uid for uid in order if uid in after]))
    assert known == results.uids == [uid for uid in order if uid in after]


def test_neighbours_make_one_piece() -> None:
    results = Results([9, 4, 5, 7, 1], is_sorted=True)
    assert results.remove([4, 5, 1]) == [(5, [1]), (2, [4, 5])]
    assert results.put([3, 9, 8, 2, 7]) == [(1, [3]), (3, [8, 2])]
    assert Results([1, 5], is_sorted=False).put([1, 2, 3, 5]) == [(0, [2, 3])]


def test_only_what_is_there_is_among_the_result() -> None:
    assert Results([9, 4], is_sorted=True).among([1, 4, 9]) == [4, 9]
    assert Results([4, 9], is_sorted=False).among([1, 4, 10]) == [4]
    assert Results([4], is_sorted=False).remove([]) == []
