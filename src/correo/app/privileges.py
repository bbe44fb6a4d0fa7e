"""Be the user the configuration names: whom forked processes run as, and what they leave behind."""

import logging
import os
import pwd
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from correo.app.start import StartError, sentence_of
from correo.base.errors import CorreoError

__all__ = ["CANNOT_START", "account_of", "exit_after", "give"]

log = logging.getLogger("correo.serve")

CANNOT_START = 3  # a worker's exit code: its sentence is written already


def exit_after(work: Callable[[], object], user: pwd.struct_passwd | None) -> NoReturn:
    """In a forked process: do this as that user, then end; what goes wrong is said, and the code."""
    code = 1
    try:
        if user is not None:
            drop_privileges(user)
        work()
        code = 0
    except CorreoError as error:
        sys.stderr.write(f"correo: {sentence_of(error)}\n")
        code = CANNOT_START
    except BaseException:
        log.exception("a process of the server failed")
    finally:
        logging.shutdown()
        sys.stderr.flush()
        os._exit(code)


def account_of(user: str) -> pwd.struct_passwd | None:
    """Whom the workers run as; None to stay who we are. Raises StartError."""
    if not user or os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(user)
    except KeyError as error:
        raise StartError(
            f"there is no user {user!r} on this machine: make it with `useradd --system {user}`, "
            "or change user in the configuration"
        ) from error


def give(folder: Path, user: pwd.struct_passwd) -> None:
    """The data directory belongs to whom the workers run as; files in it are theirs already."""
    for path in (folder, folder / "run"):
        os.chown(path, user.pw_uid, user.pw_gid)


def drop_privileges(user: pwd.struct_passwd) -> None:
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
