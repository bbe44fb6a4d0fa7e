"""Filters run in order, the first refusal ends the matter, and a slow one is passed over."""

import asyncio

import pytest

from correo.base.errors import Refusal
from correo.filters import Arriving, LoopCheck, Pipeline, Verdict


def arriving(header: bytes = b"") -> Arriving:
    return Arriving("M1", "a@b", ["c@d"], "192.0.2.1", None, header, len(header))


class Says:
    def __init__(self, name: str, refusal: Refusal | None = None, *, pause_s: float = 0) -> None:
        self.name = name
        self.refusal = refusal
        self.pause_s = pause_s
        self.asked = 0
        self.is_instant = False

    async def check(self, message: Arriving) -> Verdict | None:
        self.asked += 1
        await asyncio.sleep(self.pause_s)
        return Verdict(self.name, "because", self.refusal)


def test_nothing_is_asked_after_a_refusal() -> None:
    refusal = Refusal("5.7.1", "no")
    first, second, third = Says("first"), Says("second", refusal), Says("third")
    verdicts = asyncio.run(Pipeline([first, second, third]).check(arriving()))
    assert [each.filter for each in verdicts] == ["first", "second"]
    assert verdicts[-1].refusal is refusal
    assert third.asked == 0


def test_a_filter_without_an_answer_is_passed_over_and_that_is_said() -> None:
    slow, next_one = Says("slow", Refusal("5.7.1", "no"), pause_s=60), Says("next")
    pipeline = Pipeline([slow, next_one], time_limit_s=0.01)
    verdicts = asyncio.run(pipeline.check(arriving()))
    assert verdicts[0] == Verdict("slow", "no answer in 0.01 s, passed over")
    assert next_one.asked == 1


HEADERS = [
    # id                fields                                            refused
    ("as many as allowed", b"Received: x\r\n" * 3, False),
    ("one more", b"Received: x\r\n" * 4, True),
    ("odd spelling", b"RECEIVED : x\r\n" * 4, True),
    ("folded ones count once", b"Received: x\r\n y\r\n" * 3, False),
    ("named in other fields", b"X: Received: x\r\n" * 9, False),
    ("bare line ends", b"Received: x\n" * 4, True),
    ("no header", b"", False),
]


@pytest.mark.parametrize(("header", "refused"), [pytest.param(h, r, id=i) for i, h, r in HEADERS])
def test_a_loop_is_seen_by_the_number_of_received_fields(header: bytes, refused: bool) -> None:
    verdict = asyncio.run(LoopCheck(3).check(arriving(header)))
    assert (verdict is not None) == refused
    if verdict is not None and verdict.refusal is not None:
        assert verdict.refusal.status == "5.4.6"
