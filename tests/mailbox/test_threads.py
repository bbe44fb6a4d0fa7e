"""Messages are gathered into threads as RFC 5256 says, whatever they refer to."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mailbox.conftest import Filled

from correo.mailbox.references import Answering, Branch, Forest, walk
from correo.mailbox.threads import ThreadAlgorithm, thread
from correo.servers.imap.sort import thread_lists


def letter(line: str) -> tuple[bytes, str]:
    """identifier | references | subject | minute it was sent at; "<" In-Reply-To instead."""
    identifier, references, subject, minute = (part.strip() for part in line.split("|"))
    fields = [f"Subject: {subject}", f"Date: Mon, 23 Nov 2026 10:{int(minute):02}:00 +0000"]
    if identifier:
        fields.append(f"Message-ID: <{identifier}>")
    if references:
        name = "In-Reply-To" if references.startswith("<") else "References"
        fields.append(f"{name}: " + " ".join(f"<{x}>" for x in references.strip("<").split()))
    return "\r\n".join([*fields, "", "x"]).encode(), ""


CASES = [
    # name, algorithm, messages, threads
    ("answers", "REFERENCES", ["a||x|1", "b|a|Re: x|2", "c|a b|Re: x|3"], "(1 2 3)"),
    ("two answers", "REFERENCES", ["a||x|1", "b|a|Re: x|3", "c|a|Re: x|2"], "(1 (3)(2))"),
    ("In-Reply-To", "REFERENCES", ["a||x|1", "b|<a|Re: x|2"], "(1 2)"),
    ("the answer came first", "REFERENCES", ["b|a|Re: x|2", "a||x|1"], "(2 1)"),
    ("one that is missing", "REFERENCES", ["b|a|Re: x|1", "c|a|Re: x|2"], "((1)(2))"),
    ("only one answer to it", "REFERENCES", ["b|a|Re: x|1", "d||y|2"], "(1)(2)"),
    ("missing between", "REFERENCES", ["a||x|1", "c|a b|Re: x|2", "d|a b|Re: x|3"], "(1 (2)(3))"),
    ("no loop", "REFERENCES", ["a|b|x|1", "b|a|Re: x|2"], "(2 1)"),
    ("itself", "REFERENCES", ["a|a|x|1", "b|b a b|y|2"], "(2 1)"),
    ("the same identifier twice", "REFERENCES", ["a||x|1", "a||y|2", "b|a|z|3"], "(1 3)(2)"),
    ("no identifiers", "REFERENCES", ["||x|1", "||y|2"], "(1)(2)"),
    ("quoted identifiers", "REFERENCES", ['"a"@t||x|1', "b|a@t|y|2"], "(1 2)"),
    ("its own references are right", "REFERENCES",
     ["a||x|1", "b||y|2", "d|a c|z|3", "c|b|w|4"], "(1)(2 4 3)"),
    ("an answer by subject", "REFERENCES", ["a||plan|1", "b||Re: plan|2"], "(1 2)"),
    ("the answer is older", "REFERENCES", ["a||Re: plan|1", "b||plan|2"], "(2 1)"),
    ("the same subject twice", "REFERENCES", ["a||plan|1", "b||Plan|2"], "((1)(2))"),
    ("and a third", "REFERENCES", ["a||plan|1", "b||plan|2", "c||plan|3"], "((1)(2)(3))"),
    ("answers to one that is missing, by subject", "REFERENCES",
     ["b|a|Re: plan|1", "c|a|Re: plan|2", "d||plan|3"], "((1)(2)(3))"),
    ("both missing", "REFERENCES",
     ["b|a|p|1", "c|a|p|2", "e|d|p|3", "f|d|p|4"], "((1)(2)(3)(4))"),
    ("empty subjects are not the same", "REFERENCES", ["a|||1", "b|||2"], "(1)(2)"),
    ("threads stand by their first message", "REFERENCES",
     ["a||x|5", "b||y|1", "c|a|Re: x|0"], "(2)(1 3)"),
    ("subjects do not count", "REFS", ["a||plan|1", "b||Re: plan|2"], "(1)(2)"),
    ("threads stand by their latest message", "REFS",
     ["a||x|1", "b||y|2", "c|a|Re: x|3"], "(2)(1 3)"),
    ("subjects alone", "ORDEREDSUBJECT",
     ["a||x|3", "b|a|y|1", "c||Re: X|2", "d||x|4"], "(2)(3 (1)(4))"),
    ("two of a subject", "ORDEREDSUBJECT", ["a||x|1", "b||x|2"], "(1 2)"),
    ("nothing", "REFERENCES", [], ""),
    ("nothing", "ORDEREDSUBJECT", [], ""),
]  # fmt: skip


def numbers(roots: Sequence[Branch]) -> str:
    return thread_lists(roots).decode()


@pytest.mark.parametrize(
    ("algorithm", "mail", "threads"), [pytest.param(*case, id=name) for name, *case in CASES]
)
def test_threads_are_as_the_algorithm_has_them(
    filled: Filled, algorithm: str, mail: list[str], threads: str
) -> None:
    async def run() -> str:
        live = await filled(map(letter, mail))
        return numbers(await thread(live, live.uids.tolist(), ThreadAlgorithm(algorithm)))

    assert asyncio.run(run()) == threads


IDENTIFIERS = st.sampled_from([1, 2, 3, 4, 5, None])
MESSAGES = st.lists(st.tuples(IDENTIFIERS, st.lists(IDENTIFIERS, max_size=5)), max_size=12)


@given(MESSAGES)
@settings(max_examples=300)
def test_every_message_is_in_one_place_whatever_they_refer_to(
    given_ones: list[tuple[int | None, list[int | None]]],
) -> None:
    forest = Forest()
    for uid, (identifier, references) in enumerate(given_ones, 1):
        known = tuple(each for each in references if each is not None)
        forest.add(Answering(uid, uid, "", identifier, known))
    roots = forest.roots()
    found = list(walk(roots))
    assert sorted(b.uid for b in found if b.uid is not None) == list(range(1, len(given_ones) + 1))
    assert all(branch.uid is not None for branch in found if branch not in roots)
    assert all(root.uid is not None or len(root.children) > 1 for root in roots)


def test_a_chain_of_answers_may_be_as_long_as_the_mailbox() -> None:
    count = 20_000
    forest = Forest()
    for uid in range(1, count + 1):
        forest.add(Answering(uid, uid, "", uid, (uid - 1,)))
    assert numbers(forest.roots()) == f"({' '.join(map(str, range(1, count + 1)))})"
