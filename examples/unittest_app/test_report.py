"""A nightly report that goes out with an attachment; tested with nothing but unittest."""

import smtplib
import unittest
from email.message import EmailMessage

from correo.testing import MailTestCase


def send_report(host, port, to, rows):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "cron@shop.test", to, "Report"
    message.set_content(f"{len(rows)} rows, see the file.")
    csv = "\n".join(",".join(row) for row in rows)
    message.add_attachment(csv.encode(), maintype="text", subtype="csv", filename="report.csv")
    with smtplib.SMTP(host, port) as client:
        client.send_message(message)


class TestReport(MailTestCase):
    def test_the_rows_are_attached(self):
        server = self.mail.listeners["submission"]
        send_report(server.host, server.port, self.mail.address("boss"), [["a", "1"], ["b", "2"]])
        message = self.mail.wait_for(to="boss", subject="Report")
        self.assertEqual(message.attachment("report.csv").text.strip(), "a,1\nb,2")


if __name__ == "__main__":
    unittest.main()
