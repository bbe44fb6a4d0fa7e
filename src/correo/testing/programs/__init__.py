"""Run other people's programs from a test: find them, run them to their end, show what they said."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

__all__ = ["need", "need_root", "run"]

WHERE_DAEMONS_LIVE = "/usr/sbin:/usr/lib/postfix/sbin:/usr/lib/dovecot"
RUN_LIMIT_S = 60.0


def need(program: str) -> str:
    """The program's path; without it the test is skipped and says so (in CI a skip fails)."""
    path = shutil.which(program) or shutil.which(program, path=WHERE_DAEMONS_LIVE)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def need_root() -> None:
    """Skip unless the test runs as root, as some daemons insist on."""
    if os.geteuid() != 0:
        pytest.skip("this peer must be started by root")


def run(
    arguments: Sequence[str],
    *,
    given: bytes = b"",
    home: Path | None = None,
    ok: Sequence[int] = (0,),
) -> str:
    """Run a program to its end and return what it printed, both streams; another exit code fails."""
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
    if home is not None:
        environment["HOME"] = str(home)
    done = subprocess.run(  # noqa: S603 - a test's own command line
        list(arguments),
        input=given,
        env=environment,
        timeout=RUN_LIMIT_S,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = done.stdout.decode("utf-8", "replace")
    assert done.returncode in ok, f"{arguments[0]} ended with {done.returncode}:\n{output}"
    return output
