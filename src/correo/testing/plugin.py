"""Give pytest the `mail` fixture: a whole mail server in the test's process.

pytest loads it by its entry point as soon as correo is installed, so that nothing here may cost
anything before a test asks for `mail`: everything else is imported then.

Settings in pytest.ini or pyproject.toml: `mail_domain`, `mail_pedantic`. For one test, class or module:

    @pytest.mark.mail(domain="shop.example", virtual_time=True)
    def test_signup(mail): ...

When a test that uses `mail` fails, or a fixture of it, its report shows all that was said, with
explanations.
"""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from correo.testing.household import HouseholdOptions
    from correo.testing.mail import Mail
    from correo.testing.server import MailServer

__all__ = ["mail", "mail_server"]

MAIL = pytest.StashKey["Mail"]()
SETTINGS = ("domain", "virtual_time", "pedantic")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("mail_domain", "domain of addresses made from a name alone", default="")
    parser.addini("mail_pedantic", "fail on what a lax server would forgive", type="bool")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "mail(domain, virtual_time, pedantic): how the `mail` fixture serves this test"
    )


@pytest.fixture(scope="session")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["MailServer"]:
    """The server behind `mail`: its ports and certificate stay for the whole session."""
    from correo.testing.server import MailServer

    server = MailServer(tmp_path_factory.mktemp("correo"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def mail(request: pytest.FixtureRequest, mail_server: "MailServer") -> Iterator["Mail"]:
    """Mail for this test: nobody has an account and nothing has come when it begins."""
    from correo.testing.mail import Mail

    mail = Mail(mail_server, options_of(request))
    request.node.stash[MAIL] = mail
    try:
        yield mail
    finally:
        mail.close()


def options_of(request: pytest.FixtureRequest) -> "HouseholdOptions":
    """The settings of this test: those of its nearest marks over those of the ini file."""
    from correo.testing.household import HouseholdOptions

    chosen: dict[str, Any] = {}
    domain = request.config.getini("mail_domain")
    if domain:
        chosen["domain"] = domain
    if request.config.getini("mail_pedantic"):
        chosen["pedantic"] = True
    for mark in reversed(list(request.node.iter_markers("mail"))):
        chosen.update(mark.kwargs)
    unknown = chosen.keys() - set(SETTINGS)
    if unknown:
        raise pytest.UsageError(
            f"mark.mail knows {', '.join(SETTINGS)}, not {', '.join(sorted(unknown))}"
        )
    return HouseholdOptions(**chosen)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let pedantry fail a test, and show what was said in one that failed."""
    report = yield
    mail = item.stash.get(MAIL, None)
    if mail is None:
        return report
    if call.when == "call" and report.passed and mail.pedantry:
        report.outcome = "failed"
        report.longrepr = mail.pedantry
    if report.failed and not tells_all(call):
        report.sections.append(("mail", mail.conversation()))
    if call.when == "teardown":
        del item.stash[MAIL]  # pytest keeps the items until its end
    return report


def tells_all(call: pytest.CallInfo[None]) -> bool:
    """Whether the failure itself shows what was said."""
    from correo.testing.mail import NoSuchMessage

    return call.excinfo is not None and isinstance(call.excinfo.value, NoSuchMessage)
