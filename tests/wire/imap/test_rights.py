"""Sets of rights as clients write them and servers tell them (RFC 4314 2.1, 3.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.wire.imap.rights import STANDARD, VIRTUAL, read_rights, shown

READ = [
    ("", ""),
    ("l", "l"),
    ("aetxkpiwsrl", STANDARD),
    ("llrr", "lr"),
    ("c", "kx"),
    ("d", "te"),
    ("cd", "kxte"),
    ("xd", "xte"),
]


@pytest.mark.parametrize(("text", "rights"), READ)
def test_rights_are_read_in_any_order_with_what_c_and_d_stand_for(text: str, rights: str) -> None:
    assert read_rights(text) == rights


@pytest.mark.parametrize("text", ["L", "lrQ", "0", "lr9", "q", "l r", "+l", "é", "l\n", "\0"])
def test_what_is_no_right_is_not_passed_over(text: str) -> None:
    with pytest.raises(ValueError, match="right"):
        read_rights(text)


SHOWN = [
    ("", ""),
    ("lr", "lr"),
    ("k", "kc"),
    ("x", "xc"),
    ("t", "td"),
    ("e", "ed"),
    ("xte", "xtecd"),
]


@pytest.mark.parametrize(("rights", "told"), SHOWN)
def test_c_and_d_are_told_with_any_of_their_members(rights: str, told: str) -> None:
    assert shown(rights) == told


@given(st.text(alphabet=STANDARD + "".join(VIRTUAL)))
def test_what_is_told_is_read_as_no_less(text: str) -> None:
    rights = read_rights(text)
    assert set(rights) <= set(read_rights(shown(rights)))


@given(st.text(max_size=10))
def test_any_text_is_rights_or_not(text: str) -> None:
    try:
        rights = read_rights(text)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017 - the text goes into one line of an answer
    else:
        assert rights == "".join(sorted(set(rights), key=STANDARD.index))
