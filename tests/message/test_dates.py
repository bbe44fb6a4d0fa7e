"""Dates of Date fields, in both directions."""

from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.message.dates import format_date, parse_date, sent_day

NOON = int(datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC).timestamp())

DATES = [
    ("as it should be", b"Mon, 23 Nov 2026 12:00:05 +0000", NOON),
    ("a zone", b"Mon, 23 Nov 2026 13:30:05 +0130", NOON),
    ("a zone west", b"23 Nov 2026 07:00:05 -0500", NOON),
    ("no weekday", b"23 Nov 2026 12:00:05 GMT", NOON),
    ("no seconds", b"Mon, 23 Nov 2026 12:00 +0000", NOON - 5),
    ("no zone", b"Mon, 23 Nov 2026 12:00:05", NOON),
    ("a comment", b"Mon, 23 Nov 2026 12:00:05 +0000 (UTC)", NOON),
    ("a comment first", b"(x) Mon, 23 (y) Nov 2026 12:00:05 +0000", NOON),
    ("two-digit year", b"23 Nov 26 12:00:05 UT", NOON),
    ("two-digit year of old", b"1 Jan 70 00:00:00 UT", 0),
    ("three-digit year", b"1 Jan 070 00:00:00 UT", 0),
    ("a named zone", b"Mon, 23 Nov 2026 07:00:05 EST", NOON),
    ("an unknown zone", b"Mon, 23 Nov 2026 12:00:05 XYZ", NOON),
    ("a military zone", b"Mon, 23 Nov 2026 12:00:05 A", NOON),
    ("dashes", b"Mon, 23-Nov-2026 12:00:05 +0000", NOON),
    ("a long month", b"Monday, 23 November 2026 12:00:05 +0000", NOON),
    ("folded", b"Mon,\t23  Nov 2026  12:00:05 +0000", NOON),
    ("asctime", b"Mon Nov 23 12:00:05 2026", NOON),
    ("a leap second", b"Mon, 23 Nov 2026 12:00:60 +0000", NOON + 54),
    ("nothing", b"", None),
    ("words", b"yesterday", None),
    ("no such day", b"31 Feb 2026 12:00:00 +0000", None),
    ("no such month", b"1 Foo 2026 12:00:00 +0000", None),
    ("no such hour", b"1 Jan 2026 25:00:00 +0000", None),
    ("no such year", b"1 Jan 0000 12:00:00 +0000", None),
]


@pytest.mark.parametrize(("value", "moment"), [pytest.param(v, m, id=i) for i, v, m in DATES])
def test_a_date_is_read(value: bytes, moment: int | None) -> None:
    assert parse_date(value) == moment


MOMENT = st.integers(0, 4_102_444_800)
OFFSET = st.integers(-12 * 60, 14 * 60).map(lambda minutes: minutes * 60)


@given(MOMENT, OFFSET)
def test_a_date_comes_back(moment: int, offset_s: int) -> None:
    written = format_date(moment, offset_s=offset_s)
    assert parse_date(written) == moment
    assert parsedate_to_datetime(written.decode()).timestamp() == moment


@given(st.datetimes(datetime(1950, 1, 1), datetime(2049, 12, 31)))  # noqa: DTZ001 naive by intent
def test_a_date_of_pythons_is_read(when: datetime) -> None:
    when = when.replace(tzinfo=UTC, microsecond=0)
    assert parse_date(format_datetime(when).encode()) == when.timestamp()


@given(st.binary(max_size=60) | st.text("Mon, 23Nov2026:+- ()", max_size=60).map(str.encode))
def test_any_octets_are_a_date_or_none(octets: bytes) -> None:
    assert parse_date(octets) is None or isinstance(parse_date(octets), int)
    sent_day(octets)


def test_the_day_sent_is_that_of_the_senders_zone() -> None:
    assert sent_day(b"Mon, 23 Nov 2026 23:30:00 -0800") == date(2026, 11, 23)
    assert sent_day(b"Mon Nov 23 23:30:05 2026") == date(2026, 11, 23)
    assert sent_day(b"soon") is None
