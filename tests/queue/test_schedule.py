"""Back-off grows from a minute to six hours, and ends after five days."""

import pytest

from correo.queue.schedule import DAY, HOUR, MINUTE, Schedule

NOW = 1_800_000_000.0

WAITS = [
    # id              attempts  seconds
    ("first", 1, 60),
    ("second", 2, 120),
    ("third", 3, 240),
    ("ninth", 9, 15_360),
    ("tenth", 10, 6 * HOUR),
    ("hundredth", 100, 6 * HOUR),
    ("millionth", 1_000_000, 6 * HOUR),
]


@pytest.mark.parametrize(("attempts", "seconds"), [pytest.param(a, s, id=i) for i, a, s in WAITS])
def test_each_wait_is_twice_the_former_up_to_six_hours(attempts: int, seconds: float) -> None:
    assert Schedule().wait(attempts) == seconds


@pytest.mark.parametrize(("dice", "seconds"), [(0.0, 54.0), (0.5, 60.0), (0.9999999, 66.0)])
def test_the_dice_move_an_attempt_by_a_tenth(dice: float, seconds: float) -> None:
    due = Schedule().next_attempt(1, NOW, NOW + DAY, lambda: dice)
    assert due - NOW == pytest.approx(seconds)


def test_the_last_attempt_falls_on_the_expiry() -> None:
    assert Schedule().next_attempt(20, NOW, NOW + HOUR, lambda: 0.5) == NOW + HOUR


def test_an_attempt_is_never_planned_for_the_past() -> None:
    assert Schedule().next_attempt(20, NOW, NOW - HOUR, lambda: 0.5) == NOW


def test_about_thirty_attempts_are_made_in_five_days() -> None:
    schedule = Schedule()
    now, attempts, expires = NOW, 0, schedule.expires(NOW)
    while True:
        attempts += 1
        if schedule.is_over(now, expires):
            break
        now = schedule.next_attempt(attempts, now, expires, lambda: 0.5)
    assert now == NOW + 5 * DAY
    assert 25 <= attempts <= 35


def test_a_delay_is_told_after_four_hours_unless_switched_off() -> None:
    assert not Schedule().wants_delay_notice(NOW, NOW + 4 * HOUR - MINUTE)
    assert Schedule().wants_delay_notice(NOW, NOW + 4 * HOUR)
    assert not Schedule(delay_notice_s=0).wants_delay_notice(NOW, NOW + 4 * DAY)
