"""Give unittest what the `mail` fixture gives pytest.

    class TestSignup(MailTestCase):
        def test_confirmation(self) -> None:
            signup(self.mail.address("zoe"), server=self.mail.listeners["submission"])
            self.mail.wait_for(to="zoe", subject="Confirm")

The server is started once for each class; each test has accounts and mail of its own. With another
base class (Django's, say), put `MailMixin` before it. In `IsolatedAsyncioTestCase`, use
`await self.mail.async_wait_for(...)`.
"""

import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from correo.testing.household import HouseholdOptions
from correo.testing.mail import Mail
from correo.testing.received import MailAssertionError
from correo.testing.server import MailServer

__all__ = ["MailMixin", "MailTestCase"]


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

    def _be_pedantic(self) -> None:
        words = self.mail.pedantry
        if words:
            raise MailAssertionError(words)


class MailTestCase(MailMixin, unittest.TestCase):
    """A TestCase with `self.mail`."""
