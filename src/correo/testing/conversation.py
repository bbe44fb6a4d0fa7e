"""Show what was said in a test: every dialogue, line by line, with what each line means.

`mail` puts it into the failure of `wait_for`, `plugin` beside every other failure of a test that
uses mail. The lines are those of the trace: secrets are masked and bodies left out.
"""

from collections.abc import Iterable

from correo.trace.annotation import annotate
from correo.trace.record import Kind, Record

__all__ = ["render"]

COLUMN = 60  # where the meaning begins, if the line leaves room for it
MOST_LINES = 400  # of one dialogue; its beginning and its end say most


def render(records: Iterable[Record]) -> str:
    """The dialogues in order of their beginnings, then what became of each message."""
    sessions: dict[str, list[Record]] = {}
    steps: list[Record] = []
    for record in records:
        if record.session:
            sessions.setdefault(record.session, []).append(record)
        elif record.kind == Kind.STEP:
            steps.append(record)
    if not sessions:
        return "Nobody connected to any listener: does the code under test use mail.listeners?"
    blocks = [dialogue(group) for group in sessions.values()]
    if steps:
        blocks.append("\n".join(["what became of the messages", *map(step, steps)]))
    return "\n\n".join(blocks)


def dialogue(group: list[Record]) -> str:
    first = group[0]
    protocol = first.details.get("protocol", "")
    arrow = "<-" if first.text == "server" else "->"
    lines = [f"{protocol} {arrow} {first.details.get('peer', '?')}"]
    said = [
        line_of(record, protocol, record.at - first.at)
        for record in group
        if record.kind == Kind.SAID
    ]
    if len(said) > MOST_LINES:
        half = MOST_LINES // 2
        said[half:-half] = [f"  ({len(said) - MOST_LINES:,} lines left out)"]
    lines += said
    lines.append("  (closed)" if group[-1].kind == Kind.ENDED else "  (still open)")
    return "\n".join(lines)


def line_of(record: Record, protocol: str, seconds: float) -> str:
    line = f"  {seconds:7.3f}  {record.side}: {record.text}"
    meaning = annotate(protocol, record.side, record.text)
    return f"{line.ljust(COLUMN)}  # {meaning}" if meaning else line


def step(record: Record) -> str:
    details = "  ".join(f"{name}={value}" for name, value in record.details.items())
    return f"  {record.message}  {record.text}  {details}"
