"""The store's small forms: flags, names, sets of UIDs, keys of threads."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.base.errors import Refusal
from correo.store.conversation import IDENTIFIERS_USED, thread_keys
from correo.store.flags import changed
from correo.store.model import FlagMode
from correo.store.names import normal, parents
from correo.store.uidset import ascending, compress, count, expand
from correo.testing.contracts.scene import new_message

FLAG_CHANGES = [
    # before, mode, change, after
    ("", FlagMode.ADD, "\\Seen", "\\Seen"),
    ("\\Seen", FlagMode.ADD, "\\Answered", "\\Answered \\Seen"),
    ("\\Seen b", FlagMode.ADD, "a \\Draft", "\\Seen \\Draft a b"),
    ("B", FlagMode.ADD, "a b C", "a B C"),
    ("\\Seen $Junk", FlagMode.REMOVE, "$JUNK", "\\Seen"),
    ("\\Seen", FlagMode.REMOVE, "\\Flagged x", "\\Seen"),
    ("\\Seen x", FlagMode.REPLACE, "\\Draft", "\\Draft"),
    ("\\Seen x", FlagMode.REPLACE, "", ""),
    ("9a", FlagMode.ADD, "\\Draft 0", "\\Draft 0 9a"),
]


@pytest.mark.parametrize(("before", "mode", "change", "after"), FLAG_CHANGES)
def test_flags_after_a_store(before: str, mode: FlagMode, change: str, after: str) -> None:
    assert changed(before, mode, change) == after
    assert changed(after, mode, change) == after  # a second time changes nothing


NAMES = [
    ("INBOX", "INBOX"),
    ("inbox", "INBOX"),
    ("Inbox/A", "INBOX/A"),
    ("Inboxes", "Inboxes"),
    ("a/inbox", "a/inbox"),
    ("Mu\u0308nchen/Ko\u0308ln", "M\u00fcnchen/K\u00f6ln"),
]


@pytest.mark.parametrize(("given_name", "stored"), NAMES)
def test_names_have_one_stored_form(given_name: str, stored: str) -> None:
    assert normal(given_name) == stored
    assert normal(stored) == stored


@pytest.mark.parametrize("name", ["", "/", "a/", "/a", "a//b"])
def test_an_empty_level_is_refused(name: str) -> None:
    with pytest.raises(Refusal):
        normal(name)


def test_the_levels_above_come_from_the_outermost() -> None:
    assert parents("a/b/c") == ["a", "a/b"]
    assert parents("a") == []


UID_SETS = [([], ""), ([5], "5"), ([1, 2, 3], "1:3"), ([1, 3, 4, 9], "1,3:4,9")]


@pytest.mark.parametrize(("uids", "written"), UID_SETS)
def test_runs_of_uids_are_written_short(uids: list[int], written: str) -> None:
    assert compress(uids) == written
    if written:
        assert expand([written]) == uids


@given(st.sets(st.integers(1, 300)))
@settings(max_examples=100)
def test_uids_come_out_of_a_set_as_they_went_in(uids: set[int]) -> None:
    written = compress(ascending(uids))
    assert expand([written] if written else []) == sorted(uids)
    assert count([written, ""]) == len(uids)


def test_two_messages_share_a_key_only_with_a_common_identifier_and_subject() -> None:
    first = thread_keys(new_message(subject="The  Plan", message_id=b"1@x").index)
    reply = new_message(subject="the plan", message_id=b"2@x", references=[b"1@x"])
    other = new_message(subject="Other", message_id=b"3@x", references=[b"1@x"])
    assert set(first) & set(thread_keys(reply.index))
    assert not set(first) & set(thread_keys(other.index))


def test_a_message_with_very_many_references_has_few_keys_its_nearest_among_them() -> None:
    references = [f"{number}@x".encode() for number in range(5000)]
    keys = thread_keys(new_message(message_id=b"own@x", references=references).index)
    nearest = thread_keys(new_message(message_id=references[-1]).index)
    assert len(keys) <= IDENTIFIERS_USED + 1
    assert set(nearest) <= set(keys)


@given(st.binary(max_size=40), st.text(max_size=40))
@settings(max_examples=100)
def test_any_identifier_and_subject_give_keys_sqlite_can_hold(own: bytes, subject: str) -> None:
    message = new_message(message_id=own)
    message.index.base_subject = subject
    assert all(-(2**63) <= key < 2**63 for key in thread_keys(message.index))
