"""IMAP's two dates, in both directions."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.wire.imap.dates import format_date, format_date_time, parse_date, parse_date_time

DATES = [
    (b"17-Jul-1996 02:44:25 -0700", 837596665, -420),
    (b" 1-Jan-1970 00:00:00 +0000", 0, 0),
    (b"31-Dec-1969 23:59:59 +0000", -1, 0),
    (b"29-Feb-2024 12:00:00 +0530", 1709188200, 330),
]


@pytest.mark.parametrize(("octets", "seconds", "zone"), DATES)
def test_date_times_go_both_ways(octets: bytes, seconds: int, zone: int) -> None:
    assert parse_date_time(octets) == (seconds, zone)
    assert format_date_time(seconds, zone) == b'"%b"' % octets


@pytest.mark.parametrize(
    "octets",
    [b"", b"17-Jul-1996", b"31-Jun-1996 00:00:00 +0000", b"1-Foo-1996 00:00:00 +0000",
     b"17-Jul-1996 24:00:00 +0000", b"17-Jul-1996 00:00:00 +9900",
     b" 1-Jan-0001 00:00:00 +0100", b"31-Dec-9999 23:59:59 -0001"],
)  # fmt: skip
def test_a_moment_that_is_none_is_an_error(octets: bytes) -> None:
    with pytest.raises(ValueError):
        parse_date_time(octets)


def test_a_leap_second_is_the_second_before() -> None:
    assert parse_date_time(b"30-Jun-2015 23:59:60 +0000")[0] == 1435708799


YEAR_1, YEAR_9999 = -62_135_000_000, 253_402_000_000  # a day or more within what has a name


@given(seconds=st.integers(YEAR_1, YEAR_9999), zone=st.integers(-1439, 1439))
def test_any_moment_comes_back_and_is_pythons(seconds: int, zone: int) -> None:
    written = format_date_time(seconds, zone).strip(b'"')
    assert parse_date_time(written) == (seconds, zone)
    local = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=zone)))
    assert local.strftime("%H:%M:%S %z").encode() in written


def test_days_may_have_one_or_two_digits() -> None:
    assert parse_date(b"1-feb-1994") == parse_date(b"01-FEB-1994")


@given(st.dates())
def test_a_day_comes_back(day: date) -> None:
    assert parse_date(format_date(day)) == day


@pytest.mark.parametrize(
    "octets",
    [b"", b"1-Foo-2026", b"31-Feb-2026", b"1-Jan-26", b"1 Jan 2026", "٣-Jan-2026".encode()],
)
def test_a_day_that_is_none_is_an_error(octets: bytes) -> None:
    with pytest.raises(ValueError):
        parse_date(octets)


@given(st.binary(max_size=40) | st.text("123-JanFeb :+", max_size=30).map(str.encode))
def test_any_octets_are_a_date_or_refused(octets: bytes) -> None:
    for parse in (parse_date, parse_date_time):
        try:
            parse(octets)
        except ValueError:
            pass
