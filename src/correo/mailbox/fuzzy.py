"""Turn a search into one that also takes what is nearly right, and say how right each find is.

RFC 6203    3        FUZZY: words in any order, parts of words, words with a letter or two wrong
            4        relevancy scores
            5        flags, dates, sizes and UIDs are taken as they are

Departures: there are two scores, EXACT and NEAR.

Cost: that of the searches, with an index and without (`search`).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from correo.mailbox import criteria
from correo.mailbox.criteria import Criterion
from correo.mailbox.live import LiveMailbox
from correo.mailbox.search import search

__all__ = ["EXACT", "NEAR", "nearly", "relevancy"]

EXACT, NEAR = 100, 50  # RFC 6203 4: 1 to 100

Texts = criteria.HeaderHolds | criteria.BodyHolds | criteria.TextHolds


def nearly(criterion: Criterion) -> Criterion:
    """The same, but texts need only be near."""
    return with_texts(criterion, lambda each: replace(each, is_near=True))


def with_texts(criterion: Criterion, change: Callable[[Texts], Texts]) -> Criterion:
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


async def relevancy(live: LiveMailbox, uids: Sequence[int], criterion: Criterion) -> dict[int, int]:
    """A score for each of the UIDs (ascending) that a search found."""
    strict = with_texts(criterion, lambda each: replace(each, is_near=False))
    exact = set(await search(live, uids, strict))
    return {uid: EXACT if uid in exact else NEAR for uid in uids}
