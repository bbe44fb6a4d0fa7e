"""`correo dev`: the whole server in one process, with users, a catcher and a welcome.

From loopback no password needs TLS and submission needs no login; mail for any other domain lands
in the catcher's INBOX, so that nothing leaves the machine but along `--route`. `strict` takes all
of that away. Users are made at the start where they are missing; what was there stays.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvloop

from correo.accounts.administration import AccountRequest, Administration
from correo.accounts.directory import Directory, LocalAccount
from correo.app.config import (
    Configuration,
    Options,
    SubmissionSettings,
    TraceSettings,
    with_options,
)
from correo.app.foundations import look_at_files
from correo.app.listening import bind_all, close_all, remove_endpoints, write_endpoints
from correo.app.start import certificate_files, claim_resources, lock_data, make_folders
from correo.app.welcome import welcome
from correo.app.wiring import Conveniences, House
from correo.app.worker import Worker
from correo.base.errors import AuthenticationFailed, CorreoError, UsageError
from correo.mailbox.append import deliver, prepare
from correo.net.limits import ConnectionLimits
from correo.net.tls import CertificateFiles, ServerTls

__all__ = ["CATCHER", "USERS", "User", "configuration_of", "read_user", "run"]

DOMAIN = "correo.test"
PASSWORD = "correo"  # noqa: S105 - printed on the screen, and only for development
PORT_OFFSET = 2000
CATCHER = f"catcher@{DOMAIN}"

log = logging.getLogger("correo.dev")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has an account from the start."""

    address: str
    password: str


USERS = (User(f"ana@{DOMAIN}", PASSWORD), User(f"bob@{DOMAIN}", PASSWORD))


def read_user(text: str) -> User:
    """ADDRESS:PASSWORD. Raises UsageError."""
    address, colon, password = text.partition(":")
    if not colon or not password or "@" not in address:
        raise UsageError(f"a user is ADDRESS:PASSWORD, not {text!r}")
    return User(address, password)


def configuration_of(options: Options, *, strict: bool) -> Configuration:
    """Loopback, the ports of development, everything recorded. Raises ConfigurationError."""
    base = Configuration(
        hostname=f"mail.{DOMAIN}",
        hosts=("127.0.0.1",),
        port_offset=PORT_OFFSET,
        submission=SubmissionSettings(normalise_line_ends=not strict),
        trace=TraceSettings(enabled=True),
    )
    return with_options(base, options)


def run(
    configuration: Configuration,
    users: Sequence[User],
    *,
    strict: bool,
    show: Callable[[Configuration, CertificateFiles], None],
) -> None:
    """Serve until a signal.

    Args:
        users: besides USERS.
        show: called once everything is up: the screen.

    Raises:
        CorreoError: it cannot start.
    """
    folder = configuration.folder
    make_folders(folder)
    claim_resources()
    lock_data(folder)
    files = certificate_files(configuration)
    tls = ServerTls(files, binds_channels=configuration.tls.channel_binding)
    bound = bind_all(configuration)
    limits = ConnectionLimits(
        configuration.limits.connections, configuration.limits.connections_per_address
    )
    conveniences = Conveniences() if strict else Conveniences(lenient=True, catcher=CATCHER)

    async def serve() -> None:
        await look_at_files(configuration)
        worker = Worker(configuration, conveniences, bound, tls, limits)

        async def ready(house: House) -> None:
            everybody = [*USERS, *users]
            if not strict:
                everybody.append(User(CATCHER, PASSWORD))
            await settle(house, everybody)
            on_hangup(lambda: reload(tls, configuration))
            write_endpoints(folder, bound, files.authority)
            show(configuration, files)

        await worker.run(ready)

    try:
        uvloop.run(serve())
    finally:
        remove_endpoints(folder)
        close_all(bound)


async def settle(house: House, users: Sequence[User]) -> None:
    """Make the users that are missing, each with a welcome; a given password holds."""
    base = house.base
    administration = Administration(base.directory, base.clock, base.passwords, base.store.create)
    directory = Directory(base.directory)
    missing: dict[str, User] = {}
    for user in users:
        await administration.ensure_domain(user.address.rpartition("@")[2])
        if not isinstance(await directory.resolve(user.address), LocalAccount):
            missing[user.address] = user
        elif user not in USERS:
            await hold_to(administration, house, user)
    made = await administration.add_many(
        [AccountRequest(user.address, user.password) for user in missing.values()]
    )
    for account in made:
        octets = welcome(account.address, base.clock.now())
        await deliver(await base.store.open(account.id), await prepare(octets, base.store.blobs))


async def hold_to(administration: Administration, house: House, user: User) -> None:
    """Give an account that was there already the password of the command line."""
    try:
        await house.authenticator.check_password(user.address, user.password, "127.0.0.1")
    except AuthenticationFailed:
        await administration.set_password(user.address, user.password)


def on_hangup(call: Callable[[], None]) -> None:

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, call)


def reload(tls: ServerTls, configuration: Configuration) -> None:
    """SIGHUP: new connections get the certificate as it is on disk now."""
    try:
        tls.reload(certificate_files(configuration))
    except CorreoError as error:
        log.error("the certificate was not reloaded: %s", error)
