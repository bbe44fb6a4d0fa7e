"""Batches tile the UIDs, and have the size that was asked for."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from correo.servers.imap.uidbatches import batches


@given(st.sets(st.integers(1, 200)), st.integers(1, 30))
def test_batches_reach_from_the_last_message_to_uid_1_without_gaps(
    uids: set[int], size: int
) -> None:
    found = batches(sorted(uids), size)
    assert sum(high - low + 1 for high, low in found) == max(uids, default=0)
    assert all(above[1] == below[0] + 1 for above, below in itertools.pairwise(found))
    held = [sum(low <= uid <= high for uid in uids) for high, low in found]
    assert all(count == size for count in held[:-1])
    assert sum(held) == len(uids)
