"""Prepare user names and passwords so that what looks alike compares alike (SASLprep).

RFC 4013    2.1 mapping, 2.2 normalisation, 2.3 prohibited output, 2.4 bidirectional characters
RFC 3454    stringprep, whose tables the standard library carries

Departure: 2.5 forbids unassigned code points in stored strings and allows them in queries; we
allow them in both, since the tables are those of Unicode 3.2 and people have newer letters
(emoji among them). NFKC is done with the current tables for the same reason.
"""

import stringprep
import unicodedata

__all__ = ["saslprep"]

PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str:
    """The prepared form.

    Raises:
        ValueError: the text holds a character that names and passwords may not have.
    """
    if text.isascii():
        if not text.isprintable():
            raise ValueError("a control character in a name or password")
        return text
    mapped = "".join(
        " " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    for character in prepared:
        if any(prohibits(character) for prohibits in PROHIBITED):
            raise ValueError("a character that names and passwords may not have")
    check_bidi(prepared)
    return prepared


def check_bidi(text: str) -> None:
    """RFC 3454 6: right-to-left text begins and ends so and holds nothing left-to-right."""
    right_to_left = [stringprep.in_table_d1(c) for c in text]
    if not any(right_to_left):
        return
    if any(stringprep.in_table_d2(c) for c in text):
        raise ValueError("right-to-left and left-to-right characters in one string")
    if not (right_to_left[0] and right_to_left[-1]):
        raise ValueError("right-to-left text must begin and end with a right-to-left character")
