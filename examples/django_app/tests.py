from django.test import SimpleTestCase, override_settings

from correo.testing import MailMixin


class TestNewsletter(MailMixin, SimpleTestCase):
    def test_confirmation(self):
        server = self.mail.listeners["submission"]
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST=server.host,
            EMAIL_PORT=server.port,
        ):
            self.client.post("/subscribe", {"email": self.mail.address("zoe")})
        message = self.mail.wait_for(to="zoe", subject="Confirm")
        answer = self.client.get(message.link("newsletter"))
        self.assertContains(answer, "zoe@correo.test gets the newsletter")
