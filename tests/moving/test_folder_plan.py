"""Which mailbox of another server goes where."""

import pytest

from correo.clients.imap import MailboxEntry
from correo.moving.folder_plan import plan_folders
from correo.store.model import Mailbox, MailboxId
from correo.wire.imap.response_types import Namespaces

NOBODY = Namespaces([], [], [])
COURIER = Namespaces([("INBOX.", ".")], [("user.", ".")], [("shared.", ".")])


def mailbox(number: int, name: str, *uses: str) -> Mailbox:
    return Mailbox(MailboxId(number), name, f"M{number}", 1, 1, 1, 0, 0, 0, 0, special_use=uses)


OURS = [mailbox(1, "INBOX"), mailbox(2, "Sent", "\\Sent"), mailbox(3, "Archive", "\\Archive")]


def entry(name: str, *attributes: str, delimiter: str | None = "/") -> MailboxEntry:
    return MailboxEntry(name, attributes, delimiter)


CASES = [
    # id, entries, namespaces, source -> target
    ("levels", [entry("Work.2024.a/b", delimiter=".")], NOBODY, {"Work.2024.a/b": "Work/2024/a_b"}),
    ("no levels", [entry("a.b", delimiter=None)], NOBODY, {"a.b": "a.b"}),
    ("prefix", [entry("INBOX.Work", delimiter=".")], COURIER, {"INBOX.Work": "Work"}),
    ("others'", [entry("user.bob", delimiter=".")], COURIER, {}),
    ("use", [entry("Sent Items", "\\Sent")], NOBODY, {"Sent Items": "Sent"}),
    (
        "use, and a plain one of our name",
        [entry("Sent Items", "\\Sent"), entry("Sent")],
        NOBODY,
        {"Sent": "Sent", "Sent Items": "Sent Items"},
    ),
    (
        "Gmail",
        [
            entry("[Gmail]", "\\Noselect"),
            entry("[Gmail]/All Mail", "\\All"),
            entry("[Gmail]/Starred", "\\Flagged"),
            entry("[Gmail]/Sent Mail", "\\sent"),
            entry("INBOX"),
        ],
        NOBODY,
        {"INBOX": "INBOX", "[Gmail]/Sent Mail": "Sent", "[Gmail]/All Mail": "Archive"},
    ),
]


@pytest.mark.parametrize(
    ("entries", "spaces", "wanted"), [pytest.param(e, s, w, id=i) for i, e, s, w in CASES]
)
def test_mailboxes_go_where_a_person_looks_for_them(
    entries: list[MailboxEntry], spaces: Namespaces, wanted: dict[str, str]
) -> None:
    plans, _ = plan_folders(entries, spaces, OURS)
    assert {plan.source: plan.target for plan in plans} == wanted
    assert [plan.source for plan in plans] == list(wanted)


def test_what_is_left_out_is_told_with_its_reason() -> None:
    entries = [entry("x", "\\Flagged"), entry("user.bob"), entry("y", "\\Noselect")]
    _, left = plan_folders(entries, COURIER, OURS)
    assert [(each.source, each.reason) for each in left] == [
        ("x", "it only shows messages of other mailboxes"),
        ("user.bob", "it belongs to somebody else"),
    ]


def test_names_are_kept_or_put_below_another_on_request() -> None:
    entries = [entry("INBOX"), entry("Sent Items", "\\Sent")]
    kept, _ = plan_folders(entries, NOBODY, OURS, keep_names=True)
    assert [plan.target for plan in kept] == ["INBOX", "Sent Items"]
    below, _ = plan_folders(entries, NOBODY, OURS, into="Old")
    assert [plan.target for plan in below] == ["Old", "Old/Sent Items"]
