"""Say how one account's mail lies in its SQLite file.

Every change of the account takes the next number (or, for messages, one number each) from one
counter, which is the newest row of `change`. It serves as mod-sequence in every mailbox
(RFC 7162), as number of a new message (hence EMAILID), and as state of the whole account
(RFC 8620 5.2). So one table, in the order things happened, answers "what is new since n", for one
mailbox and for all of them.

account     one row. The highest mailbox number and UIDVALIDITY given so far, the quota (octets) and
            the limits beside it, and the change before which `change` holds expunges only.
mailbox     one row each with its counters, kept right by every transaction. Numbers are never used
            twice; 1 is INBOX.
entry       a message in a mailbox. `id` is mailbox * 2^32 + UID, so that the table is one B-tree by
            integer: walking or changing a whole mailbox costs half of what a two-column key does.
message     what the index says of a message, narrow, so that listings touch no bodies.
content     the octets, header and body apart: most of what clients ask for is in headers. A large
            message has its digest in `message`, its header here, its body in a blob.
loose       messages that have lost an entry. Those that no other names are found (is_unnamed) and
            deleted in small steps after the commit that put them here.
thread_key  message identifier + base subject, hashed, to the thread's first message.
annotation  what clients have noted of a mailbox (RFC 5464), or of the account: mailbox 0.
acl         what others than the owner may do with a mailbox (RFC 4314): `store.rights`.
access_key  the secret that URLs into a mailbox are authorized with (RFC 4467). In clear: whoever can
            read it here can read the mail.
change      what happened, one row per operation: kind, mailbox, UIDs as a sequence set. Expunges
            stay for ever (RFC 7162 3.2.5.2 asks for no less), the others for LOG_KEPT numbers.
            Older questions are answered from the mod-sequences of the entries.

The full-text index has tables of its own, made when it is begun: see `fulltext`.
"""

__all__ = [
    "APPENDED",
    "COUNTED",
    "EXPUNGED",
    "FLAGGED",
    "LOG_KEPT",
    "MIGRATIONS",
    "NAMED",
    "SPAN",
    "UID_LIMIT",
]

SPAN = 1 << 32  # entry ids per mailbox
UID_LIMIT = SPAN - 1  # RFC 9051 9: nz-number, 32 bits
LOG_KEPT = 10_000  # change numbers; ours

NAMED, APPENDED, FLAGGED, EXPUNGED = range(4)  # kinds of change; NAMED: the list of mailboxes

FIRST = """
CREATE TABLE account (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    created INTEGER NOT NULL,
    last_mailbox INTEGER NOT NULL,
    last_uid_validity INTEGER NOT NULL,
    log_start INTEGER NOT NULL,
    quota INTEGER
);
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    uid_validity INTEGER NOT NULL,
    uid_next INTEGER NOT NULL,
    highest_modseq INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    unseen INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    size INTEGER NOT NULL,
    deleted_size INTEGER NOT NULL,
    special_use TEXT NOT NULL
);
CREATE TABLE subscription (
    name TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    flags TEXT NOT NULL,
    internal_date INTEGER NOT NULL,
    save_date INTEGER NOT NULL,
    size INTEGER NOT NULL
);
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL,
    size INTEGER NOT NULL,
    header_size INTEGER NOT NULL,
    sent_date INTEGER,
    digest TEXT,
    has_attachment INTEGER NOT NULL,
    base_subject TEXT NOT NULL,
    message_id BLOB NOT NULL,
    envelope BLOB NOT NULL,
    bodystructure BLOB NOT NULL,
    in_reply_to BLOB NOT NULL,
    "references" BLOB NOT NULL,
    preview TEXT NOT NULL,
    body BLOB NOT NULL,
    structure BLOB NOT NULL
);
CREATE INDEX message_digest ON message (digest) WHERE digest IS NOT NULL;
CREATE TABLE content (
    message INTEGER PRIMARY KEY,
    header BLOB,
    body BLOB
);
CREATE TABLE loose (
    message INTEGER PRIMARY KEY,
    is_unnamed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE thread_key (
    key INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL
);
CREATE TABLE change (
    number INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    uids TEXT NOT NULL
);
"""

SECOND = """
CREATE TABLE annotation (
    mailbox INTEGER NOT NULL,
    entry TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (mailbox, entry)
) WITHOUT ROWID;
"""

THIRD = """
CREATE TABLE acl (
    mailbox INTEGER NOT NULL,
    identifier TEXT NOT NULL,
    rights TEXT NOT NULL,
    PRIMARY KEY (mailbox, identifier)
) WITHOUT ROWID;
"""

FOURTH = """
CREATE TABLE access_key (
    mailbox INTEGER PRIMARY KEY,
    key BLOB NOT NULL
);
"""

FIFTH = """
ALTER TABLE account ADD COLUMN message_limit INTEGER;
ALTER TABLE account ADD COLUMN mailbox_limit INTEGER;
"""

MIGRATIONS = (FIRST, SECOND, THIRD, FOURTH, FIFTH)

COUNTED = (
    "SELECT count(*) FROM mailbox",
    "SELECT total(uid_next), total(highest_modseq), total(messages), total(size) FROM mailbox",
    "SELECT count(*), total(modseq), total(size) FROM entry",
    "SELECT count(*), total(size) FROM message",
    "SELECT count(*), total(length(header)), total(length(body)) FROM content",
    "SELECT count(*), max(number) FROM change",
)
