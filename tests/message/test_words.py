"""Runs answer for any piece of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message.words import WINDOW, Needle, runs_of

TEXTS = st.text(alphabet="ab .-\u0301\u4e2d\u3002\n\ud800\u00df_", max_size=200)


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("", set()),
        ("to be, or not to be", {"to", "be", "or", "not"}),
        ("ana@correo.example", {"ana", "correo", "example"}),
        ("snake_case", {"snake", "case"}),
        ("cafe\u0301 no", {"cafe\u0301", "no"}),
        ("你好。世界", {"你好", "世界"}),
        ("x" * (WINDOW + 1), {"x" * WINDOW, "x" * (WINDOW // 2 + 1)}),
    ],
)
def test_text_is_cut_at_spaces_and_punctuation(text: str, runs: set[str]) -> None:
    assert runs_of(text) == runs


@given(TEXTS, st.integers(0, 200), st.integers(0, 100))
def test_a_text_has_the_runs_of_each_piece_of_it(text: str, start: int, length: int) -> None:
    runs = runs_of(text)
    for run in Needle.of(text[start : start + length]).runs:
        assert any(run.is_in(each) for each in runs)


@given(TEXTS, st.text(alphabet="ab .\u0301", max_size=5))
def test_an_exact_needle_is_in_the_texts_that_have_its_run_and_in_no_other(
    text: str, piece: str
) -> None:
    needle = Needle.of(piece)
    if needle.is_exact:
        has_run = any(needle.runs[0].is_in(each) for each in runs_of(text))
        assert has_run == (piece in text)


@given(st.text(max_size=300))
def test_no_run_is_longer_than_a_window(text: str) -> None:
    assert all(1 <= len(run) <= WINDOW for run in runs_of(text))


@pytest.mark.parametrize(
    ("word", "run", "is_found"),
    [
        ("helo", "hello", True),
        ("hello", "othello", True),
        ("helo", "help", True),
        ("cat", "cut", False),
        ("albatros", "albatross", True),
        ("albtaross", "albatross", True),
        ("albatross", "algatrozz", False),
        ("abcd", "wxyz", False),
    ],
)
def test_a_word_is_near_with_a_letter_or_two_wrong(word: str, run: str, is_found: bool) -> None:
    assert Needle.near(word).is_in({run}) == is_found
