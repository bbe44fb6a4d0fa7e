"""Keep domains, accounts and aliases of a node in one SQLite file, `node.db`.

Look-ups run in the event loop's thread, on a connection that only reads: a hop to a storage
thread would cost twenty times the look-up, and in WAL mode a reader waits for nobody. Every
look-up is a transaction of its own, so it sees what any process has committed. Changes go
through the storage threads.

Domains and addresses that were found are remembered, for RCPT asks for them again and again, and
each statement lets the storage threads take Python's lock from the event loop, which then waits
for its turn. Every 20 ms SQLite is asked whether anything has changed (PRAGMA data_version); if so,
all is forgotten. What was not found is always looked up.

Beside it lies `node.key`, 32 octets, mode 600: who has the database alone cannot read APOP
secrets, nor tell the SCRAM salt of an unknown user from a real one.

Cost: a look-up 4 to 6 microseconds where no other thread wants to run, up to 250 where some do;
one remembered 0.3; a change one fsync; 10,000 accounts in one transaction 0.1 s.
"""
# ruff: noqa: S608 - the statements are put together from the constants below, never from values

import base64
import json
import os
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import apsw

from correo.base.errors import AlreadyExists, DamagedStore, NotFound
from correo.store.directory import (
    ANYONE,
    Account,
    AddressKey,
    AliasEntry,
    Credentials,
    Domain,
    LocalPartCase,
    NewAccount,
    ScramVerifier,
)
from correo.store.model import AccountId
from correo.store.sqlite.connecting import meaning_of
from correo.store.sqlite.database import Database
from correo.store.sqlite.threads import StorageThreads

__all__ = ["SqliteDirectory"]

NODE_KEY_SIZE = 32  # octets
LOOK_AGAIN_S = 0.02  # ours; as if the look-up had come so much earlier
REMEMBERED = 10_000  # domains and addresses; then all are forgotten

T = TypeVar("T")

SCHEMA = """
CREATE TABLE domain(
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    local_part_case TEXT NOT NULL,
    separator TEXT NOT NULL,
    catch_all TEXT NOT NULL
);
CREATE TABLE account(
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    domain TEXT NOT NULL,
    quota INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    password_hash TEXT NOT NULL,
    scram_sha_1 TEXT NOT NULL,
    scram_sha_256 TEXT NOT NULL,
    apop_secret BLOB NOT NULL
);
CREATE INDEX account_of_domain ON account(domain, number);
CREATE INDEX account_with_apop ON account(number) WHERE apop_secret <> x'';
-- One row for each address, so that an account and an alias never share one.
CREATE TABLE address(
    key TEXT PRIMARY KEY,
    domain TEXT NOT NULL,
    account INTEGER,
    alias TEXT,
    targets TEXT
) WITHOUT ROWID;
CREATE INDEX address_of_account ON address(account) WHERE account IS NOT NULL;
CREATE INDEX address_of_domain ON address(domain, alias) WHERE account IS NULL;
"""

SECOND = """
-- Who lets whom do something: an index of the access control lists in the accounts' own files.
CREATE TABLE share(
    grantee TEXT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (grantee, owner)
) WITHOUT ROWID;
CREATE INDEX share_of_owner ON share(owner);
"""

ACCOUNT = "a.id, a.address, a.quota, a.enabled, length(a.apop_secret), a.version, a.created"
SECRETS = "a.password_hash, a.scram_sha_1, a.scram_sha_256, a.apop_secret"
DOMAIN = "SELECT name, local_part_case, separator, catch_all FROM domain"


class SqliteDirectory:
    """The directory in a data folder; made once per process, used by one event loop.

    Args:
        folder: the data directory; it must exist.
        threads: the process's storage threads, for changes.
        look_again_s: how long what is remembered is trusted without a question.
    """

    def __init__(
        self, folder: Path, threads: StorageThreads, *, look_again_s: float = LOOK_AGAIN_S
    ) -> None:
        self._look_again_s = look_again_s
        self._path = folder / "node.db"
        self._key_path = folder / "node.key"
        self._threads = threads
        self._database = Database(
            self._path,
            [SCHEMA, SECOND],
            counted=["SELECT count(*) FROM account", "SELECT count(*) FROM address"],
        )
        self._reader: apsw.Connection | None = None
        self._domains: dict[str, Domain] = {}
        self._entries: dict[AddressKey, Account | AliasEntry] = {}
        self._version: int | None = None  # of what is remembered
        self._looked_at = 0.0
        self._node_key = b""

    # look-ups

    async def domain(self, name: str) -> Domain | None:
        self._forget_old()
        known = self._domains.get(name)
        if known is not None:
            return known
        rows = await self._ask(f"{DOMAIN} WHERE name=?", name)
        if not rows:
            return None
        found = self._domains[name] = domain_of(rows[0])
        return found

    async def domains(self) -> list[Domain]:
        return [domain_of(row) for row in await self._ask(f"{DOMAIN} ORDER BY number")]

    async def entry(self, key: AddressKey) -> Account | AliasEntry | None:
        self._forget_old()
        known = self._entries.get(key)
        if known is not None:
            return known
        rows = await self._ask(
            f"SELECT e.alias, e.targets, {ACCOUNT}"
            " FROM address e LEFT JOIN account a ON a.number=e.account WHERE e.key=?",
            key,
        )
        if not rows:
            return None
        alias, targets, *account = rows[0]
        found = AliasEntry(alias, tuple(json.loads(targets))) if targets else account_of(account)
        self._entries[key] = found
        return found

    async def account(self, account: AccountId) -> Account | None:
        rows = await self._ask(f"SELECT {ACCOUNT} FROM account a WHERE id=?", account)
        return account_of(rows[0]) if rows else None

    async def accounts(self, domain: str | None = None) -> list[Account]:
        rows = await self._ask(
            f"SELECT {ACCOUNT} FROM account a WHERE ?1 IS NULL OR domain=?1 ORDER BY number", domain
        )
        return [account_of(row) for row in rows]

    async def first_account(self, domain: str) -> Account | None:
        rows = await self._ask(
            f"SELECT {ACCOUNT} FROM account a WHERE domain=? AND enabled ORDER BY number LIMIT 1",
            domain,
        )
        return account_of(rows[0]) if rows else None

    async def aliases(self, domain: str | None = None) -> list[AliasEntry]:
        rows = await self._ask(
            "SELECT alias, targets FROM address"
            " WHERE account IS NULL AND (?1 IS NULL OR domain=?1) ORDER BY alias",
            domain,
        )
        return [AliasEntry(alias, tuple(json.loads(targets))) for alias, targets in rows]

    async def credentials(self, key: AddressKey) -> tuple[Account, Credentials] | None:
        rows = await self._ask(
            f"SELECT {SECRETS}, {ACCOUNT} FROM address e JOIN account a ON a.number=e.account"
            " WHERE e.key=?",
            key,
        )
        return (account_of(rows[0][4:]), credentials_of(rows[0])) if rows else None

    async def has_apop(self) -> bool:
        return bool(await self._ask("SELECT 1 FROM account WHERE apop_secret <> x'' LIMIT 1"))

    async def version(self, account: AccountId) -> int:
        rows = await self._ask("SELECT version FROM account WHERE id=?", account)
        return int(rows[0][0]) if rows else 0

    async def sharers(self, account: AccountId) -> list[Account]:
        rows = await self._ask(
            f"SELECT {ACCOUNT} FROM account a WHERE a.id <> ?1"
            " AND a.id IN (SELECT owner FROM share WHERE grantee IN (?1, ?2)) ORDER BY a.address",
            account,
            ANYONE,
        )
        return [account_of(row) for row in rows]

    async def grantees(self, owner: AccountId) -> set[str]:
        return {
            each for (each,) in await self._ask("SELECT grantee FROM share WHERE owner=?", owner)
        }

    # changes

    async def add_domain(self, domain: Domain) -> None:
        def work(connection: apsw.Connection) -> None:
            if has_domain(connection, domain.name):
                raise AlreadyExists(f"{domain.name} is a domain here already")
            connection.execute(
                "INSERT INTO domain(name, local_part_case, separator, catch_all) VALUES(?,?,?,?)",
                (domain.name, domain.local_part_case.value, domain.separator, domain.catch_all),
            )

        await self._change(work)

    async def change_domain(self, domain: Domain) -> None:
        def work(connection: apsw.Connection) -> None:
            require_domain(connection, domain.name)
            connection.execute(
                "UPDATE domain SET local_part_case=?, separator=?, catch_all=? WHERE name=?",
                (domain.local_part_case.value, domain.separator, domain.catch_all, domain.name),
            )

        await self._change(work)

    async def remove_domain(self, name: str) -> None:
        def work(connection: apsw.Connection) -> None:
            require_domain(connection, name)
            if connection.execute("SELECT 1 FROM account WHERE domain=? LIMIT 1", (name,)).get:
                raise AlreadyExists(f"{name} still has accounts")
            connection.execute("DELETE FROM address WHERE domain=?", (name,))
            connection.execute("DELETE FROM domain WHERE name=?", (name,))

        await self._change(work)

    async def add_accounts(self, batch: Sequence[NewAccount]) -> None:
        def work(connection: apsw.Connection) -> None:
            for domain in dict.fromkeys(new.domain for new in batch):
                require_domain(connection, domain)
            for new in batch:
                insert_account(connection, new)

        await self._change(work)

    async def set_credentials(self, account: AccountId, credentials: Credentials) -> None:
        await self._update(
            account,
            "password_hash=?, scram_sha_1=?, scram_sha_256=?, apop_secret=?",
            *stored_credentials(credentials),
        )

    async def set_quota(self, account: AccountId, quota: int) -> None:
        await self._update(account, "quota=?", quota)

    async def set_enabled(self, account: AccountId, *, enabled: bool) -> None:
        await self._update(account, "enabled=?", int(enabled))

    async def remove_account(self, account: AccountId) -> None:
        def work(connection: apsw.Connection) -> None:
            number = connection.execute("SELECT number FROM account WHERE id=?", (account,)).get
            if number is None:
                raise NotFound("the account is gone")
            connection.execute("DELETE FROM address WHERE account=?", (number,))
            connection.execute("DELETE FROM account WHERE number=?", (number,))
            connection.execute("DELETE FROM share WHERE ? IN (owner, grantee)", (account,))

        await self._change(work)

    async def add_grantee(self, owner: AccountId, grantee: str) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute("INSERT OR IGNORE INTO share VALUES(?,?)", (grantee, owner))

        await self._change(work)

    async def set_grantees(self, owner: AccountId, grantees: Collection[str]) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute("DELETE FROM share WHERE owner=?", (owner,))
            rows = [(grantee, owner) for grantee in grantees]
            connection.executemany("INSERT INTO share VALUES(?,?)", rows)

        await self._change(work)

    async def set_alias(self, key: AddressKey, domain: str, alias: AliasEntry) -> None:
        def work(connection: apsw.Connection) -> None:
            require_domain(connection, domain)
            taken = connection.execute("SELECT account FROM address WHERE key=?", (key,)).get
            if taken is not None:
                raise AlreadyExists(f"{alias.address} is an account's address")
            connection.execute(
                "INSERT OR REPLACE INTO address(key, domain, alias, targets) VALUES(?,?,?,?)",
                (key, domain, alias.address, json.dumps(alias.targets, ensure_ascii=False)),
            )

        await self._change(work)

    async def remove_alias(self, key: AddressKey) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute("DELETE FROM address WHERE key=? AND account IS NULL", (key,))
            if not connection.changes():
                raise NotFound(f"there is no alias {key}")

        await self._change(work)

    # the rest

    def node_key(self) -> bytes:
        """Raises DamagedStore if the file cannot be read, or is not a key."""
        if not self._node_key:
            self._node_key = read_node_key(self._key_path)
        return self._node_key

    async def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # inside

    async def _ask(self, statement: str, *values: Any) -> list[Any]:
        reader = self._reader or await self._open_reader()
        try:
            return list(reader.execute(statement, values))
        except apsw.Error as error:
            raise meaning_of(error, self._path) from error

    def _forget_old(self) -> None:
        """Keep what is remembered only while no process has changed anything."""
        now = time.monotonic()
        if self._reader is None or now - self._looked_at < self._look_again_s:
            return
        try:
            version = self._reader.execute("PRAGMA data_version").get
        except apsw.Error as error:
            raise meaning_of(error, self._path) from error
        self._looked_at = now
        if version != self._version or len(self._domains) + len(self._entries) > REMEMBERED:
            self._forget()
        self._version = version

    def _forget(self) -> None:
        self._domains.clear()
        self._entries.clear()

    async def _open_reader(self) -> apsw.Connection:
        await self._threads.read(self._database, lambda _: None)  # makes or upgrades the file
        if self._reader is None:
            try:
                reader = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READWRITE)
                reader.set_busy_timeout(1000)
                reader.execute("PRAGMA query_only=1; PRAGMA cache_size=-512")
            except apsw.Error as error:
                raise meaning_of(error, self._path) from error
            self._reader = reader
        return self._reader

    async def _change(self, work: Callable[[apsw.Connection], None]) -> None:
        await self._threads.write(self._database, work, committed=lambda _: self._forget())

    async def _update(self, account: AccountId, assignments: str, *values: Any) -> None:
        def work(connection: apsw.Connection) -> None:
            connection.execute(
                f"UPDATE account SET {assignments}, version=version+1 WHERE id=?",
                (*values, account),
            )
            if not connection.changes():
                raise NotFound("the account is gone")

        await self._change(work)


def insert_account(connection: apsw.Connection, new: NewAccount) -> None:
    if connection.execute("SELECT 1 FROM address WHERE key=?", (new.key,)).get:
        raise AlreadyExists(f"{new.account.address} is taken")
    account = new.account
    connection.execute(
        "INSERT INTO account(id, address, domain, quota, enabled, version, created,"
        " password_hash, scram_sha_1, scram_sha_256, apop_secret)"
        " VALUES(?,?,?,?,?,?,?,?,?,?,?)",
        (
            account.id, account.address, new.domain, account.quota, int(account.enabled),
            account.version, account.created, *stored_credentials(new.credentials),
        ),
    )  # fmt: skip
    connection.execute(
        "INSERT INTO address(key, domain, account) VALUES(?,?,?)",
        (new.key, new.domain, connection.last_insert_rowid()),
    )


def has_domain(connection: apsw.Connection, name: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM domain WHERE name=?", (name,)).get)


def require_domain(connection: apsw.Connection, name: str) -> None:
    if not has_domain(connection, name):
        raise NotFound(f"{name} is not a domain here")


def domain_of(row: Sequence[Any]) -> Domain:
    name, local_part_case, separator, catch_all = row
    return Domain(name, LocalPartCase(local_part_case), separator, catch_all)


def account_of(row: Sequence[Any]) -> Account:
    identifier, address, quota, enabled, apop, version, created = row
    return Account(
        AccountId(identifier), address, quota, bool(enabled), bool(apop), version, created
    )


def stored_credentials(credentials: Credentials) -> tuple[str, str, str, bytes]:
    return (
        credentials.password_hash,
        stored_verifier(credentials.scram_sha_1),
        stored_verifier(credentials.scram_sha_256),
        credentials.apop_secret,
    )


def credentials_of(row: Sequence[Any]) -> Credentials:
    return Credentials(row[0], verifier_of(row[1]), verifier_of(row[2]), row[3])


def stored_verifier(verifier: ScramVerifier | None) -> str:
    """ "iterations:salt:stored key:server key", in base64 (the parts of RFC 5803 2)."""
    if verifier is None:
        return ""
    parts = (verifier.salt, verifier.stored_key, verifier.server_key)
    encoded = ":".join(base64.b64encode(part).decode() for part in parts)
    return f"{verifier.iterations}:{encoded}"


def verifier_of(stored: str) -> ScramVerifier | None:
    if not stored:
        return None
    iterations, salt, stored_key, server_key = stored.split(":")
    decode = base64.b64decode
    return ScramVerifier(decode(salt), int(iterations), decode(stored_key), decode(server_key))


def read_node_key(path: Path) -> bytes:
    """The key in this file; made if the file is missing, whole or not at all."""
    try:
        if not path.exists():
            make_node_key(path)
        key = path.read_bytes()
    except OSError as error:
        raise DamagedStore(f"{path} cannot be read or made: {error.strerror}") from error
    if len(key) != NODE_KEY_SIZE:
        raise DamagedStore(f"{path} does not hold a key: put the one from your backup there")
    return key


def make_node_key(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_bytes(NODE_KEY_SIZE))
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(draft, path)  # another process may have been first: its key counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the name, too, outlives a power cut
    finally:
        os.close(folder)
