"""Read and write the two dates of IMAP: a day for SEARCH, a moment with its zone for messages.

RFC 9051    9        date, date-time, date-day-fixed, zone

Cost: format_date_time is on the way of every FETCH INTERNALDATE; the day's part is remembered.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from correo.message.dates import MONTHS

__all__ = ["format_date", "format_date_time", "parse_date", "parse_date_time"]

MONTH_NUMBERS = {name.upper().encode(): number for number, name in enumerate(MONTHS, 1)}
DAY_S = 86_400
FIRST_SECOND = -62_135_596_800  # 0001-01-01 00:00:00 UTC
LAST_SECOND = 253_402_300_799  # 9999-12-31 23:59:59 UTC

DATE = re.compile(rb"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
DATE_TIME = re.compile(rb"([ \d]?\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")


def parse_date(octets: bytes) -> date:
    """A date without quotes, "1-Feb-1994".

    Raises:
        ValueError: no such day.
    """
    match = DATE.fullmatch(octets)
    if match is None:
        raise ValueError("a date is written 1-Feb-1994")
    return date(int(match[3]), _month(match[2]), int(match[1]))


def parse_date_time(octets: bytes) -> tuple[int, int]:
    """A date-time without quotes: (seconds since 1970 UTC, zone in minutes east).

    A leap second counts as the second before it.

    Raises:
        ValueError: no such moment.
    """
    match = DATE_TIME.fullmatch(octets)
    if match is None:
        raise ValueError('a date-time is written "17-Jul-1996 02:44:25 -0700"')
    zone = int(match[8]) * 60 + int(match[9])
    if zone >= 24 * 60 or int(match[9]) > 59:
        raise ValueError("no such time zone")
    if match[7] == b"-":
        zone = -zone
    local = datetime(
        int(match[3]),
        _month(match[2]),
        int(match[1]),
        int(match[4]),
        int(match[5]),
        min(int(match[6]), 59) if match[6] == b"60" else int(match[6]),
        tzinfo=UTC,
    )
    seconds = int(local.timestamp()) - zone * 60
    if not FIRST_SECOND <= seconds <= LAST_SECOND:
        raise ValueError("the moment is outside the years 1 to 9999")
    return seconds, zone


def _month(octets: bytes) -> int:
    number = MONTH_NUMBERS.get(octets.upper())
    if number is None:
        raise ValueError("no such month")
    return number


def format_date(day: date) -> bytes:
    """As SEARCH wants it: 1-Feb-1994."""
    return b"%d-%b-%04d" % (day.day, MONTHS[day.month - 1].encode(), day.year)


@lru_cache(maxsize=4096)
def _day_text(days: int) -> bytes:
    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)
    return b"%2d-%b-%04d" % (day.day, MONTHS[day.month - 1].encode(), day.year)


def format_date_time(seconds: int, zone: int = 0) -> bytes:
    """A quoted date-time in the zone (minutes east of UTC).

    Raises:
        OverflowError: outside the years 1 to 9999.
    """
    days, rest = divmod(seconds + zone * 60, DAY_S)
    text = _day_text(days)
    if not zone:
        return b'"%b %02d:%02d:%02d +0000"' % (text, rest // 3600, rest // 60 % 60, rest % 60)
    hours, minutes = divmod(abs(zone), 60)
    return b'"%b %02d:%02d:%02d %b%02d%02d"' % (
        text,
        rest // 3600,
        rest // 60 % 60,
        rest % 60,
        b"-" if zone < 0 else b"+",
        hours,
        minutes,
    )
