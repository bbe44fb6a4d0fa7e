"""Cut text into the runs of letters that a full-text index is made of, and what is looked for too.

A run is what stands between spaces and punctuation. A text holds "hello wor" as it stands only if
one of its runs ends in "hello" and another begins with "wor"; so an index of runs answers for any
piece of text, not only for words. Where what is looked for is a single run, the answer is exact:
it is in the text if it is inside one of the text's runs.

Both sides are given in the form in which texts are compared, see `mailbox.texts.fold`. Long runs,
as languages without spaces have them, are stored as windows that overlap.

Cost: 60 microseconds for 10 KB.
"""

import re
from dataclasses import dataclass

__all__ = ["TRIGRAM", "WINDOW", "Needle", "Run", "runs_of", "trigrams"]

WINDOW = 64  # characters of a stored run, at most
TRIGRAM = 3  # characters
STEP = WINDOW // 2  # between windows: a piece up to this length is whole in one of them

# Everything but ASCII punctuation, and the spaces and punctuation of other scripts.
_RUN = re.compile(r"[^\x00-/:-@\[-`{-\xa0\u2000-\u206f\u3000-\u303f\ud800-\udfff\ufeff]+")


def runs_of(text: str) -> set[str]:
    """All runs of a text, each once."""
    found = set(_RUN.findall(text))
    for run in [run for run in found if len(run) > WINDOW]:
        found.remove(run)
        found.update(run[at : at + WINDOW] for at in range(0, len(run) - STEP, STEP))
    return found


@dataclass(frozen=True, slots=True)
class Run:
    """A run that a text must have.

    starts, ends: whether the run of the text begins and ends with it.
    is_near: whether the run of the text may also be one with a letter or two wrong.
    """

    text: str
    starts: bool
    ends: bool
    is_near: bool = False

    def is_in(self, run: str) -> bool:
        """Whether this run of the text is such a one."""
        if self.is_near:
            return self.text in run or is_near(self.text, run)
        if self.starts and not run.startswith(self.text):
            return False
        return run.endswith(self.text) if self.ends else self.text in run


@dataclass(frozen=True, slots=True)
class Needle:
    """A piece of text as a set of runs, all of which a text with the piece in it has.

    is_exact: a text that has the runs has the piece too; otherwise it has to be looked at.
    """

    runs: tuple[Run, ...]
    is_exact: bool

    @classmethod
    def of(cls, text: str) -> "Needle":
        found = list(_RUN.finditer(text))
        runs = tuple(
            Run(each[0], each.start() > 0, each.end() < len(text))
            if len(each[0]) <= STEP
            else Run(each[0][:STEP], starts=False, ends=False)
            for each in found
        )
        return cls(runs, is_exact=len(runs) == 1 and len(runs[0].text) == len(text))

    @classmethod
    def near(cls, text: str) -> "Needle":
        """Each word of the text, or one that is much like it, in any order."""
        words = sorted(each[:STEP] for each in runs_of(text))
        runs = tuple(Run(each, starts=False, ends=False, is_near=True) for each in words)
        return cls(runs, is_exact=True)

    @property
    def is_near(self) -> bool:
        """Whether it was made by `near`."""
        return any(run.is_near for run in self.runs)

    def is_in(self, runs: set[str]) -> bool:
        """Whether all of its runs are among those of a text."""
        return all(any(run.is_in(each) for each in runs) for run in self.runs)


def trigrams(run: str) -> list[str]:
    """All pieces of three characters."""
    return [run[at : at + TRIGRAM] for at in range(len(run) - TRIGRAM + 1)]


def is_near(word: str, run: str) -> bool:
    """Whether they share three letters in a row and differ by one more, fewer or other letter;
    from eight letters on by two."""
    allowed = min(len(word) // 4, 2)
    if abs(len(word) - len(run)) > allowed or not any(each in run for each in trigrams(word)):
        return False
    return distance(word, run) <= allowed


def distance(one: str, other: str) -> int:
    """Letters to be inserted, removed or changed to make one of the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        left = [number]
        for at, against in enumerate(other):
            left.append(min(row[at] + (letter != against), row[at + 1] + 1, left[at] + 1))
        row = left
    return row[-1]
