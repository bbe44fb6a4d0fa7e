"""Give unittest what the `mail` fixture gives pytest.

    class TestSignup(MailTestCase):
        def test_confirmation(self) -> None:
            signup(self.mail.address("zoe"), server=self.mail.listeners["submission"])
            self.mail.wait_for(to="zoe", subject="Confirm")

The server is started once for each class; each test has accounts and mail of its own. A failure
shows all that was said, with explanations, as a note of its exception. With another
base class (Django's, say), put `MailMixin` before it. In `IsolatedAsyncioTestCase`, use
`await self.mail.async_wait_for(...)`.
"""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from correo.testing.household import HouseholdOptions
from correo.testing.mail import Mail, NoSuchMessage
from correo.testing.received import MailAssertionError
from correo.testing.server import MailServer

__all__ = ["MailMixin", "MailTestCase"]

TELLING = ("addError", "addFailure", "addSubTest")


class TellingResult:
    """A `unittest.TestResult` whose failures tell what was said; everything else goes through."""

    def __init__(self, result: unittest.TestResult, case: "MailMixin") -> None:
        self._result = result
        self._case = case

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._result, name)
        if name not in TELLING:
            return found

        def add(*arguments: Any) -> None:
            if arguments[-1] is not None:  # a subTest that is well
                self._tell(arguments[-1][1])
            found(*arguments)

        return add

    def _tell(self, error: BaseException) -> None:
        mail = getattr(self._case, "mail", None)
        if mail is not None and not isinstance(error, NoSuchMessage):  # which tells it already
            error.add_note(mail.conversation())


class MailMixin:
    """Adds `mail` to a `unittest.TestCase`; stands before it among the bases.

    Attributes:
        mail_options: how the server is to be; set it in the class.
    """

    mail_options: ClassVar[HouseholdOptions | None] = None
    mail_server: ClassVar[MailServer]
    mail: Mail

    @classmethod
    def setUpClass(cls) -> None:
        """Start the server of the class."""
        assert issubclass(cls, unittest.TestCase), "MailMixin stands beside a TestCase"
        folder = TemporaryDirectory(prefix="correo-")
        cls.addClassCleanup(folder.cleanup)
        cls.mail_server = MailServer(Path(folder.name))
        cls.mail_server.start()
        cls.addClassCleanup(cls.mail_server.stop)
        super().setUpClass()  # type: ignore[misc]  # TestCase comes after us

    def setUp(self) -> None:
        """Give the test a house of its own."""
        assert isinstance(self, unittest.TestCase)
        self.mail = Mail(self.mail_server, self.mail_options)
        self.addCleanup(self.mail.close)
        self.addCleanup(self._be_pedantic)
        super().setUp()  # type: ignore[misc]  # TestCase comes after us

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test, and let what fails tell what was said."""
        assert isinstance(self, unittest.TestCase)
        result = result or self.defaultTestResult()
        super().run(TellingResult(result, self))  # type: ignore[misc]  # TestCase comes after us
        return result

    def _be_pedantic(self) -> None:
        words = self.mail.pedantry
        if words:
            raise MailAssertionError(words)


class MailTestCase(MailMixin, unittest.TestCase):
    """A TestCase with `self.mail`."""
