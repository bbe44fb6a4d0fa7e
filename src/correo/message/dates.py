"""Read and write the dates of Date fields.

Moments are seconds since 1970 UTC. A Date field is read leniently (two-digit years, missing
seconds, named zones, comments, "-" and "." as separators); what cannot be read gives None.

RFC 5322    3.3      date-time; 4.3 obsolete years and zones
RFC 9051    6.4.4    the day sent, without its zone

Departures: an unknown zone name is UTC (RFC 5322 4.3 asks for that: "-0000"). A second of 60 is
read as 59, a date that no calendar has (31 Feb) is unreadable.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone

__all__ = [
    "MONTHS",
    "format_date",
    "parse_date",
    "sent_day",
]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_NUMBERS = {name.lower().encode(): n for n, name in enumerate(MONTHS, 1)}
_EPOCH = date(1970, 1, 1).toordinal()

_ZONES = {
    b"ut": 0, b"utc": 0, b"gmt": 0, b"z": 0,
    b"edt": -4, b"est": -5, b"cdt": -5, b"cst": -6, b"mdt": -6, b"mst": -7, b"pdt": -7, b"pst": -8,
}  # fmt: skip

_DATE = re.compile(
    rb"\s*+(?:[A-Za-z]{1,12}+\s*+[,.]?+\s*+)?+(\d{1,2})(?:st|nd|rd|th)?[\s.-]{1,9}+([A-Za-z]{3})[a-z]{0,6}+[\s.,-]{1,9}+"
    rb"(\d{2,4})\s++(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,]\d++)?+)?+\s*+([+-]\d{3,4}|[A-Za-z]{1,5})?"
)
# asctime: Wed Jun  9 10:11:12 [zone] 2026
_ASCTIME = re.compile(
    rb"\s*+[A-Za-z]{3}[,\s]++([A-Za-z]{3})\s++(\d{1,2}),?\s++(\d{1,2}):(\d{2})(?::(\d{2}))?+\s++"
    rb"(?:([A-Z]{3,4}|[+-]\d{4})\s++)?+(\d{4})"
)
_COMMENT = re.compile(rb"\([^()]*+\)")


def parse_date(value: bytes) -> int | None:
    """The moment a Date field names; None if it cannot be read. The value is unfolded."""
    value = value[:200]
    match = _DATE.match(value)
    if match is None and b"(" in value:
        value = _COMMENT.sub(b" ", value)
        match = _DATE.match(value)
    if match is None:
        return _parse_asctime(value)
    day, month, year, hour, minute, second, zone = match.groups()
    return _moment(year, month, day, hour, minute, second, zone)


def _parse_asctime(value: bytes) -> int | None:
    match = _ASCTIME.match(value)
    if match is None:
        return None
    month, day, hour, minute, second, zone, year = match.groups()
    return _moment(year, month, day, hour, minute, second, zone)


def _moment(
    year: bytes, month: bytes, day: bytes, hour: bytes, minute: bytes, second: bytes | None,
    zone: bytes | None,
) -> int | None:  # fmt: skip
    try:
        ordinal = date(_full_year(year), _MONTH_NUMBERS[month.lower()], int(day)).toordinal()
    except (KeyError, ValueError):
        return None
    hours, minutes, seconds = int(hour), int(minute), min(int(second or 0), 59)
    if hours > 24 or minutes > 59:
        return None
    return (ordinal - _EPOCH) * 86400 + hours * 3600 + minutes * 60 + seconds - _offset(zone)


def _full_year(year: bytes) -> int:
    number = int(year)
    if len(year) == 2:
        return number + (2000 if number < 50 else 1900)
    return number + 1900 if len(year) == 3 else number


def _offset(zone: bytes | None) -> int:
    """Seconds east of UTC."""
    if not zone:
        return 0
    if zone[0] not in b"+-":
        return _ZONES.get(zone.lower(), 0) * 3600
    digits = zone[1:].rjust(4, b"0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == 0x2D else seconds


def sent_day(value: bytes) -> date | None:
    """The day a Date field names, in its own zone: what SENTON compares (RFC 9051 6.4.4)."""
    match = _DATE.match(value[:200])
    if match is None:
        moment = parse_date(value)
        return None if moment is None else _day(moment)
    try:
        return date(_full_year(match[3]), _MONTH_NUMBERS[match[2].lower()], int(match[1]))
    except (KeyError, ValueError):
        return None


def _day(moment: int) -> date | None:
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)).date()
    except OverflowError:
        return None


def format_date(moment: int, *, offset_s: int = 0) -> bytes:
    """A Date field's value: "Mon, 23 Nov 2026 13:52:00 +0000" (RFC 5322 3.3).

    offset_s: the zone to show it in, seconds east of UTC, whole minutes.
    """
    local = _local(moment, offset_s)
    weekday, month = _DAYS[local.weekday()], MONTHS[local.month - 1]
    return (
        f"{weekday}, {local.day} {month} {local.year:04} {local:%H:%M:%S} {_zone(offset_s)}"
    ).encode("ascii")


def _local(moment: int, offset_s: int) -> datetime:
    zone = timezone(timedelta(seconds=offset_s))
    return datetime.fromtimestamp(moment, zone)


def _zone(offset_s: int) -> str:
    minutes = abs(offset_s) // 60
    return f"{'-' if offset_s < 0 else '+'}{minutes // 60:02}{minutes % 60:02}"
