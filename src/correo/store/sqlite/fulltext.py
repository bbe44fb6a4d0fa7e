"""Keep the runs of letters of an account's texts, and find the messages that have some of them.

`mailbox.indexing` reads the messages and hands their runs in; `mailbox.search` asks. The index is
made from the messages and can be dropped at any time: an account has none before somebody searches
it, and what is not in it is named by the answer, so that it can be looked at.

text_state      one row: messages up to this number are in the index. They come in order.
text_skipped    messages that are not, for they have too much text: always to be looked at.
term            every run that has ever occurred.
term_index      the trigrams of those, to find the runs with a piece inside.
text_index      which messages have which run, in their header, in their body, or in documents that
                are attached.

An index of another form is begun anew: of before there were documents, or of texts that were folded
in another way.

Cost: a message of 10 KB half a millisecond; a search 1 to 10 ms, most of it for what it finds.
"""
# ruff: noqa: S608 - the statements are put together from constants, values are always bound

from array import array
from collections.abc import Sequence

import apsw

from correo.message.words import TRIGRAM, Needle, Run, trigrams
from correo.store.model import Holding, MessageRuns, Where
from correo.store.sqlite.entries import Entries, numbers
from correo.store.sqlite.fetching import blob_header

__all__ = ["add", "drop", "forget", "holding", "is_begun", "unindexed"]

ROWS_AT_ONCE, WEIGHT_AT_ONCE = 25, 512 * 1024  # messages, octets
TERMS_AT_ONCE, TERMS_LIMIT = 500, 2000  # runs in one question to the index, and in all
WITH_TRIGRAMS = "id IN (SELECT rowid FROM term_index WHERE term_index MATCH :trigrams)"
LAST = chr(0x10FFFF)

TABLES = """
CREATE TABLE IF NOT EXISTS text_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    indexed_to INTEGER NOT NULL,
    form INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS text_skipped (message INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS term (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE IF NOT EXISTS term_index USING fts5 (
    text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE IF NOT EXISTS text_index USING fts5 (
    header, body, attached, content='', contentless_delete=1, detail=column, tokenize='ascii'
);
"""
FORM = 2  # of the tables, and of the texts in them (`mailbox.texts.fold`)
UNKNOWN = "message > :newest OR message IN (SELECT message FROM text_skipped)"
COLUMNS = {Where.HEADER: "header", Where.BODY: "body", Where.ANYWHERE: "header body"}
NAMES = ("text_state", "text_skipped", "term", "term_index", "text_index")


def is_begun(connection: apsw.Connection) -> bool:
    """Whether the account has an index at all, of the form it has now."""
    has_form = connection.execute(
        "SELECT 1 FROM pragma_table_info('text_state') WHERE name = 'form'"
    ).get
    if has_form is None:
        return False
    return bool(connection.execute("SELECT form = ? FROM text_state", (FORM,)).get)


def indexed_to(connection: apsw.Connection) -> int:
    if not is_begun(connection):
        return 0
    return int(connection.execute("SELECT indexed_to FROM text_state").get)


def unindexed(connection: apsw.Connection) -> tuple[int, list[tuple[object, ...]]]:
    """The last message that is in the index, and of the next ones number, structure, octets."""
    after = indexed_to(connection)
    rows: list[tuple[object, ...]] = []
    weight = 0
    for number, structure, header, body in connection.execute(
        "SELECT id, structure, header, content.body FROM message"
        " JOIN content ON content.message = message.id WHERE id > ? ORDER BY id LIMIT ?",
        (after, ROWS_AT_ONCE),
    ):
        if body is None:
            rows.append((number, structure, blob_header(connection, number).blob))
        else:
            rows.append((number, structure, header + body))
            weight += len(header) + len(body)
        if weight >= WEIGHT_AT_ONCE:
            break
    return after, rows


def add(connection: apsw.Connection, after: int, batch: Sequence[MessageRuns]) -> None:
    """Put messages into the index that come next, unless somebody else was quicker."""
    if not is_begun(connection):
        drop(connection)
    connection.execute(TABLES)
    connection.execute("INSERT OR IGNORE INTO text_state VALUES (1, 0, ?)", (FORM,))
    if after != indexed_to(connection):
        return
    terms: set[str] = set()
    for each in batch:
        if each.header is None or each.body is None:
            connection.execute("INSERT INTO text_skipped VALUES (?)", (each.number,))
            continue
        if connection.execute("SELECT 1 FROM message WHERE id = ?", (each.number,)).get is None:
            continue  # deleted meanwhile
        connection.execute(
            "INSERT INTO text_index (rowid, header, body, attached) VALUES (?, ?, ?, ?)",
            (each.number, " ".join(each.header), " ".join(each.body), " ".join(each.attached)),
        )
        terms |= each.header | each.body | each.attached
    note_terms(connection, terms)
    connection.execute("UPDATE text_state SET indexed_to = ?", (batch[-1].number,))


def note_terms(connection: apsw.Connection, terms: set[str]) -> None:
    """Add the runs that are new."""
    last = connection.execute("SELECT ifnull(max(id), 0) FROM term").get
    connection.executemany(
        "INSERT OR IGNORE INTO term (text) VALUES (?)", [(term,) for term in sorted(terms)]
    )
    connection.execute(
        "INSERT INTO term_index (rowid, text) SELECT id, text FROM term WHERE id > ?", (last,)
    )


def forget(connection: apsw.Connection, going: str, bindings: "dict[str, apsw.Binding]") -> None:
    """Take messages out that are about to be deleted; `going` selects their numbers."""
    if is_begun(connection):
        connection.execute(f"DELETE FROM text_index WHERE rowid IN ({going})", bindings)
        connection.execute(f"DELETE FROM text_skipped WHERE message IN ({going})", bindings)


def drop(connection: apsw.Connection) -> None:
    """Throw the index away; the next search begins a new one."""
    for name in NAMES:
        connection.execute(f"DROP TABLE IF EXISTS {name}")


def holding(connection: apsw.Connection, mailbox: int, needle: Needle, where: Where) -> Holding:
    """The entries whose texts have all runs of the needle, and those that are not indexed."""
    newest = indexed_to(connection)
    if not newest:
        return Holding([], [], is_begun=False)
    columns = COLUMNS[where] + (" attached" if needle.is_near and where is not Where.HEADER else "")
    every = [messages_with(connection, run, columns) for run in needle.runs]
    telling = [having for having in every if having is not None]
    found = set.intersection(*telling) if telling else None
    return Holding(
        entries_of(connection, mailbox, *among(found, newest)),
        entries_of(connection, mailbox, UNKNOWN, {"newest": newest}),
        is_sure=len(telling) == len(every),
    )


def among(found: set[int] | None, newest: int) -> "tuple[str, dict[str, apsw.Binding]]":
    """A condition for these messages; for all that are indexed if there is no telling."""
    if found is None:
        return f"NOT ({UNKNOWN})", {"newest": newest}
    wanted = apsw.carray(array("q", found or [0]))
    return "message IN (SELECT value FROM carray(:found))", {"found": wanted}


def entries_of(
    connection: apsw.Connection, mailbox: int, which: str, bindings: "dict[str, apsw.Binding]"
) -> list[int]:
    """The UIDs of a mailbox's entries for some messages, ascending."""
    everything = Entries.all_of(mailbox)
    joined = connection.execute(
        "SELECT group_concat(id - :base) FROM"
        f" (SELECT id FROM entry WHERE {everything.where} AND ({which}) ORDER BY id)",
        everything.bindings | bindings,
    ).get
    return numbers(joined)


def messages_with(connection: apsw.Connection, run: Run, columns: str) -> set[int] | None:
    """The messages that have such a run in one of these columns; None if so many runs are such
    that it is quicker to read the messages: nearly all will have one."""
    terms = terms_with(connection, run)
    if len(terms) > TERMS_LIMIT:
        return None
    found: set[int] = set()
    for first in range(0, len(terms), TERMS_AT_ONCE):
        some = " OR ".join([f'"{term}"' for term in terms[first : first + TERMS_AT_ONCE]])
        found.update(
            numbers(
                connection.execute(
                    "SELECT group_concat(rowid) FROM text_index WHERE text_index MATCH ?",
                    (f"{{{columns}}} : ({some})",),
                ).get
            )
        )
    return found


def terms_with(connection: apsw.Connection, run: Run) -> list[str]:
    """The runs of all texts that are such ones."""
    text = run.text
    if run.starts and run.ends:
        return [text]
    if run.starts:
        asked = "SELECT text FROM term WHERE text >= :text AND text < :end"
    elif len(text) < TRIGRAM:
        asked = "SELECT text FROM term WHERE instr(text, :text)"
    elif run.is_near:
        asked = f"SELECT text FROM term WHERE {WITH_TRIGRAMS}"
    else:
        asked = f"SELECT text FROM term WHERE instr(text, :text) AND {WITH_TRIGRAMS}"
    joined = (" OR " if run.is_near else " AND ").join([f'"{each}"' for each in trigrams(text)])
    bindings = {"text": text, "end": text + LAST, "trigrams": joined}
    return [term for (term,) in connection.execute(asked, bindings) if run.is_in(term)]
