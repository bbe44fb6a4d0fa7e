"""Flags come to one form, whatever order and case they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.base.errors import Refusal
from correo.mailbox import flags
from correo.store.model import SYSTEM_FLAGS, FlagMode

CANONICAL = [
    # id                       given                               canonical
    ("none", (), ""),
    ("system order", ("\\Seen", "\\Answered"), "\\Answered \\Seen"),
    ("any case", ("\\seen", "\\SEEN"), "\\Seen"),
    ("keywords by letter", ("beta", "Alpha", "\\Draft"), "\\Draft Alpha beta"),
    ("first spelling stays", ("Work", "WORK"), "Work"),
    ("recent is nobody's", ("\\Recent", "\\Seen"), "\\Seen"),
    ("dollar keywords", ("$Junk", "$MDNSent"), "$Junk $MDNSent"),
]
IMPOSSIBLE = [
    "\\Nonsense",
    "",
    "two words",
    "par(en",
    "per%cent",
    "st*r",
    'quo"te',
    "ba]r",
    "ñ",
    "a" * 256,
]


@pytest.mark.parametrize(("given", "form"), [pytest.param(g, f, id=i) for i, g, f in CANONICAL])
def test_a_set_of_flags_has_one_form(given: tuple[str, ...], form: str) -> None:
    assert flags.canonical(given) == form


@pytest.mark.parametrize("flag", IMPOSSIBLE)
def test_what_cannot_be_a_flag_is_refused(flag: str) -> None:
    with pytest.raises(Refusal):
        flags.canonical([flag])


FLAG = st.sampled_from([*SYSTEM_FLAGS, "alpha", "Beta", "$Label1", "BETA"])


@given(st.lists(FLAG), st.lists(FLAG), st.sampled_from(FlagMode))
def test_a_change_of_canonical_flags_is_canonical(
    before: list[str], change: list[str], mode: FlagMode
) -> None:
    after = flags.changed(flags.canonical(before), mode, flags.canonical(change))
    assert after == flags.canonical(after.split())


@given(st.lists(FLAG))
def test_equal_sets_are_equal_strings(given_flags: list[str]) -> None:
    unique = list({flag.lower(): flag for flag in reversed(given_flags)}.values())
    assert flags.canonical(given_flags) == flags.canonical(sorted(unique))


@given(st.text())
def test_any_text_is_a_flag_or_refused(text: str) -> None:
    try:
        assert flags.canonical([text]) in (
            "",
            text,
            text.capitalize(),
            "\\" + text[1:].capitalize(),
        )
    except Refusal:
        pass


def test_has_looks_for_whole_flags() -> None:
    assert flags.has("\\Seen alphabet", "ALPHABET")
    assert not flags.has("\\Seen alphabet", "alpha")
    assert not flags.has("", "alpha")
