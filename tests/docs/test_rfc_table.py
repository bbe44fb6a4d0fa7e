"""docs/rfc.md and the citations in the code are kept in step."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "correo"
ROW = re.compile(r"^\| ([\d, ]+) \|[^|]*\| (yes|partial|no) \|([^|]*)\|([^|]*)\|$", re.MULTILINE)
CITED = re.compile(r"RFCs? (\d{3,5}(?:(?:, | and )\d{4})*)")


def table() -> dict[int, tuple[str, str, str]]:
    rows = {}
    for numbers, state, rooms, notes in ROW.findall((ROOT / "docs" / "rfc.md").read_text()):
        for number in numbers.split(","):
            rows[int(number)] = (state, rooms.strip(), notes.strip())
    return rows


def citations(folder: Path) -> set[int]:
    text = "\n".join(path.read_text() for path in sorted(folder.rglob("*.py")))
    return {int(n) for group in CITED.findall(text) for n in re.findall(r"\d{3,5}", group)}


def test_every_rfc_cited_in_the_code_stands_in_the_table() -> None:
    assert sorted(citations(SOURCE) - set(table())) == []


def test_every_room_named_in_the_table_exists() -> None:
    for number, (_, rooms, _) in table().items():
        for room in filter(None, (each.strip() for each in rooms.split(","))):
            there = (SOURCE / room).is_dir() or (SOURCE / f"{room}.py").is_file()
            assert there, f"RFC {number} names the room {room}, which does not exist"


def test_what_is_done_names_its_room_and_what_is_partial_says_what_is_missing() -> None:
    for number, (state, rooms, notes) in table().items():
        if state != "no":
            assert rooms, f"RFC {number} is {state} but names no room"
        if state == "partial":
            assert notes, f"RFC {number} is partial but does not say what is missing"
