"""Do what `correo migrate` was asked to do, and tell of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from correo.app.premises import opened
from correo.cli.imap_way import connected
from correo.cli.mail_server import MailServer, settled
from correo.cli.move_report import MoveReport
from correo.clients.imap import ImapClient, ImapReplyError
from correo.mailbox.home import mail_of
from correo.moving.checking import Comparison, compare
from correo.moving.folder_plan import FolderPlan, plan_folders
from correo.moving.importing import Arrival
from correo.moving.migrating import FlagsFollowed, Migration
from correo.moving.model import Broken
from correo.moving.record import MigrationRecord
from correo.store.api import AccountStore
from correo.wire.imap.response_types import Namespaces

__all__ = ["MigrateWork", "Selection"]


class Selection:
    """Which mailboxes, and whereto."""

    def __init__(
        self, only: Sequence[str], exclude: Sequence[str], into: str, *, keep_names: bool
    ) -> None:
        self._only, self._exclude = only, exclude
        self._into, self._keep_names = into, keep_names

    async def plans(
        self, client: ImapClient, account: AccountStore, report: MoveReport
    ) -> list[FolderPlan]:
        """Raises ImapError."""
        spaces = Namespaces([], [], [])
        if client.can("NAMESPACE", "IMAP4REV2"):
            spaces = await client.namespaces()
        entries = [each for each in await client.mailboxes() if self._takes(each.name)]
        ours = await account.mailboxes()
        plans, left = plan_folders(
            entries, spaces, ours, keep_names=self._keep_names, into=self._into
        )
        for each in left:
            report.note(f"{each.source} stays there: {each.reason}", source=each.source)
        return plans

    def _takes(self, name: str) -> bool:
        return any(fnmatchcase(name, each) for each in self._only) and not any(
            fnmatchcase(name, each) for each in self._exclude
        )


class MigrateWork:
    """One move, from its connection to its proof."""

    def __init__(
        self,
        server: MailServer,
        password: str,
        timeout: float,
        selection: Selection,
        report: MoveReport,
    ) -> None:
        self._server = server
        self._password = password
        self._timeout = timeout
        self._selection = selection
        self._report = report
        self._flags = 0
        self._compared: list[Comparison] = []

    async def preview(self, folder: Path, address: str) -> None:
        """Say what would be moved where."""
        async with self._begun(folder, address) as (migration, account, _):
            for plan in await self._plans(migration, account):
                missing = await self._missing(migration, plan)
                if missing is None:
                    continue
                count, octets = missing
                sentence = f"{plan.source} -> {plan.target}  ({count} messages, {octets} octets)"
                self._report.note(
                    sentence,
                    source=plan.source,
                    mailbox=plan.target,
                    messages=count,
                    octets=octets,
                )

    async def do(self, folder: Path, address: str) -> list[str]:
        """Move, and compare; mailboxes that are not here as they are there.

        Raises:
            CorreoError, OSError: it can be repeated, and goes on there.
        """
        async with self._begun(folder, address) as (migration, account, record):
            plans, octets = [], 0
            for plan in await self._plans(migration, account):
                missing = await self._missing(migration, plan)
                if missing is not None:
                    plans.append(plan)
                    octets += missing[1]
            broken: dict[str, set[int]] = {}
            with self._report.progress(f"{len(plans)} mailboxes", octets):
                for plan in plans:
                    broken[plan.source] = await self._move(migration, plan)
            for plan in plans:
                found = await compare(
                    await migration.client(),
                    account,
                    record,
                    plan,
                    passed_over=broken[plan.source],
                )
                self._compared.append(found)
                self._tell(found)
        return [each.source for each in self._compared if not each.is_good]

    def words(self) -> list[str]:
        """For the sentence at the end."""
        there = sum(each.there for each in self._compared)
        same = sum(each.same for each in self._compared)
        followed = [f"{self._flags} have other flags now"] if self._flags else []
        return [*followed, f"{there} there, {same} here and proven the same"]

    def values(self) -> dict[str, object]:
        """The same for the JSON object."""
        return {
            "flags_followed": self._flags,
            "there": sum(each.there for each in self._compared),
            "same": sum(each.same for each in self._compared),
            "different": sum(len(each.different) for each in self._compared),
            "missing": sum(len(each.missing) for each in self._compared),
        }

    # inside

    @asynccontextmanager
    async def _begun(
        self, folder: Path, address: str
    ) -> AsyncIterator[tuple[Migration, AccountStore, MigrationRecord]]:
        server = await settled(self._server)
        async with opened(folder) as premises:
            account = (await premises.administration.find(address)).id
            mail = await mail_of(premises.store, account)
            source = f"{server.user}@{server.host}:{server.port}"
            record = MigrationRecord(folder / "migrations" / account, source)
            migration = Migration(
                lambda: connected(server, self._password, self._timeout),
                mail,
                premises.store.blobs,
                record,
            )
            try:
                yield migration, mail, record
            finally:
                await migration.close()
                record.close()

    async def _plans(self, migration: Migration, account: AccountStore) -> list[FolderPlan]:
        return await self._selection.plans(await migration.client(), account, self._report)

    async def _missing(self, migration: Migration, plan: FolderPlan) -> tuple[int, int] | None:
        """Messages and octets to fetch; None for a mailbox that the server does not open, which is
        told of: the others are moved all the same."""
        try:
            return await migration.missing(plan)
        except ImapReplyError as error:
            if error.is_temporary:
                raise
            self._report.trouble(Broken(plan.source, f"the server does not open it: {error.text}"))
            return None

    async def _move(self, migration: Migration, plan: FolderPlan) -> set[int]:
        """UIDs there of messages that were passed over."""
        passed_over = set()
        async for one in migration.move(plan):
            if isinstance(one, FlagsFollowed):
                self._flags += one.count
            elif isinstance(one, Broken):
                passed_over.add(int(one.origin.rpartition(" ")[2]))
                self._report.trouble(one)
            else:
                self._arrived(one)
        return passed_over

    def _arrived(self, one: Arrival) -> None:
        place = {"origin": one.origin, "mailbox": one.mailbox, "uid": one.uid}
        self._report.one(one.size, is_new=one.is_new, **place)

    def _tell(self, found: Comparison) -> None:
        details = [
            f"{count} {words}"
            for count, words in (
                (found.elsewhere, "in other mailboxes here"),
                (found.gone, "removed here since"),
                (len(found.missing), "NOT HERE"),
                (len(found.different), "DIFFERENT HERE"),
            )
            if count
        ]
        sentence = f"{found.source} -> {found.target}: {found.there} there, {found.same} the same"
        self._report.note(
            "; ".join([sentence, *details]),
            source=found.source,
            mailbox=found.target,
            there=found.there,
            same=found.same,
            elsewhere=found.elsewhere,
            gone=found.gone,
            missing=found.missing,
            different=found.different,
        )
