"""Turn a search into one that also takes what is nearly right, and say how right each find is.

RFC 6203    3        FUZZY: words in any order, parts of words, words with a letter or two wrong
            4        relevancy scores
            5        flags, dates, sizes and UIDs are taken as they are

Departures: there are six scores: as written, all words, or nearly; in the subject or elsewhere.

Cost: that of up to five searches more for the scores, with an index and without (`search`).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from correo.mailbox import criteria
from correo.mailbox.criteria import Criterion
from correo.mailbox.live import LiveMailbox
from correo.mailbox.search import search

__all__ = ["nearly", "relevancy"]

Texts = criteria.HeaderHolds | criteria.BodyHolds | criteria.TextHolds
Change = Callable[[Texts], Criterion]


def nearly(criterion: Criterion) -> Criterion:
    """The same, but texts need only be near."""
    return with_texts(criterion, lambda each: replace(each, is_near=True))


def with_texts(criterion: Criterion, change: Change) -> Criterion:
    """The same with something else in place of each text that is looked for."""
    match criterion:
        case criteria.HeaderHolds() | criteria.BodyHolds() | criteria.TextHolds():
            return change(criterion)
        case criteria.Not():
            return criteria.Not(with_texts(criterion.criterion, change))
        case criteria.AnyOf():
            return criteria.AnyOf(tuple(with_texts(each, change) for each in criterion.criteria))
        case criteria.All():
            return criteria.All(tuple(with_texts(each, change) for each in criterion.criteria))
        case _:
            return criterion


def as_written(wanted: Texts) -> Criterion:
    return replace(wanted, is_near=False)


def all_words(wanted: Texts) -> Criterion:
    """Each word as it is written, in any order."""
    exact = replace(wanted, is_near=False)
    words = wanted.text.split()
    return criteria.All(tuple(replace(exact, text=word) for word in words)) if words else exact


def in_subject(wanted: Texts) -> Criterion:
    """What is looked for in the whole message, in its subject; fields stay what they are."""
    if isinstance(wanted, criteria.HeaderHolds):
        return wanted
    return criteria.HeaderHolds("Subject", wanted.text, wanted.is_near)


TIERS: list[tuple[int, Change, bool]] = [
    # score (RFC 6203 4: 1 to 100), how well the texts fit, whether in the subject
    (100, as_written, True),
    (85, as_written, False),
    (75, all_words, True),
    (65, all_words, False),
    (55, lambda wanted: wanted, True),
]
LEAST = 40  # nearly, somewhere


async def relevancy(live: LiveMailbox, uids: Sequence[int], criterion: Criterion) -> dict[int, int]:
    """A score for each of the UIDs (ascending) that a search found, from 1 to 100."""
    scores: dict[int, int] = {}
    for score, change, is_subject in TIERS:
        left = [uid for uid in uids if uid not in scores]
        if left:
            searched = with_texts(criterion, in_subject) if is_subject else criterion
            found = await search(live, left, with_texts(searched, change))
            scores.update(dict.fromkeys(found, score))
    return {uid: scores.get(uid, LEAST) for uid in uids}
