"""docs/comparison.md: every job is done by every library it names, and its lines are counted right."""

import ast
import gc
import imaplib
import poplib
import re
import runpy
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aioimaplib  # type: ignore[import-untyped]
import aiosmtplib
import imap_tools
import imapclient
import pytest

from correo.testing import Mail

ROOT = Path(__file__).parents[2]
JOBS = sorted((ROOT / "examples" / "comparison").glob("job_*.py"))
LIBRARIES = [
    "correo",
    "standard_library",
    "imapclient_",
    "imap_tools_",
    "aiosmtplib_",
    "aioimaplib_",
]
ROW = re.compile(r"^\| (\d+)\. .*?\|(.*)\|$", re.MULTILINE)

DONE = [
    pytest.param(job, name, id=f"{job.stem}-{name.strip('_')}")
    for job in JOBS
    for name in LIBRARIES
    if f"def {name}(" in job.read_text("utf-8")
]


@dataclass
class Account:
    """What a job is told."""

    host: str
    smtp: int
    submission: int
    imaps: int
    pop3s: int
    user: str
    password: str
    trust: ssl.SSLContext
    cut_and_deliver: Callable[[], None]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("job", "library"), DONE)
def test_the_job_is_done(mail: Mail, job: Path, library: str) -> None:
    module = runpy.run_path(str(job))
    ports = {name: mail.listeners[name].port for name in ("smtp", "submission", "imaps", "pop3s")}

    def cut_and_deliver() -> None:
        mail.faults.cut("FETCH", times=1)
        mail.put("zoe", subject="late")

    at = Account(
        mail.listeners["smtp"].host,
        **ports,
        user=mail.address("zoe"),
        password=mail.password("zoe"),
        trust=mail.trust,
        cut_and_deliver=cut_and_deliver,
    )
    module.get("prepare", lambda _: None)(mail)
    module["check"](mail, module[library](at))
    gc.collect()  # some libraries leave sockets open: here, where that is no fault of ours


def lines_of(job: Path, library: str) -> int:
    """Lines of code of a function and of the helpers that only it and its like need."""
    tree = ast.parse(job.read_text("utf-8"))
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    wanted, count = [library], 0
    while wanted:
        function = functions[wanted.pop()]
        count += (function.end_lineno or 0) - function.lineno
        called = {x.id for x in ast.walk(function) if isinstance(x, ast.Name)}
        wanted += sorted(called & functions.keys() & {"pairs", "numbers"} - {function.name})
    return count


def test_the_table_counts_the_lines_right() -> None:
    text = (ROOT / "docs" / "comparison.md").read_text("utf-8")
    rows = {int(number): cells.split("|") for number, cells in ROW.findall(text)}
    for job in JOBS:
        number = int(job.stem.split("_")[1])
        source = job.read_text("utf-8")
        for library, cell in zip(LIBRARIES, rows[number], strict=True):
            is_done = f"def {library}(" in source
            expected = lines_of(job, library) if is_done else None
            told = re.match(r" (\d+)\b", cell)
            assert (int(told[1]) if told else None) == expected, (job.stem, library)


METHODS = [
    # the class, its method for XOAUTH2, its method for OAUTHBEARER
    (imaplib.IMAP4, None, None),
    (smtplib.SMTP, None, None),
    (poplib.POP3, None, None),
    (imapclient.IMAPClient, "oauth2_login", "oauthbearer_login"),
    (imap_tools.MailBox, "xoauth2", None),
    (aiosmtplib.SMTP, "auth_xoauth2", None),
    (aioimaplib.IMAP4_SSL, "xoauth2", None),
]


@pytest.mark.parametrize(("kind", "xoauth2", "oauthbearer"), METHODS)
def test_the_methods_for_oauth_are_those_named(
    kind: type, xoauth2: str | None, oauthbearer: str | None
) -> None:
    found = {name for name in dir(kind) if "oauth" in name.lower() and not name.startswith("_")}
    named = {name for name in (xoauth2, oauthbearer) if name}
    assert {name for name in found if callable(getattr(kind, name))} == named
    text = (ROOT / "docs" / "comparison.md").read_text("utf-8")
    assert all(f"`{name}`" in text for name in named)


def test_the_number_of_capabilities_after_login_is_right(mail: Mail) -> None:
    server = mail.listeners["imaps"]
    with imaplib.IMAP4_SSL(server.host, server.port, ssl_context=mail.trust) as client:
        client.login(mail.address("zoe"), mail.password("zoe"))
        names = client.capability()[1][-1]
    text = (ROOT / "docs" / "comparison.md").read_text("utf-8")
    told = re.search(r"correo names (\d+) capabilities", text)
    assert told
    assert len(names.split()) == int(told[1])
