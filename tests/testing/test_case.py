"""MailTestCase: what the fixture gives, for unittest."""

import unittest
from typing import ClassVar

from tests.testing.ways import letter, send

from correo.testing import HouseholdOptions, MailMixin, MailTestCase


class TestSignup(MailTestCase):
    mail_options = HouseholdOptions(domain="shop.example")

    def test_message_comes(self) -> None:
        send(self.mail, letter(self.mail.address("zoe"), "Confirm"))
        self.assertEqual(self.mail.wait_for(to="zoe").recipients, ["zoe@shop.example"])  # noqa: PT009

    def test_other_test_of_the_class_begins_empty(self) -> None:
        self.assertEqual(self.mail.messages, [])  # noqa: PT009
        send(self.mail, letter(self.mail.address("zoe"), "Confirm"))
        self.mail.wait_for(to="zoe")


class TestInALoop(MailMixin, unittest.IsolatedAsyncioTestCase):
    async def test_message_comes_while_the_loop_goes_on(self) -> None:
        send(self.mail, letter(self.mail.address("zoe"), "Confirm"))
        message = await self.mail.async_wait_for(to="zoe")
        self.assertEqual(message.subject, "Confirm")  # noqa: PT009


class InALoopThatFails(MailMixin, unittest.IsolatedAsyncioTestCase):
    """Not collected: run by the test below."""

    __test__: ClassVar[bool] = False

    async def runTest(self) -> None:  # noqa: N802  # unittest's
        send(self.mail, letter(self.mail.address("zoe"), "Confirm"))
        with self.subTest("one"):
            self.assertEqual("in", "a part")  # noqa: PT009
        await self.mail.async_wait_for(to="zoe")
        self.fail("at the end")


def test_every_failure_under_unittest_shows_what_was_said_once() -> None:
    result = unittest.TestResult()
    unittest.TestSuite([InALoopThatFails()]).run(result)
    assert [words.count("C: rcpt TO:<zoe@correo.test>") for _, words in result.failures] == [1, 1]
    assert not result.errors
