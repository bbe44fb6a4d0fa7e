"""Say what messages somebody looks for, in the words of mail; `search` finds them.

IMAP SEARCH and JMAP filters are both turned into these. Times are seconds since 1970 UTC; texts
are Unicode and compared regardless of case. Where a text may be near (`is_near`), its words are
looked for each by itself, and may have a letter or two wrong.
"""

from dataclasses import dataclass
from datetime import date

from correo.store.model import Column

__all__ = [
    "All",
    "Among",
    "AnyOf",
    "Between",
    "BodyHolds",
    "Criterion",
    "Everything",
    "HasFlag",
    "HeaderHolds",
    "Is",
    "Not",
    "SentWithin",
    "TextHolds",
]


@dataclass(frozen=True, slots=True)
class Everything:
    """Each message."""


@dataclass(frozen=True, slots=True)
class Among:
    """One of these entries."""

    uids: frozenset[int]


@dataclass(frozen=True, slots=True)
class HasFlag:
    """The flag is set; case does not matter."""

    flag: str


@dataclass(frozen=True, slots=True)
class Between:
    """A number in low <= n < high; None is without limit. What has no number does not match.

    column: MODSEQ, INTERNAL_DATE, SAVE_DATE or SIZE.
    """

    column: Column
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class SentWithin:
    """The Date field's day, as written there whatever its zone: first <= day < end."""

    first: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Is:
    """An identifier, exactly. column: EMAIL_ID or THREAD_ID."""

    column: Column
    value: str


@dataclass(frozen=True, slots=True)
class HeaderHolds:
    """A field of this name has the text in it, decoded; "" if there is such a field."""

    field: str
    text: str
    is_near: bool = False


@dataclass(frozen=True, slots=True)
class BodyHolds:
    """The text is in a text part, decoded."""

    text: str
    is_near: bool = False


@dataclass(frozen=True, slots=True)
class TextHolds:
    """The text is in the header or in a text part, decoded."""

    text: str
    is_near: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    criterion: "Criterion"


@dataclass(frozen=True, slots=True)
class AnyOf:
    criteria: "tuple[Criterion, ...]"


@dataclass(frozen=True, slots=True)
class All:
    criteria: "tuple[Criterion, ...]"


Criterion = (
    Everything
    | Among
    | HasFlag
    | Between
    | SentWithin
    | Is
    | HeaderHolds
    | BodyHolds
    | TextHolds
    | Not
    | AnyOf
    | All
)
