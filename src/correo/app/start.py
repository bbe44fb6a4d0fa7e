"""What `correo dev` and `correo serve` do alike before they serve: the directory, its lock, TLS.

Every failure here is one sentence that names the thing and the way out.
"""

import errno
import fcntl
import ipaddress
import os
import resource
import time
from pathlib import Path

from correo.app.config import Configuration
from correo.app.listening import remove_endpoints
from correo.base.errors import CorreoError, Refusal
from correo.net.tls import CertificateFiles, development_certificate

__all__ = [
    "StartError",
    "certificate_files",
    "claim_resources",
    "lock_data",
    "make_folders",
    "sentence_of",
]

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # malloc.h
LARGE_BLOCK = 4 * 1024 * 1024  # octets; from here on memory goes back to the system when freed
LOOKASIDE = (128, 100)  # octets and number of small blocks each open SQLite file keeps
ARENAS = 2
LOCK_WAIT_S = 6.0  # as long as a server that was told to end may take


class StartError(CorreoError):
    """The server cannot start; says what is in the way and how to get it out of it."""


def sentence_of(error: CorreoError) -> str:
    """What to tell a person; a refusal without its status code."""
    return error.text if isinstance(error, Refusal) else str(error)


def make_folders(folder: Path) -> None:
    """The data directory and what is in it from the start. Raises StartError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "run").mkdir(mode=0o700, exist_ok=True)
        remove_endpoints(folder)
        probe = folder / "run" / f"probe.{os.getpid()}"
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise StartError(explain(folder, error)) from error


def explain(folder: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {folder} is full: make room, or choose another place with --data"
    words = error.strerror or str(error)
    return (
        f"the data directory {folder} cannot be used ({words}): give this user the right to write "
        "there, or choose another place with --data"
    )


def lock_data(folder: Path) -> int:
    """One server per data directory: a descriptor that holds the lock until it is closed.

    Waits a little for a server that is just ending. Raises StartError.
    """
    path = folder / "run" / "server.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(explain(folder, error)) from error
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 32, 0).decode("ascii", errors="replace").strip()
                os.close(descriptor)
                raise StartError(
                    f"another server (process {holder or 'unknown'}) uses {folder}: stop it, or "
                    "choose another place with --data"
                ) from None
            time.sleep(0.05)
            continue
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return descriptor


def certificate_files(configuration: Configuration) -> CertificateFiles:
    """The certificate that is configured, or one of our own making. Raises StartError."""
    settings = configuration.tls
    if settings.certificate:
        return CertificateFiles(Path(settings.certificate), Path(settings.key))
    names = {"localhost", "127.0.0.1", "::1", configuration.name}
    names |= {host for host in configuration.hosts if is_reachable(host)}
    try:
        return development_certificate(configuration.folder / "tls", names)
    except OSError as error:
        raise StartError(explain(configuration.folder, error)) from error


def is_reachable(host: str) -> bool:
    """Whether clients can use this listening address as a name for us."""
    try:
        return not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return True


def claim_resources() -> None:
    """As many open files as the system allows, for each connection is one; and memory that is
    given back, or not taken: SQLite's lookaside was two thirds of what an open account costs.

    Checking a password takes 19 MiB for a moment. glibc would keep such blocks for good once one
    has been freed, in each thread's arena.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc only
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
        mallopt(M_ARENA_MAX, ARENAS)
    import apsw

    apsw.shutdown()  # no file is open yet
    apsw.config(apsw.SQLITE_CONFIG_LOOKASIDE, *LOOKASIDE)
    apsw.initialize()
